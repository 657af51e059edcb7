"""Register a bundle whose run was tracked without it, or that was exported after its run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xinyi.errors import TrackingError, describe
from xinyi.tracking import model
from xinyi.tracking.flatten import own_tags
from xinyi.tracking.note import describe_run
from xinyi.tracking.registry import Registry
from xinyi.tracking.store import Store


def register_bundle(
    registry: Registry, run_id: str | None, bundle: Path, name: str, report: Mapping[str, Any], gate: Mapping[str, Any]
) -> str:
    """Upload the bundle as a logged model of its run and make a version of `name`; returns its number.

    Raises TrackingError when the store has no such run.
    """
    from xinyi.runtime.manifest import SEAL, read_manifest

    if not run_id:
        remedy = "train with tracking on, so that the registry knows where the model comes from"
        raise TrackingError(describe("a run that was tracked", "none", remedy, str(bundle)))
    manifest = read_manifest(bundle)
    facts = {"bundle_version": manifest.version, "manifest_sha256": str(manifest.raw[SEAL])}
    with registry.talking():
        run = registry.client.get_run(run_id)
        store = Store(registry.client, registry.uri, run.info.experiment_id)
        tags = {**own_tags(run.data.tags), "verdict": str(gate["verdict"]), **facts}
        model_id = model.log_model(store, run_id, manifest, report, tags)
        return model.register(store, run_id, model_id, name, tags, describe_run(report, gate))
