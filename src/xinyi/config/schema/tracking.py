"""Group `tracking`: where MLflow keeps the run."""

from __future__ import annotations

from dataclasses import dataclass

from xinyi.config.schema.fields import setting


@dataclass
class TrackingConfig:
    """MLflow server or file, experiment, and what is registered."""

    enabled: bool = setting(True, "log the run to MLflow")
    uri: str | None = setting(None, "tracking server; default: sqlite beside an artifact folder in the working folder")
    artifacts: str | None = setting(None, "artifact folder of a new experiment; default: mlartifacts")
    experiment: str = setting("xinyi", "MLflow experiment")
    register: bool = setting(True, "register the model and make a model version")
    timeout: float = setting(10.0, "seconds to wait for the server before giving up", least=0.5)
