"""What `xinyi pretrain` meets: other files, too little memory, signals, a kill at a bad moment."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import torch
import yaml
from pipeline_world import sample_rows

from xinyi.config.compose import load
from xinyi.config.roots import PRETRAIN
from xinyi.config.schema.pretrain import PretrainConfig
from xinyi.errors import DataError, Interrupted, TrainingError
from xinyi.pipeline import pretrain as walk
from xinyi.pipeline.folder import read_json
from xinyi.pipeline.pretrain import pretrain
from xinyi.pipeline.resume import resume
from xinyi.pretraining.loop import Loop
from xinyi.tracking import RUN_KEY, NoTracker

pytestmark = pytest.mark.integration
TINY = "backbone.config={hidden_size: 32, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 48}"


@pytest.fixture
def config(tmp_path) -> PretrainConfig:
    text = "".join(row["text"].replace("\n", " ") + "\n" for row in sample_rows("train", 300))
    (tmp_path / "messages.txt").write_text(text, encoding="utf-8")
    return load(
        [
            f"data.files=[{tmp_path / 'messages.txt'}]", "pretraining=smoke", "pretraining.tokens=4000", TINY,
            "pretraining.precision=32", "pretraining.micro_tokens=512", "data.longest=128", "tracking=none",
        ],
        root=PRETRAIN,
    )  # fmt: skip


def stopped(config: PretrainConfig, root: Path, place: str = "run_through") -> None:
    """A run that ended where it calls this function."""

    def strike(*_: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walk if place == "run_through" else walk.store, place, strike)
        with pytest.raises(Interrupted, match=f"stopped.\n  go on with: xinyi resume {root}"):
            pretrain(config, root, "xinyi pretrain")


@pytest.mark.parametrize("place", ["build", "run_through"])
def test_a_signal_outside_of_training_says_how_to_go_on(config, tmp_path, place):
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    stopped(config, tmp_path / "run", place)
    (tmp_path / "run" / "tokens").mkdir(exist_ok=True)
    (tmp_path / "run" / "tokens" / "messages.train.ids.1.part").touch()
    assert resume(tmp_path / "run").tokens >= 4000
    assert not list((tmp_path / "run").rglob("*.part"))
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_a_signal_in_training_says_how_to_go_on(config, tmp_path, monkeypatch):
    step = Loop._step

    def struck(self, *given):
        if self.state.step == 2:
            signal.raise_signal(signal.SIGTERM)
        return step(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "_step", struck)
        with pytest.raises(
            Interrupted, match=r"stopped at step 3; nothing is lost\n  go on with: xinyi resume .*outer"
        ):
            pretrain(config, tmp_path / "run", "xinyi pretrain", named=tmp_path / "outer")
    assert resume(tmp_path / "run").tokens >= 4000


def test_resuming_with_other_text_is_refused(config, tmp_path):
    root = tmp_path / "run"
    stopped(config, root)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with open(tmp_path / "messages.txt", "a", encoding="utf-8") as file:
        file.write("又来了一句话。\n")
    with pytest.raises(DataError, match=r"expected the files that the run began with, got others: messages; put"):
        resume(root)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_a_full_disk_is_told_in_words(config, tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(walk.store, "build", full)
    with pytest.raises(TrainingError, match=r"No space left on device.*free some.*\n  go on with: xinyi resume"):
        pretrain(config, tmp_path / "run", "xinyi pretrain")


class Short:
    """A machine on which no more than so many tokens fit at once."""

    def __init__(self, patch: pytest.MonkeyPatch, most: int) -> None:
        self.sizes: list[int] = []
        run = Loop.run

        def through(loop: Loop):
            self.sizes.append(loop.settings.micro_tokens)
            if self.sizes[-1] > most:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            return run(loop)

        patch.setattr(Loop, "run", through)


def test_out_of_memory_is_tried_again_with_less_at_once(config, tmp_path, monkeypatch, caplog):
    short = Short(monkeypatch, 200)
    assert pretrain(config, tmp_path / "run", "xinyi pretrain").tokens >= 4000
    assert short.sizes == [512, 256, 128]
    kept = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text(encoding="utf-8"))
    assert kept["pretraining"]["micro_tokens"] == 128
    assert [e["micro_tokens"] for e in read_json(tmp_path / "run" / "state.json")["out_of_memory"]] == [256, 128]
    assert "going on from the last checkpoint with pretraining.micro_tokens=128" in caplog.text


def test_out_of_memory_for_a_single_row_ends_the_run_in_words(config, tmp_path, monkeypatch):
    Short(monkeypatch, 0)
    with pytest.raises(
        TrainingError, match=r"memory for 128 tokens at once, got CUDA out of memory.*lower data\.longest"
    ):
        pretrain(config, tmp_path / "run", "xinyi pretrain")


class Tracked(NoTracker):
    """Knows its runs by their key; the first time it is killed as soon as the run is there."""

    runs: dict[str, str]
    starts: list[str | None]

    def start(self, name, params, tags, parent=None, run_id=None):
        self.starts.append(run_id)
        if run_id is None:
            self.runs[tags[RUN_KEY]] = "the run"
            raise RuntimeError("killed")
        self.run_id = run_id

    def find(self, key):
        return self.runs.get(key)


def test_killed_before_the_runs_id_was_kept_it_finds_its_run(config, tmp_path, monkeypatch):
    tracker = Tracked()
    tracker.runs, tracker.starts = {}, []
    monkeypatch.setattr(walk, "open_tracker", lambda *_: tracker)
    with pytest.raises(RuntimeError, match="killed"):
        pretrain(config, tmp_path / "run", "xinyi pretrain")
    resume(tmp_path / "run")
    assert tracker.starts == [None, "the run"]
    assert read_json(tmp_path / "run" / "state.json")["mlflow_run"] == "the run"
