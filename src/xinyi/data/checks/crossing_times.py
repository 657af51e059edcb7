"""Time across splits: a model in use only ever meets messages later than those it was trained on."""

from __future__ import annotations

from collections.abc import Iterator

from xinyi.data.checks.finding import Check, Measured
from xinyi.data.checks.material import Material
from xinyi.data.times import read_times, time_columns


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """The share of each later split's rows that are older than the newest training row, for each column of times."""
    if "train" not in material.splits:
        return
    for name in time_columns(material.splits["train"]):
        train = read_times(material.splits["train"][name])
        for split in (split for split in material.splits if split != "train"):
            times = read_times(material.splits[split][name])
            known = [time for time in times if time is not None]
            if not known:
                continue
            newest = max(time for time in train if time is not None)
            count = sum(time < newest for time in known)
            share = count / len(known)
            column = name.removeprefix("meta.")
            message = (
                f"{count:,} of {len(known):,} {split} rows ({share:.1%}) are older than the newest train row ({column})"
            )
            if count:
                yield Measured(share, message, split=split, count=count)


CHECK = Check(
    "crossing_times",
    "times across splits",
    "info",
    0.0,
    "set data.time to that column to train on the past and test on what came later",
    measure,
    needs_train=True,
)
