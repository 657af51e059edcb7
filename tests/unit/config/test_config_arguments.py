"""The command line in its parts."""

from __future__ import annotations

import pytest

from xinyi.config.arguments import split_arguments
from xinyi.errors import ConfigError


def test_flags_keep_their_values_and_overrides_are_quoted(tmp_path):
    given = split_arguments(
        ["-m", "data.text=消息", "--cfg", "job", "-cd", str(tmp_path), "seed=1,2", "--package=data"]
    )
    assert given.flags == ["-m", "--cfg", "job", "--package=data"]
    assert given.overrides == ['data.text="消息"', "seed=1,2"]
    assert given.config_dir == tmp_path
    assert given.only_shows
    assert given.multirun


@pytest.mark.parametrize("flag", ["--help", "-h", "--hydra-help", "--cfg=job", "--info", "-c"])
def test_what_only_shows(flag):
    assert split_arguments([flag]).only_shows


@pytest.mark.parametrize("arguments", [[], ["seed=1"], ["--config-name", "train"], ["-m"]])
def test_what_trains(arguments):
    assert not split_arguments(arguments).only_shows


@pytest.mark.parametrize("arguments", [["-m"], ["--multirun"], ["hydra.mode=MULTIRUN"]])
def test_what_sweeps(arguments):
    assert split_arguments(arguments).multirun
    assert not split_arguments(["seed=1"]).multirun


@pytest.mark.parametrize(
    "arguments", [["--config-dir", "no/such"], ["--config-dir"], ["--config-dir="], ["-cd", __file__]]
)
def test_a_configuration_folder_has_to_exist(arguments):
    with pytest.raises(ConfigError, match="--config-dir: expected a folder"):
        split_arguments(arguments)


def test_pickled_configurations_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="expected no pickled configuration"):
        split_arguments(["--experimental-rerun=x.pickle", "--config-dir", str(tmp_path)])
