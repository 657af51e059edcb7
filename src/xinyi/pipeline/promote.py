"""`xinyi promote`: a run becomes the model in use, only with a passing verdict on its very report and bundle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xinyi import gates
from xinyi.errors import BundleError, describe
from xinyi.pipeline.folder import RunFolder, read_json
from xinyi.pipeline.judging import about
from xinyi.pipeline.resume import run_config
from xinyi.runtime.files import file_problems
from xinyi.runtime.manifest import SEAL, read_manifest

TITLE = "run cannot be promoted"


@dataclass(frozen=True)
class Target:
    """Where to promote. model: registered name; uri: tracking store, None for mlflow.db in the working folder."""

    model: str
    uri: str | None
    timeout: float = 10.0


def target_of(root: Path | None, model: str | None, uri: str | None) -> Target:
    """Name and store as given, else as the run's configuration has them. Raises BundleError or ConfigError."""
    if root is None:
        if model is None:
            raise BundleError([describe("a run or --model NAME", "neither", "name one of them", "promote")])
        return Target(model, uri)
    config = run_config(RunFolder(root), trust=True)
    return Target(model or config.export.name, uri or config.tracking.uri, config.tracking.timeout)


def promote_run(root: Path, target: Target, why: str, verdict: Path | None = None, uncompared: bool = False) -> Any:
    """Set the alias champion to the run's version, which is registered where it is not yet; returns the change.

    Args:
        verdict: the gate.json; default: the run's own.
        uncompared: promote although the verdict is not against the present champion.

    Raises:
        BundleError: the verdict is no pass, or not about this very report and bundle.
        TrackingError: the registry does not answer, or the run is the champion already.
    """
    from xinyi.tracking import champion
    from xinyi.tracking.registry import open_registry

    folder = RunFolder(root)
    manifest = read_manifest(folder.bundle)
    gate = read_json(verdict or folder.gate)
    if problems := [*file_problems(manifest), *verdict_problems(gate, folder, manifest.raw)]:
        raise BundleError(problems, title=TITLE)
    registry = open_registry(target.uri, target.timeout)
    now = champion.current(registry, target.model)
    version = champion.version_of(registry, target.model, manifest.raw[SEAL]) if now else None
    already = version is not None and now is not None and version.version == now.version
    if now is not None and not uncompared and not already:
        seal = now.tags.get("manifest_sha256")
        if problems := list(comparison_problems(gate, seal, f"models:/{target.model}@{champion.ALIAS}", root)):
            raise BundleError(problems, title=TITLE)
    version = version or champion.version_of(registry, target.model, manifest.raw[SEAL])
    number = str(version.version) if version else _register(registry, target, folder, gate)
    facts = {key: gate[key] for key in ("report_sha256", "manifest_sha256", "champion_manifest_sha256")}
    return champion.promote(registry, target.model, number, why, {**facts, "uncompared": uncompared and bool(now)})


def verdict_problems(gate: Any, folder: RunFolder, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Why a verdict does not let this run pass."""
    where, again = "gate.json", f"judge it again: xinyi gate {folder.root}"
    if not isinstance(gate, Mapping) or gate.get("schema_version") != 1:
        yield describe("a verdict of schema version 1", type(gate).__name__, again, where)
        return
    outcomes = gate.get("outcomes") or []
    whole = gate.get("exit_code") == 0 and outcomes and all(found.get("answer") == "pass" for found in outcomes)
    if gate.get("verdict") != "pass" or not whole:
        yield describe("a verdict that is a pass", repr(gate.get("verdict")), "only what passes is promoted", where)
    if gate.get("manifest_sha256") != manifest[SEAL]:
        yield describe("the verdict on this very bundle", "one on another or on none", again, where)
    digest = gates.report_sha256(folder.report)
    if gate.get("report_sha256") != digest:
        yield describe("the verdict on this very report", "one on another", again, where)
    if not about(gates.read_report(folder.report), digest, manifest):
        yield describe("the report of this very bundle", "another", "export again and judge again", "report.json")


def comparison_problems(gate: Mapping[str, Any], seal: str | None, name: str, root: Path) -> Iterator[str]:
    """Why a verdict does not say that this run may replace the present champion."""
    remedy = f"xinyi gate {root} --champion {name} --rules … with no_regression, or --uncompared"
    if not any(found.get("rule") == "no_regression" for found in gate["outcomes"]):
        yield describe("a comparison with the present champion", "none in the verdict", remedy, "gate.json")
    elif seal is None or gate.get("champion_manifest_sha256") != seal:
        yield describe("a comparison with the present champion", "one with another model", remedy, "gate.json")


def _register(registry: Any, target: Target, folder: RunFolder, gate: Mapping[str, Any]) -> str:
    """A new version of the run's bundle; returns its number."""
    from xinyi.tracking.register import register_bundle

    run_id = read_json(folder.state).get("mlflow_run")
    report = gates.read_report(folder.report)
    return register_bundle(registry, run_id, folder.bundle, target.model, report, gate)
