"""The first calls of a run: it is made, or found again, and gets its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from xinyi.tracking import flatten as flat
from xinyi.tracking.environment import user_name
from xinyi.tracking.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run


def created(store: Store, name: str, tags: Mapping[str, str]) -> Run:
    """A new run with these tags, and with those of MLflow's own that say who began it."""
    own = {"mlflow.user": user_name(), "mlflow.source.name": "xinyi train", "mlflow.source.type": "LOCAL"}
    return store.client.create_run(store.experiment_id, run_name=name, tags={**own, **tags})


def reopened(store: Store, run_id: str) -> Run:
    """A run that goes on."""
    store.client.update_run(run_id, status="RUNNING")
    return store.client.get_run(run_id)


def log_params(store: Store, run: Run, params: Mapping[str, str]) -> list[str]:
    """Log the parameters that the run lacks. MLflow never changes one: the names of those that are others now."""
    from mlflow.entities import Param

    known = run.data.params
    new = [Param(key, value) for key, value in params.items() if key not in known]
    for batch in flat.pieces(new, flat.PARAMS_PER_CALL):
        store.client.log_batch(run.info.run_id, params=batch)
    return [key for key, value in params.items() if known.get(key, value) != value]


def last_steps(store: Store, run: Run) -> dict[str, int]:
    """Metric → the last step that the run has of it."""
    history = store.client.get_metric_history
    return {key: max(point.step for point in history(run.info.run_id, key)) for key in run.data.metrics}
