"""What several perturbations share: replacing words of a table, and finding the end of a sentence."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence

# Placeholders and written emoticons such as [手机号] and [怒] are no text: nothing inside them is touched.
BRACKETED = re.compile(r"(\[[^\[\]]{1,12}\])")
_CLOSING = ("”", '"', "）", ")", "」")
END = re.compile(r"[。！？!?~…\s]*$")


def outside_brackets(text: str, change: Callable[[str], str]) -> str:
    """`change` applied to the pieces of a text that stand outside [ ]."""
    return "".join(part if BRACKETED.fullmatch(part) else change(part) for part in BRACKETED.split(text))


def replace_words(
    text: str, table: Mapping[str, str | Sequence[str]], rng: random.Random, most: int | None = None
) -> str:
    """Every word of the table found in the text (the longest first), or `most` of them drawn at random.

    A word with several replacements takes one of them at random. Unchanged when none is found.
    """
    words = re.compile("|".join(map(re.escape, sorted(table, key=len, reverse=True))))
    total = sum(len(words.findall(part)) for part in BRACKETED.split(text)[::2])
    chosen = set(range(total) if most is None else rng.sample(range(total), min(most, total)))
    count = -1

    def put(found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        if count not in chosen:
            return found[0]
        other = table[found[0]]
        return other if isinstance(other, str) else rng.choice(list(other))

    return outside_brackets(text, lambda part: words.sub(put, part))


def swap(text: str, groups: Sequence[Sequence[str]], rng: random.Random) -> str:
    """Every word that stands in a group becomes another of its group, the same word always the same."""
    table: dict[str, str] = {}
    for group in groups:
        for word in group:
            if word in text:
                table[word] = rng.choice([other for other in group if other != word])
    return replace_words(text, table, rng) if table else text


def append(text: str, ending: str) -> str:
    """The ending put after the text, which keeps its last mark or gets a comma."""
    return f"{text}，{ending}" if text[-1:].isalnum() or text[-1:] in _CLOSING else f"{text}{ending}"


def cut_end(text: str) -> tuple[str, str]:
    """The text and the marks at its end."""
    start = END.search(text).start()
    return text[:start], text[start:]
