"""Is every file of a bundle the one that was exported, and does this package clean texts as training did?"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from xinyi.errors import describe
from xinyi.runtime.manifest import AGAIN, NAME, SIGNATURE, Manifest, sha256
from xinyi.text import MASKER_VERSION, NORMALIZER_VERSION

log = logging.getLogger(__name__)


def file_problems(manifest: Manifest, paths: Iterable[str] | None = None) -> list[str]:
    """Missing and changed files, among those named or all."""
    problems = []
    for path in manifest.files if paths is None else paths:
        record, file = manifest.files.get(path), manifest.folder / path
        if record is None:
            problems.append(describe("an entry in the manifest", "none", AGAIN, path))
        elif not file.is_file():
            problems.append(describe("a file", "none", AGAIN, path))
        elif (size := file.stat().st_size) != record.size:
            problems.append(describe(f"{record.size} bytes", size, AGAIN, path))
        elif (got := sha256(file)) != record.sha256:
            problems.append(describe(f"SHA-256 {record.sha256[:12]}…", f"{got[:12]}…", AGAIN, path))
    return problems


def extra_files(manifest: Manifest) -> list[str]:
    """Files that nobody vouches for."""
    found = (path.relative_to(manifest.folder).as_posix() for path in _files(manifest.folder))
    strays = sorted(set(found) - set(manifest.files) - {NAME, SIGNATURE})
    return [describe("only files of the manifest", "a file it does not name", "remove it", path) for path in strays]


def _files(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def refused_versions(manifest: Manifest, strict: bool) -> list[str]:
    """`version_problems` where they are refused; else none, and each is a warning in the log."""
    problems = version_problems(manifest)
    for problem in [] if strict else problems:
        log.warning("%s", problem)
    return problems if strict else []


def version_problems(manifest: Manifest) -> list[str]:
    """Text rooms that differ: the model would read other texts than it was trained on."""
    made = manifest.raw.get("versions", {}).get("xinyi", "?")
    remedy = f"install xinyi {made}, export again, or take it on with --any-version (in Python strict=False)"
    pairs = (("normaliser", manifest.normaliser, NORMALIZER_VERSION), ("masker", manifest.masker, MASKER_VERSION))
    return [
        describe(f"{what} version {wanted}", f"{here} in the installed package", remedy, NAME)
        for what, wanted, here in pairs
        if wanted != here
    ]
