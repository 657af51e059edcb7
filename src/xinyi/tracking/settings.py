"""What the tracking room is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrackingSettings:
    """Where runs are kept.

    enabled: False tracks nothing.
    uri: tracking store: `sqlite:///…`, another database, or a server's http(s) address;
        None is mlflow.db in the working folder.
    artifacts: artifact folder or address of a new experiment; None is mlartifacts in the working folder, or with a
        server whatever the server chooses.
    experiment: MLflow experiment.
    register: whether a model version is made. Held for the caller, who passes it to `Tracker.model`.
    timeout: seconds to wait for a server.
    """

    enabled: bool = True
    uri: str | None = None
    artifacts: str | None = None
    experiment: str = "xinyi"
    register: bool = True
    timeout: float = 10.0
