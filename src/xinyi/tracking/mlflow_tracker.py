"""The tracker over MLflow. Every call names its run, so that several runs in one process do not mix."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinyi.errors import TrackingError, describe
from xinyi.tracking import flatten as flat
from xinyi.tracking.buffer import MetricBuffer
from xinyi.tracking.datasets import dataset_inputs
from xinyi.tracking.environment import user_name
from xinyi.tracking.final import final_metrics, missing_metrics
from xinyi.tracking.later import Later
from xinyi.tracking.note import describe_run
from xinyi.tracking.store import Store, refusals, run_list, run_page
from xinyi.tracking.tracker import RUN_KEY, Status
from xinyi.tracking.view import show_columns

if TYPE_CHECKING:
    from mlflow.entities import Run

    from xinyi.runtime.manifest import Manifest

log = logging.getLogger(__name__)

_PARENT = "mlflow.parentRunId"


class MlflowTracker:
    """See `Tracker`. One object follows one run."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._later = Later()
        self._run_id: str | None = None
        self._buffer: MetricBuffer | None = None
        self._tags: dict[str, str] = {}
        self._gate: Mapping[str, Any] | None = None
        self._report: Mapping[str, Any] = {}
        self._model_id: str | None = None

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
            run = self._reopen(run_id) if run_id else self._create(name, parent)
            self._run_id = run.info.run_id
            self._log_params(flat.flatten(params), run.data.params)
            self._set_tags(self._tags)
            seen = self._last_steps(run) if run_id else {}
        self._buffer = MetricBuffer(self._store.uri, self._run_id, seen)

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
        self._later.attempt("the model", lambda: self._log_model(manifest, report, tags))
        if register:
            self._later.attempt("the model version", lambda: self._register(name, report, tags))

    def finish(self, status: Status) -> None:
        """See Tracker."""
        run_id, buffer = self._begun(), self._begun_buffer()
        delivered = buffer.flush(force=True)
        self._later.add(f"its end ({status})", lambda: self._store.client.set_terminated(run_id, status))
        left = self._later.settle()
        if not delivered or buffer.lost:
            left.append(f"{len(buffer) + buffer.lost} metric points")
        if left:
            log.warning(
                "MLflow run %s lacks: %s. The run folder has the report and the bundle", run_id, ", ".join(left)
            )

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

    def _create(self, name: str, parent: str | None) -> Run:
        tags = {
            "mlflow.user": user_name(),
            "mlflow.source.name": "xinyi train",
            "mlflow.source.type": "LOCAL",
            "mlflow.source.git.commit": self._tags.get("git_commit", ""),
        }
        if parent:
            tags[_PARENT] = parent
        if RUN_KEY in self._tags:  # with the run itself: nobody is killed in between
            tags[RUN_KEY] = self._tags[RUN_KEY]
        return self._store.client.create_run(self._store.experiment_id, run_name=name, tags=tags)

    def _reopen(self, run_id: str) -> Run:
        self._store.client.update_run(run_id, status="RUNNING")
        return self._store.client.get_run(run_id)

    def _log_params(self, params: Mapping[str, str], known: Mapping[str, str]) -> None:
        """MLflow never changes a parameter: what a resumed run was given anew becomes a tag."""
        from mlflow.entities import Param

        new = [Param(key, value) for key, value in params.items() if key not in known]
        for batch in flat.pieces(new, flat.PARAMS_PER_CALL):
            self._store.client.log_batch(self._begun(), params=batch)
        changed = [key for key, value in params.items() if known.get(key, value) != value]
        if changed:
            self._tags["changed_on_resume"] = flat.cut(", ".join(changed), flat.TAG_LENGTH)

    def _last_steps(self, run: Run) -> dict[str, int]:
        history = self._store.client.get_metric_history
        return {key: max(point.step for point in history(run.info.run_id, key)) for key in run.data.metrics}

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
