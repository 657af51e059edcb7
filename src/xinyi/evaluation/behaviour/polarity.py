"""Which labels of a task are good news and which are bad: what lets one suite judge sentiment tasks of any naming."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xinyi.tasks.spec import TaskSpec

# Label ids of sentiment tasks as they are usually called, and how good they are.
VALUES: dict[float, tuple[str, ...]] = {
    -2.0: ("very_negative", "very negative", "非常消极", "非常负面", "很不满意", "非常不满意"),
    -1.0: ("negative", "neg", "消极", "负面", "负向", "差评", "不满", "不满意", "dissatisfied", "bad"),
    0.0: ("neutral", "中性", "中立", "一般", "中评"),
    1.0: ("positive", "pos", "积极", "正面", "正向", "好评", "满意", "satisfied", "good"),
    2.0: ("very_positive", "very positive", "非常积极", "非常正面", "很满意", "非常满意"),
}
_VALUE_OF = {label: value for value, labels in VALUES.items() for label in labels}
# Ordinal tasks of these names run from bad to good, whatever their labels are called.
SCALES = ("stars", "star", "rating", "score", "sentiment", "satisfaction", "评分", "星级", "满意度", "情感")


def polarity(spec: TaskSpec) -> NDArray[np.float64] | None:
    """Each label's value from -1 (worst) to 1 (best); (C,). None for a task that does not tell good from bad."""
    if spec.kind == "multi":
        return None
    values = [_VALUE_OF.get(label.id.lower(), _VALUE_OF.get(label.zh)) for label in spec.labels]
    if all(value is not None for value in values) and min(values) < 0 < max(values):
        found = np.array(values, dtype=np.float64)
        return found / np.abs(found).max()
    if spec.kind == "ordinal" and spec.id.lower() in SCALES:
        return np.linspace(-1.0, 1.0, len(spec.labels))
    return None


def pole(value: float) -> str:
    """`negative`, `neutral` or `positive`."""
    return "negative" if value < 0 else "positive" if value > 0 else "neutral"
