"""Read manifest.json and labels.json of a bundle. Nothing in them is trusted before it was checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from xinyi.encoding import EncodingSettings
from xinyi.errors import BundleError, XinyiError, describe
from xinyi.tasks.decode import Decoding
from xinyi.tasks.spec import TaskSpec

NAME = "manifest.json"
NAME_LABELS = "labels.json"
# Beside the manifest, and vouched for by itself: `verify --key` checks it.
SIGNATURE = "manifest.json.sig"
# What this package writes; it reads all versions up to these.
SCHEMA = 2
SCHEMA_LABELS = 1
SEAL = "manifest_sha256"
AGAIN = "copy or export the bundle again"


@dataclass(frozen=True)
class FileRecord:
    """What the manifest says of one file."""

    sha256: str
    size: int


@dataclass(frozen=True)
class FormatRecord:
    """One form of the model. tolerance: how far its probabilities may be from the trained model's on golden rows."""

    file: str
    tolerance: float


@dataclass(frozen=True)
class Manifest:
    """manifest.json, checked and brought up to the newest schema.

    files: path inside the bundle → its record (all files but the manifest itself).
    tasks, decodings: what labels.json must say as well.
    formats: format name → its record.
    raw: the whole content, brought up to the newest schema.
    """

    folder: Path
    name: str
    version: str
    files: Mapping[str, FileRecord]
    tasks: tuple[TaskSpec, ...]
    decodings: Mapping[str, Decoding]
    formats: Mapping[str, FormatRecord]
    encoding: EncodingSettings
    masking: bool
    normaliser: str
    masker: str
    golden_rows: int
    raw: Mapping[str, Any]


def read_manifest(folder: Path) -> Manifest:
    """Read and check manifest.json.

    Raises:
        BundleError: no bundle there, another schema version, changed by hand, or paths that leave the bundle.
    """
    folder = Path(folder)
    content = _read_bytes(folder)
    raw = read_json(content, NAME)
    version = check_schema(raw, NAME, SCHEMA)
    problems = list(_seal_problems(raw, content))
    try:
        manifest = _parse(folder, _upgraded(raw, version))
    except (KeyError, TypeError, ValueError, AttributeError, XinyiError) as error:
        problems.append(describe(f"every field of schema {version}", f"{type(error).__name__} {error}", AGAIN, NAME))
        raise BundleError(problems) from error
    problems += [problem for path in manifest.files if (problem := path_problem(folder, path))]
    if problems:
        raise BundleError(problems)
    return manifest


def _read_bytes(folder: Path) -> bytes:
    try:
        return (folder / NAME).read_bytes()
    except OSError as error:
        got = "no such folder" if not folder.is_dir() else type(error).__name__
        problem = describe(f"a bundle with a readable {NAME}", got, "give the bundle's folder", str(folder))
        raise BundleError([problem]) from error


def _parse(folder: Path, raw: Mapping[str, Any]) -> Manifest:
    tasks, decodings = parse_tasks(raw["tasks"])
    return Manifest(
        folder=folder,
        name=_name(str(raw["name"])),
        version=str(raw["version"]),
        files={path: FileRecord(str(record["sha256"]), int(record["bytes"])) for path, record in raw["files"].items()},
        tasks=tasks,
        decodings=decodings,
        formats={
            name: FormatRecord(str(record["file"]), float(record["tolerance"]))
            for name, record in raw["formats"].items()
        },
        encoding=EncodingSettings(**raw["encoding"]),
        masking=bool(raw["masking"]),
        normaliser=str(raw["normaliser"]),
        masker=str(raw["masker"]),
        golden_rows=int(raw["golden_rows"]),
        raw=raw,
    )


def _name(name: str) -> str:
    """It becomes part of paths. Raises ValueError for one that could lead elsewhere."""
    if not name.strip(".") or set(name) & set('/\\:\0"'):
        raise ValueError(f"name {name!r}")
    return name


def read_labels(folder: Path) -> tuple[tuple[TaskSpec, ...], dict[str, Decoding]]:
    """Tasks and decodings of labels.json. Raises BundleError when it is missing or damaged."""
    try:
        content = (Path(folder) / NAME_LABELS).read_bytes()
        raw = read_json(content, NAME_LABELS)
        check_schema(raw, NAME_LABELS, SCHEMA_LABELS)
        return parse_tasks(raw["tasks"])
    except BundleError:
        raise
    except (OSError, KeyError, TypeError, ValueError, AttributeError, XinyiError) as error:
        raise BundleError([describe("tasks with labels and decoding", error, AGAIN, NAME_LABELS)]) from error


def parse_tasks(raw: list[Mapping[str, Any]]) -> tuple[tuple[TaskSpec, ...], dict[str, Decoding]]:
    """Tasks with their decodings, as `labels.json` and the manifest hold them."""
    tasks, decodings = [], {}
    for entry in raw:
        fields = dict(entry)
        decoding = Decoding.from_dict(fields.pop("decoding"))
        task = TaskSpec.from_dict(fields)
        if task.kind == "multi" and len(decoding.thresholds) not in (0, len(task.labels)):
            raise ValueError(
                f"task {task.id!r} has {len(task.labels)} labels and {len(decoding.thresholds)} thresholds"
            )
        if not decoding.temperature > 0:
            raise ValueError(f"task {task.id!r} has temperature {decoding.temperature}, not above 0")
        tasks.append(task)
        decodings[task.id] = decoding
    if not tasks or len(decodings) != len(tasks):
        raise ValueError("expected at least one task, each once")
    return tuple(tasks), decodings


def read_json(content: bytes, where: str) -> dict[str, Any]:
    """A JSON object. Raises BundleError."""
    try:
        raw = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BundleError([describe("JSON in UTF-8", error, AGAIN, where)]) from error
    if not isinstance(raw, dict):
        raise BundleError([describe("a JSON object", type(raw).__name__, AGAIN, where)])
    return raw


def check_schema(raw: Mapping[str, Any], where: str, newest: int) -> int:
    """The schema version. Raises BundleError for one that this package does not know."""
    got = raw.get("schema_version")
    if type(got) is not int or not 1 <= got <= newest:
        raise BundleError([describe(f"schema_version 1 to {newest}", got, "install the xinyi that made it", where)])
    return got


def _upgraded(raw: Mapping[str, Any], version: int) -> dict[str, Any]:
    """The manifest as the newest schema has it; the seal is checked before."""
    current = dict(raw)
    for step in range(version, SCHEMA):
        current = UPGRADES[step](current)
    return current


def _from_1(raw: dict[str, Any]) -> dict[str, Any]:
    """Schema 1 had one tolerance for every format."""
    formats = {name: {**record, "tolerance": raw["tolerance"]} for name, record in raw["formats"].items()}
    return {**raw, "schema_version": 2, "formats": formats}


# Version → what makes the next one of it.
UPGRADES = {1: _from_1}


def path_problem(folder: Path, path: str) -> str | None:
    """Why a path of the manifest must not be opened: it would leave the bundle."""
    pure = PurePosixPath(path)
    plain = path and not pure.is_absolute() and ".." not in pure.parts and not set(path) & set("\\:\0")
    if plain and (folder / path).resolve().is_relative_to(folder.resolve()):
        return None
    return describe("paths inside the bundle", repr(path), "do not use this bundle", NAME)


def render(raw: Mapping[str, Any]) -> bytes:
    """The one way the manifest is written, so that a change of any byte shows."""
    return (json.dumps(raw, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode("utf-8")


def seal(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with the SHA-256 of the rest of it as its last field."""
    body = {key: value for key, value in raw.items() if key != SEAL}
    return {**body, SEAL: hashlib.sha256(render(body)).hexdigest()}


def _seal_problems(raw: Mapping[str, Any], content: bytes):
    try:
        whole = render(seal(raw)) == content
    except ValueError:  # NaN, or text that is no Unicode
        whole = False
    if not whole:
        yield describe(f"a content that fits its {SEAL}", "a changed one", AGAIN, NAME)


def sha256(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
