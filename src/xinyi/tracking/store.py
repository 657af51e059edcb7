"""Open the tracking store and its experiment."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from xinyi.errors import TrackingError, describe
from xinyi.tracking.database import SQLITE, make_database
from xinyi.tracking.environment import bound_requests
from xinyi.tracking.flatten import without_credentials
from xinyi.tracking.reach import REMEDY, check_reachable
from xinyi.tracking.settings import TrackingSettings

if TYPE_CHECKING:
    from mlflow import MlflowClient

LOCAL_REMEDY = "correct tracking.uri=…, or go without: tracking=none"
VIEW_KEY = "xinyi"
# Without it MLflow shows its menus for language model applications.
WORKFLOW = "workflowType=machine_learning"
LOCAL_UI = "http://127.0.0.1:5000"
# "Creating initial MLflow database tables", "Retrying (Retry(total=0 …": no news to those who read a training log.
_LEVELS = {"mlflow": logging.WARNING, "alembic": logging.WARNING, "urllib3.connectionpool": logging.ERROR}
_FAMILIAR = ("connection refused", "timed out", "name or service not known", "no space left", "database is locked")
# The same for those who come from the list of experiments.
_KIND = {"mlflow.experimentKind": "custom_model_development"}


@dataclass(frozen=True)
class Store:
    """An open store: the client, and the experiment that runs go to."""

    client: MlflowClient
    uri: str
    experiment_id: str

    @property
    def served(self) -> bool:
        """Whether a server keeps the store (else a database on this machine or elsewhere)."""
        return is_served(self.uri)

    @property
    def page(self) -> str:
        """Address of the user interface."""
        return without_credentials(self.uri).rstrip("/") if self.served else LOCAL_UI


def run_list(page: str, experiment_id: str) -> str:
    """Address of the list of runs, with the columns that `view` writes."""
    return f"{page}/#/experiments/{experiment_id}/runs?{WORKFLOW}&viewStateShareKey={VIEW_KEY}"


def run_page(page: str, experiment_id: str, run_id: str) -> str:
    """Address of one run."""
    return f"{page}/#/experiments/{experiment_id}/runs/{run_id}?{WORKFLOW}"


def is_served(uri: str) -> bool:
    """Whether the address is a server's."""
    return urlsplit(uri).scheme in ("http", "https")


def store_uri(uri: str | None) -> str:
    """The store's address; None is mlflow.db in the working folder."""
    return uri or f"{SQLITE}{Path.cwd() / 'mlflow.db'}"


def artifact_root(uri: str | None, artifacts: str | None) -> str | None:
    """Where a new experiment keeps files: absolute, or None to let the server choose."""
    if artifacts is None:
        return None if uri and is_served(uri) else (Path.cwd() / "mlartifacts").as_uri()
    return artifacts if "://" in artifacts else Path(artifacts).expanduser().resolve().as_uri()


def open_store(settings: TrackingSettings) -> Store:
    """Open the store and find or make the experiment.

    The first opening of an sqlite file makes its tables, which takes some seconds.

    Raises:
        TrackingError: unknown kind of store, no answer within `settings.timeout`, no right to write.
    """
    uri = store_uri(settings.uri)
    check_kind(uri)
    check_reachable(uri, settings.timeout)
    bound_requests(settings.timeout)
    quieten()
    with refusals(uri):
        make_database(uri)
        client = make_client(uri)
        experiment_id = _experiment(client, settings, uri)
    return Store(client, uri, experiment_id)


def check_kind(uri: str) -> None:
    """Raise TrackingError for addresses that MLflow cannot use, and for an sqlite file that cannot be written."""
    scheme = urlsplit(uri).scheme.split("+")[0]
    if scheme not in ("sqlite", "postgresql", "mysql", "mssql", "mariadb", "http", "https"):
        expected = "sqlite:///FILE, a database or a server's http address"
        raise TrackingError(describe(expected, without_credentials(uri), "change it", "tracking.uri"))
    if not uri.startswith(SQLITE):
        return
    file = Path(uri.removeprefix(SQLITE))
    target = file if file.exists() else file.parent
    if not os.access(target, os.W_OK) or (file.exists() and not file.is_file()):
        got = "no right to write there" if target.exists() else f"no folder {file.parent}"
        raise TrackingError(describe("a file that can be written", got, LOCAL_REMEDY, f"tracking.uri {uri}"))


def quieten() -> None:
    """MLflow's own chatter off."""
    import mlflow  # noqa: F401 - sets the levels anew when it is imported

    for name, level in _LEVELS.items():
        logging.getLogger(name).setLevel(level)


def make_client(uri: str) -> MlflowClient:
    """A client that looks for runs and models in the one store."""
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _experiment(client: MlflowClient, settings: TrackingSettings, uri: str) -> str:
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(settings.experiment)
    if found is None:
        try:
            return client.create_experiment(settings.experiment, artifact_root(uri, settings.artifacts), _KIND)
        except MlflowException as error:
            # Another run made it at the same moment.
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            found = client.get_experiment_by_name(settings.experiment)
    if found.lifecycle_stage != "active":
        remedy = f"mlflow experiments restore --experiment-id {found.experiment_id}, or tracking.experiment=…"
        raise TrackingError(describe("an active experiment", "a deleted one", remedy, settings.experiment))
    return found.experiment_id


def failures() -> tuple[type[Exception], ...]:
    """What a store may raise: MLflow's errors, the database's, a missing driver, no network, no space."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    return MlflowException, SQLAlchemyError, ImportError, OSError


@contextmanager
def refusals(uri: str) -> Iterator[None]:
    """Failures inside become TrackingError."""
    try:
        yield
    except failures() as error:
        where = f"tracking.uri {without_credentials(uri)}"
        remedy = REMEDY if is_served(uri) else LOCAL_REMEDY
        raise TrackingError(describe("the store to take the run", reason(error), remedy, where)) from error


def reason(error: Any) -> str:
    """An error in a few words, without passwords and without the pages of SQL or addresses that MLflow quotes."""
    whole = str(error)
    if found := next((words for words in _FAMILIAR if words.lower() in whole.lower()), None):
        return found
    first = next(iter(whole.strip().splitlines()), "") or type(error).__name__
    return without_credentials(first)[:200]
