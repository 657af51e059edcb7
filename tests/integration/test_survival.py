"""What a run meets: too little memory, a loss that is not finite, a full or read-only disk, signals."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import torch
import yaml
from pipeline_world import tiny_config, write_slice

from xinyi.config import builders
from xinyi.data import load
from xinyi.errors import ConfigError, Interrupted, TrainingError
from xinyi.models.classifier import MultiTaskClassifier
from xinyi.pipeline import stages
from xinyi.pipeline.folder import RunFolder, write_json, write_yaml
from xinyi.pipeline.guard import guarded, sweep
from xinyi.pipeline.parts import Parts, assemble
from xinyi.training.checkpoint_io import load_checkpoint
from xinyi.training.finite import NotFinite
from xinyi.training.objective import Objective

pytestmark = pytest.mark.integration

SMALL = ("export=none", "gate=none", "tracking=none", "trainer.precision=32", "trainer.epochs=2", "checks=none")


class Stage:
    """The training of a run, without what comes before and after it."""

    def __init__(self, work: Path, *more: str) -> None:
        write_slice(work / "data")
        self.config = tiny_config(work, *SMALL, *more)
        self.folder = RunFolder(work / "run")
        self.folder.create()
        self.dataset = load(builders.data_settings(self.config), builders.task_specs(self.config))
        self.parts: Parts = assemble(self.config, self.dataset)
        write_yaml(self.folder.config, {})
        write_json(self.folder.state, {})

    def fit(self) -> dict[str, object]:
        return stages.fit_stage(self.config, self.folder, self.dataset, self.parts, None)


def refuse(monkeypatch: pytest.MonkeyPatch, most: int, error: BaseException, after: int = 0) -> list[int]:
    """A machine on which no more than so many padded tokens fit at once; sizes of what went through."""
    sizes: list[int] = []
    original = Objective.forward

    def forward(self, model, batch):
        sizes.append(batch.ids_BL.numel())
        if batch.ids_BL.numel() > most and len(sizes) > after:
            raise error
        return original(self, model, batch)

    monkeypatch.setattr(Objective, "forward", forward)
    return sizes


ERRORS = {
    "gpu": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    "cpu": RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
    "system": MemoryError(),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_out_of_memory_is_tried_again_with_less_at_once(tmp_path, monkeypatch, caplog, kind):
    plain = Stage(tmp_path / "plain").fit()
    stage = Stage(tmp_path / "short")
    sizes = refuse(monkeypatch, 300, ERRORS[kind])
    facts = stage.fit()
    assert facts["steps"] == plain["steps"]  # optimiser steps keep their size
    kept = [event["micro_tokens"] for event in facts["out_of_memory"]]
    assert kept == sorted(kept, reverse=True)
    assert 64 <= kept[-1] <= 300
    assert max(sizes[-20:]) <= 300
    # The record tells the truth, for a resume and for readers.
    assert yaml.safe_load(stage.folder.config.read_text(encoding="utf-8"))["trainer"]["micro_tokens"] == kept[-1]
    assert json.loads(stage.folder.state.read_text(encoding="utf-8"))["out_of_memory"] == facts["out_of_memory"]
    assert "trainer.batch_tokens, trainer.batch_rows or data.max_length" in caplog.text


def test_out_of_memory_goes_on_from_the_last_checkpoint(tmp_path, monkeypatch):
    stage = Stage(tmp_path)
    count = len(stage.parts.loader(stage.config, "train"))
    sizes = refuse(monkeypatch, 300, ERRORS["gpu"], after=count + 2)
    facts = stage.fit()
    assert facts["steps"] == 2 * count
    assert facts["out_of_memory"][0]["step"] >= count
    assert sum(size > 300 for size in sizes[count + 3 :]) <= len(facts["out_of_memory"])  # the first epoch is kept
    assert len((tmp_path / "run" / "epochs.jsonl").read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize("more", [[], ["trainer.micro_tokens=8"]], ids=["halved", "a row at once"])
def test_out_of_memory_for_a_single_row_ends_the_run_in_words(tmp_path, monkeypatch, more):
    stage = Stage(tmp_path, *more)
    sizes = refuse(monkeypatch, 0, ERRORS["gpu"])
    words = r"expected memory for \d+ padded tokens at once, got CUDA out of memory.*lower trainer\.batch_tokens"
    with pytest.raises(TrainingError, match=words + r".*trainer\.batch_rows.*data\.max_length"):
        stage.fit()
    assert len(sizes) <= 6


def test_what_fits_in_training_fits_in_what_comes_before_and_after_it(tmp_path, monkeypatch):
    """A machine on which the encoder never takes more than 300 padded tokens at once."""
    stage = Stage(tmp_path, "backbone.standardise=true", "backbone.lexical=false")
    original, sizes = MultiTaskClassifier.embed, []

    def embed(self, ids_BL, *rest):
        sizes.append(ids_BL.numel())
        if ids_BL.numel() > 300:
            raise ERRORS["gpu"]
        return original(self, ids_BL, *rest)

    monkeypatch.setattr(MultiTaskClassifier, "embed", embed)
    facts = stage.fit()
    settled = facts["out_of_memory"][-1]["micro_tokens"]
    assert all(event["step"] == 0 for event in facts["out_of_memory"])
    sizes.clear()
    stages.predict_stage(stage.config, stage.folder, stage.dataset, stage.parts)
    assert 64 < max(sizes) <= settled <= 300


def test_other_errors_are_not_taken_for_too_little_memory(tmp_path, monkeypatch):
    stage = Stage(tmp_path)
    sizes = refuse(monkeypatch, 0, RuntimeError("shapes do not fit"))
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        stage.fit()
    assert len(sizes) == 1


def test_the_rows_of_a_bad_batch_are_named_without_their_texts(tmp_path, monkeypatch):
    stage = Stage(tmp_path)
    original, rows = Objective.forward, []

    def forward(self, model, batch):
        loss, each = original(self, model, batch)
        if stage.parts.module.global_step == 5:
            rows[:] = batch.rows_B.tolist()
            loss = loss * float("nan")
        return loss, each

    monkeypatch.setattr(Objective, "forward", forward)
    with pytest.raises(
        NotFinite, match=r"got nan at step 5; lower optim\.lr.*train\.jsonl row \d+ \([0-9a-f]{16}\)"
    ) as e:
        stage.fit()
    about = json.loads((tmp_path / "run" / "not_finite.json").read_text(encoding="utf-8"))
    table = stage.dataset.splits["train"]
    assert [row["id"] for row in about["rows"]] == [table["id"][row].as_py() for row in rows]
    texts = table["text"].to_pylist()
    written = (tmp_path / "run" / "not_finite.json").read_text(encoding="utf-8") + str(e.value)
    assert not any(text in written for text in texts if len(text) > 3)


# The disk.


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 24 megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no right to mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_full_disk_ends_the_run_in_words_and_leaves_what_was_whole(tmp_path, small_disk):
    stage = Stage(tmp_path, "trainer.epochs=4")
    stage.folder = RunFolder(small_disk / "run")
    stage.folder.create()
    write_json(stage.folder.state, {})
    filler = small_disk / "filler"

    def fill(*_: object) -> float:
        """Once the first checkpoint is there, take the rest of the disk."""
        if stage.folder.last.is_file() and not filler.exists():
            with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
                while file.write(b"0" * 4096):
                    pass
        return 0.5

    stage.parts.module.score = fill
    with pytest.raises(TrainingError, match=r"No space left on device.*free ") as e, guarded(stage.folder):
        stage.fit()
    assert "xinyi resume" in str(e.value) or "former checkpoint is untouched" in str(e.value)
    step = load_checkpoint(stage.folder.last)["global_step"]
    assert step > 0
    filler.unlink()
    # With room again the run goes on from there.
    again = Stage(tmp_path, "trainer.epochs=4")
    again.folder = stage.folder
    with guarded(again.folder):
        assert again.fit()["steps"] > step
    assert not list(again.folder.root.rglob("*.part"))


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("mount"), reason="root may write anywhere")
def test_a_read_only_folder_is_told_before_anything_slow(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    if os.geteuid() == 0:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)], capture_output=True)
        if mounted.returncode:
            pytest.skip("no right to mount a file system")
    else:
        folder.chmod(0o500)
    try:
        with pytest.raises(ConfigError, match=r"expected a folder to write to, got .*; choose another with runs=DIR"):
            RunFolder(folder).create()
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


# The folder.


def test_two_processes_do_not_work_in_one_folder(tmp_path):
    folder = RunFolder(tmp_path)
    with guarded(folder), pytest.raises(ConfigError, match="another process is at work"), guarded(folder):
        pass
    with guarded(folder):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_was_writing_is_removed(tmp_path):
    parts = [
        ".state.json.1.part", "checkpoints/.last.ckpt.1.part", "predictions/test.parquet.part",
        "report/report.json.part", ".bundle.1f.part/manifest.json", ".bundle.1f.old/manifest.json",
    ]  # fmt: skip
    whole = ["state.json", "checkpoints/last.ckpt", "predictions/test.parquet", "bundle/manifest.json"]
    for name in (*parts, *whole):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    sweep(tmp_path)
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()) == sorted(whole)


@pytest.fixture
def heard():
    """A shell starts what runs in its background with SIGINT ignored, and CI may run the tests so."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_outside_of_training_says_how_to_go_on(tmp_path, number, heard):
    folder = RunFolder(tmp_path)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted, match="start again with the same command"), guarded(folder):
        signal.raise_signal(number)
    write_yaml(folder.config, {})
    with pytest.raises(Interrupted, match=f"go on with: xinyi resume {tmp_path}"), guarded(folder):
        signal.raise_signal(number)
    assert signal.getsignal(signal.SIGTERM) == before
