"""What the pipeline may tell a tracker. No method takes a customer's text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

# Tag with the run's own name, chosen before MLflow gives it one.
RUN_KEY = "run_key"
Status = Literal["FINISHED", "FAILED", "KILLED"]


class Tracker(Protocol):
    """One run, told in this order: start, dataset, logger, metrics, report, verdict, model, finish.

    Only `start`, `start_parent` and a wrong argument raise. What fails later (server gone, disk full) is warned of
    once, kept, and tried again by `finish`: tracking never costs a trained model. What is missing even then stands in
    the run folder (`undelivered`): start with the same run id, and all but a model that is there is told again.
    """

    @property
    def run_id(self) -> str | None:
        """MLflow's id of the run, to resume it or to make children of it; None when nothing is tracked."""
        ...

    def start(
        self,
        name: str,
        params: Mapping[str, Any],
        tags: Mapping[str, str],
        parent: str | None = None,
        run_id: str | None = None,
    ) -> None:
        """Begin a run, or go on with `run_id`.

        Args:
            name: shown in the list of runs.
            params: nested; keys are joined with dots, long values are cut.
            tags: short facts to choose by: backbone, tasks, data, git_commit, data_fingerprint.
            parent: run id of the sweep.
            run_id: a run that was stopped; its metrics go on where they ended.

        Raises:
            TrackingError: the store refuses, or has no such run.
        """
        ...

    def find(self, key: str) -> str | None:
        """MLflow's id of the run that was started with the tag RUN_KEY = key; None if there is none.

        Raises:
            TrackingError: the store refuses.
        """
        ...

    def start_parent(self, name: str, params: Mapping[str, Any]) -> str | None:
        """Begin the parent of a sweep and return its run id; end it with `finish`. Raises TrackingError."""
        ...

    def logger(self) -> object | bool:
        """A Lightning logger bound to this run, or False."""
        ...

    def dataset(self, summary: Mapping[str, Any]) -> None:
        """The data of the run, from data.json: names, counts and fingerprints, no rows."""
        ...

    def metrics(self, report: Mapping[str, Any]) -> None:
        """Final metrics of report.json as `<split>/<task>/<metric>`, with `.low` and `.high`."""
        ...

    def report(self, folder: Path) -> None:
        """The report's files as artifacts under report/."""
        ...

    def verdict(self, gate: Mapping[str, Any]) -> None:
        """The gate's answer, from gate.json."""
        ...

    def model(self, bundle: Path, name: str, register: bool, report: Mapping[str, Any]) -> None:
        """The bundle as a logged model with its metrics; with `register`, also as a new version of model `name`.

        Of a finished run, only what MLflow lacks of it.

        Raises:
            BundleError: the folder is no bundle.
        """
        ...

    def finish(self, status: Status) -> None:
        """End the run. What could not be delivered before is tried once more; for a run that went well, over three
        minutes.

        Raises:
            KeyboardInterrupt: while it waits; what is missing stands in the run folder.
        """
        ...

    def link(self) -> str:
        """Where to look at the run, for people; "" when nothing is tracked."""
        ...

    def runs_link(self) -> str:
        """Where to compare it with the other runs; "" when nothing is tracked."""
        ...


class NoTracker:
    """Tracks nothing."""

    run_id: str | None = None

    def start(
        self,
        name: str,
        params: Mapping[str, Any],
        tags: Mapping[str, str],
        parent: str | None = None,
        run_id: str | None = None,
    ) -> None:
        """See Tracker."""

    def find(self, key: str) -> str | None:
        """See Tracker."""
        return None

    def start_parent(self, name: str, params: Mapping[str, Any]) -> str | None:
        """See Tracker."""
        return None

    def logger(self) -> object | bool:
        """See Tracker."""
        return False

    def dataset(self, summary: Mapping[str, Any]) -> None:
        """See Tracker."""

    def metrics(self, report: Mapping[str, Any]) -> None:
        """See Tracker."""

    def report(self, folder: Path) -> None:
        """See Tracker."""

    def verdict(self, gate: Mapping[str, Any]) -> None:
        """See Tracker."""

    def model(self, bundle: Path, name: str, register: bool, report: Mapping[str, Any]) -> None:
        """See Tracker."""

    def finish(self, status: Status) -> None:
        """See Tracker."""

    def link(self) -> str:
        """See Tracker."""
        return ""

    def runs_link(self) -> str:
        """See Tracker."""
        return ""
