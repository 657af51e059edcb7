"""`xinyi replay`: repeat a past run from its record, and say whether the numbers are the same."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from xinyi.data import Dataset
from xinyi.errors import BundleError, DataError, XinyiError, describe
from xinyi.pipeline.folder import RunFolder, read_json, write_json
from xinyi.pipeline.replay_compare import compare
from xinyi.pipeline.resume import run_config
from xinyi.pipeline.train import train
from xinyi.training.checkpoint_io import weights_sha256

TITLE = "run cannot be replayed"
_PRECISION = {"32-true": "32", "bf16-mixed": "bf16"}


def replay(root: Path, output: Path | None = None, tracked: bool = False, trust: bool = False) -> dict[str, Any]:
    """Repeat a run in a new folder and compare it with its record; writes replay.json there.

    Nothing is exported and no gate judges. Threads and number format are those of the record.

    Args:
        output: the new run folder; default: beside the old one.
        tracked: log the replay where the run was logged.
        trust: run the hub repository's code if the record asks for it.

    Returns:
        See `replay_compare.compare`; and `folder`, the new run folder.

    Raises:
        BundleError: no finished run of `xinyi train` there.
        ConfigError: settings or files of the record that cannot be used here.
        DataError: the data is not what the run learnt from.
    """
    folder = RunFolder(root)
    record = _record(folder)
    output = output or root.absolute().parent / f"{datetime.now():%Y-%m-%d_%H%M%S}_replay_of_{root.absolute().name}"
    config = run_config(folder, _changes(record["report"]["run"], output, tracked), trust)
    try:
        train(config, output, expected=lambda dataset: _same_data(record["data"], dataset))
    except XinyiError:
        with contextlib.suppress(OSError):
            output.rmdir()  # where something was written it stays
        raise
    result = {"of": root.absolute().name, **compare(record, _record(RunFolder(output)))}
    write_json(output / "replay.json", result)
    return {**result, "folder": output}


def _record(folder: RunFolder) -> dict[str, Any]:
    """What is left of a finished run: report, data.json, epochs.jsonl and the weights' hash."""
    report = folder.report / "report.json"
    if not report.is_file():
        remedy = f"finish it with xinyi resume {folder.root}, or name another"
        raise BundleError([describe("a finished run with report/report.json", "none", remedy, str(folder.root))], TITLE)
    record = {"report": read_json(report), "data": read_json(folder.data), "epochs": _lines(folder.root)}
    if not all(isinstance(part, dict) for part in (record["report"], record["data"], record["report"].get("run"))):
        raise BundleError(
            [describe("a report and data.json of a run", "others", "name another", str(folder.root))], TITLE
        )
    known = record["report"]["run"].get("weights_sha256")
    # What the folder holds counts, not what it says: the file may have been exchanged.
    record["weights"] = weights_sha256(folder.best) if folder.best.is_file() else known
    return record


def _lines(root: Path) -> list[str]:
    path = root / "epochs.jsonl"
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def _changes(facts: Mapping[str, Any], output: Path, tracked: bool) -> dict[str, dict[str, Any] | str]:
    """What a replay sets otherwise than the record's config.yaml: nothing that changes a number.

    But for a backbone that was adapted by the clock, which no second run can follow: it reads as many tokens as then.
    """
    changes: dict[str, Any] = {
        "runs": str(output.absolute().parent),
        "data": {"store": None},  # a folder that the record names is not written to
        "gate": {"rules": [], "champion": None, "enforce": False},
        "export": {"enabled": False},
        "tracking": {"register": False} if tracked else {"enabled": False},
        "trainer": {},
    }
    if isinstance(threads := facts.get("threads"), int):
        changes["trainer"]["threads"] = threads
    if precision := _PRECISION.get(str(facts.get("precision"))):
        changes["trainer"]["precision"] = precision
    recipe = facts.get("recipe")
    adapted = recipe.get("adapt") if isinstance(recipe, Mapping) else None
    if isinstance(adapted, Mapping) and adapted.get("minutes", True) and isinstance(adapted.get("tokens"), int):
        changes["recipe"] = {"adapt_tokens": adapted["tokens"]}
    return changes


def _same_data(data: Mapping[str, Any], dataset: Dataset) -> None:
    """Refuse other data than the run's. Raises DataError with the files that changed."""
    before, after = str(data.get("fingerprint")), str(dataset.summary["fingerprint"])
    if before == after:
        return
    former = {source.get("file"): source.get("sha256") for source in data.get("sources", [])}
    changed = [s["file"] for s in dataset.summary["sources"] if former.get(s["file"]) != s["sha256"]]
    got = f"{after[:12]}" + (f" (changed: {', '.join(map(str, changed))})" if changed else "")
    remedy = "put the former files back: other data gives other numbers"
    raise DataError([describe(f"data with fingerprint {before[:12]}", got, remedy, "replay")], title=TITLE)
