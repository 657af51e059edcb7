"""The columns with which MLflow's run list opens, so that runs can be told apart without opening them.

MLflow's own default shows no metric at all. Its interface keeps a shared view as a tag of the experiment, which the
address then names (`?viewStateShareKey=`); we write such a view. A version that does not know it shows its default.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from xinyi.tracking.final import lower_is_better, primary_metrics
from xinyi.tracking.store import VIEW_KEY, Store

TAG = f"mlflow.sharedViewState.{VIEW_KEY}"
_TAGS = ("backbone", "tasks", "data", "git_commit", "data_fingerprint")
_MORE_METRICS = ("train_seconds",)
# A tag of an experiment holds 5,000 characters in older versions.
_MOST_METRICS = 12
# Pixels; a heading that is cut to "test/senti" tells nothing.
_LETTER, _MARGIN = 8, 24


def show_columns(store: Store, report: Mapping[str, Any]) -> None:
    """Write the view for a run's tasks; columns that the experiment's other runs put there stay behind them."""
    former = _read(store.client.get_experiment(store.experiment_id).tags.get(TAG, ""))
    metrics = list(dict.fromkeys([*primary_metrics(report), *_metrics_of(former)]))[:_MOST_METRICS]
    store.client.set_experiment_tag(store.experiment_id, TAG, json.dumps(view(metrics)))


def _read(tag: str) -> dict[str, Any]:
    """A view written before; empty when there is none, or people have put something else there."""
    try:
        found = json.loads(tag)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _metrics_of(former: Mapping[str, Any]) -> list[str]:
    """Metrics among a view's columns."""
    columns = [str(column) for column in former.get("selectedColumns", [])]
    names = [column[len("metrics.`") : -1] for column in columns if column.startswith("metrics.`")]
    return [name for name in names if name not in _MORE_METRICS]


def view(metrics: Sequence[str]) -> dict[str, Any]:
    """The state of MLflow's run list with these metrics and our tags as columns, best run by the first metric on top.

    Any order but that by date also lays the children of sweeps open, beside all other runs.
    """
    values = [f"metrics.`{name}`" for name in (*metrics, *_MORE_METRICS)]
    columns = ["tags.`verdict`", *values, *(f"tags.`{name}`" for name in _TAGS)]
    return {
        "selectedColumns": columns,
        "columnOrder": ["attributes.`Run Name`", *columns],
        "columnWidths": {column: _width(column) for column in columns},
        "runsExpanded": {},
        "runsPinned": [],
        "runsHidden": [],
        "runsVisibilityMap": {},
        "runsHiddenMode": "FIRST_10_RUNS",
        "viewMaximized": False,
        "runListHidden": False,
        "isAccordionReordered": False,
        "useGroupedValuesInCharts": True,
        "hideEmptyCharts": True,
        "groupBy": None,
        "groupsExpanded": {},
        "autoRefreshEnabled": True,
        "globalLineChartConfig": {"xAxisKey": "step", "lineSmoothness": 0, "selectedXAxisMetricKey": ""},
        "searchFilter": "",
        "orderByKey": f"metrics.`{metrics[0]}`" if metrics else "attributes.start_time",
        "orderByAsc": bool(metrics) and lower_is_better(metrics[0]),
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
    }


def _width(column: str) -> int:
    least = 150 if column in ("tags.`backbone`", "tags.`tasks`") else 90
    return max(least, _LETTER * len(column.split("`")[1]) + _MARGIN)
