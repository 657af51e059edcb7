"""Put rows of equal length into batches: no token is padding, no attention mask is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from xinyi.errors import DataError, describe
from xinyi.pretraining.rows import Rows, one_pass
from xinyi.pretraining.settings import CorpusSettings
from xinyi.pretraining.store import Source

# Lengths of one batch where rows are few: the longest by the shortest.
NEAR = 1.125
# Steps whose batches are exchanged so that each has its like.
NEIGHBOURS = 16


def grouped(rows: Rows, tokens: int, rng: np.random.Generator, rests: bool = False) -> list[NDArray[np.int64]]:
    """Row numbers in batches of one length and about `tokens` tokens, in random order.

    rests: keep batches that are not full; in training they would weigh their rows more than others.
    """
    order = rng.permutation(len(rows))
    order = order[np.argsort(rows.length[order], kind="stable")]
    lengths = rows.length[order]
    batches = []
    for length in np.unique(lengths):
        same = order[np.searchsorted(lengths, length) : np.searchsorted(lengths, length, "right")]
        size = max(1, round(tokens / length))
        batches += [same[i : i + size] for i in range(0, len(same) if rests else len(same) - size + 1, size)]
    return [batches[i] for i in rng.permutation(len(batches))]


def loose(rows: Rows, tokens: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Row numbers in batches of like length and at most about `tokens` tokens, in random order; for few rows.

    No row is left out; `fill` shortens each to the shortest of its batch, by at most a ninth.
    """
    order = rng.permutation(len(rows))
    order = order[np.argsort(rows.length[order], kind="stable")]
    lengths, batches, start = rows.length[order], [], 0
    while start < len(order):
        shortest = int(lengths[start])
        alike = int(np.searchsorted(lengths, NEAR * shortest, "right"))
        stop = min(alike, start + max(1, tokens // shortest))
        batches.append(order[start:stop])
        start = stop
    return [batches[i] for i in rng.permutation(len(batches))]


def alike(
    batches: Sequence[NDArray[np.int64]], rows: Rows, together: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Batches in an order in which each `together` that follow one another have rows of like length.

    They make one step: long rows cost more than short ones, and a process that is done waits for the others. Batches
    that would not fill a step are left out.

    Args:
        batches: in random order.
    """
    window, ordered = NEIGHBOURS * together, []
    for at in range(0, len(batches) - together + 1, window):
        near = sorted(batches[at : at + window], key=lambda batch: int(rows.length[batch[0]]))
        steps = [near[i : i + together] for i in range(0, len(near) - together + 1, together)]
        ordered += [batch for i in rng.permutation(len(steps)) for batch in steps[i]]
    return ordered


def fill(found: Sequence[Source], rows: Rows, chosen: NDArray, cls_id: int, sep_id: int) -> NDArray[np.int64]:
    """Token ids (B, L) of rows; L is the shortest row's length, and longer ones lose their end."""
    length = int(rows.length[chosen].min())
    ids_BL = np.full((len(chosen), length), sep_id, np.int64)
    ids_BL[:, 0] = cls_id
    for row, i in enumerate(chosen):
        start, stop = rows.start[i], rows.stop[i]
        if rows.length[i] > length:
            stop = start + length - 2  # and [SEP], which is there already
        ids_BL[row, 1 : 1 + stop - start] = found[rows.source[i]].ids[start:stop]
    return ids_BL


class Feed:
    """All batches of a run, one pass after another, in an order that only the seed decides.

    Args:
        found: the store's sources.
        settings: weights and lengths.
        tokens: of one batch.
        special: ids of [CLS] and [SEP].
    """

    def __init__(
        self, found: Sequence[Source], settings: CorpusSettings, tokens: int, special: Mapping[str, int], seed: int
    ) -> None:
        self.found, self.settings, self.tokens, self.special, self.seed = found, settings, tokens, special, seed

    def batches(self, first: int, every: int, together: int = 1) -> Iterator[NDArray[np.int64]]:
        """Ids (B, L) of batch `first`, then of each `every`-th after it, without end.

        Args:
            together: batches of one step.

        Raises:
            DataError: no text is long enough for a row.
        """
        number, index, wanted = 0, 0, first
        while True:
            rows = one_pass(self.found, self.settings, self.seed, number)
            if not len(rows):
                expected = f"texts of at least {self.settings.shortest // 2} tokens"
                raise DataError([describe(expected, "none", "give more or longer texts", "data.files")])
            order = self._order(rows, number, together)
            while wanted - index < len(order):
                yield fill(self.found, rows, order[wanted - index], self.special["cls"], self.special["sep"])
                wanted += every
            number, index = number + 1, index + len(order)

    def sources(self, first: int, count: int) -> dict[str, int]:
        """Source → its rows among `count` batches that make one step, from batch `first` on."""
        number, index, found = 0, 0, {}
        while index < first + count:
            rows = one_pass(self.found, self.settings, self.seed, number)
            order = self._order(rows, number, count)
            for batch in order[max(0, first - index) : first + count - index]:
                for source in rows.source[batch]:
                    name = self.found[source].name
                    found[name] = found.get(name, 0) + 1
            number, index = number + 1, index + len(order)
        return found

    def _order(self, rows: Rows, number: int, together: int) -> list[NDArray[np.int64]]:
        rng = np.random.default_rng([self.seed, number])
        order = grouped(rows, self.tokens, rng)
        if 2 * sum(map(len, order)) < len(rows):  # a small corpus: most lengths have too few rows for a batch
            order = loose(rows, self.tokens, rng)
        return order if len(order) < together else alike(order, rows, together, rng)
