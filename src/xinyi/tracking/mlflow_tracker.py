"""The tracker over MLflow. Every call names its run, so that several runs in one process do not mix."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinyi.errors import TrackingError, describe
from xinyi.tracking import beginning
from xinyi.tracking import flatten as flat
from xinyi.tracking.buffer import MetricBuffer
from xinyi.tracking.datasets import dataset_inputs
from xinyi.tracking.final import final_metrics, missing_metrics
from xinyi.tracking.later import Later
from xinyi.tracking.note import describe_run
from xinyi.tracking.owed import Undelivered, mark, persist, undelivered
from xinyi.tracking.store import Store, refusals, run_list, run_page
from xinyi.tracking.tracker import RUN_KEY, Status
from xinyi.tracking.view import show_columns

if TYPE_CHECKING:
    from mlflow.entities import Run

    from xinyi.runtime.manifest import Manifest

log = logging.getLogger(__name__)

_PARENT = "mlflow.parentRunId"
_MODEL, _VERSION = "the model", "the model version"


class MlflowTracker:
    """See `Tracker`. One object follows one run.

    Args:
        store: where to.
        folder: the run folder; None keeps nothing for later.
        sleep: waits between two tries at the end.
    """

    def __init__(self, store: Store, folder: Path | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
        self._store, self._folder, self._sleep = store, folder, sleep
        self._later = Later()
        self._run_id: str | None = None
        self._buffer: MetricBuffer | None = None
        self._tags: dict[str, str] = {}
        self._gate: Mapping[str, Any] | None = None
        self._report: Mapping[str, Any] = {}
        self._model_id: str | None = None
        # What an earlier process left undone of a finished run.
        self._owed = undelivered(folder) if folder else None

    @property
    def run_id(self) -> str | None:
        """See Tracker."""
        return self._run_id

    def start(
        self,
        name: str,
        params: Mapping[str, Any],
        tags: Mapping[str, str],
        parent: str | None = None,
        run_id: str | None = None,
    ) -> None:
        """See Tracker."""
        self._tags = {flat.clean_key(key): flat.cut(str(value), flat.TAG_LENGTH) for key, value in tags.items()}
        with refusals(self._store.uri):
            again = run_id is not None
            run = beginning.reopened(self._store, run_id) if again else self._new_run(name, parent)
            self._run_id = run.info.run_id
            self._tags = {**flat.own_tags(run.data.tags), **self._tags}
            if changed := beginning.log_params(self._store, run, flat.flatten(params)):
                self._tags["changed_on_resume"] = flat.cut(", ".join(changed), flat.TAG_LENGTH)
            self._set_tags(self._tags)
            seen, latest = (beginning.last_steps(self._store, run), run.data.metrics) if again else ({}, {})
        self._buffer = MetricBuffer(self._store.uri, self._run_id, seen, latest, self._folder)

    def find(self, key: str) -> str | None:
        """See Tracker."""
        with refusals(self._store.uri):
            found = self._store.client.search_runs([self._store.experiment_id], f"tags.{RUN_KEY} = '{key}'")
        return found[0].info.run_id if found else None

    def start_parent(self, name: str, params: Mapping[str, Any]) -> str | None:
        """See Tracker."""
        self.start(name, params, {"kind": "sweep"})
        return self._run_id

    def logger(self) -> object | bool:
        """See Tracker."""
        from xinyi.tracking.logger import RunLogger

        return RunLogger(self._begun_buffer(), self._store.experiment_id)

    def dataset(self, summary: Mapping[str, Any]) -> None:
        """See Tracker."""
        inputs, run_id = dataset_inputs(summary), self._begun()
        self._later.attempt("the data set", lambda: self._store.client.log_inputs(run_id, datasets=inputs))

    def metrics(self, report: Mapping[str, Any]) -> None:
        """See Tracker."""
        self._report = report
        buffer, run = self._begun_buffer(), report.get("run", {})
        facts = {name: run[name] for name in ("train_seconds", "parameters") if isinstance(run.get(name), int | float)}
        buffer.add({**final_metrics(report), **facts}, 0, again=True)
        buffer.flush(force=True)
        missing = missing_metrics(report)
        if missing:
            self._tags["metrics_not_computed"] = flat.cut(", ".join(missing), flat.TAG_LENGTH)
        self._later.attempt("the run's description", self._describe)
        self._later.attempt("the columns of the run list", lambda: show_columns(self._store, report))

    def report(self, folder: Path) -> None:
        """See Tracker."""
        run_id = self._begun()
        self._later.attempt("the report", lambda: self._store.client.log_artifacts(run_id, str(folder), "report"))

    def verdict(self, gate: Mapping[str, Any]) -> None:
        """See Tracker."""
        self._begun()
        self._gate = gate
        self._tags["verdict"] = str(gate["verdict"])
        self._later.attempt("the verdict", self._describe)

    def model(self, bundle: Path, name: str, register: bool, report: Mapping[str, Any]) -> None:
        """See Tracker."""
        from xinyi.runtime.manifest import SEAL, read_manifest

        self._begun()
        manifest = read_manifest(Path(bundle))
        facts = {"bundle_version": manifest.version, "manifest_sha256": str(manifest.raw[SEAL])}
        tags = {**self._tags, "verdict": self._tags.get("verdict", "none"), **facts}
        if self._owed:
            self._model_id = self._owed.model_id
            if not self._owed.model:
                return
        if self._model_id is None:
            self._later.attempt(_MODEL, lambda: self._log_model(manifest, report, tags))
        if register:
            self._later.attempt(_VERSION, lambda: self._register(name, report, tags))

    def finish(self, status: Status) -> None:
        """See Tracker."""
        run_id = self._begun()
        ended = self._owed.ended if self._owed else time.time_ns() // 1_000_000
        self._later.add(f"its end ({status})", lambda: self._store.client.set_terminated(run_id, status, ended))
        left = self._send()
        if status == "FINISHED" and self._marked(left, ended):
            left = persist(lambda: self._marked(self._send(), ended), left, self._store.uri, self._sleep)
        if lost := self._begun_buffer().lost:
            log.warning("MLflow run %s lacks the oldest %s metric points: more than could be kept", run_id, lost)
        if left:
            more = f"; xinyi resume {self._folder} sends it" if self._folder else ""
            log.warning("MLflow run %s lacks: %s. The run folder has it all%s", run_id, ", ".join(left), more)

    def _send(self) -> list[str]:
        """Try everything that waits; what is still missing, in words."""
        buffer = self._begun_buffer()
        delivered = buffer.flush(force=True)
        left = self._later.settle()
        if not delivered:
            left.append(f"{len(buffer)} metric points")
        return left

    def _marked(self, left: list[str], ended: int) -> list[str]:
        """Mark in the run folder what is missing: whoever is killed during the wait has lost nothing either."""
        model = any(what in (_MODEL, _VERSION) for what in left)
        mark(self._folder, Undelivered(self._begun(), left, model, self._model_id, ended))
        return left

    def link(self) -> str:
        """See Tracker."""
        hint = "" if self._store.served else "  (make ui starts it)"
        return run_page(self._store.page, self._store.experiment_id, self._begun()) + hint

    def runs_link(self) -> str:
        """See Tracker."""
        return run_list(self._store.page, self._store.experiment_id)

    def _begun(self) -> str:
        if self._run_id is None:
            raise TrackingError(describe("a run that was started", "none", "call start first", "tracker"))
        return self._run_id

    def _begun_buffer(self) -> MetricBuffer:
        self._begun()
        assert self._buffer is not None  # start sets both
        return self._buffer

    def _new_run(self, name: str, parent: str | None) -> Run:
        found = {"mlflow.source.git.commit": self._tags.get("git_commit", "")}
        if parent:
            found[_PARENT] = parent
        if RUN_KEY in self._tags:  # with the run itself: nobody is killed in between
            found[RUN_KEY] = self._tags[RUN_KEY]
        return beginning.created(self._store, name, found)

    def _set_tags(self, tags: Mapping[str, str]) -> None:
        from mlflow.entities import RunTag

        self._store.client.log_batch(self._begun(), tags=[RunTag(key, value) for key, value in tags.items()])

    def _describe(self) -> None:
        note = describe_run(self._report, self._gate)
        self._set_tags({**self._tags, "mlflow.note.content": flat.cut(note, flat.TAG_LENGTH)})

    def _log_model(self, manifest: Manifest, report: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        from xinyi.tracking import model

        self._model_id = model.log_model(self._store, self._begun(), manifest, report, tags)

    def _register(self, name: str, report: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        from xinyi.tracking import model

        if self._model_id is None:
            raise OSError("the model was not uploaded")
        note = describe_run(report, self._gate)
        version = model.register(self._store, self._begun(), self._model_id, name, tags, note)
        log.info("MLflow model %s, version %s", name, version)
