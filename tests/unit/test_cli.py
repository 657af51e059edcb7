"""The command line as a whole: help, exit codes, errors without tracebacks, and light doors."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml

from xinyi import __version__, cli
from xinyi.config.schema import GROUPS
from xinyi.errors import ConfigError, Interrupted, TrackingError, XinyiError

HEAVY = {"torch", "pytorch_lightning", "transformers", "mlflow", "scipy", "sklearn"}


def run(*arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """The command in a fresh Python; the last line of stdout lists the heavy modules it loaded."""
    code = (
        f"import sys\n{before}\nfrom xinyi.cli import main\n"
        "try:\n    code = main(sys.argv[1:])\nexcept SystemExit as error:\n    code = error.code or 0\n"
        f"print('loaded:', *sys.modules.keys() & {HEAVY!r})\nsys.exit(code)"
    )
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120)


def loaded(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The heavy modules that a command loaded."""
    return done.stdout.splitlines()[-1].removeprefix("loaded:").split()


def test_help_names_every_command(capsys):
    assert cli.main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name, (_, text) in cli.COMMANDS.items():
        assert f"  {name:10}{text}" in lines
    assert not any(line.startswith("  worker") for line in lines)


def test_without_a_command_help_is_shown_but_it_is_an_error(capsys):
    assert cli.main([]) == 2
    assert "usage: xinyi COMMAND" in capsys.readouterr().out


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"xinyi {__version__}\n"


def test_an_unknown_command(capsys):
    assert cli.main(["trian"]) == 2
    assert "expected a command among train, " in (error := capsys.readouterr().err)
    assert "got 'trian'; see xinyi --help" in error


@pytest.mark.parametrize("command", sorted(cli.COMMANDS))
def test_every_command_has_help(command):
    done = run(command, "--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert f"xinyi {command}" in done.stdout
    assert loaded(done) == []


@pytest.mark.parametrize(
    "arguments",
    [["verify", "no/such"], ["predict", "no/such", "--input", "a.csv", "--output", "b.csv"], ["gate", "no/such"]],
    ids=lambda arguments: arguments[0],
)
def test_light_commands_stay_light_when_they_work(arguments, tmp_path):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"xinyi {arguments[0]}: ")
    assert "Traceback" not in done.stderr
    assert loaded(done) == []


def test_wrong_settings_are_refused_before_anything_heavy_is_loaded():
    done = run("train", "trainer.epoch=3", "data.train=no.jsonl")
    assert done.returncode == 2
    assert [line.split(":")[0].strip() for line in done.stderr.splitlines()[1:]] == ["- trainer.epoch", "- data.train"]
    assert not {"torch", "pytorch_lightning", "mlflow"} & set(loaded(done))


def test_train_help_lists_groups_keys_and_examples():
    text = run("train", "--help").stdout
    listed = {line.partition(":")[0] for line in text.splitlines() if ": " in line and not line.startswith(" ")}
    assert set(GROUPS) <= listed
    assert not {"corpus", "pretraining"} & listed  # groups of xinyi pretrain
    for part in ("task: emotion, intent", "max_length: 192", "xinyi train -m optim.lr=", "data.labels.intent=意图"):
        assert part in text


def test_the_composed_configuration_is_yaml(capsys):
    assert (
        cli.main(["train", "--cfg", "job", "task=emotion", "data.text=消息", "seed=11", "data.map.意图={好: a}"]) == 0
    )
    shown = yaml.safe_load(capsys.readouterr().out)
    assert list(shown["tasks"]) == ["emotion"]
    assert (shown["data"]["text"], shown["data"]["map"], shown["seed"]) == ("消息", {"意图": {"好": "a"}}, 11)


def test_a_users_folder_comes_first_when_shown(capsys, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sample.yaml").write_text("name: 我的\n", encoding="utf-8")
    assert cli.main(["train", "--config-dir", str(tmp_path), "--cfg", "job"]) == 0
    assert yaml.safe_load(capsys.readouterr().out)["data"]["name"] == "我的"


@pytest.mark.parametrize(
    "arguments", [["--cfg", "job", "task=nope"], ["--help", "task=nope"], ["--config-name", "nope"]]
)
def test_what_cannot_be_shown(arguments, capsys):
    assert cli.main(["train", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("xinyi train: configuration cannot be used (1):\n  - ")
    assert "nope" in captured.err
    assert "Traceback" not in captured.err


@pytest.mark.parametrize(
    ("error", "code", "shown"),
    [
        (ConfigError(["a: expected b, got c; d"]), 2, "configuration cannot be used (1):\n  - a: expected b, got c; d"),
        (TrackingError("no answer"), 2, "no answer"),
        (XinyiError("多字节"), 2, "多字节"),
        (Interrupted("go on with: xinyi resume R"), 130, "go on with: xinyi resume R"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (ModuleNotFoundError("x", name="hydra"), 2, "expected the package 'hydra'; pip install 'xinyi[train]'"),
        (
            ModuleNotFoundError("x", name="optuna.trial"),
            2,
            "expected the package 'optuna.trial'; pip install 'xinyi[tune]'",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_that_a_user_can_mend(monkeypatch, capsys, error, code, shown):
    def fail(arguments):
        raise error

    monkeypatch.setitem(cli.COMMANDS, "verify", (fail, ""))
    assert cli.main(["verify", "x"]) == code
    captured = capsys.readouterr()
    assert captured.err == f"xinyi verify: {shown}\n"
    assert captured.out == ""


@pytest.mark.parametrize("error", [ModuleNotFoundError("x", name="xinyi.nope"), ZeroDivisionError()])
def test_our_own_mistakes_are_not_hidden(monkeypatch, error):
    def fail(arguments):
        raise error

    monkeypatch.setitem(cli.COMMANDS, "verify", (fail, ""))
    with pytest.raises(type(error)):
        cli.main(["verify", "x"])


@pytest.mark.parametrize(("command", "package"), [("train", "hydra"), ("train", "omegaconf"), ("gate", "yaml")])
def test_a_missing_package_gives_the_line_to_install_it(command, package):
    done = run(command, "x=1" if command == "train" else __file__, before=f"sys.modules[{package!r}] = None")
    assert done.returncode == 2
    assert done.stderr == f"xinyi {command}: expected the package {package!r}; pip install 'xinyi[train]'\n"


@pytest.mark.parametrize("command", ["predict", "verify", "gate", "export", "resume", "evaluate", "ui"])
def test_wrong_flags_exit_with_2(command, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main([command, "--no-such-flag"])
    assert caught.value.code == 2
    assert f"usage: xinyi {command}" in capsys.readouterr().err
