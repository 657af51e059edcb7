"""A champion that cannot be had ends a run before anything slow."""

from __future__ import annotations

from pathlib import Path

import pytest
from pipeline_world import tiny_config, write_slice

from xinyi.errors import TrackingError
from xinyi.pipeline.train import train


def test_a_champion_that_is_not_registered_costs_no_training(tmp_path: Path) -> None:
    write_slice(tmp_path / "data")
    rules = "gate.rules=[{rule: no_regression}]"
    config = tiny_config(tmp_path, rules, "gate.champion=models:/none@champion", "tracking=local")
    with pytest.raises(TrackingError, match="tracking store"):
        train(config, tmp_path / "runs" / "one")
    assert not list((tmp_path / "runs").rglob("*.*"))
