"""Small data sets with a trouble planted in them, as tables; no file is read."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from xinyi.data.checks import CHECKS, Material, Measured
from xinyi.data.checks.material import near_training
from xinyi.data.prepare import row_id
from xinyi.tasks import TaskSpec
from xinyi.tasks.spec import Label

LABELS = ("咨询", "投诉", "表扬")
# What each label's messages are made of, so that a plain learner can tell them apart.
PARTS: dict[str, tuple[str, ...]] = {
    "咨询": ("请问 想问下 麻烦问一句", "这款 那台 新出的", "空调 耳机 风扇", "有没有货 能开发票吗 保修几年"),
    "投诉": ("气死了 太离谱 第三回了", "你们的 贵司 那家店", "快递 客服 师傅", "又没来 骂人 推来推去"),
    "表扬": ("真心感谢 必须夸夸 好评", "这次的 上门的 值班的", "安装 维修 配送", "又快又好 特别耐心 帮了大忙"),
}

TASK = TaskSpec("intent", "single", tuple(Label(name) for name in LABELS))

Row = dict[str, Any]


def rows(count: int, seed: int = 0) -> list[Row]:
    """Different labelled rows of 12 to 30 characters, the labels in turn; seeds give different texts."""
    chance, found = random.Random(seed), []
    for i in range(count):
        label = LABELS[i % 3]
        text = "".join(chance.choice(part.split()) for part in PARTS[label])
        unlike = "".join(chr(chance.randint(0x4E00, 0x8FFF)) for _ in range(chance.randint(3, 14)))
        found.append({"text": text + unlike, "label": label})
    return found


def table(found: Iterable[Row]) -> pa.Table:
    """Rows in the layout of a data table."""
    found = [{"context": "", "source": "a.jsonl", **row} for row in found]
    columns = {
        "id": [row_id(row["text"], row["context"]) for row in found],
        **{name: [row[name] for row in found] for name in ("text", "context")},
        "label.intent": [row["label"] for row in found],
        **{f"meta.{k}": [row.get(k) for row in found] for k in sorted({key for row in found for key in row} - _OWN)},
        "source": [row["source"] for row in found],
        "row": list(range(1, len(found) + 1)),
    }
    kind = pa.list_(pa.string()) if any(isinstance(row["label"], list) for row in found) else pa.string()
    return pa.table({k: pa.array(v, kind if k == "label.intent" else None) for k, v in columns.items()})


_OWN = {"text", "context", "label", "source"}


def material(splits: Mapping[str, Iterable[Row]], task: TaskSpec = TASK, **others: Any) -> Material:
    """A data set for its checks."""
    tables = {name: table(found) for name, found in splits.items()}
    return Material(tables, (task,), near=near_training(tables), **others)


def measured(check: str, splits: Mapping[str, Iterable[Row]], **others: Any) -> list[Measured]:
    """What a check finds."""
    return list(CHECKS[check].measure(material(splits, **others), CHECKS[check].limit))


def over(check: str, splits: Mapping[str, Iterable[Row]], **others: Any) -> list[Measured]:
    """What a check finds that is over its own limit."""
    return [m for m in measured(check, splits, **others) if CHECKS[check].is_over(m.value, CHECKS[check].limit)]


def in_order() -> dict[str, list[Row]]:
    """A data set that no check has anything against."""
    return {"train": rows(300, 1), "validation": rows(120, 2), "test": rows(120, 3)}
