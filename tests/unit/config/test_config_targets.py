"""Classes that a configuration may name: five optimisers, and what Hydra needs to start runs."""

from __future__ import annotations

import pytest
import torch
from config_world import quick, quickly_refused, refused

from xinyi.commands.train import main
from xinyi.config.compose import load
from xinyi.config.targets import ALLOWED, HYDRA_ALLOWED, hydra_problems, problems, resolve
from xinyi.errors import ConfigError

EVIL = [
    "os.system",
    "builtins.eval",
    "torch.load",
    "torch.optim",
    "torch.optim.AdamW.__init__",
    "",
    None,
    ["torch.optim.AdamW"],
]


@pytest.mark.parametrize("target", ALLOWED)
def test_allowed_classes_are_optimisers(target):
    assert issubclass(resolve(target), torch.optim.Optimizer)
    assert quick(f"optim._target_={target}").optim._target_ == target


@pytest.mark.parametrize("target", EVIL)
def test_everything_else_is_refused(target):
    with pytest.raises(ConfigError, match=r"expected one of torch\.optim\.AdamW"):
        resolve(target)


@pytest.mark.parametrize(
    ("tree", "place"),
    [
        ({"optim": {"_target_": "os.system"}}, "optim._target_"),
        ({"a": [1, [{"b": ({"_target_": "builtins.eval"},)}]]}, "a[1][0].b[0]._target_"),
        ({"a": {"_target_": {"_target_": "torch.optim.SGD"}}}, "a._target_"),
    ],
)
def test_hidden_targets_are_found(tree, place):
    (problem,) = problems(tree)
    assert problem.startswith(f"{place}: expected one of {', '.join(ALLOWED)}, got ")


def test_allowed_targets_deep_in_a_tree_pass():
    assert list(problems({"a": [{"_target_": "torch.optim.SGD"}], "b": "_target_"})) == []


@pytest.mark.parametrize(
    ("override", "place"),
    [
        ("optim._target_=os.system", "optim._target_"),
        ("backbone.config={a: [{_target_: torch.load}]}", "backbone.config.a[0]._target_"),
        ("gate.rules=[{rule: rows, minimum: 1, x: {_target_: builtins.eval}}]", "gate.rules[0].x._target_"),
        ("data.sources=[{train: x, map: {_target_: {_target_: os.system}}}]", "data.sources[0].map._target_"),
    ],
)
def test_refused_when_loaded(override, place):
    assert any(text.startswith(f"{place}: expected one of torch.optim") for text in quickly_refused(override))


def test_an_interpolation_is_judged_by_what_it_becomes():
    assert load(["name=torch.optim.SGD", "optim._target_=${name}"]).optim._target_ == "torch.optim.SGD"
    assert "got 'os.system'" in refused("name=os.system", "optim._target_=${name}")[0]


@pytest.mark.parametrize(
    "override",
    [
        "+hydra.callbacks.x._target_=os.system",
        "+hydra.callbacks.x={_target_: builtins.eval}",
        "+hydra.callbacks.x._target_=hydra.experimental.callbacks.PickleJobInfoCallback",
        "hydra.launcher._target_=os.system",
        "hydra.sweeper._target_=${name}",
        "+hydra.sweeper.a={_target_: os.system}",
        "+hydra.job_logging.handlers.x={class: os.system}",
        "+hydra.hydra_logging.formatters.x={(): os.system}",
    ],
)
def test_hydras_own_section_can_start_nothing_either(override):
    problem = refused("name=torch.optim.SGD", override)[0]
    # Hydra's grammar cannot hold a key "()"; a YAML can, see below.
    assert problem.startswith("hydra.") or "()" in override


@pytest.mark.parametrize("content", ["()", "class"])
def test_logging_factories_are_refused(content):
    (problem,) = hydra_problems({"job_logging": {"handlers": {"x": {content: "os.system"}}}})
    assert problem.startswith(f"hydra.job_logging.handlers.x.{content}: expected ")


def test_a_users_yaml_cannot_run_a_command(user, tmp_path):
    evil = f"hydra: {{callbacks: {{x: {{_target_: subprocess.check_call, args: [touch, {tmp_path}/ran]}}}}}}\n"
    folder = user("experiment/evil.yaml", "# @package _global_\n" + evil)
    for more in ([], ["--cfg", "job"], ["-m", "seed=1,2"]):
        with pytest.raises(ConfigError, match=r"hydra\.callbacks\.x\._target_"):
            main(["--config-dir", str(folder), "experiment=evil", f"runs={tmp_path}/runs", *more])
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "runs").exists()


def test_hydras_ordinary_launchers_and_logging_pass():
    load(["hydra/job_logging=default", "hydra/hydra_logging=default"])
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    load(["hydra/launcher=joblib"])


@pytest.mark.parametrize("launcher", ["submitit_local", "submitit_slurm"])
def test_the_launchers_of_submitit_are_allowed_when_installed(launcher):
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    load([f"hydra/launcher={launcher}"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("setup", ["touch ran"]),
        ("comment", "a\ntouch ran"),
        ("additional_parameters", {"a": "b\ntouch ran"}),
        ("additional_parameters", {"a\ntouch ran": "b"}),
    ],
)
def test_a_launcher_cannot_be_given_shell_commands(key, value):
    (problem,) = set(hydra_problems({"launcher": {"_target_": HYDRA_ALLOWED[-1], key: value}}))
    assert problem.startswith("hydra.launcher.")
    plain = {
        "_target_": HYDRA_ALLOWED[-1],
        "setup": None,
        "partition": "gpu",
        "additional_parameters": {"mail-type": "END"},
    }
    assert list(hydra_problems({"launcher": plain})) == []
