"""No regression against a champion, on real reports with their answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from paired_world import evidence, make_report, make_rows, read_world

from xinyi.gates import judge, parse_rules

Files = dict[str, Path]
# strength of the candidate → what the gate must say with a margin of 5 points (the champion's is 2.0)
STRENGTHS = {"better": 2.6, "alike": 2.0, "worse": 1.2}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Reports of a champion and three candidates on the same rows."""
    work, rows = tmp_path_factory.mktemp("champion"), make_rows()
    found = {name: make_report(work / name, rows, strength, 10, name) for name, strength in STRENGTHS.items()}
    return found | {"champion": make_report(work / "champion", rows, 2.0, 3, "champion")}


def gate(files: Files, name: str, **more: Any) -> dict[str, Any]:
    rule = {"rule": "no_regression", "task": "wish", **more}
    return judge(evidence(read_world(files[name], files["champion"])), parse_rules([rule]))


@pytest.mark.parametrize("metric", ["primary", "accuracy", "log_loss"])
@pytest.mark.parametrize(("name", "expected"), [("better", "pass"), ("worse", "fail")])
def test_a_clear_difference_is_seen(files: Files, metric: str, name: str, expected: str) -> None:
    found = gate(files, name, metric=metric, margin=0.02)["outcomes"]
    assert [outcome["answer"] for outcome in found] == [expected]
    assert (found[0]["p"] < 0.025) == (expected == "fail")
    assert ("mcnemar" in found[0]["why"]) == (metric == "accuracy")


def test_what_the_rows_cannot_tell_is_undecided_with_a_plan(files: Files) -> None:
    outcome = gate(files, "alike", margin=0.002)["outcomes"][0]
    assert outcome["answer"] == "undecided"
    assert 0.01 < outcome["detectable"] < 0.2
    assert outcome["more_rows"] > 1000
    assert f"about {outcome['more_rows']:,} more labelled rows would decide" in outcome["why"]
    # With a margin that these rows can show, the same candidate passes.
    assert gate(files, "alike", margin=0.08)["verdict"] == "pass"


def test_without_a_margin_no_number_of_rows_shows_equality(files: Files) -> None:
    world = read_world(files["alike"], files["champion"])
    rules = parse_rules([{"rule": "no_regression", "task": "wish", "margin": 0.0}])
    outcome = judge(evidence(world), rules)["outcomes"][0]
    assert outcome["answer"] == "undecided"
    assert outcome["more_rows"] is None or outcome["more_rows"] > 5000


def test_all_tasks_are_one_family(files: Files) -> None:
    alone = gate(files, "worse")["outcomes"][0]
    together = gate(files, "worse", task="*")["outcomes"]
    assert [outcome["task"] for outcome in together] == ["wish", "mood", "stars"]
    assert "over 3 comparisons" in together[0]["why"]
    assert together[0]["p"] >= alone["p"]
    # Two rules are still one family.
    rules = [{"rule": "no_regression"}, {"rule": "rows", "minimum": 1}, {"rule": "no_regression", "metric": "macro_f1"}]
    world = read_world(files["worse"], files["champion"])
    found = judge(evidence(world), parse_rules(rules))["outcomes"]
    assert [outcome["rule"] for outcome in found] == ["no_regression"] * 3 + ["rows"] * 3 + ["no_regression"] * 3
    assert all("over 6 comparisons" in outcome["why"] for outcome in found if outcome["rule"] != "rows")


def test_conversations_stay_together(files: Files, tmp_path: Path) -> None:
    rows = make_rows(conversations=True)
    pair = [make_report(tmp_path / name, rows, s, seed, name) for name, s, seed in (("a", 2.0, 10), ("b", 2.0, 3))]
    rule = {"rule": "no_regression", "metric": "accuracy", "task": "wish", "margin": 0.08}
    outcome = judge(evidence(read_world(*pair)), parse_rules([rule]))["outcomes"][0]
    assert "bootstrap" in outcome["why"]  # McNemar's test takes rows for independent
    assert outcome["answer"] == "pass"


def test_conversations_that_only_the_champion_knows_stay_together(tmp_path: Path) -> None:
    pair = [
        make_report(tmp_path / name, make_rows(conversations=known), 2.0, seed, name)
        for name, known, seed in (("a", False, 10), ("b", True, 3))
    ]
    rule = {"rule": "no_regression", "metric": "accuracy", "task": "wish", "margin": 0.08}
    for world in (read_world(*pair), read_world(*pair[::-1])):
        assert "bootstrap" in judge(evidence(world), parse_rules([rule]))["outcomes"][0]["why"]


def test_the_order_of_rows_does_not_matter(files: Files) -> None:
    world, rules = read_world(files["better"], files["champion"]), parse_rules([{"rule": "no_regression"}])
    before = judge(evidence(world), rules)["outcomes"]
    split = world["champion_answers"]["test"]
    size = len(split.ids)
    tasks = {
        name: replace(task, rows=size - 1 - task.rows[::-1], gold=task.gold[::-1], logits_BC=task.logits_BC[::-1])
        for name, task in split.tasks.items()
    }
    turned = replace(split, ids=split.ids[::-1], units=split.units[::-1], tasks=tasks)
    world["champion_answers"], world["champion"]["answers"]["test"] = {"test": turned}, turned.digest()
    assert judge(evidence(world), rules)["outcomes"] == before


def test_slices_are_compared_value_by_value(files: Files) -> None:
    world = read_world(files["worse"], files["champion"])
    for name in ("answers", "champion_answers"):
        split = world[name]["test"]
        channel = [("chat", "call")[row % 2] if row else "fax" for row in range(len(split.ids))]
        world[name] = {"test": _with_slices(split, {"channel": channel})}
        whose = "report" if name == "answers" else "champion"
        world[whose]["answers"]["test"] = world[name]["test"].digest()
    rule = {"rule": "no_regression", "task": "stars", "slice": "channel"}
    found = judge(evidence(world), parse_rules([rule]))["outcomes"]
    assert [outcome["part"] for outcome in found] == ["channel=call", "channel=chat"]
    assert all("1 values of channel under 50 rows were not compared" in outcome["why"] for outcome in found)
    assert {outcome["answer"] for outcome in found} == {"fail"}
    small = judge(evidence(world), parse_rules([{**rule, "least_rows": 1000}]))
    assert small["verdict"] == "undecided"
    assert judge(evidence(world), parse_rules([{**rule, "slice": "none"}]))["verdict"] == "fail"


def test_a_slice_that_only_the_champion_has_is_compared(files: Files) -> None:
    rule = parse_rules([{"rule": "no_regression", "task": "stars", "slice": "*", "margin": 0.05}])
    whole = judge(evidence(read_world(files["worse"], files["champion"])), rule)["outcomes"]
    bare = read_world(files["worse"], files["champion"])
    bare["answers"] = {"test": _with_slices(bare["answers"]["test"], {})}
    bare["report"]["answers"]["test"] = bare["answers"]["test"].digest()
    found = judge(evidence(bare), rule)["outcomes"]
    answers = [{(outcome["part"], outcome["answer"]) for outcome in outcomes} for outcomes in (whole, found)]
    assert answers[0] == answers[1] >= {("channel=call", "fail"), ("channel=chat", "fail")}


def test_a_value_that_only_the_champion_has_fails(files: Files) -> None:
    world = read_world(files["better"], files["champion"])
    split = world["answers"]["test"]
    world["answers"] = {"test": _with_slices(split, {"channel": ["chat"] * len(split.ids)})}
    world["report"]["answers"]["test"] = world["answers"]["test"].digest()
    rule = {"rule": "no_regression", "task": "stars", "slice": "*", "margin": 0.2}
    found = {outcome["part"]: outcome["answer"] for outcome in judge(evidence(world), parse_rules([rule]))["outcomes"]}
    assert (found["channel=chat"], found["channel=call"]) == ("pass", "fail")
    few = judge(evidence(world), parse_rules([{**rule, "least_rows": 301}]))["outcomes"]
    assert "channel=call" not in {outcome["part"] for outcome in few}


def _with_slices(split: Any, slices: dict[str, list[str]]) -> Any:
    return replace(split, slices={name: np.array(values) for name, values in slices.items()})


def test_a_task_that_only_the_champion_answers_is_a_failure(files: Files) -> None:
    world = read_world(files["better"], files["champion"])
    left = next(name for name in world["report"]["tasks"] if name != "wish")
    for part in ("tasks", "primary", "decoding"):
        world["report"][part].pop(left)
    for split in world["answers"].values():
        split.tasks.pop(left)
    verdict = judge(evidence(world), parse_rules([{"rule": "no_regression"}]))
    (lost,) = [outcome for outcome in verdict["outcomes"] if outcome["task"] == left]
    assert (verdict["verdict"], lost["answer"]) == ("fail", "fail")
    assert "the candidate does not" in str(lost)
    named = judge(evidence(world), parse_rules([{"rule": "no_regression", "task": "wish"}]))
    assert left not in {outcome["task"] for outcome in named["outcomes"]}
