"""The characters of a text that the rules read: without what cannot be seen, and each blank once.

A number is the same with a soft hyphen, a keycap or two blanks in it. Normalised texts hold little of that; texts of
a file that is masked in place do.
"""

from __future__ import annotations

import re

from xinyi.text.normalize import INVISIBLE

# Beside what the normaliser drops: joiners, and marks over or around a character, such as the keycap of 1️⃣.
_UNREAD = f"{INVISIBLE}\u200d\u0300-\u036f\u20d0-\u20ff"
_LEFT_OUT = re.compile(f"(?<=\\s)[\\s{_UNREAD}]+|[{_UNREAD}]+")


def bare(text: str) -> tuple[str, list[int] | None]:
    """What is read of ``text``, and where each of its characters stands there; None where nothing is left out.

    The places have an end: a piece [i, j) of what is read stands at [places[i], places[j]), with what was left out
    inside it and right behind it.
    """
    if not _LEFT_OUT.search(text):
        return text, None
    read: list[str] = []
    places: list[int] = []
    last = 0
    for match in _LEFT_OUT.finditer(text):
        read.append(text[last : match.start()])
        places += range(last, match.start())
        last = match.end()
    places += range(last, len(text) + 1)
    return "".join([*read, text[last:]]), places
