"""A study: which runs are made, what is compared, what goes on after a stop."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from xinyi.commands.study import _parsed, lines
from xinyi.errors import ConfigError, TrainingError
from xinyi.pipeline.study import Study, run

GAIN = {"plain": 0.0, "fgm": 0.02, "rdrop": -0.03}


class Trained:
    """Stands in for `xinyi train`: writes a report whose metric depends on the recipe and the seed."""

    def __init__(self, broken: str = "") -> None:
        self.broken, self.runs = broken, []

    def __call__(self, arguments):
        said = dict(item.split("=", 1) for item in arguments if "=" in item)
        name, seed, folder = said["recipe"], int(said["seed"]), Path(said["hydra.run.dir"])
        self.runs.append((name, seed))
        if name == self.broken:
            return subprocess.CompletedProcess(arguments, 1, "", "no space left")
        value = 0.7 + GAIN[name] + 0.01 * (seed % 5) + 0.001 * (seed * len(name) % 3)
        metrics = {"macro_f1": {"value": value, "low": 0, "high": 1, "n": 9}}
        report = {"primary": {"sentiment": "macro_f1"}, "tasks": {"sentiment": {"validation": {"metrics": metrics}}}}
        (folder / "report").mkdir(parents=True)
        (folder / "report" / "report.json").write_text(json.dumps(report), encoding="utf-8")
        return subprocess.CompletedProcess(arguments, 0, "", "")


def _study(folder: Path, **changes) -> Study:
    plain = {"values": ("plain", "fgm", "rdrop"), "seeds": (7, 8, 9, 10), "overrides": ("task=sentiment",)}
    return Study("recipe", folder=folder, **{**plain, **changes})


def test_every_value_is_trained_with_every_seed_and_compared_in_pairs(tmp_path):
    trained = Trained()
    result = run(_study(tmp_path), trained)
    assert sorted(trained.runs) == sorted((name, seed) for name in GAIN for seed in (7, 8, 9, 10))
    found = result["tasks"]["sentiment"]["differences"]
    assert found["fgm"]["mean"] == pytest.approx(0.02, abs=0.002)
    assert found["fgm"]["low"] > 0
    assert found["rdrop"]["high"] < 0
    assert found["rdrop"]["p"] <= found["rdrop"]["p_holm"]
    assert json.loads((tmp_path / "study.json").read_text()) == result
    told = "\n".join(lines(result))
    assert "fgm" in told
    assert "better" in told
    assert "worse" in told


def test_goes_on_with_what_is_missing(tmp_path):
    with pytest.raises(TrainingError, match="rdrop, seed 7: no space left"):
        run(_study(tmp_path), Trained(broken="rdrop"))
    assert not (tmp_path / "study.json").exists()
    again = Trained()
    run(_study(tmp_path), again)
    assert {name for name, _ in again.runs} == {"rdrop"}


def test_wrong_values_are_named_before_anything_is_trained(tmp_path):
    trained = Trained()
    with pytest.raises(ConfigError, match="expected one of"):
        run(_study(tmp_path, values=("plain", "nonsense")), trained)
    with pytest.raises(ConfigError, match="the base first"):
        run(_study(tmp_path, values=("plain",)), trained)
    assert trained.runs == []


def test_arguments_are_read():
    study = _parsed(["recipe=[plain,fgm]", "seeds=3", "seed=20", "task=[sentiment,intent]", "output=x"], None)
    assert (study.key, study.values, study.seeds) == ("recipe", ("plain", "fgm"), (20, 21, 22))
    assert study.overrides == ("task=[sentiment,intent]",)
    assert study.folder == Path("x")
    assert _parsed(["optim.lr=[1e-3,3e-4]", "seeds=2"], None).key == "optim.lr"


def test_wrong_arguments_are_all_named():
    with pytest.raises(ConfigError) as caught:
        _parsed(["recipe=plain", "seeds=one", "split=train", "parallel=0"], None)
    assert len(caught.value.problems) == 4


class Stopped(Trained):
    """Is stopped in the middle of one run, and can go on with it."""

    def __call__(self, arguments):
        if arguments[0] == "resume":
            folder = Path(arguments[1])
            name, _, seed = folder.name.rpartition("-")
            arguments = [f"recipe={name}", f"seed={seed}", f"hydra.run.dir={folder}"]
            self.runs.append("resumed")
            return super().__call__(arguments)
        said = dict(item.split("=", 1) for item in arguments if "=" in item)
        if said["recipe"] == "fgm" and said["seed"] == "8":
            Path(said["hydra.run.dir"]).mkdir(parents=True)
            (Path(said["hydra.run.dir"]) / "state.json").write_text("{}", encoding="utf-8")
            return subprocess.CompletedProcess(arguments, 3, "", "stopped")
        return super().__call__(arguments)


def test_a_run_that_was_stopped_is_resumed(tmp_path):
    with pytest.raises(TrainingError, match="fgm, seed 8: stopped"):
        run(_study(tmp_path), Stopped())
    again = Stopped()
    run(_study(tmp_path), again)
    assert again.runs == ["resumed", ("fgm", 8)]


def test_a_run_whose_end_mlflow_did_not_take_is_resumed_and_so_sent(tmp_path):
    run(_study(tmp_path), Trained())
    owed = {"run": "1f", "lacks": ["the report"], "model": False, "model_id": None, "ended": 0}
    (tmp_path / "fgm-8" / "undelivered.json").write_text(json.dumps(owed), encoding="utf-8")
    (tmp_path / "fgm-8" / "state.json").write_text("{}", encoding="utf-8")
    asked = []
    run(_study(tmp_path), lambda given: asked.append(given) or subprocess.CompletedProcess(given, 0, "", ""))
    assert asked == [["resume", str(tmp_path / "fgm-8")]]


def test_runs_made_for_another_question_are_not_taken_for_these(tmp_path):
    run(_study(tmp_path, seeds=(7, 8)), Trained())
    more = Trained()
    run(_study(tmp_path, seeds=(7, 8, 9)), more)  # more seeds are the same question
    assert {seed for _, seed in more.runs} == {9}
    with pytest.raises(ConfigError, match="choose another folder"):
        run(_study(tmp_path, overrides=("task=sentiment", "data.train_limit=50")), Trained())
    with pytest.raises(ConfigError, match="key as before, recipe"):
        run(Study("backbone", ("embedded", "hub"), (7, 8), tmp_path, overrides=("task=sentiment",)), Trained())


class Undefined(Trained):
    """Some runs have no value for the metric."""

    def __init__(self, *missing) -> None:
        super().__init__()
        self.missing = missing

    def __call__(self, arguments):
        done = super().__call__(arguments)
        if self.runs[-1] in self.missing:
            folder = Path(next(item.split("=", 1)[1] for item in arguments if item.startswith("hydra.run.dir=")))
            path = folder / "report" / "report.json"
            report = json.loads(path.read_text(encoding="utf-8"))
            report["tasks"]["sentiment"]["validation"]["metrics"]["macro_f1"]["value"] = None
            path.write_text(json.dumps(report), encoding="utf-8")
        return done


def test_a_metric_without_a_value_counts_in_no_pair(tmp_path):
    missing = [("rdrop", seed) for seed in (7, 8, 9, 10)] + [("fgm", seed) for seed in (7, 8, 9)]
    result = run(_study(tmp_path), Undefined(*missing))
    found = result["tasks"]["sentiment"]["differences"]
    assert found["rdrop"] == {"mean": None, "low": None, "high": None, "p": None, "n": 0, "p_holm": None}
    assert (found["fgm"]["n"], found["fgm"]["low"]) == (1, None)
    told = "\n".join(lines(result))
    assert "not computed: the metric has no value" in told
    assert "(one pair)" in told
