"""Labels with few training rows: they are hardly learnt, and their metrics are mostly noise."""

from __future__ import annotations

from collections.abc import Iterator

from xinyi.data.checks.finding import Check, Example, Measured
from xinyi.data.checks.material import Material

# Fewer rows than this share are few, too, however large the data set is.
LEAST_SHARE = 0.005


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """The training rows of each label that has fewer than the limit, or under 0.5 % of them."""
    if "train" not in material.splits:
        return
    for task in material.tasks:
        members, rows = material.members("train", task), int(material.known("train", task).sum())
        even = 1 / len(task.labels)
        for label, count in zip(task.label_ids, members.sum(axis=0).tolist(), strict=True):
            share = count / max(1, rows)
            if count and (count < limit or (share < LEAST_SHARE and share < even / 10)):
                shown = material.examples("train", members[:, task.index[label]].nonzero()[0].tolist())
                message = f"{task.id}: {label!r} has {count:,} of {rows:,} train rows ({share:.2%})"
                # A count beside the limit, scaled so that a share that is too small is below it as well.
                value = min(count, limit * share / min(LEAST_SHARE, even / 10)) if count >= limit else count
                examples = tuple(Example((text,)) for text in shown)
                yield Measured(value, message, "train", task.id, label, int(count), examples)


CHECK = Check(
    "rare_labels",
    "labels with few training rows",
    "warning",
    20,
    "collect more rows, merge the label into another (data.map), or weigh it up (recipe=balanced)",
    measure,
    least=True,
    needs_train=True,
)
