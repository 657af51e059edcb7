"""Texts of many rows prepared chunk by chunk, by several processes when there are many."""

from __future__ import annotations

import hashlib
import multiprocessing
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Any

from xinyi.errors import DataError, describe
from xinyi.text import prepare
from xinyi.text.damage import repair

CHUNK_ROWS = 4096
# Below this a process takes longer to start than it saves.
FEWEST_ROWS = 20_000


@dataclass(frozen=True)
class Preparation:
    """What is done to each text: mask personal data, repair damage, simplify characters."""

    mask: bool = True
    repair: bool = True
    simplify: bool = False


@dataclass
class RawChunk:
    """Rows as they stand in a file. contexts: None, a text, or a list of texts, oldest first."""

    rows: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)
    others: dict[str, list[str | None]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Prepared:
    """Prepared texts and contexts with their ids; damage: kind → (rows repaired, rows left as they are)."""

    texts: list[str]
    contexts: list[str]
    ids: list[str]
    damage: dict[str, tuple[list[int], list[int]]]


def row_id(text: str, context: str) -> str:
    """16 hex digits of the SHA-256 of the prepared context and text."""
    return hashlib.sha256(f"{context}\x1f{text}".encode()).hexdigest()[:16]


def prepare_chunk(chunk: RawChunk, preparation: Preparation) -> Prepared:
    """One chunk's texts and contexts, prepared."""
    damage: dict[str, tuple[list[int], list[int]]] = {}

    def prepared(text: str, row: int) -> str:
        """Repaired where that is asked for, normalised, masked."""
        if preparation.repair:
            text = _repaired(text, row, damage)
        return prepare(text, masking=preparation.mask, simplify=preparation.simplify)

    texts = [prepared(text, row) for text, row in zip(chunk.texts, chunk.rows, strict=True)]
    contexts = [
        prepared(_joined(context), row) if context else ""
        for context, row in zip(chunk.contexts, chunk.rows, strict=True)
    ]
    return Prepared(texts, contexts, list(map(row_id, texts, contexts)), damage)


def prepare_chunks(
    chunks: Iterable[RawChunk], preparation: Preparation, rows: int, workers: int
) -> Iterator[tuple[RawChunk, Prepared]]:
    """The chunks with what was made of them, in order; at most a few are in memory at once.

    Args:
        rows: how many there are, so that few are not worth a process. workers: processes; 1 prepares in this one.

    Raises:
        DataError: a process was killed, mostly for lack of memory.
    """
    if workers <= 1 or rows < FEWEST_ROWS:
        yield from ((chunk, prepare_chunk(chunk, preparation)) for chunk in chunks)
        return
    # Spawned, because a fork would copy the locks of threads that this process may have.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _leave_interrupts) as pool:
        try:
            yield from _in_order(pool, chunks, preparation, 2 * workers)
        except BrokenProcessPool as error:
            remedy = "free memory, or set data.workers=1"
            raise DataError([describe("processes that prepare texts", "one that was killed", remedy)]) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _leave_interrupts() -> None:
    """Ctrl-C reaches every process; only the first one answers it, and ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _in_order(
    pool: ProcessPoolExecutor, chunks: Iterable[RawChunk], preparation: Preparation, ahead: int
) -> Iterator[tuple[RawChunk, Prepared]]:
    waiting: deque[tuple[RawChunk, Future[Prepared]]] = deque()
    for chunk in chunks:
        waiting.append((chunk, pool.submit(prepare_chunk, chunk, preparation)))
        if len(waiting) >= ahead:
            done, future = waiting.popleft()
            yield done, future.result()
    for chunk, future in waiting:
        yield chunk, future.result()


def _repaired(text: str, row: int, damage: dict[str, tuple[list[int], list[int]]]) -> str:
    result = repair(text)
    for place, kinds in enumerate((result.repaired, result.left)):
        for kind in kinds:
            rows = damage.setdefault(kind, ([], []))[place]
            if rows[-1:] != [row]:
                rows.append(row)
    return result.text


def _joined(context: Any) -> str:
    """Turns as one text, oldest first; the newest end is what the encoder keeps."""
    return " ".join(context) if isinstance(context, list) else context or ""
