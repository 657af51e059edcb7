"""A user's own files for the tests of config/."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def user(tmp_path) -> Callable[[str, str | bytes], Path]:
    """Writes a file of the user's configuration folder and gives the folder."""
    folder = tmp_path / "user"

    def write(name: str, content: str | bytes) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return folder

    return write


@pytest.fixture
def table(tmp_path) -> str:
    """A small labelled file."""
    path = tmp_path / "数据 (1).jsonl"
    rows = [{"text": f"第{i}条", "label": "ab"[i % 2]} for i in range(8)]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)
