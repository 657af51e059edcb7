"""`xinyi train` around the walk: exit codes, sweeps that go on, Ctrl-C that stops them, folders left behind."""

from __future__ import annotations

import functools
import os
import sys

import pytest

from xinyi import cli
from xinyi.commands import train as command
from xinyi.errors import DataError, Interrupted, TrackingError

pytestmark = pytest.mark.usefixtures("small")


def train(tmp_path, *overrides):
    """The command; runs go to a temporary folder."""
    return cli.main(["train", f"runs={tmp_path}/runs", *overrides])


def test_one_run_gets_the_typed_configuration_and_its_folder(walked, tmp_path):
    begun = walked({})
    assert train(tmp_path, "seed=5", "name=实验 甲", "+trainer.threads=1", "optim.lr=1") == 0
    ((config, root, sweep),) = begun
    assert (config.seed, config.name, config.trainer.threads, config.optim.lr) == (5, "实验 甲", 1, 1.0)
    assert root.parent == tmp_path / "runs"
    assert root.name.endswith("_实验 甲")
    assert sweep is None


def test_a_run_of_a_study_is_told_where_it_belongs(walked, tmp_path, monkeypatch):
    begun = walked({})
    monkeypatch.setenv("XINYI_SWEEP", str(tmp_path / "study"))
    assert train(tmp_path) == 0
    assert begun[0][2] == str(tmp_path / "study")


@pytest.mark.parametrize("code", [0, 1, 3])
def test_the_walks_exit_code_is_the_commands(walked, tmp_path, code):
    walked({7: code})
    assert train(tmp_path) == code


@pytest.mark.parametrize("error", [DataError(["a: expected b, got c; d"]), TrackingError("no answer")])
def test_an_error_is_shown_without_traceback_and_leaves_no_folder(walked, tmp_path, capsys, error):
    walked({7: error})
    assert train(tmp_path) == 2
    assert capsys.readouterr().err == f"xinyi train: {error}\n"
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_folder_with_files_in_it_stays(monkeypatch, tmp_path):
    def walk(config, root, sweep=None):
        (root / "data.json").write_text("{}", encoding="utf-8")
        raise DataError(["x"])

    monkeypatch.setattr(command, "walk", walk)
    assert train(tmp_path) == 2
    (run,) = (tmp_path / "runs").iterdir()
    assert [path.name for path in run.iterdir()] == ["data.json"]


def test_a_mistake_of_ours_keeps_its_traceback(walked, tmp_path):
    walked({7: ZeroDivisionError("ours")})
    with pytest.raises(ZeroDivisionError, match="ours"):
        train(tmp_path)


def test_a_missing_package_is_named(walked, tmp_path, capsys):
    walked({7: ModuleNotFoundError("no mlflow", name="mlflow")})
    assert train(tmp_path) == 2
    assert "expected the package 'mlflow'; pip install 'xinyi[train]'" in capsys.readouterr().err


def test_a_sweep_runs_every_combination_below_one_folder(walked, tmp_path):
    begun = walked({})
    assert train(tmp_path, "-m", "seed=1,2,3", "name=甲,C:\\乙\\", "data.text=消 息") == 0
    assert [(config.seed, config.name) for config, _, _ in begun] == [
        (seed, name) for seed in (1, 2, 3) for name in ("甲", "C:\\乙\\")
    ]
    assert {config.data.text for config, _, _ in begun} == {"消 息"}
    (parent,) = {sweep for _, _, sweep in begun}  # one folder, though a part of a run's own name is swept
    assert [str(root) for _, root, _ in begun] == [f"{parent}/{i}" for i in range(6)]


@pytest.mark.parametrize(("codes", "worst"), [((0, 3), 3), ((3, 1), 1), ((1, 0), 1)])
def test_a_sweeps_exit_code_is_the_worst_verdict(walked, tmp_path, codes, worst):
    walked(dict(enumerate(codes)))
    assert train(tmp_path, "-m", "seed=0,1") == worst


def test_a_run_that_fails_does_not_end_the_sweep(walked, tmp_path, capsys):
    begun = walked({2: DataError(["a: expected b, got c; d"])})
    assert train(tmp_path, "-m", "seed=1,2,3") == 2
    assert [config.seed for config, _, _ in begun] == [1, 2, 3]
    assert capsys.readouterr().err.startswith("xinyi train: 1: data cannot be used (1):\n  - a: expected b, got c; d\n")
    assert [root.is_dir() for _, root, _ in begun] == [True, False, True]


@pytest.mark.parametrize(("answer", "code"), [(3, 3), (DataError(["a: expected b, got c; d"]), 2)])
def test_a_run_in_another_process_sends_its_code_back(walked, tmp_path, capsys, monkeypatch, answer, code):
    """Parallel launchers start runs in processes of their own, and carry over exceptions only."""
    begun = walked({1: answer})
    monkeypatch.setattr(command, "_Jobs", functools.partial(command._Jobs, process=-1))
    assert train(tmp_path, "-m", "seed=0,1,2") == code
    assert len(begun) == 3
    error = capsys.readouterr().err
    assert f"run 1 ended with exit code {code}" in error
    assert ("a: expected b, got c; d" in error) is (code == 2)


def test_an_interrupted_run_ends_the_sweep(walked, tmp_path, capsys):
    begun = walked({2: Interrupted("go on with: xinyi resume R")})
    assert train(tmp_path, "-m", "seed=1,2,3") == 130
    assert [config.seed for config, _, _ in begun] == [1, 2]
    assert capsys.readouterr().err == "xinyi train: go on with: xinyi resume R\n"


def test_a_second_ctrl_c_is_no_traceback_either(walked, tmp_path, capsys):
    walked({7: KeyboardInterrupt()})
    assert train(tmp_path) == 130
    assert capsys.readouterr().err == "xinyi train: interrupted\n"


def test_a_bad_value_late_in_a_sweep_is_reported_before_the_first_run(walked, tmp_path, capsys):
    begun = walked({})
    assert train(tmp_path, "-m", "seed=1,2", "trainer.epochs=1,2,x") == 2
    assert begun == []
    assert not (tmp_path / "runs").exists()
    assert "trainer.epochs: expected a whole number, got 'x'" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made(walked, tmp_path, capsys, monkeypatch):
    """What the check beforehand cannot see, as in /proc, where root has every right and still nothing can be made."""
    begun = walked({})
    makes = os.mkdir

    def refuse(path, *arguments, **options):
        if "runs" in os.fspath(path):
            raise PermissionError(13, "Permission denied", str(path))
        return makes(path, *arguments, **options)

    monkeypatch.setattr(os, "mkdir", refuse)
    assert train(tmp_path) == 2
    assert begun == []
    error = capsys.readouterr().err
    assert "runs: expected a folder to write to, got [Errno 13] Permission denied" in error
    assert "choose another with runs=DIR" in error


def test_the_command_line_and_the_environment_come_back(walked, tmp_path, monkeypatch):
    walked({})
    monkeypatch.setattr(sys, "argv", ["xinyi", "train"])
    for before in (None, "0"):
        monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
        if before is not None:
            monkeypatch.setenv("HYDRA_FULL_ERROR", before)
        assert train(tmp_path) == 0
        assert sys.argv == ["xinyi", "train"]
        assert os.environ.get("HYDRA_FULL_ERROR") == before
