"""Cut sources into rows of many lengths."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from xinyi.pretraining.settings import CorpusSettings
from xinyi.pretraining.store import Source


@dataclass(frozen=True)
class Rows:
    """Row i is [CLS] + ids[start:stop] of its source, + [SEP] where it was cut inside a line (`cut`).

    source (N), start (N), stop (N), cut (N); `length` counts all tokens of a row.
    """

    source: NDArray[np.int16]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    cut: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.start)

    @cached_property  # read for each row of each batch
    def length(self) -> NDArray[np.int64]:
        """Tokens in each row."""
        return 1 + self.stop - self.start + self.cut

    def take(self, chosen: NDArray) -> Rows:
        """Some of the rows."""
        return Rows(self.source[chosen], self.start[chosen], self.stop[chosen], self.cut[chosen])


def cut(lines: NDArray[np.int64], source: int, shortest: int, longest: int, rng: np.random.Generator) -> Rows:
    """Cut a source into rows of whole lines where they fit, of pieces where a line is too long.

    Each row has a room of its own, drawn log-uniformly from `shortest` to `longest`: short rows are as common as in
    customer messages, while long ones hold enough of the tokens. Pieces of fewer than half of `shortest` are dropped.

    Args:
        lines: where lines begin, and at last where the last one ends.
    """
    ends, at, last = lines.tolist(), int(lines[0]), int(lines[-1])
    starts, stops, cuts = [], [], []
    rooms = _rooms(shortest, longest, rng)
    while at < last:
        room = next(rooms)
        end = ends[bisect_right(ends, at + room - 1) - 1]
        inside = end <= at
        stop = min(at + room - 2, last) if inside else end
        if 1 + stop - at + inside >= shortest // 2:
            starts.append(at)
            stops.append(stop)
            cuts.append(inside)
        at = stop
    count = len(starts)
    return Rows(
        np.full(count, source, np.int16),
        np.array(starts, np.int64),
        np.array(stops, np.int64),
        np.array(cuts, np.bool_),
    )


def _rooms(shortest: int, longest: int, rng: np.random.Generator) -> Iterator[int]:
    low, high = np.log(shortest), np.log(longest + 1)
    while True:
        yield from np.exp(rng.uniform(low, high, 4096)).astype(np.int64).tolist()


def one_pass(found: Sequence[Source], settings: CorpusSettings, seed: int, number: int) -> Rows:
    """The rows of one pass over the mixture: a source of weight 2.5 is cut anew three times, the third time to half."""
    parts = []
    for i, source in enumerate(found):
        weight = settings.weights.get(source.name, 1.0)
        for copy in range(int(np.ceil(weight))):
            if len(source.lines) < 2:
                continue
            rng = np.random.default_rng([seed, number, i, copy])
            rows = cut(source.lines, i, settings.shortest, settings.longest, rng)
            share = min(1.0, weight - copy)
            parts.append(rows if share == 1.0 else rows.take(rng.random(len(rows)) < share))
    return _join(parts)


def _join(parts: Sequence[Rows]) -> Rows:
    return Rows(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("source", "start", "stop", "cut")))
