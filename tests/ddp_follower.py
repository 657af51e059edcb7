"""A further process of data-parallel training that keeps notes: `python ddp_follower.py RUN|fit NOTES`.

With a run folder it is what `xinyi worker RUN` is. With `fit` it trains the tiny run of the tests instead. With
SPOIL=ROW,what in the environment that row's batches have no finite loss, or no finite gradient.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
TOUCHES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate")


def follow(target: str, notes: Path) -> None:
    """Train along; then write the rows of each batch, the weights, and every file that was written to."""
    written: list[str] = []

    def watch(event: str, details: tuple) -> None:
        if event == "open" and isinstance(details[0], str) and details[2] & WRITES:
            written.append(details[0])
        elif event in TOUCHES:
            written.append(str(details[0]))

    sys.addaudithook(watch)

    from safetensors.torch import save_file

    from xinyi.training import loader

    rows: list[list[int]] = []
    original = loader.collate

    def collate(split, rows_B, pad_id):
        rows.append(rows_B.tolist())
        return original(split, rows_B, pad_id)

    loader.collate = collate
    if "SPOIL" in os.environ:
        from tiny_training import spoil

        spoil(setattr)
    module = _run(target) if target != "fit" else _fit(notes.parent)
    touched = list(written)
    save_file({name: weight.clone() for name, weight in module.state_dict().items()}, notes.with_suffix(".weights"))
    notes.write_text(json.dumps({"rows": rows, "written": touched}), encoding="utf-8")


def _run(target: str):
    from xinyi.pipeline.folder import RunFolder
    from xinyi.pipeline.resume import run_config
    from xinyi.pipeline.worker import work

    return work(Path(target), run_config(RunFolder(Path(target)))).module


def _fit(folder: Path):
    from tiny_training import tiny_run

    from xinyi.training.fit import fit
    from xinyi.training.processes import Group, joined

    run = tiny_run(**json.loads(os.environ["TINY_RUN"]), world=2)
    with joined(Group([], 2)):
        run.train.batches.rank = 1
        fit(run.module, run.train, run.validation, folder, run.settings)
    return run.module


if __name__ == "__main__":
    follow(sys.argv[1], Path(sys.argv[2]))
