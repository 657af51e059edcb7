"""Two records of one run: what differs, where first, and what may be the reason."""

from __future__ import annotations

import copy
import json

import pytest

from xinyi.commands.replay import lines
from xinyi.pipeline.replay import _changes
from xinyi.pipeline.replay_compare import compare, first_difference

METRICS = {"macro_f1": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 60}}
RECORD = {
    "report": {
        "run": {
            "steps": 9, "epochs": 2, "best_validation": 0.5, "created": "then", "train_seconds": 3.0, "threads": 1,
            "device": "a CPU, 1 threads", "versions": {"torch": "2.13.0", "xinyi": "0.1.0"},
        },
        "decoding": {"intent": {"temperature": 1.25}},
        "tasks": {"intent": {"test": {"metrics": METRICS}, "validation": {"metrics": copy.deepcopy(METRICS)}}},
    },
    "data": {"sources": [{"file": "a.csv", "sha256": "1"}]},
    "epochs": [json.dumps({"epoch": n, "step": 7 * n, "val/primary": n / 8, "val/loss": 2.0}) for n in (1, 2)],
    "weights": "abc",
}  # fmt: skip


def changed(change):
    record = copy.deepcopy(RECORD)
    change(record)
    return compare(RECORD, record)


def test_equal_records_are_the_same_whatever_the_time():
    result = changed(lambda r: r["report"]["run"].update(created="now", train_seconds=5.0))
    assert result["same"]
    assert result["compared"] == 3 + 1 + 8
    assert (result["differences"], result["first"], result["reasons"]) == ([], None, [])
    assert lines({**result, "folder": "runs/x"})[:2] == [
        "replay   the same: 12 numbers compared",
        "weights  the same bit for bit",
    ]


def test_another_metric_is_named():
    result = changed(lambda r: r["report"]["tasks"]["intent"]["test"]["metrics"]["macro_f1"].update(value=0.5000001))
    assert not result["same"]
    assert result["differences"] == [{"where": "intent.test.macro_f1.value", "before": 0.5, "after": 0.5000001}]


def test_other_weights_alone_are_a_difference_and_missing_ones_are_said():
    assert not changed(lambda r: r.update(weights="abd"))["same"]
    result = compare({**RECORD, "weights": None}, RECORD)
    assert result["same"]
    assert result["weights"]["same"] is None
    assert "weights  not in the record" in lines({**result, "folder": ""})


def test_the_first_difference_is_that_of_the_first_validation():
    def later(record):
        record["epochs"] = [
            line.replace("0.25", "0.5").replace('"val/loss": 2.0', '"val/loss": 2.5') for line in record["epochs"]
        ]

    assert changed(later)["first"] == {"epoch": 1, "step": 7, "metric": "val/loss", "before": 2.0, "after": 2.5}
    shorter = first_difference(RECORD["epochs"], RECORD["epochs"][:1])
    assert (shorter["epoch"], shorter["after"]) == (2, None)
    assert first_difference([], RECORD["epochs"]) is None  # runs from before this file


def test_reasons_are_versions_device_threads_and_files():
    def elsewhere(record):
        record["report"]["run"] |= {"threads": 2, "versions": {"torch": "2.14.0", "xinyi": "0.1.0"}}
        record["data"]["sources"][0]["sha256"] = "2"

    result = changed(elsewhere)
    assert result["same"]  # reasons are no differences
    assert [one["where"] for one in result["reasons"]] == ["version of torch", "threads", "file a.csv"]


def test_a_report_without_numbers_proves_nothing():
    empty = {"report": {"run": {}}, "data": {}, "epochs": [], "weights": None}
    assert not compare(empty, empty)["same"]


def adapted(**facts):
    record = copy.deepcopy(RECORD)
    record["report"]["run"]["recipe"] = {"adapt": facts}
    return record


def test_a_backbone_that_was_adapted_by_the_clock_is_a_reason():
    before = adapted(tokens=5000, minutes=10.0, files={"more": "1"})
    found = compare(before, adapted(tokens=5000, minutes=None, files={"more": "2"}))["reasons"]
    assert found == [
        {"where": "recipe.adapt budget", "before": "10.0 minutes", "after": "5000 tokens"},
        {"where": "file more of recipe.adapt", "before": "1", "after": "2"},
    ]
    counted = adapted(tokens=5000, minutes=None, files={"more": "1"})
    assert compare(counted, counted)["reasons"] == []


@pytest.mark.parametrize(
    ("facts", "changes"),
    [
        ({"tokens": 5000, "minutes": 10.0}, {"adapt_tokens": 5000}),
        ({"tokens": 5000}, {"adapt_tokens": 5000}),  # a record from before budgets of tokens
        ({"tokens": 5000, "minutes": None}, None),  # as the record says: the budget is not what was read in the end
    ],
)
def test_a_replay_reads_as_many_tokens_as_the_record(facts, changes, tmp_path):
    assert _changes({"recipe": {"adapt": facts}}, tmp_path, False).get("recipe") == changes
