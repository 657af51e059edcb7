"""The alias `champion` of a registered model: who set it, when, why, and what it pointed to before.

Every change is one tag of the registered model, `champion.0001`, `champion.0002`, …, never overwritten.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from xinyi.errors import TrackingError, describe
from xinyi.tracking.environment import user_name
from xinyi.tracking.registry import MISSING, Registry

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

ALIAS = "champion"
PROMOTE, ROLLBACK = "promote", "rollback"
# Quotes would end the registry's filter.
UNSAFE = "'\"\\`"


@dataclass(frozen=True)
class Change:
    """One change of the champion. version, former: registry versions; former is None the first time."""

    action: str
    version: str
    former: str | None
    by: str
    at: str
    why: str
    facts: dict[str, Any]


def current(registry: Registry, model: str) -> ModelVersion | None:
    """The champion's version; None when the model or its alias is not there. Raises TrackingError."""
    from mlflow.exceptions import MlflowException

    with registry.talking():
        try:
            return registry.client.get_model_version_by_alias(model, ALIAS)
        except MlflowException as error:
            if error.error_code not in (MISSING, "INVALID_PARAMETER_VALUE"):
                raise
    return None


def version_of(registry: Registry, model: str, manifest_sha256: str) -> ModelVersion | None:
    """The newest version made from the bundle with this seal; None when it was never registered."""
    if set(model) & set(UNSAFE):
        raise TrackingError(describe("a model's name without quotes", repr(model), "rename it", "--model"))
    with registry.talking():
        found = registry.client.search_model_versions(f"name='{model}'", max_results=10_000)
    own = [version for version in found if version.tags.get("manifest_sha256") == manifest_sha256]
    return max(own, key=lambda version: int(version.version), default=None)


def history(registry: Registry, model: str) -> list[Change]:
    """Every change, the first one first. Raises TrackingError when there is no such model."""
    with registry.talking():
        tags = registry.client.get_registered_model(model).tags
    return [Change(**json.loads(tags[key])) for key in sorted(tags) if key.startswith(f"{ALIAS}.")]


def promote(registry: Registry, model: str, version: str, why: str, facts: dict[str, Any]) -> Change:
    """Point the alias at a version and keep who, when, why and the former champion.

    Raises TrackingError when it points there already.
    """
    former = current(registry, model)
    if former is not None and str(former.version) == version:
        remedy = "nothing is to be done"
        raise TrackingError(describe("another version than the champion's", f"version {version}", remedy, model))
    return _change(registry, model, PROMOTE, version, former, why, facts)


def rollback(registry: Registry, model: str, why: str) -> Change:
    """Point the alias back at what it pointed to before the champion was promoted.

    Raises TrackingError when there is no champion or it had no predecessor.
    """
    now = current(registry, model)
    if now is None:
        raise TrackingError(describe("a champion", "none", "promote a run first", model))
    before = [change for change in history(registry, model) if change.version == str(now.version)]
    promoted = next((change for change in reversed(before) if change.action == PROMOTE), None)
    if promoted is None or promoted.former is None:
        got = f"version {now.version}, which had none before it"
        raise TrackingError(describe("a former champion", got, "promote another run instead", model))
    return _change(registry, model, ROLLBACK, promoted.former, now, why, {})


def _change(
    registry: Registry, model: str, action: str, version: str, former: ModelVersion | None, why: str, facts: dict
) -> Change:
    """Write the record first: an alias without one would have no story, a record without a change does no harm."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    change = Change(action, version, str(former.version) if former else None, user_name(), at, why, facts)
    number = len(history(registry, model)) + 1
    record = asdict(change)
    with registry.talking():
        client = registry.client
        client.set_registered_model_tag(model, f"{ALIAS}.{number:04}", json.dumps(record, ensure_ascii=False))
        for key in ("action", "by", "at", "why", "former"):
            client.set_model_version_tag(model, version, f"{ALIAS}.{key}", str(record[key] or "none"))
        client.set_registered_model_alias(model, ALIAS, version)
    return change
