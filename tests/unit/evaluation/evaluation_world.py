"""A small evaluated world: three tasks with Chinese names, invented texts, logits with a known strength."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from xinyi.tasks.spec import Label, TaskSpec

STARS = TaskSpec("stars", "ordinal", tuple(Label(f"s{i}", zh, f"star {i}") for i, zh in enumerate("差低中高好")))
MOOD = TaskSpec(
    "mood", "multi", (Label("anger", "愤怒"), Label("joy", "喜悦"), Label("worry", "焦虑")), empty=Label("calm", "平静")
)
WISH = TaskSpec("wish", "single", tuple(Label(f"w{i}", zh) for i, zh in enumerate(("咨询", "退货", "投诉", "表扬"))))
TEXTS = ("快递三天没到", "谢谢客服", "音质<b>一般</b> & 偏贵", "[手机号] 没人接")


def make_table(size: int, seed: int, conversations: bool = False) -> tuple[pa.Table, dict[str, np.ndarray]]:
    """A split's data table and its logits; every seventh row lacks its wish."""
    rng = np.random.default_rng(seed)
    stars, wish = rng.integers(5, size=size), rng.integers(4, size=size)
    mood = (rng.random((size, 3)) < [0.3, 0.4, 0.1]).astype(int)
    columns = {
        "id": pa.array([f"{seed:02x}{row:014x}" for row in range(size)]),
        "text": pa.array([TEXTS[row % len(TEXTS)] for row in range(size)]),
        "context": pa.array([""] * size),
        "label.stars": pa.array([STARS.label_ids[k] for k in stars]),
        "label.mood": pa.array([[MOOD.label_ids[k] for k in np.flatnonzero(r)] for r in mood], pa.list_(pa.string())),
        "label.wish": pa.array([None if row % 7 == 0 else WISH.label_ids[k] for row, k in enumerate(wish)]),
        "meta.channel": pa.array([("chat", "call")[row % 2] for row in range(size)]),
    }
    if conversations:
        columns["meta.conversation_id"] = pa.array([f"c{row // 4}" for row in range(size)])
    logits = {
        "stars": -np.abs(np.arange(5) - stars[:, None]) * 1.5 + rng.normal(0, 1, (size, 5)),
        "mood": (mood * 2 - 1) * 1.5 + rng.normal(0, 1, (size, 3)),
        "wish": np.eye(4)[wish] * 2.5 + rng.normal(0, 1, (size, 4)),
    }
    return pa.table(columns), logits
