"""The token store: texts encoded once, kept as memory-mapped arrays under a fingerprint of everything they follow from.

An entry is a folder that appears whole: it is written beside its place, then renamed. Whoever is killed leaves a folder
that nobody reads; of two processes that want the same entry one encodes it while the other waits.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow as pa

from xinyi.encoding import Encoded, TextEncoder
from xinyi.text import MASKER_VERSION, NORMALIZER_VERSION

log = logging.getLogger(__name__)
VERSION = 1
CHUNK_ROWS = 4096
_TYPES = {"ids": np.int32, "types": np.int8, "offsets": np.int64, "cut": np.bool_, "unknown": np.int32}
_MANIFEST = "manifest.json"
_STALE = 24 * 3600  # seconds after which an unfinished folder belongs to nobody


class TokenStore:
    """Entries below a folder, which may be deleted at any time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def encoded(self, table: pa.Table, encoder: TextEncoder) -> Encoded:
        """The table's token ids, from the store or encoded into it. Where it cannot be written, they are in memory."""
        name = fingerprint(table, encoder)
        try:
            if (found := self._read(name)) is not None:
                return found
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._locked(name):
                # Another process may have been faster.
                if (found := self._read(name)) is None:
                    self._write(name, table, encoder)
                    found = self._read(name)
        except OSError as error:
            log.warning("token store %s: %s; encoding in memory", self.folder, error.strerror)
            found = None
        return found if found is not None else joined(list(encode_chunks(table, encoder)))

    def _read(self, name: str) -> Encoded | None:
        """The entry, None when there is none or when it is not whole."""
        folder = self.folder / name
        try:
            sizes = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))["sizes"]
            arrays = {part: _mapped(folder / part, np.dtype(kind), sizes[part]) for part, kind in _TYPES.items()}
        except (FileNotFoundError, ValueError, KeyError):
            return None
        return Encoded(**arrays)

    def _write(self, name: str, table: pa.Table, encoder: TextEncoder) -> None:
        self._remove_stale(name)
        part = self.folder / f".{name}.{uuid4().hex[:8]}.part"
        part.mkdir()
        try:
            _write_arrays(part, encode_chunks(table, encoder))
            shutil.rmtree(self.folder / name, ignore_errors=True)  # one that is not whole
            with contextlib.suppress(FileExistsError):
                os.rename(part, self.folder / name)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _remove_stale(self, name: str) -> None:
        """What killed processes left: all of this entry, whose lock is held, and whatever is a day old."""
        for part in self.folder.glob(".*.part"):
            with contextlib.suppress(OSError):
                if part.name.startswith(f".{name}.") or time.time() - part.stat().st_mtime > _STALE:
                    shutil.rmtree(part, ignore_errors=True)

    @contextlib.contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        """One process at a time; the system lets go of the lock of a killed one."""
        path = self.folder / f".{name}.lock"
        with open(path, "wb") as file:
            with contextlib.suppress(OSError):  # a network folder without locks: both encode, the first rename stays
                fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                path.unlink(missing_ok=True)


def fingerprint(table: pa.Table, encoder: TextEncoder) -> str:
    """32 hex digits over the rows' ids (of prepared context and text, in order), the tokenizer and the lengths."""
    recipe = {
        "version": VERSION,
        "normalizer": NORMALIZER_VERSION,
        "masker": MASKER_VERSION,
        "encoding": encoder.settings.to_dict(),
        "tokenizer": hashlib.sha256(encoder.tokenizer.to_str().encode()).hexdigest(),
        "rows": len(table),
    }
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode())
    for batch in table.select(["id"]).to_batches():
        digest.update("".join(batch.column(0).to_pylist()).encode())
    return digest.hexdigest()[:32]


def encode_chunks(table: pa.Table, encoder: TextEncoder) -> Iterator[Encoded]:
    """The table's rows, some thousands at a time."""
    for batch in table.select(["text", "context"]).to_batches(max_chunksize=CHUNK_ROWS):
        texts, contexts = batch.column(0).to_pylist(), batch.column(1).to_pylist()
        yield encoder.encode(texts, contexts if any(contexts) else None)


def joined(chunks: list[Encoded]) -> Encoded:
    """Chunks as one, in memory."""
    lengths = [np.zeros(1, np.int64), *(chunk.lengths for chunk in chunks)]
    parts = {part: [getattr(chunk, part) for chunk in chunks] for part in _TYPES if part != "offsets"}
    arrays = {part: np.concatenate([np.zeros(0, _TYPES[part]), *found]) for part, found in parts.items()}
    return Encoded(offsets=np.cumsum(np.concatenate(lengths)), **arrays)


def _mapped(path: Path, kind: np.dtype, size: int) -> np.ndarray:
    """An array on disk. Raises ValueError when the file has another size than was written."""
    if path.stat().st_size != size * kind.itemsize:
        raise ValueError(f"{path} is not whole")
    # An empty file cannot be mapped.
    return np.memmap(path, kind, "r", shape=(size,)) if size else np.zeros(0, kind)


def _write_arrays(folder: Path, chunks: Iterator[Encoded]) -> None:
    """Every array as its bare bytes, written through to the disk; the manifest is last."""
    sizes = dict.fromkeys(_TYPES, 0)
    with contextlib.ExitStack() as stack:
        files = {part: stack.enter_context(open(folder / part, "wb")) for part in _TYPES}
        end = np.zeros(1, np.int64)
        sizes["offsets"] = files["offsets"].write(end.tobytes()) // end.itemsize
        for chunk in chunks:
            arrays = {part: getattr(chunk, part) for part in _TYPES}
            arrays["offsets"] = end + chunk.offsets[1:]
            end = end + chunk.offsets[-1]
            for part, array in arrays.items():
                files[part].write(np.ascontiguousarray(array, _TYPES[part]).tobytes())
                sizes[part] += len(array)
        for file in files.values():
            file.flush()
            os.fsync(file.fileno())
    manifest = folder / _MANIFEST
    manifest.write_text(json.dumps({"version": VERSION, "sizes": sizes}), encoding="utf-8")
