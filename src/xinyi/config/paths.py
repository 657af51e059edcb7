"""Where the packaged configuration and the sample corpus lie: in the repository, or inside the installed package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_REPOSITORY = _PACKAGE.parents[1]


def conf_dir() -> Path:
    """The folder with the configuration groups."""
    inside = _PACKAGE / "conf"
    return inside if inside.is_dir() else _REPOSITORY / "conf"


def embedded_config() -> Path:
    """The sizes of the encoder inside the package."""
    return _PACKAGE / "models" / "embedded" / "config.json"


def sample_dir() -> Path:
    """The folder with the sample corpus."""
    inside = _PACKAGE / "sample"
    return inside if inside.is_dir() else _REPOSITORY / "data" / "sample"
