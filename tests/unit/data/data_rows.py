"""Rows of made-up customer messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

THINGS = ("快递", "空调", "充电器", "会员", "发票", "耳机", "洗衣机", "优惠券")
STATES = ("还没有到", "坏了怎么办", "用着很好", "能退吗", "太吵了", "比想象的便宜")


def messages(count: int) -> list[str]:
    """Different messages, none of which occurs in an error message's own words."""
    return [f"{THINGS[i % 8]}{STATES[i % 6]}啊第{i}次问" for i in range(count)]


def labelled(count: int, labels: Sequence[Any] = ("咨询", "投诉", "表扬")) -> list[dict[str, Any]]:
    """Rows whose labels take turns."""
    return [{"text": text, "label": labels[i % len(labels)]} for i, text in enumerate(messages(count))]
