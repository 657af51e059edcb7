"""Every data set's YAML says what is known of the data."""

from __future__ import annotations

import pytest
from omegaconf import OmegaConf

from xinyi.config.paths import conf_dir

SETS = sorted(path.stem for path in (conf_dir() / "data").glob("*.yaml") if path.stem != "files")


@pytest.mark.parametrize("name", SETS)
def test_card(name):
    path = conf_dir() / "data" / f"{name}.yaml"
    said = OmegaConf.to_container(OmegaConf.load(path))
    assert said["name"] == name
    assert set(said["card"]) - {"source"} == {"task", "licence", "trouble"}
    assert all(isinstance(text, str) and text for text in (said["card"]["task"], *said["card"]["trouble"]))
    # Data that others own are named, and never shipped: the folder is the user's.
    assert ("root" in said) == (name == "sample")
    assert path.read_text(encoding="utf-8").startswith("# ")
