"""A bundle that was tracked without being registered becomes a version when it is promoted."""

from __future__ import annotations

import pytest
from tiny_bundle import shared_bundle
from tracking_world import PARAMS, TAGS, make_report

from xinyi.errors import TrackingError
from xinyi.runtime.manifest import SEAL, read_manifest
from xinyi.tracking import champion
from xinyi.tracking.mlflow_tracker import MlflowTracker
from xinyi.tracking.register import register_bundle
from xinyi.tracking.registry import bundle_place, named_version, open_registry
from xinyi.tracking.settings import TrackingSettings

GATE = {"verdict": "pass", "counts": {"pass": 3}}


def test_it_gets_a_version_that_knows_its_run_and_its_bundle(
    tracker: MlflowTracker, settings: TrackingSettings
) -> None:
    tracker.start("later", PARAMS, TAGS)
    tracker.finish("FINISHED")
    registry, bundle = open_registry(settings.uri), shared_bundle()
    number = register_bundle(registry, tracker.run_id, bundle, "later", make_report(), GATE)
    version = named_version(registry, f"models:/later/{number}")
    assert version.run_id == tracker.run_id
    assert version.tags["verdict"] == "pass"
    assert version.tags["backbone"] == TAGS["backbone"]
    assert version.description.startswith("Verdict: pass")
    seal = read_manifest(bundle).raw[SEAL]
    assert str(champion.version_of(registry, "later", seal).version) == number
    assert bundle_place(registry, version).endswith("/artifacts/bundle")
    champion.promote(registry, "later", number, "why", {})
    assert str(champion.current(registry, "later").version) == number


def test_a_run_that_was_not_tracked_says_so(settings: TrackingSettings) -> None:
    with pytest.raises(TrackingError, match="a run that was tracked"):
        register_bundle(open_registry(settings.uri), None, shared_bundle(), "m", make_report(), GATE)
    with pytest.raises(TrackingError, match="the store to take the run"):
        register_bundle(open_registry(settings.uri), "0" * 32, shared_bundle(), "m", make_report(), GATE)
