"""A Lightning logger over `MetricBuffer`.

Lightning's own MLFlowLogger makes one call a step (9 ms on sqlite), ends the run by itself, and lets a server that
goes away end the training.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytorch_lightning.loggers.logger import Logger
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from xinyi.tracking.buffer import MetricBuffer


class RunLogger(Logger):
    """Step and epoch metrics to one MLflow run; the run itself belongs to the tracker."""

    def __init__(self, buffer: MetricBuffer, experiment_id: str) -> None:
        super().__init__()
        self._buffer, self._experiment_id = buffer, experiment_id

    @property
    def name(self) -> str:
        """MLflow's experiment id."""
        return self._experiment_id

    @property
    def version(self) -> str:
        """MLflow's run id."""
        return self._buffer.run_id

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Take metrics of a step; they are delivered some seconds later."""
        # Lightning adds the epoch to each call; a chart of it says nothing that the step does not.
        values = {name: value for name, value in metrics.items() if name != "epoch"}
        self._buffer.add(values, step or 0)

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing: the tracker has logged the whole configuration."""

    @rank_zero_only
    def save(self) -> None:
        """Deliver what waits, unless MLflow was just away."""
        self._buffer.flush()

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Deliver what waits. The run goes on: evaluation and export follow."""
        self._buffer.flush(force=True)
