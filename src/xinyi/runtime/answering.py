"""Rows in pieces through a classifier: several at a time, in order, a bad row with its error."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from xinyi.runtime.classifier import Classifier
from xinyi.runtime.columns import Columns, row_error, text_of, turns
from xinyi.runtime.tables import Row
from xinyi.tasks.decode import decisions

PIECE_ROWS = 512
PIECE_CHARACTERS = 500_000


def pieces(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Neighbouring rows, bounded in number and in characters."""
    piece: list[Row] = []
    size = 0
    for row in rows:
        piece.append(row)
        size += row.size
        if len(piece) >= PIECE_ROWS or size > PIECE_CHARACTERS:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def answered(found: Iterable[list[Row]], classifier: Classifier, columns: Columns, workers: int) -> Iterator[list[Row]]:
    """The pieces in order, each answered by one of the workers; no more are read ahead than there are workers."""
    with ThreadPoolExecutor(workers, "xinyi-predict") as pool:
        waiting: deque[Future[list[Row]]] = deque()
        try:
            for piece in found:
                waiting.append(pool.submit(_answer, classifier, piece, columns))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _answer(classifier: Classifier, rows: list[Row], columns: Columns) -> list[Row]:
    """Fill in each row's new values, or its error."""
    for row in rows:
        row.error = row.error or row_error(row.values, columns)
    good = [row for row in rows if row.error is None]
    contexts = None if columns.context is None else [turns(row.values.get(columns.context)) for row in good]
    logits = classifier.logits([text_of(row.values, columns) for row in good], contexts)
    for task in classifier.tasks:
        said = decisions(logits[task.id], task, classifier.decodings[task.id])
        for row, (label, probability, abstained) in zip(good, said, strict=True):
            row.added[task.id] = label
            if columns.probabilities:
                row.added[f"{task.id}.probability"] = probability
            if task.id in columns.abstaining:
                row.added[f"{task.id}.abstained"] = abstained
    return rows
