"""Kinds of personal data, their placeholders, and the span that reports one find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

MASKER_VERSION = "4"

# Kinds follow the personal information of PIPL (Personal Information Protection Law, 2021) articles 4 and 28 that
# customers write in messages.
PLACEHOLDERS: dict[str, str] = {
    "mobile": "[手机号]",
    "landline": "[座机号]",
    "id_card": "[身份证号]",
    "bank_card": "[银行卡号]",
    "passport": "[护照号]",
    "permit": "[通行证号]",
    "email": "[邮箱]",
    "wechat": "[微信号]",
    "qq": "[QQ号]",
    "plate": "[车牌号]",
    "ip": "[IP地址]",
    "order": "[订单号]",
    "tracking": "[快递单号]",
    "address": "[地址]",
    "name": "[姓名]",
}


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """One find: ``text[start:end]`` is personal data of ``kind``.

    The found text is held for callers that need it, but never printed: a log line with a span must not leak.
    """

    start: int
    end: int
    kind: str
    text: str = field(default="", repr=False, compare=False)


Match = tuple[int, int, str]
"""Start, end and kind as a rule reports them."""

Detector = Callable[[str], Iterator[Match]]
"""A rule family: reads the folded view, yields its matches from left to right without overlap."""


def first_wins(*groups: Iterable[Match]) -> Iterator[Match]:
    """Yield the matches of all groups in order of position; where two overlap, the earlier group's one stays."""
    taken: set[int] = set()
    kept: list[Match] = []
    for group in groups:
        for match in group:
            covered = range(match[0], match[1])
            if taken.isdisjoint(covered):
                taken.update(covered)
                kept.append(match)
    yield from sorted(kept)
