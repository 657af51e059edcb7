from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tiny_bundle import shared_bundle

from xinyi.runtime import Classifier, load


@pytest.fixture(scope="session")
def bundle() -> Path:
    """A complete bundle; never change it."""
    return shared_bundle()


@pytest.fixture(scope="session")
def classifier(bundle: Path) -> Classifier:
    return load(bundle, threads=1)


@pytest.fixture
def spoiled(bundle: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    return Path(shutil.copytree(bundle, tmp_path / "bundle"))
