"""Intensity of punctuation: 。 → ！！！ and back, and no punctuation at all."""

from __future__ import annotations

import random
import re

from xinyi.text.perturb.replacing import cut_end, outside_brackets

MARKS = "，。！？；：、,.!?;:~…—“”\"'（）()"
_STOP = re.compile(r"[。.!！]+")


def exclaim(text: str, rng: random.Random) -> str:
    """The end becomes three or more exclamation marks; a question keeps its mark before them."""
    body, end = cut_end(text)
    return body + ("？" if "？" in end or "?" in end else "") + "！" * rng.randint(3, 5)


def calm(text: str, rng: random.Random) -> str:
    """Exclamation marks become one full stop each."""
    return re.sub(r"[！!]+", "。", text)


def full_stop(text: str, rng: random.Random) -> str:
    """A full stop where the text ends without a mark; a final one taken away where it has one."""
    body, end = cut_end(text)
    if not end.strip():
        return body + "。"
    return body if _STOP.fullmatch(end.strip()) and "！" not in end and "!" not in end else text


def drop(text: str, rng: random.Random) -> str:
    """No punctuation; a blank where it parted two clauses."""
    bare = outside_brackets(text, lambda part: re.sub(f"[{re.escape(MARKS)}]+", " ", part))
    return " ".join(bare.split())
