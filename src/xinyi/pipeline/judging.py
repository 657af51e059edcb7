"""What a gate needs, gathered from disk: a report with its answers, the champion's, and the bundle's facts."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xinyi import gates
from xinyi.errors import BundleError, describe
from xinyi.evaluation.answers import SplitAnswers
from xinyi.pipeline.latency import measure_latency
from xinyi.runtime.manifest import SEAL, read_manifest

REGISTRY = "models:/"


@dataclass(frozen=True)
class Champion:
    """The model in use: its report, the answers beside it, the report's SHA-256 and the seal of its bundle."""

    report: dict[str, Any]
    answers: dict[str, SplitAnswers] | None
    sha256: str
    seal: str | None


def find_champion(where: str | Path | None, uri: str | None = None) -> Champion | None:
    """The champion named by a report.json, a run folder, a bundle or `models:/name@alias`; None when none is named.

    Args:
        uri: tracking store of a registry name; None: mlflow.db in the working folder.

    Raises:
        BundleError, TrackingError: there is no such model, or its report cannot be used.
    """
    if where is None:
        return None
    if not str(where).startswith(REGISTRY):
        return _champion(Path(where))
    from xinyi.tracking import fetch_bundle

    with tempfile.TemporaryDirectory() as scratch:
        return _champion(fetch_bundle(str(where), uri, Path(scratch), ("report", "manifest.json")))


def _champion(path: Path) -> Champion:
    report, digest = gates.read_report(path), gates.report_sha256(path)
    seal = evaluated_seal(report)
    place = gates.report_file(path).parent
    for folder in (place, place.parent, place.parent / "bundle"):
        if (folder / "manifest.json").is_file() and about(report, digest, manifest := read_manifest(folder).raw):
            seal = manifest[SEAL]
    return Champion(report, gates.report_answers(path), digest, seal)


def judged(
    report: Path, rules: Sequence[gates.Rule], champion: Champion | None = None, bundle: Path | None = None
) -> dict[str, Any]:
    """The verdict on a report that lies on disk.

    Args:
        bundle: the bundle that goes with the report; its manifest, parity record and latency are looked at.

    Raises:
        BundleError: report, champion or bundle cannot be used.
    """
    manifest = _manifest(bundle, report) if bundle else None
    timed = bundle is not None and any(rule.name == "latency" for rule in rules)
    evidence = gates.Evidence(
        report=gates.read_report(report),
        champion=champion.report if champion else None,
        parity=manifest["parity"] if manifest else None,
        bundle=manifest,
        latency=measure_latency(bundle) if timed and bundle else None,
        answers=gates.report_answers(report),
        champion_answers=champion.answers if champion else None,
    )
    seals = {
        "report_sha256": gates.report_sha256(report),
        "manifest_sha256": manifest[SEAL] if manifest else None,
        "champion_sha256": champion.sha256 if champion else None,
        "champion_manifest_sha256": champion.seal if champion else None,
    }
    return gates.judge(evidence, rules, seals)


def _manifest(bundle: Path, report: Path) -> dict[str, Any]:
    """The bundle's manifest. Raises BundleError when it has no parity record or the report is about another bundle."""
    raw = dict(read_manifest(bundle).raw)
    if "parity" not in raw:
        raise BundleError([describe("a parity record", "none", "export again", str(bundle))])
    if not about(gates.read_report(report), gates.report_sha256(report), raw):
        remedy = "export again, or evaluate this bundle"
        raise BundleError([describe("the bundle that the report is about", "another", remedy, str(bundle))])
    return raw


def about(report: Mapping[str, Any], report_sha256: str, manifest: Mapping[str, Any]) -> bool:
    """Whether a report is the one inside a bundle, or was made by evaluating this very bundle."""
    inside = manifest["files"].get("report/report.json", {}).get("sha256")
    return inside == report_sha256 or evaluated_seal(report) == manifest[SEAL]


def evaluated_seal(report: Mapping[str, Any]) -> str | None:
    """The seal of the bundle that a report was made by evaluating; None for a run's own report."""
    bundle = report["run"].get("bundle")
    seal = bundle.get(SEAL) if isinstance(bundle, Mapping) else None
    return seal if isinstance(seal, str) else None
