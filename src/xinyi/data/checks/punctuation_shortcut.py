"""Labels that punctuation or emoji give away: traces of how the rows were collected."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from xinyi.data.checks.finding import Check, Example, Measured
from xinyi.data.checks.material import Material
from xinyi.data.checks.shortcuts import area

# What is looked at, each as yes or no, and all of them together.
SIGNS: dict[str, re.Pattern[str]] = {
    "ends with a full stop": re.compile("[。.]$"),
    "ends with a question mark": re.compile("[?？]$"),
    "ends with an exclamation mark": re.compile("[!！]$"),
    "has an exclamation mark": re.compile("[!！]"),
    "has a question mark": re.compile("[?？]"),
    "has an ellipsis or ~": re.compile("…|\\.{3}|。。|~|～"),
    "has a comma": re.compile("[,，、]"),
    "has quotes or brackets": re.compile('[“”"《》「」【】#]'),
    "has an emoji": re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]|\\[[\u4e00-\u9fff]{1,4}\\]"),
    "has a blank": re.compile(" "),
    "has Latin letters": re.compile("[A-Za-z]{2}"),
    "has a digit": re.compile("[0-9]"),
}


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """For each label the area under the ROC curve of its signs together, and which sign says most."""
    if "train" not in material.splits:
        return
    rows, texts = material.sample("train")
    signs = np.array([[bool(sign.search(text)) for sign in SIGNS.values()] for text in texts], dtype=np.int64)
    together = np.unique(signs @ (1 << np.arange(len(SIGNS))), return_inverse=True)[1]
    for task in material.tasks:
        known, members = material.known("train", task)[rows], material.members("train", task)[rows]
        for index, label in enumerate(task.label_ids):
            wanted = members[known, index]
            found = area(together[known], wanted)
            if found is not None and found > (limit + 0.5) / 2:
                sign, inside, outside = _telling(signs[known], wanted)
                message = (
                    f"{task.id}: {label!r} is told by punctuation alone with an area under the curve of {found:.2f} "
                    f"({sign}: {inside:.0%} of its rows, {outside:.0%} elsewhere)"
                )
                own = rows[np.flatnonzero(known)[wanted]]
                shown = tuple(Example((text,)) for text in material.examples("train", own))
                yield Measured(found, message, "train", task.id, label, int(wanted.sum()), shown)


def _telling(signs: NDArray[np.int64], wanted: NDArray[np.bool_]) -> tuple[str, float, float]:
    inside, outside = signs[wanted].mean(axis=0), signs[~wanted].mean(axis=0)
    best = int(np.abs(inside - outside).argmax())
    return list(SIGNS)[best], float(inside[best]), float(outside[best])


CHECK = Check(
    "punctuation_shortcut",
    "labels that punctuation gives away",
    "warning",
    0.9,
    "collect the labels the same way; try the behaviour suite without punctuation",
    measure,
    needs_train=True,
)
