"""The registry of models: versions, aliases, and the files of the model that an alias points to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xinyi.errors import TrackingError, describe
from xinyi.tracking.database import SQLITE
from xinyi.tracking.environment import as_global_store, bound_requests, long_uploads
from xinyi.tracking.reach import check_reachable
from xinyi.tracking.store import check_kind, make_client, quieten, refusals, store_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

SCHEME = "models:/"
BUNDLE = "artifacts/bundle"
MISSING = "RESOURCE_DOES_NOT_EXIST"


@dataclass(frozen=True)
class Registry:
    """An open registry, which was there before."""

    client: MlflowClient
    uri: str

    @contextmanager
    def talking(self) -> Iterator[None]:
        """Failures inside become TrackingError."""
        with refusals(self.uri), as_global_store(self.uri):
            yield


def open_registry(uri: str | None, timeout: float = 10.0) -> Registry:
    """Open the registry of a tracking store; None is mlflow.db in the working folder. Nothing is made.

    Raises TrackingError when there is none, or no answer within `timeout` seconds.
    """
    found = store_uri(uri)
    check_kind(found)
    if found.startswith(SQLITE) and not Path(found.removeprefix(SQLITE)).is_file():
        remedy = "name the store by --tracking-uri, or train with tracking on first"
        raise TrackingError(describe("a tracking store", "no such file", remedy, f"tracking.uri {found}"))
    check_reachable(found, timeout)
    bound_requests(timeout)
    quieten()
    with refusals(found):
        return Registry(make_client(found), found)


def named_version(registry: Registry, name: str) -> ModelVersion:
    """The version that `models:/name@alias` or `models:/name/7` points to. Raises TrackingError when there is none."""
    model, alias, number = _parse(name)
    from mlflow.exceptions import MlflowException

    with registry.talking():
        try:
            if alias:
                return registry.client.get_model_version_by_alias(model, alias)
            return registry.client.get_model_version(model, number)
        except MlflowException as error:
            if error.error_code not in (MISSING, "INVALID_PARAMETER_VALUE"):
                raise
    remedy = "promote a run first (xinyi promote RUN), or correct the name"
    raise TrackingError(describe("a registered model with this alias or version", "none", remedy, name))


def fetch_bundle(name: str, uri: str | None, target: Path, parts: Sequence[str] = ("",)) -> Path:
    """Download parts of the bundle that `models:/name@alias` points to into `target`; returns the bundle's folder.

    Args:
        parts: paths inside the bundle, such as `report`; "" is all of it.

    Raises:
        TrackingError: no such model, or its files cannot be fetched.
    """
    registry = open_registry(uri)
    place = bundle_place(registry, named_version(registry, name))
    import mlflow.artifacts

    with registry.talking(), long_uploads():
        for part in parts:
            source = f"{place}/{part}" if part else place
            mlflow.artifacts.download_artifacts(source, dst_path=str(target), tracking_uri=registry.uri)
    return target if any(parts) else target / "bundle"


def bundle_place(registry: Registry, version: ModelVersion) -> str:
    """Address of a version's bundle: of its logged model where it has one, else of what it was made from."""
    source = str(version.source)
    if source.startswith(SCHEME):
        with registry.talking():
            source = registry.client.get_logged_model(source.removeprefix(SCHEME)).artifact_location
    return f"{source.rstrip('/')}/{BUNDLE}"


def _parse(name: str) -> tuple[str, str, str]:
    """Model, alias and version number of a `models:/` name; one of the last two is empty. Raises TrackingError."""
    rest = name.removeprefix(SCHEME)
    model, at, alias = rest.partition("@")
    number = ""
    if not at:
        model, _, number = rest.rpartition("/")
    if not model or not (alias or number.isdigit()):
        remedy = "write models:/NAME@champion"
        raise TrackingError(describe("models:/NAME@ALIAS or models:/NAME/VERSION", repr(name), remedy, "model"))
    return model, alias, number
