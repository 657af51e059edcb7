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
