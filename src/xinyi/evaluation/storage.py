"""Writing files whole or not at all: beside first, then renamed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from xinyi.errors import BundleError, describe


def write_whole(path: Path, write: Callable[[Path], object], title: str) -> Path:
    """Let `write` fill a file beside `path`, then rename it; the folder is made where missing.

    Raises BundleError under `title` when that fails; nothing is left behind then.
    """
    path = Path(path)
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        problem = describe("a writable folder with room", error, "free space or choose another folder", str(path))
        raise BundleError([problem], title=title) from error
    return path


def write_texts(contents: Mapping[str, str], folder: Path, title: str) -> dict[str, Path]:
    """Write each text into `folder` in UTF-8; file name → path. Raises as `write_whole`."""
    return {
        name: write_whole(Path(folder) / name, lambda part, text=text: part.write_text(text, encoding="utf-8"), title)
        for name, text in contents.items()
    }
