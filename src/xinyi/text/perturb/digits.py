"""Digits as characters: 3天 → 三天, 128元 → 一百二十八元, 3.5 → 三点五."""

from __future__ import annotations

import random
import re

CHARACTERS = "零一二三四五六七八九"
UNITS = ("", "十", "百", "千")
GROUPS = ("", "万", "亿")
# Longer runs are numbers of orders or telephones: nobody writes them out.
_NUMBER = re.compile(r"(?<![\d.:/A-Za-z-])(\d{1,6})(?:\.(\d{1,2}))?(%|％)?(?![\d.:/A-Za-z-])")
_MEASURED = "个次天只件台条张份块元倍年套家位回遍斤两箱盒包瓶双点半"


def to_characters(text: str, rng: random.Random) -> str:
    """Every free-standing number of at most six digits written out."""
    return _NUMBER.sub(lambda found: _written(found, text), text)


def number(value: int) -> str:
    """A number from 0 to 999,999,999,999 in Chinese characters, such as 一百零五."""
    if value < 10:
        return CHARACTERS[value]
    groups, place, text = [], 0, ""
    while value:
        groups.append((value % 10000, place))
        value, place = value // 10000, place + 1
    for part, place in reversed(groups):
        if part:
            gap = "零" if text and part < 1000 else ""
            text += gap + _below_ten_thousand(part) + GROUPS[place]
    return text[1:] if text.startswith("一十") else text


def _below_ten_thousand(value: int) -> str:
    text = ""
    for place in (3, 2, 1, 0):
        digit = value // 10**place % 10
        if digit:
            text += CHARACTERS[digit] + UNITS[place]
        elif text and value % 10**place and not text.endswith("零"):
            text += "零"
    return text


def _written(found: re.Match[str], text: str) -> str:
    whole, part, percent = found.groups()
    if len(whole) > 1 and whole.startswith("0"):
        return found[0]
    said = number(int(whole))
    if part:
        said += "点" + "".join(CHARACTERS[int(digit)] for digit in part)
    elif whole == "2" and text[found.end() : found.end() + 1] in tuple(_MEASURED):
        said = "两"
    return f"百分之{said}" if percent else said
