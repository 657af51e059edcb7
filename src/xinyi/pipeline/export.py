"""`xinyi export`: the bundle of a run that was trained already."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from xinyi.config import builders
from xinyi.config.schema import TrainConfig
from xinyi.data import Dataset, load
from xinyi.errors import BundleError, describe
from xinyi.evaluation.schema import validate
from xinyi.export.checks import what_else
from xinyi.export.formats import torch_scorers
from xinyi.pipeline import stages
from xinyi.pipeline.adapt import assembled
from xinyi.pipeline.folder import RunFolder, read_json
from xinyi.pipeline.parts import Parts
from xinyi.pipeline.resume import run_config
from xinyi.runtime.verify import prove
from xinyi.tracking import fetch_bundle
from xinyi.training.fit import load_weights


def export_run(root: Path, trust: bool = False) -> dict[str, Any]:
    """Write the bundle from the run's best checkpoint and its report; returns the parity record.

    trust: whether code of a hub repository may be run if the run's configuration asks for it.

    Raises:
        BundleError: the run was not trained to its end. ConfigError: it asks for such code.
        ExportError: the exported model answers otherwise.
    """
    folder = RunFolder(root)
    config, dataset, parts = _loaded(folder, folder.best, trust)
    report = read_json(folder.report / "report.json")
    validate(report)
    return stages.export_stage(config, folder, dataset, parts, report)


def export_checkpoint(path: Path, target: Path, trust: bool = False) -> dict[str, Any]:
    """Write the bundle of one checkpoint of a run; returns the parity record.

    Its predictions, decoding and report are made anew from its own weights; the run's are left as they are.

    Raises as `export_run`.
    """
    folder = RunFolder(path.parent.parent)
    config, dataset, parts = _loaded(folder, path, trust)
    facts = {**read_json(folder.report / "report.json").get("run", {}), "checkpoint": path.name}
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
        own = RunFolder(Path(scratch))
        own.create()
        cost = stages.predict_stage(config, own, dataset, parts)
        report = stages.report_stage(config, own, facts, read_json(folder.data), cost)
        record = stages.export_stage(config, own, dataset, parts, report)
        _put(own.bundle, target)
    return record


def _loaded(folder: RunFolder, checkpoint: Path, trust: bool) -> tuple[TrainConfig, Dataset, Parts]:
    """The run's configuration and data, and its model with a checkpoint's weights."""
    if not checkpoint.is_file() or not (folder.report / "report.json").is_file():
        remedy = f"finish it with xinyi resume {folder.root}"
        raise BundleError([describe("a finished run", f"no {checkpoint.name} or no report", remedy, str(folder.root))])
    config = run_config(folder, trust=trust)
    dataset = load(builders.data_settings(config), builders.task_specs(config))
    stages.same_data(read_json(folder.state), dataset)
    parts = assembled(config, folder, dataset)
    load_weights(parts.module, checkpoint)
    parts.model.float().eval()
    return config, dataset, parts


def fetch(name: str, tracking_uri: str | None, target: Path) -> Path:
    """Copy the bundle of `models:/name@alias` or `models:/name/7` to `target`, and prove it there.

    Raises:
        TrackingError: no such model. BundleError: it is damaged, or the target holds something else.
    """
    check_target(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
        found = fetch_bundle(name, tracking_uri, Path(scratch) / "model")
        if problems := prove(found, torch_scorers).problems:
            raise BundleError(problems, f"the bundle of {name} is not as it was exported")
        _put(found, target)
    return target


def check_target(target: Path) -> None:
    """Raise BundleError when a folder is neither new nor an older bundle."""
    if (found := what_else(target)) is not None:
        remedy = "choose another with --output"
        raise BundleError([describe("a new folder or an older bundle", found, remedy, str(target))])


def _put(made: Path, target: Path) -> None:
    """Move a complete bundle into its place; an older one there goes."""
    check_target(target)
    if target.exists():
        shutil.rmtree(target)
    shutil.move(made, target)
