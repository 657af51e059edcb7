from __future__ import annotations

import json
import math

from tracking_world import SECRET, make_report

from xinyi.tracking.final import final_metrics, missing_metrics, primary_metrics
from xinyi.tracking.note import describe_run
from xinyi.tracking.view import view


def test_names_and_order_put_what_decides_first():
    metrics = final_metrics(make_report())
    assert list(metrics) == [
        "test/sentiment/macro_f1",
        "test/sentiment/macro_f1.low",
        "test/sentiment/macro_f1.high",
        "test/intent/accuracy",
        "test/intent/accuracy.low",
        "test/intent/accuracy.high",
        "validation/sentiment/macro_f1",
        "validation/sentiment/macro_f1.low",
        "validation/sentiment/macro_f1.high",
        "test/sentiment/accuracy",
        "test/intent/macro_f1",
    ]
    assert metrics["test/intent/accuracy"] == 0.8
    assert metrics["test/intent/accuracy.low"] == 0.8 - 0.1


def test_what_was_not_computed_is_left_out_and_named():
    report = make_report(mcc=None, ece=math.nan)
    assert not {"test/sentiment/mcc", "test/sentiment/ece"} & set(final_metrics(report))
    assert missing_metrics(report) == ["test/sentiment/mcc", "test/sentiment/ece"]


def test_the_primary_metric_of_test_rows_counts_and_else_that_of_validation_rows():
    report = make_report()
    assert primary_metrics(report) == ["test/sentiment/macro_f1", "test/intent/accuracy"]
    del report["tasks"]["sentiment"]["test"]
    assert primary_metrics(report) == ["validation/sentiment/macro_f1", "test/intent/accuracy"]


def test_the_run_list_is_sorted_best_first():
    assert view(["test/a/macro_f1"])["orderByKey"] == "metrics.`test/a/macro_f1`"
    assert view(["test/a/macro_f1"])["orderByAsc"] is False
    assert view(["test/a/mae"])["orderByAsc"] is True
    assert view([])["orderByKey"] == "attributes.start_time"


def test_the_view_fits_the_tag_of_an_older_mlflow():
    assert len(json.dumps(view([f"test/some_longer_task_name_{i}/macro_f1" for i in range(12)]))) < 5000


def test_the_description_holds_numbers_and_no_text():
    text = describe_run(make_report(), {"verdict": "fail", "counts": {"pass": 1, "fail": 2}})
    assert text.startswith("Verdict: fail (1 pass, 2 fail)")
    assert "| sentiment | test 20 | macro_f1 | **0.600** | 0.500 to 0.700 | 0.200 |" in text
    assert SECRET not in text
