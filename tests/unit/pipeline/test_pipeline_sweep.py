"""The parent of many runs: made once, found by the others, told what all of them came to."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest

from xinyi.config.compose import load
from xinyi.errors import TrackingError
from xinyi.pipeline import sweep
from xinyi.pipeline.sweep import FOLDER, conclude, environment, parent_run


@pytest.fixture
def config(tmp_path):
    return load(["task=sentiment", 'name="甲"', f"tracking.uri=sqlite:///{tmp_path}/runs.db"])


def _runs(tmp_path):
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/runs.db")
    return client.search_runs([found.experiment_id for found in client.search_experiments()])


def test_a_study_has_one_parent_that_hears_its_result(config, tmp_path):
    first = parent_run(config, tmp_path / "study", "study")
    assert parent_run(config, tmp_path / "study") == first  # as the process of one run asks
    conclude(config, tmp_path / "study", "study", {"sentiment.fgm": "+0.0100"})
    conclude(config, tmp_path / "study", "study", {"sentiment.fgm": "+0.0200"})  # more seeds later
    (run,) = _runs(tmp_path)
    assert (run.info.run_id, run.info.run_name, run.info.status) == (first, "甲 study", "FINISHED")
    assert run.data.tags["sentiment.fgm"] == "+0.0200"
    assert run.data.tags["kind"] == "study"


def test_nothing_is_begun_where_nothing_is_tracked(tmp_path):
    config = load(["task=sentiment", "tracking=none"])
    assert parent_run(config, tmp_path, "tune") is None
    conclude(config, tmp_path, "tune", {"best_value": "0.5"})


def test_a_process_is_told_where_its_run_belongs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OTHER", "kept")
    told = environment(Path("study"))
    assert told[FOLDER] == str(tmp_path / "study")
    assert told["OTHER"] == "kept"


def test_a_store_that_refused_once_is_asked_again(config, tmp_path, monkeypatch):
    def refuse(_):
        raise TrackingError("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(sweep, "open_tracker", refuse)
        with pytest.raises(TrackingError, match="no answer"):
            parent_run(config, tmp_path / "study", "study")
    assert parent_run(config, tmp_path / "study", "study") == parent_run(config, tmp_path / "study")
