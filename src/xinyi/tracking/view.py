"""The columns with which MLflow's run list opens, so that runs can be told apart without opening them.

MLflow's own default shows no metric at all. Its interface keeps a shared view as a tag of the experiment, which the
address then names (`?viewStateShareKey=`); we write such a view. A version that does not know it shows its default.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from xinyi.tracking.final import primary_metrics
from xinyi.tracking.store import VIEW_KEY, Store

TAG = f"mlflow.sharedViewState.{VIEW_KEY}"
_TAGS = ("backbone", "tasks", "data", "git_commit", "data_fingerprint")
_MORE_METRICS = ("train_seconds",)
# A tag of an experiment holds 5,000 characters in older versions.
_MOST_METRICS = 12
_MOST_SWEEPS = 10
# Pixels; a heading that is cut to "test/senti" tells nothing.
_LETTER, _MARGIN = 8, 24


def show_columns(store: Store, report: Mapping[str, Any], parent: str | None = None) -> None:
    """Write the view for a run's tasks, its sweep unfolded; what the experiment's other runs put there stays."""
    former = _read(store.client.get_experiment(store.experiment_id).tags.get(TAG, ""))
    metrics = dict.fromkeys([*primary_metrics(report), *_metrics_of(former)])
    unfolded = dict.fromkeys([*([parent] if parent else []), *former.get("runsExpanded", {})])
    content = view(list(metrics)[:_MOST_METRICS], list(unfolded)[:_MOST_SWEEPS])
    store.client.set_experiment_tag(store.experiment_id, TAG, json.dumps(content))


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


def view(metrics: Sequence[str], unfolded: Sequence[str] = ()) -> dict[str, Any]:
    """The state of MLflow's run list with these metrics and our tags as columns, newest run first.

    unfolded: run ids of sweeps whose children show.
    """
    values = [f"metrics.`{name}`" for name in (*metrics, *_MORE_METRICS)]
    columns = ["tags.`verdict`", *values, *(f"tags.`{name}`" for name in _TAGS)]
    return {
        "selectedColumns": columns,
        "columnOrder": ["attributes.`Run Name`", *columns],
        "columnWidths": {column: _width(column) for column in columns},
        "runsExpanded": dict.fromkeys(unfolded, True),
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
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
    }


def _width(column: str) -> int:
    return max(90, _LETTER * len(column.split("`")[1]) + _MARGIN)
