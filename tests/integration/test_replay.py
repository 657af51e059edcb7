"""`xinyi replay`: the same record gives the same numbers; what cannot be repeated is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from pipeline_world import sample_rows, tiny_config, write_slice

from xinyi import cli
from xinyi.pipeline.train import train

pytestmark = pytest.mark.integration

QUICK = ("export=none", "gate=none", "tracking=none", "trainer.epochs=2", "checks=none", "evaluation.suites=[]")


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Path:
    """The working folder of a finished run."""
    threads = torch.get_num_threads()
    work = tmp_path_factory.mktemp("done")
    write_slice(work / "data")
    train(tiny_config(work, *QUICK, "task=sentiment"), work / "run")
    yield work
    torch.set_num_threads(threads)


@pytest.fixture
def copied(done, tmp_path) -> Path:
    """A copy of the run folder that a test may change."""
    shutil.copytree(done / "run", tmp_path / "run")
    return tmp_path / "run"


def change(root: Path, **groups: dict[str, object]) -> None:
    path = root / "config.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name, values in groups.items():
        config[name] = {**config[name], **values} if isinstance(values, dict) else values
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")


def test_a_run_is_repeated_bit_for_bit(done, capsys):
    assert cli.main(["replay", str(done / "run"), "--output", str(done / "again")]) == 0
    out = capsys.readouterr().out
    assert "replay   the same: " in out
    assert "weights  the same bit for bit" in out
    found = json.loads((done / "again" / "replay.json").read_text(encoding="utf-8"))
    assert found["same"]
    assert found["compared"] > 20
    assert (found["weights"]["same"], found["of"], found["reasons"]) == (True, "run", [])
    # The old run is as it was, and the new one is a run like others.
    assert (done / "again" / "report" / "report.html").is_file()
    assert not (done / "again" / ".lock").exists()


def test_another_seed_in_the_record_is_found_out(copied, capsys):
    change(copied, seed=8, trainer={"epochs": 1})
    assert cli.main(["replay", str(copied), "--output", str(copied.parent / "again")]) == 1
    out = capsys.readouterr().out
    assert "replay   DIFFERENT" in out
    assert "weights  differ" in out
    assert "first    epoch 1, step " in out


def refused(root: Path, capsys, *more: str) -> str:
    before = sorted(root.parent.iterdir())
    assert cli.main(["replay", str(root), *more]) == 2
    assert sorted(root.parent.iterdir()) == before  # nothing was made
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return error


def test_other_data_is_refused(copied, tmp_path, capsys):
    rows = sample_rows("train", 120)
    rows[3]["text"] += "。"
    change(copied, data={"root": str(write_slice(tmp_path / "data", {"train": rows}))})
    error = refused(copied, capsys)
    assert "expected data with fingerprint" in error
    assert "train.jsonl" in error
    assert "put the former files back" in error


def test_what_is_no_finished_run_is_refused(copied, tmp_path, capsys):
    assert "expected a finished run" in refused(tmp_path / "none", capsys)
    shutil.rmtree(copied / "report")
    assert "finish it with xinyi resume" in refused(copied, capsys)


HOSTILE = {
    "a class": {"optim": {"_target_": "os.system"}},
    "a class elsewhere": {"data": {"_target_": "subprocess.Popen"}},
    "code from a hub": {"backbone": {"trust_remote_code": True}},
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_record_that_would_run_something_is_refused(copied, capsys, case):
    change(copied, **HOSTILE[case])
    assert "expected " in refused(copied, capsys)
    assert cli.main(["resume", str(copied)]) == 2
    assert cli.main(["export", str(copied)]) == 2
    assert case != "code from a hub" or "--trust-remote-code" in capsys.readouterr().err


def test_a_record_with_a_tag_for_python_is_refused(copied, capsys):
    path = copied / "config.yaml"
    made = copied.parent / "made"
    path.write_text(f"name: !!python/object/apply:os.mkdir ['{made}']\n", encoding="utf-8")
    assert "run cannot be read" in refused(copied, capsys)
    assert not made.exists()
