"""The scripts that write generated parts of the documentation."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository's root, with its scripts importable."""
    root = Path(__file__).resolve().parents[3]
    monkeypatch.syspath_prepend(str(root / "scripts"))
    return root
