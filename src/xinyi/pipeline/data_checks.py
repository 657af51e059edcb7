"""The data checks of a run: rows marked, findings put into the summary, the page and the annotators' file written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from xinyi.config import builders
from xinyi.config.schema import TrainConfig
from xinyi.data import Dataset
from xinyi.data.checks import CheckSettings, Material, Outcome, run_checks
from xinyi.data.checks.annotations import write_suspects
from xinyi.data.checks.material import near_training
from xinyi.data.checks.page import write_page
from xinyi.data.checks.run import problems, to_dict

PAGE, SUSPECTS = "data_check.html", "label_errors.csv"
NEAR = "meta.near_duplicate_in_training"
# The summary has said these in its own words.
_SAID = frozenset({"leaks", "contradictions", "empty_labels", "crossing_groups"})


def check_dataset(config: TrainConfig, dataset: Dataset, folder: Path, auto: str) -> tuple[Dataset, Outcome]:
    """Ask the checks of a run's data; `auto` is what `checks.run=auto` means: cheap or all. Returns as `checked`."""
    settings = builders.check_settings(config.checks, auto)
    return checked(dataset, settings, folder, config.data.mask, config.data.seed)


def checked(
    dataset: Dataset, settings: CheckSettings, folder: Path, masked: bool, seed: int
) -> tuple[Dataset, Outcome]:
    """Ask the checks of a loaded data set.

    Args:
        folder: gets data_check.html, and label_errors.csv where the slow checks ran.
        masked: whether its texts were masked. seed: of what is drawn.

    Returns: the data set with its rows marked and with the findings in its summary, and the findings.
    """
    near = near_training(dataset.splits)
    marked = mark_near(dataset, near)
    material = Material(dataset.splits, dataset.tasks, masked, dataset.summary["sources"], seed, near)
    outcome = run_checks(material, settings)
    suspects = SUSPECTS if "label_errors" in outcome.ran and write_suspects(folder / SUSPECTS, material) else ""
    write_page(folder / PAGE, outcome, dataset.summary, suspects)
    known = dataset.summary["problems"]
    more = [text for text in problems(outcome, _SAID) if text not in known]
    summary = {**dataset.summary, "problems": [*known, *more], "checks": to_dict(outcome)}
    return replace(marked, summary=summary), outcome


def mark_near(dataset: Dataset, near: dict[str, np.ndarray] | None = None) -> Dataset:
    """Add the column `meta.near_duplicate_in_training` (yes, no; null for training rows): a slice of the evaluation."""
    near = near_training(dataset.splits) if near is None else near
    splits = {}
    for name, table in dataset.splits.items():
        marks = np.where(near[name] >= 0, "yes", "no") if name in near else [None] * len(table)
        place = table.column_names.index("source")
        splits[name] = table.add_column(place, NEAR, pa.array(marks, pa.string()))
    return replace(dataset, splits=splits)
