"""Checks of the evaluation's settings together with the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xinyi.config.cross_data import sources
from xinyi.errors import ConfigError, describe


def evaluation_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Suites that cannot be read, risks that are no shares, tasks that there are not."""
    from xinyi.evaluation.behaviour import load_suites
    from xinyi.evaluation.settings import AbstainSettings

    evaluation = config["evaluation"]
    try:
        load_suites(evaluation["suites"])
    except ConfigError as error:
        yield from error.problems
    try:
        AbstainSettings(evaluation["abstain_risk"])
    except ConfigError as error:
        yield from error.problems
    tasks = {*config["tasks"], *(task for source in sources(config["data"]) for task in source["labels"])}
    for task in evaluation["abstain_risk"]:
        if task not in tasks:
            yield describe(f"a task of {', '.join(sorted(tasks))}", repr(task), "correct it", "evaluation.abstain_risk")
    if evaluation["abstain_risk"] and not evaluation["calibrate"]:
        remedy = "set evaluation.calibrate=true: the threshold is fitted with the temperature"
        yield describe("calibrate with abstain_risk", "calibrate=false", remedy, "evaluation")
