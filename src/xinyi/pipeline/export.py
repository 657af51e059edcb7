"""`xinyi export`: the bundle of a run that was trained already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xinyi.config import builders
from xinyi.data import load
from xinyi.errors import BundleError, describe
from xinyi.evaluation.schema import validate
from xinyi.pipeline import stages
from xinyi.pipeline.folder import RunFolder, read_json
from xinyi.pipeline.parts import assemble
from xinyi.pipeline.resume import run_config
from xinyi.training.fit import load_weights


def export_run(root: Path) -> dict[str, Any]:
    """Write the bundle from the run's best checkpoint and its report; returns the parity record.

    Raises:
        BundleError: the run was not trained to its end. ExportError: the exported model answers otherwise.
    """
    folder = RunFolder(root)
    config = run_config(folder)
    best = folder.root / "checkpoints" / "best.ckpt"
    if not best.is_file() or not (folder.report / "report.json").is_file():
        remedy = f"finish it with xinyi resume {root}"
        raise BundleError([describe("a finished run", "no best checkpoint or no report", remedy, str(root))])
    dataset = load(builders.data_settings(config), builders.task_specs(config))
    stages.same_data(read_json(folder.state), dataset)
    parts = assemble(config, dataset)
    load_weights(parts.module, best)
    parts.model.float().eval()
    report = read_json(folder.report / "report.json")
    validate(report)
    return stages.export_stage(config, folder, dataset, parts, report)
