from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tiny_bundle import shared_bundle
from tracking_world import PARAMS, TAGS, make_report

from xinyi.errors import BundleError
from xinyi.tracking.mlflow_tracker import MlflowTracker
from xinyi.tracking.model import register, requirements
from xinyi.tracking.store import Store

NAME = "xinyi-test"


@pytest.fixture(scope="module")
def logged(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run whose bundle was logged and registered, and the model that came of it."""
    bundle, elsewhere = shared_bundle(), tmp_path_factory.mktemp("elsewhere")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(elsewhere)
        found = _logged(store, bundle)
    assert not list(elsewhere.iterdir())  # MLflow's global store, which is not ours, was left alone
    return found


def _logged(store: Store, bundle: Path) -> Any:
    tracker = MlflowTracker(store)
    tracker.start("first", PARAMS, TAGS)
    tracker.metrics(make_report())
    tracker.verdict({"verdict": "pass", "counts": {}})
    tracker.model(bundle, NAME, True, make_report())
    tracker.finish("FINISHED")
    output = store.client.get_run(tracker.run_id).outputs.model_outputs[0]
    return store.client.get_logged_model(output.model_id)


@pytest.fixture(scope="module")
def folder(logged: Any) -> Path:
    return Path(logged.artifact_location.removeprefix("file://"))


@pytest.fixture(scope="module")
def served(folder: Path) -> Any:
    import mlflow

    before = list(sys.path)
    model = mlflow.pyfunc.load_model(str(folder))
    sys.path[:] = before
    return model


def test_the_logged_model_carries_metrics_of_its_test_rows(logged: Any):
    metrics = {metric.key: metric for metric in logged.metrics}
    assert str(logged.status) == "READY"
    assert metrics["test/sentiment/macro_f1"].value == 0.6
    assert metrics["test/sentiment/macro_f1"].dataset_name == "orders/test"


def test_the_version_says_what_it_is(logged: Any, store: Store):
    from xinyi.runtime.manifest import SEAL, read_manifest

    version = store.client.get_model_version(NAME, "1")
    manifest = read_manifest(shared_bundle())
    assert version.source == f"models:/{logged.model_id}"
    assert logged.tags["mlflow.modelVersions"] == f'[{{"name": "{NAME}", "version": {version.version}}}]'
    assert version.tags["verdict"] == "pass"
    assert version.tags["bundle_version"] == manifest.version
    assert version.tags["manifest_sha256"] == manifest.raw[SEAL]
    assert version.description.startswith("Verdict: pass")


def test_nothing_in_it_is_pickled_or_tied_to_this_machine(folder: Path):
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert {"MLmodel", "pyfunc_model.py", "manifest.json", "model.onnx", "classifier.py"} <= {f.name for f in files}
    assert not [file.name for file in files if file.suffix in (".pkl", ".pickle", ".pt", ".ckpt", ".joblib")]
    for name in ("MLmodel", "requirements.txt", "conda.yaml", "python_env.yaml"):
        text = (folder / name).read_text(encoding="utf-8")
        for here in (str(Path(__file__).parents[3]), str(folder.parents[2]), "/tmp/"):
            assert here not in text, name


def test_the_bundle_inside_is_whole(folder: Path):
    inside, outside = folder / "artifacts" / "bundle", shared_bundle()
    names = sorted(file.relative_to(outside) for file in outside.rglob("*") if file.is_file())
    assert sorted(file.relative_to(inside) for file in inside.rglob("*") if file.is_file()) == names
    assert all((inside / name).read_bytes() == (outside / name).read_bytes() for name in names)


def test_it_answers_as_the_runtime_does(served: Any):
    from xinyi.runtime import load

    texts = ["快递三天没动了", "谢谢，已经收到了"]
    table = served.predict(pd.DataFrame({"text": texts}, index=[4, 9]))
    expected = load(shared_bundle()).predict(texts)
    assert list(table.index) == [4, 9]
    for row, answer in zip(table.to_dict("records"), expected, strict=True):
        for task, fields in answer.items():
            assert row[f"{task}.label"] == fields["label"]
            assert row[f"{task}.probability"] == pytest.approx(fields["probability"])
    assert list(table.columns) == served.metadata.get_output_schema().input_names()


def test_a_context_counts_and_may_be_missing(served: Any):
    rows = pd.DataFrame({"text": ["好", "好", "好"], "context": ["我要退货退款，尺码不对", None, ""]})
    first, second, third = served.predict(rows)["intent.probability"]
    assert first != pytest.approx(second)
    assert second == pytest.approx(third)


@pytest.mark.parametrize("texts", [[1, 2], ["好", 2], ["好", None], [["好"]], [2.5]])
def test_what_is_no_text_is_refused(served: Any, texts: list[Any]):
    from mlflow.exceptions import MlflowException

    with pytest.raises(MlflowException, match=r"expected a string|Incompatible input types") as caught:
        served.predict(pd.DataFrame({"text": pd.Series(texts)}))
    assert caught.value.error_code in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST")


def test_a_model_can_be_logged_without_a_version(store: Store):
    tracker = MlflowTracker(store)
    tracker.start("first", {}, {})
    tracker.model(shared_bundle(), "not-registered", False, make_report())
    assert len(store.client.get_run(tracker.run_id).outputs.model_outputs) == 1
    assert store.client.search_registered_models("name = 'not-registered'") == []


def test_a_version_is_made_also_where_the_process_uses_another_store(
    logged: Any, store: Store, monkeypatch: pytest.MonkeyPatch
):
    from mlflow.tracking._tracking_service import utils

    monkeypatch.setattr(utils, "_tracking_uri", "http://127.0.0.1:1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    number = register(store, logged.source_run_id, logged.model_id, "elsewhere", {}, "")
    assert store.client.get_model_version("elsewhere", number).source == logged.artifact_location


def test_a_folder_that_is_no_bundle_is_a_clear_error(store: Store, tmp_path: Path):
    tracker = MlflowTracker(store)
    tracker.start("first", {}, {})
    with pytest.raises(BundleError, match=r"manifest\.json"):
        tracker.model(tmp_path, NAME, True, make_report())


def test_a_half_uploaded_model_is_marked_and_uploaded_anew(store: Store, monkeypatch: pytest.MonkeyPatch):
    tracker = MlflowTracker(store)
    tracker.start("first", {}, {})
    whole = type(store.client).log_model_artifacts
    with monkeypatch.context() as patch:
        patch.setattr(type(store.client), "log_model_artifacts", _half(whole))
        tracker.model(shared_bundle(), NAME, False, make_report())
    tracker.finish("FINISHED")
    models = store.client.search_logged_models([store.experiment_id], f"source_run_id = '{tracker.run_id}'")
    assert sorted(str(model.status) for model in models) == ["FAILED", "READY"]


def _half(whole: Any) -> Any:
    def upload(client: Any, model_id: str, folder: str, path: str | None = None) -> None:
        if path:
            raise ConnectionResetError("connection reset")
        whole(client, model_id, folder, path)

    return upload


def test_a_model_that_simplifies_needs_what_does_it():
    assert any(line.startswith("OpenCC==") for line in requirements(simplify=True))
    assert not any(line.startswith("OpenCC") for line in requirements())
