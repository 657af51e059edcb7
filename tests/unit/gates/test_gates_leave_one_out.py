"""A real report that passes every rule, spoilt one thing at a time: none of these may pass."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gate_world import make_parity
from paired_world import SPECS, evidence, make_report, make_rows, read_world

from xinyi.evaluation.metrics import metrics_for
from xinyi.gates import against, judge, parse_rules

World = dict[str, Any]
RULES = [
    {"rule": "rows", "minimum": 500},
    {"rule": "beats_baseline"},
    {"rule": "worst_label_recall", "minimum": 0.3},
    {"rule": "calibration", "maximum": 0.5},
    {"rule": "recomputed"},
    {"rule": "no_regression", "margin": 0.05},
    {"rule": "no_regression", "task": "stars", "metric": "mae", "margin": 0.05},
    {"rule": "parity"},
    {"rule": "data_findings"},
]
METRICS = [(spec.id, metric.name) for spec in SPECS for metric in metrics_for(spec.kind)]
MISSING = object()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> World:
    work, rows = tmp_path_factory.mktemp("whole"), make_rows()
    ours = make_report(work / "ours", rows, 2.8, 10, "ours")
    return read_world(ours, make_report(work / "theirs", rows, 2.0, 3, "theirs")) | {"parity": make_parity()}


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of spoilt reports: the difference is clear, and its interval need not be fine."""
    monkeypatch.setattr(against, "RESAMPLES", 100)


@pytest.fixture
def world(whole: World) -> World:
    return copy.deepcopy(whole)


def verdict(world: World) -> str:
    return judge(evidence(world), parse_rules(RULES))["verdict"]


def test_the_whole_report_passes(world: World) -> None:
    assert verdict(world) == "pass"


def computed(world: World, task: str, metric: str) -> bool:
    """Whether the metric has a value (top 3 of three labels has none)."""
    return world["report"]["tasks"][task]["test"]["metrics"][metric]["value"] is not None


@pytest.mark.parametrize(("task", "metric"), METRICS)
def test_each_metric_deleted(world: World, task: str, metric: str) -> None:
    del world["report"]["tasks"][task]["test"]["metrics"][metric]
    assert verdict(world) == "fail"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, "0.9"], ids=["nan", "inf", "null", "text"])
@pytest.mark.parametrize(("task", "metric"), METRICS)
def test_each_metric_without_a_number(world: World, task: str, metric: str, value: Any) -> None:
    if not computed(world, task, metric) and value is None:
        pytest.skip("it is null in the whole report")
    world["report"]["tasks"][task]["test"]["metrics"][metric]["value"] = value
    assert verdict(world) == "fail"


@pytest.mark.parametrize(("task", "metric"), METRICS)
def test_each_metric_in_the_other_direction(world: World, task: str, metric: str) -> None:
    """Told as what is missing to the best, as if lower were better: the very report, read the wrong way round."""
    if not computed(world, task, metric):
        pytest.skip("it has no value to turn round")
    entry = world["report"]["tasks"][task]["test"]["metrics"][metric]
    value, low, high = (entry[key] for key in ("value", "low", "high"))
    entry.update(value=1.0 - value, low=1.0 - high, high=1.0 - low)
    assert verdict(world) == "fail"


@pytest.mark.parametrize(("task", "metric"), METRICS)
def test_each_metric_made_a_little_better(world: World, task: str, metric: str) -> None:
    if not computed(world, task, metric):
        pytest.skip("it has no value to change")
    world["report"]["tasks"][task]["test"]["metrics"][metric]["value"] += 1e-4
    assert verdict(world) == "fail"


def shuffled(split: Any, part: str) -> Any:
    """Answers in which one part no longer belongs to its rows."""
    order = np.random.default_rng(1).permutation(len(split.ids))
    if part == "ids":
        return replace(split, ids=split.ids[order])
    tasks = {}
    for name, task in split.tasks.items():
        own = np.random.default_rng(1).permutation(len(task.rows))
        field = {"logits": "logits_BC", "gold": "gold", "rows": "rows"}[part]
        tasks[name] = replace(task, **{field: getattr(task, field)[own]})
    return replace(split, tasks=tasks)


@pytest.mark.parametrize("sealed", [False, True], ids=["as_found", "with_a_new_digest"])
@pytest.mark.parametrize("part", ["ids", "logits", "gold", "rows"])
@pytest.mark.parametrize("whose", ["answers", "champion_answers"])
def test_shuffled_rows(world: World, whose: str, part: str, sealed: bool) -> None:
    """Answers moved to other rows are seen by the report's digest; where that was made anew, by what they say."""
    world[whose] = {"test": shuffled(world[whose]["test"], part)}
    if sealed:
        world["report" if whose == "answers" else "champion"]["answers"]["test"] = world[whose]["test"].digest()
    assert verdict(world) == "fail"


LEAK = {"check": "leaks", "severity": "error", "over": True, "allowed": None, "message": "3 test rows are in train"}
SPOILERS: dict[str, Callable[[World], Any]] = {
    "no champion": lambda w: w.update(champion=None),
    "no answers": lambda w: w.update(answers=None),
    "no answers of the champion": lambda w: w.update(champion_answers=None),
    "no answers of the split": lambda w: w.update(answers={"validation": w["answers"]["test"]}),
    "no digest": lambda w: w["report"].pop("answers"),
    "no digest of the champion": lambda w: w["champion"]["answers"].clear(),
    "the champion's answers as ours": lambda w: w.update(answers=w["champion_answers"]),
    "no decoding": lambda w: w["report"]["decoding"].pop("wish"),
    "another temperature": lambda w: w["report"]["decoding"]["wish"].update(temperature=3.0),
    "no temperature": lambda w: w["champion"]["decoding"]["wish"].pop("temperature"),
    "other thresholds": lambda w: w["report"]["decoding"]["mood"].update(thresholds=[0.9, 0.9]),
    "one threshold": lambda w: w["champion"]["decoding"]["mood"].update(thresholds=[0.5, 0.5, 0.5]),
    "a task less": lambda w: [w["report"]["tasks"].pop("mood"), w["report"]["primary"].pop("mood")],
    "no test rows": lambda w: w["report"]["tasks"]["mood"].pop("test"),
    "no primary metric": lambda w: w["report"]["primary"].pop("stars"),
    "an unknown primary metric": lambda w: w["report"]["primary"].update(stars="f1"),
    "the champion lacks a task": lambda w: w["champion"]["tasks"].pop("mood"),
    "the champion lacks the metric": lambda w: w["champion"]["tasks"]["wish"]["test"]["metrics"].pop("macro_f1"),
    "no baseline": lambda w: w["report"]["tasks"]["wish"]["test"]["baseline"].clear(),
    "no calibration": lambda w: w["report"]["tasks"]["wish"]["test"]["calibration"].clear(),
    "no labels": lambda w: w["report"]["tasks"]["wish"]["test"]["per_label"].clear(),
    "a label less": lambda w: w["report"]["tasks"]["wish"]["test"]["per_label"].pop(),
    "no parity": lambda w: w.update(parity=None),
    "no findings": lambda w: w["report"]["data"].pop("checks"),
    "no check ran": lambda w: w["report"]["data"]["checks"]["ran"].clear(),
    "a finding": lambda w: w["report"]["data"]["checks"]["findings"].append(LEAK),
}


@pytest.mark.parametrize("name", SPOILERS)
def test_each_part_spoilt(world: World, name: str) -> None:
    SPOILERS[name](world)
    found = judge(evidence(world), parse_rules([*RULES, {"rule": "rows", "minimum": 1, "task": "mood"}]))
    assert found["verdict"] == "fail"


def wish(world: World) -> dict[str, Any]:
    return world["report"]["tasks"]["wish"]["test"]


# What no other rule could tell from an honest number: only working it out again does.
BY_HAND: dict[str, Callable[[World], Any]] = {
    "metrics.macro_f1.low": lambda w: wish(w)["metrics"]["macro_f1"].update(low=0.77),
    "metrics.accuracy.high": lambda w: wish(w)["metrics"]["accuracy"].update(high=1.0),
    "metrics.accuracy.n": lambda w: wish(w)["metrics"]["accuracy"].update(n=10_000),
    "baseline.macro_f1": lambda w: wish(w)["baseline"].update(macro_f1=0.0),
    "per_label[1].recall": lambda w: wish(w)["per_label"][1].update(recall=0.99, recall_low=0.98, recall_high=1.0),
    "per_label[2].support": lambda w: wish(w)["per_label"][2].update(support=1),
    "confusion.matrix[0][1]": lambda w: wish(w)["confusion"]["matrix"][0].__setitem__(1, 0),
    "calibration.ece": lambda w: wish(w)["calibration"].update(ece=0.001, low=0.0, high=0.002),
    "calibration.reliability": lambda w: wish(w)["calibration"]["reliability"].pop(),
    "slices.channel.call.metrics.macro_f1.low": lambda w: wish(w)["slices"]["channel"]["call"]["metrics"][
        "macro_f1"
    ].update(low=0.1),
    "slices.channel": lambda w: wish(w)["slices"]["channel"].pop("call"),
    "units.n": lambda w: wish(w)["units"].update(n=7),
}


@pytest.mark.parametrize("place", BY_HAND)
def test_each_number_changed_by_hand(world: World, place: str) -> None:
    BY_HAND[place](world)
    found = judge(evidence(world), parse_rules([{"rule": "recomputed", "task": "wish"}]))
    assert found["verdict"] == "fail"
    assert place in found["outcomes"][0]["why"]


@pytest.mark.parametrize("key", ["resamples", "seed", "confidence", "bins", "least_slice"])
@pytest.mark.parametrize("value", [None, 10**30, -1, 2.5, "7"])
def test_settings_that_make_no_sense(world: World, key: str, value: Any) -> None:
    world["report"]["settings"][key] = value
    found = judge(evidence(world), parse_rules([{"rule": "recomputed", "task": "wish"}]))
    assert (found["verdict"], "settings" in found["outcomes"][0]["why"]) == ("fail", True)


def test_conversations_are_drawn_again_as_the_report_drew_them(tmp_path: Path) -> None:
    """Also where rows without a label or a conversation lie between them."""
    rows = make_rows(conversations=True)
    names = [None if row % 7 == 0 else name for row, name in enumerate(rows["meta.conversation_id"].to_pylist())]
    rows = rows.set_column(rows.column_names.index("meta.conversation_id"), "meta.conversation_id", [names])
    file = make_report(tmp_path, rows, 2.0, 3, "turns")
    found = judge(evidence(read_world(file, file)), parse_rules([{"rule": "recomputed"}]))
    assert found["verdict"] == "pass", found["outcomes"]


def test_the_champion_as_candidate(world: World) -> None:
    """Also under another name, and with rewritten numbers or decoding: its answers give it away."""
    twin = {**world, "report": world["champion"], "answers": world["champion_answers"]}
    assert verdict(twin) == "fail"
    renamed = copy.deepcopy(world["champion"])
    renamed["run"] = {"name": "another", "created": "later"}
    assert verdict({**twin, "report": renamed}) == "fail"
    del renamed["tasks"]["wish"]["test"]["errors"][0]
    found = judge(evidence({**twin, "report": renamed}), parse_rules([RULES[5]]))
    assert {outcome["why"] for outcome in found["outcomes"]} == {"the candidate is the champion itself"}


def test_the_champion_served_from_another_format(world: World) -> None:
    """The same model through another kernel differs in the sixth place; that is no new model."""
    split = world["champion_answers"]["test"]
    nudged = {n: replace(t, logits_BC=t.logits_BC + np.float32(1e-6)) for n, t in split.tasks.items()}
    world["answers"] = {"test": replace(split, tasks=nudged)}
    world["report"] = copy.deepcopy(world["champion"])
    world["report"]["run"] = {"name": "another", "created": "later"}
    world["report"]["answers"]["test"] = world["answers"]["test"].digest()
    del world["report"]["tasks"]["wish"]["test"]["errors"][0]
    found = judge(evidence(world), parse_rules([RULES[5]]))
    assert found["verdict"] == "fail"
    assert "the same model" in found["outcomes"][0]["why"]


def test_fewer_rows_than_the_champion(whole: World, tmp_path: Path) -> None:
    rows = make_rows()
    for name, taken in (("fewer", rows.slice(0, 550)), ("others", make_rows(seed=6))):
        ours = make_report(tmp_path / name, taken, 2.8, 10, name)
        theirs = tmp_path / "theirs" / "report" / "report.json"
        if not theirs.is_file():
            make_report(tmp_path / "theirs", rows, 2.0, 3, "theirs")
        found = judge(evidence(read_world(ours, theirs)), parse_rules([RULES[5]]))
        assert {outcome["answer"] for outcome in found["outcomes"]} == {"fail"}
