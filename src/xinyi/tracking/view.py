"""The columns with which MLflow's run list opens, so that runs can be told apart without opening them.

MLflow's own default shows no metric at all. Its interface keeps a shared view as a tag of the experiment, which the
address then names (`?viewStateShareKey=`); we write such a view. A version that does not know it shows its default.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from xinyi.tracking.final import primary_metrics
from xinyi.tracking.store import VIEW_KEY, Store

TAG = f"mlflow.sharedViewState.{VIEW_KEY}"
_TAGS = ("verdict", "backbone", "tasks", "data")
_MORE_METRICS = ("train_seconds",)
_LAST_TAGS = ("git_commit", "data_fingerprint")
_MOST_METRICS = 12


def show_columns(store: Store, report: Mapping[str, Any]) -> None:
    """Write the view for a run's tasks; those of the experiment's other runs stay behind them."""
    tag = store.client.get_experiment(store.experiment_id).tags.get(TAG, "")
    metrics = dict.fromkeys([*primary_metrics(report), *_metrics_of(tag)])
    store.client.set_experiment_tag(store.experiment_id, TAG, json.dumps(view(list(metrics)[:_MOST_METRICS])))


def _metrics_of(tag: str) -> list[str]:
    """Metrics among the columns of a view written before."""
    try:
        columns = json.loads(tag)["selectedColumns"]
    except (ValueError, KeyError, TypeError):
        return []
    names = [column[len("metrics.`") : -1] for column in columns if str(column).startswith("metrics.`")]
    return [name for name in names if name not in _MORE_METRICS]


def view(metrics: Iterable[str]) -> dict[str, Any]:
    """The state of MLflow's run list with these metrics and our tags as columns, newest run first."""
    columns = [
        "tags.`verdict`",
        *(f"metrics.`{name}`" for name in (*metrics, *_MORE_METRICS)),
        *(f"tags.`{name}`" for name in (*_TAGS[1:], *_LAST_TAGS)),
    ]
    return {
        "selectedColumns": columns,
        "columnOrder": ["attributes.`Run Name`", *columns],
        "columnWidths": {},
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
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
    }
