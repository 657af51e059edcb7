"""A bundle as a logged model of MLflow, and as a version in its registry."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from xinyi.errors import TrackingError, describe
from xinyi.tasks.spec import TaskSpec
from xinyi.tracking.datasets import dataset_key
from xinyi.tracking.environment import as_global_store, long_uploads
from xinyi.tracking.final import final_metrics
from xinyi.tracking.flatten import METRICS_PER_CALL, pieces
from xinyi.tracking.store import Store

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

    from xinyi.runtime.manifest import Manifest

MODEL_CODE = Path(__file__).with_name("pyfunc_model.py")
# What the runtime imports. Carried inside the model: the package may be in no index that the serving side knows,
# and a name that is in no index could be taken by somebody else.
_SERVED = ("__init__.py", "errors.py", "encoding.py", "runtime", "tasks", "text")
_NEEDS = ("mlflow", "numpy", "pandas", "onnxruntime", "tokenizers")
_BUNDLE = "artifacts/bundle"
_VERSIONS = "mlflow.modelVersions"


def log_model(store: Store, run_id: str, manifest: Manifest, report: Mapping[str, Any], tags: Mapping[str, str]) -> str:
    """Upload the bundle as a logged model with its metrics; returns its model id."""
    from mlflow.entities import LoggedModelOutput, LoggedModelStatus

    client = store.client
    model = client.create_logged_model(
        store.experiment_id, name=manifest.name, source_run_id=run_id, tags=dict(tags), model_type="classifier"
    )
    try:
        with tempfile.TemporaryDirectory() as scratch, long_uploads():
            client.log_model_artifacts(model.model_id, str(_mlmodel(Path(scratch), manifest, run_id, model.model_id)))
            client.log_model_artifacts(model.model_id, str(manifest.folder), _BUNDLE)
    except BaseException:
        _give_up(store, model.model_id)
        raise
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    _log_metrics(store, run_id, model.model_id, report)
    return model.model_id


def save_model_folder(bundle: Path, folder: Path) -> None:
    """Write the bundle as an MLflow model (pyfunc) into a new folder, with no server: `mlflow models serve -m folder`.

    Raises:
        BundleError: no bundle there.
        TrackingError: the folder exists already.
    """
    from xinyi.runtime.manifest import read_manifest

    manifest = read_manifest(bundle)
    if folder.exists():
        raise TrackingError(describe("a new folder", "one that exists", "choose another", str(folder)))
    with tempfile.TemporaryDirectory() as scratch:
        made = _mlmodel(Path(scratch), manifest, None, None)
        shutil.copytree(bundle, made / _BUNDLE, dirs_exist_ok=True)
        shutil.copytree(made, folder)


def register(store: Store, run_id: str, model_id: str, name: str, tags: Mapping[str, str], note: str) -> str:
    """A new version of the registered model `name`; returns its number."""
    from mlflow.exceptions import MlflowException

    try:
        store.client.create_registered_model(name, description="Labels for Chinese customer messages (xinyi)")
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    make = partial(
        store.client.create_model_version, name, run_id=run_id, tags=dict(tags), description=note, model_id=model_id
    )
    try:
        # So that the version's page leads to the logged model. A database registry looks the address up in the
        # process's global store, not in its client's.
        with as_global_store(store.uri):
            version = make(f"models:/{model_id}")
    except MlflowException:
        version = make(store.client.get_logged_model(model_id).artifact_location)
    # What mlflow.register_model leaves as well: the logged model's page names its versions.
    store.client.set_logged_model_tags(model_id, {_VERSIONS: json.dumps([{"name": name, "version": version.version}])})
    return str(version.version)


def _give_up(store: Store, model_id: str) -> None:
    """Mark a half uploaded model, if the server still listens."""
    from mlflow.entities import LoggedModelStatus

    with suppress(Exception):  # the first error is the one to report
        store.client.finalize_logged_model(model_id, LoggedModelStatus.FAILED)


def _log_metrics(store: Store, run_id: str, model_id: str, report: Mapping[str, Any]) -> None:
    """The final metrics once more, tied to the model and to the split that they were measured on."""
    from mlflow.entities import Metric

    now, data = time.time_ns() // 1_000_000, report.get("data", {})
    splits = {split: part for split, part in data.get("splits", {}).items() if "fingerprint" in part}
    known = {split: dataset_key(data.get("name", ""), split, part) for split, part in splits.items()}
    metrics = [
        Metric(key, value, now, 0, model_id, *known.get(key.split("/")[0], (None, None)))
        for key, value in final_metrics(report).items()
    ]
    for batch in pieces(metrics, METRICS_PER_CALL):
        store.client.log_batch(run_id, metrics=batch)


def _mlmodel(scratch: Path, manifest: Manifest, run_id: str | None, model_id: str | None) -> Path:
    """A folder with all of the model but the bundle, which goes up from where it lies."""
    from mlflow.models import Model
    from mlflow.pyfunc import save_model

    (scratch / "empty").mkdir()
    described = Model(artifact_path="model", run_id=run_id, model_id=model_id, model_uuid=model_id or uuid4().hex)
    folder = scratch / "model"
    with warnings.catch_warnings():
        # MLflow asks for type hints and an example row: the signature is given, and a row would be a customer's text.
        warnings.simplefilter("ignore", UserWarning)
        save_model(
            folder,
            python_model=str(MODEL_CODE),
            artifacts={"bundle": str(scratch / "empty")},
            code_paths=[str(_served_code(scratch / "xinyi"))],
            signature=signature(manifest.tasks),
            pip_requirements=requirements(manifest.encoding.simplify),
            mlflow_model=described,
        )
    described.model_size_bytes = (described.model_size_bytes or 0) + sum(
        file.stat().st_size for file in manifest.folder.rglob("*") if file.is_file()
    )
    _without_local_paths(folder, described)
    return folder


def _without_local_paths(folder: Path, described: Any) -> None:
    """MLflow notes where on this machine the artifacts came from; nobody else can use that."""
    flavor = described.flavors["python_function"]
    flavor["artifacts"] = {"bundle": {"path": _BUNDLE, "uri": _BUNDLE}}
    flavor["model_code_path"] = MODEL_CODE.name
    described.save(str(folder / "MLmodel"))


def _served_code(target: Path) -> Path:
    """A copy of the part of this package that answers questions."""
    package = Path(__file__).resolve().parents[1]
    target.mkdir()
    for name in _SERVED:
        if (package / name).is_dir():
            shutil.copytree(package / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(package / name, target / name)
    return target


def requirements(simplify: bool = False) -> list[str]:
    """What the model needs, at the versions it was made with; `simplify`: also what makes characters simplified."""
    names = [*_NEEDS, *(["OpenCC"] if simplify else [])]
    return [f"{name}=={metadata.version(name).split('+')[0]}" for name in names]


def signature(tasks: Sequence[TaskSpec]) -> ModelSignature:
    """Columns in (text, context) and out (four a task; lists for a multi task)."""
    from mlflow.models import ModelSignature
    from mlflow.types.schema import Array, ColSpec, DataType, Schema

    inputs = [ColSpec(DataType.string, "text"), ColSpec(DataType.string, "context", required=False)]
    outputs = []
    for task in tasks:
        for field, kind in (("label", DataType.string), ("name", DataType.string), ("probability", DataType.double)):
            outputs.append(ColSpec(Array(kind) if task.kind == "multi" else kind, f"{task.id}.{field}"))
        outputs.append(ColSpec(DataType.boolean, f"{task.id}.abstained"))
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))
