"""The packed token store: each source once encoded, laid end to end in a memory-mapped array.

A line is its token ids and a closing [SEP]. Lines chosen by a hash of their content are held out: they lie in arrays of
their own. A store is used again while its fingerprint (files, normaliser, masker, tokenizer) is the same.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from xinyi.encoding import EncodingSettings, TextEncoder
from xinyi.errors import DataError, describe
from xinyi.pretraining import sources
from xinyi.pretraining.in_processes import in_processes
from xinyi.pretraining.settings import CorpusSettings
from xinyi.text import MASKER_VERSION, NORMALIZER_VERSION, prepare

log = logging.getLogger(__name__)
PARTS = ("train", "held_out")
_CHUNK = 2000
# Lines with more unknown tokens than this are in another script, or damaged.
_MOST_UNKNOWN = 0.1


@dataclass(frozen=True)
class Source:
    """One encoded source: line i is ids[lines[i]:lines[i + 1]], its [SEP] included; `held_…` are held-out lines."""

    name: str
    ids: NDArray
    lines: NDArray[np.int64]
    held_ids: NDArray
    held_lines: NDArray[np.int64]


def hashes(settings: CorpusSettings) -> dict[str, str]:
    """Source → SHA-256 of its file. Raises DataError as `sources.resolve`."""
    return {sources.name(path): _sha256(path) for path in sources.resolve(settings.files)}


def build(
    settings: CorpusSettings, tokenizer_file: Path, processes: int, known: Mapping[str, str] | None = None
) -> None:
    """Encode every source that the store does not hold yet.

    Args:
        known: the files' hashes, where they have just been taken.

    Raises:
        DataError: a file cannot be read, or nothing is left after cleaning.
    """
    settings.store.mkdir(parents=True, exist_ok=True)
    paths = sources.resolve(settings.files)
    # Taken before the encoding: a file that changes meanwhile is encoded again next time.
    known = known or hashes(settings)
    todo = [path for path in paths if not _is_done(path, settings, tokenizer_file, known[sources.name(path)])]
    todo.sort(key=lambda path: -path.stat().st_size)  # the longest first, so that none is waited for alone
    if todo:
        log.info("corpus     encoding %s of %s files", len(todo), len(paths))
    work = [(path, settings, tokenizer_file, known[sources.name(path)]) for path in todo]
    if processes == 1 or len(todo) < 2:
        for one in work:
            _encode_file(*one)
    else:
        in_processes(_encode_file, work, processes)


def read(settings: CorpusSettings) -> list[Source]:
    """The sources of a built store, memory-mapped. Raises DataError when nothing is in it."""
    found = []
    for path in sources.resolve(settings.files):
        arrays = [
            np.load(_file(settings, path, part, what), mmap_mode="r") for part in PARTS for what in ("ids", "lines")
        ]
        found.append(Source(sources.name(path), *arrays))
    if not sum(len(source.ids) for source in found):
        raise DataError([describe("text to train on", "none", "check files and corpus.column", str(settings.store))])
    return found


def facts(settings: CorpusSettings) -> list[dict[str, object]]:
    """What each source's manifest says: file, SHA-256, lines, tokens."""
    paths = sources.resolve(settings.files)
    return [json.loads(_manifest(settings, path).read_text(encoding="utf-8")) for path in paths]


def _file(settings: CorpusSettings, path: Path, part: str, what: str) -> Path:
    return settings.store / f"{sources.name(path)}.{part}.{what}.npy"


def _manifest(settings: CorpusSettings, path: Path) -> Path:
    return settings.store / f"{sources.name(path)}.json"


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _recipe(settings: CorpusSettings, tokenizer_file: Path) -> dict[str, object]:
    """What decides how a file's text becomes tokens."""
    return {
        "column": settings.column,
        "masking": settings.masking,
        "held_out": settings.held_out,
        "normalizer": NORMALIZER_VERSION,
        "masker": MASKER_VERSION,
        "tokenizer": _sha256(tokenizer_file),
    }


def _is_done(path: Path, settings: CorpusSettings, tokenizer_file: Path, sha256: str) -> bool:
    manifest = _manifest(settings, path)
    if not manifest.is_file():
        return False
    known = json.loads(manifest.read_text(encoding="utf-8"))
    return known["recipe"] == _recipe(settings, tokenizer_file) and known["sha256"] == sha256


def _encode_file(path: Path, settings: CorpusSettings, tokenizer_file: Path, sha256: str) -> None:
    """Encode one file; a former manifest goes first and the new one comes last, so that a kill leaves nothing that is
    taken for whole.
    """
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    encoder = TextEncoder(Tokenizer.from_file(str(tokenizer_file)), EncodingSettings())
    width = np.uint16 if encoder.tokenizer.get_vocab_size() < 2**16 else np.uint32
    ids = {part: array("H" if width is np.uint16 else "I") for part in PARTS}
    lines = {part: array("q", [0]) for part in PARTS}
    for text, tokens in _encoded(path, settings, encoder):
        part = PARTS[_is_held_out(text, settings.held_out)]
        ids[part].extend(tokens)
        lines[part].append(len(ids[part]))
    _manifest(settings, path).unlink(missing_ok=True)
    for part in PARTS:
        _save(_file(settings, path, part, "ids"), np.frombuffer(ids[part], width) if ids[part] else np.empty(0, width))
        _save(_file(settings, path, part, "lines"), np.frombuffer(lines[part], np.int64))
    counts = {part: {"lines": len(lines[part]) - 1, "tokens": len(ids[part])} for part in PARTS}
    manifest = {"source": sources.name(path), "file": path.name, "sha256": sha256, **counts}
    beside = _manifest(settings, path).with_suffix(f".{os.getpid()}.part")
    beside.write_text(json.dumps({**manifest, "recipe": _recipe(settings, tokenizer_file)}, indent=1), encoding="utf-8")
    os.replace(beside, _manifest(settings, path))


def _encoded(path: Path, settings: CorpusSettings, encoder: TextEncoder) -> Iterator[tuple[str, list[int]]]:
    """Prepared lines with their tokens and closing [SEP]."""
    passages = sources.passages(path, settings.column)
    while chunk := [prepare(text, masking=settings.masking) for text in islice(passages, _CHUNK)]:
        for text, encoding in zip(chunk, encoder.tokenizer.encode_batch(chunk, add_special_tokens=False), strict=True):
            unknown = encoding.ids.count(encoder.unk_id)
            if len(encoding.ids) > 1 and unknown <= _MOST_UNKNOWN * len(encoding.ids):
                yield text, [*encoding.ids, encoder.sep_id]


def _is_held_out(text: str, share: float) -> bool:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") < share * 2**64


def _save(path: Path, values: NDArray) -> None:
    beside = path.with_suffix(f".{os.getpid()}.part")
    with open(beside, "wb") as file:
        np.save(file, values, allow_pickle=False)
    os.replace(beside, path)
