"""What a text shows of itself: length, script, emoji, personal data."""

from __future__ import annotations

import re

from xinyi.text import PLACEHOLDERS
from xinyi.text.perturb.characters import TRADITIONAL_ONLY

LENGTHS = (5, 15, 40, 100)
_HAN = re.compile(r"[㐀-鿿]")
_LATIN = re.compile(r"[A-Za-z]{2,}")
# Pictographs, dingbats and symbols that people send as emoji.
_EMOJI = re.compile("[\U0001f000-\U0001faff☀-➿⬀-⯿]")
_EMOTICON = re.compile(r"\[[一-鿿A-Za-z]{1,5}\]")


def length(text: str) -> str:
    """Characters, in bands."""
    low = 0
    for high in LENGTHS:
        if len(text) <= high:
            return f"{low + 1}-{high}"
        low = high
    return f"{low + 1}+"


def script(text: str) -> str:
    """`han`, `traditional`, `han and latin`, `latin` or `neither`."""
    bare = _bare(text)
    han, latin = _HAN.search(bare), _LATIN.search(bare)
    if han and any(character in TRADITIONAL_ONLY for character in bare):
        return "traditional"
    if han:
        return "han and latin" if latin else "han"
    return "latin" if latin else "neither"


def emoji(text: str) -> str:
    """`emoji`, `[表情]` (written emoticons such as [怒]) or `none`."""
    if _EMOJI.search(text):
        return "emoji"
    return "[表情]" if _EMOTICON.search(_bare(text)) else "none"


def personal_data(text: str) -> str:
    """`masked` where a placeholder such as [手机号] stands, else `none`."""
    return "masked" if any(mark in text for mark in PLACEHOLDERS.values()) else "none"


def _bare(text: str) -> str:
    """The text without placeholders."""
    for mark in PLACEHOLDERS.values():
        text = text.replace(mark, "")
    return text
