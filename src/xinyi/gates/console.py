"""The verdict as one screen of plain text."""

from __future__ import annotations

import textwrap
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any
from unicodedata import east_asian_width

from xinyi.gates.outcome import FAIL, PASS, UNDECIDED

ORDER = (FAIL, UNDECIDED, PASS)
# One screen of 24 lines and its columns: the verdict first, and a line for what did not fit.
LINES = 22
LINE = 118
INDENT = " " * 12
MOST_WHY = 2


def render_console(gate: Mapping[str, Any]) -> str:
    """Verdict, counts, then one line an outcome, failures first, with the reason under what did not pass."""
    counts = ", ".join(f"{gate['counts'][answer]} {answer}" for answer in ORDER)
    lines, left = [f"verdict: {gate['verdict'].upper()}  ({counts})"], LINES
    outcomes = sorted(gate["outcomes"], key=lambda outcome: ORDER.index(outcome["answer"]))
    shown = 0
    for outcome in outcomes:
        own = list(_lines(outcome))
        if len(own) > left:
            break
        lines, left, shown = lines + own, left - len(own), shown + 1
    if shown < len(outcomes):
        lines.append(f"  … and {len(outcomes) - shown} more in gate.json")
    return "\n".join(lines) + "\n"


def _lines(outcome: Mapping[str, Any]) -> Iterator[str]:
    """What passed on one line; else what was wanted, what was got, and why, each on its own."""
    part = f" [{outcome['part']}]" if outcome["part"] else ""
    head = (
        f"  {outcome['answer']:<9} {outcome['task']}/{outcome['split']}{part} {outcome['rule']}: {outcome['expected']}"
    )
    if outcome["answer"] == PASS:
        yield shorten(f"{head}; got {outcome['got']}")
        return
    yield shorten(head)
    yield shorten(f"{INDENT}got {outcome['got']}")
    why = textwrap.wrap(" ".join(outcome["why"].split()), LINE - len(INDENT)) or [""]
    if len(why) > MOST_WHY:
        why[MOST_WHY - 1] += " …"
    yield from (shorten(INDENT + line) for line in why[:MOST_WHY])


def shorten(text: str) -> str:
    """At most LINE columns on one line; a Chinese character takes two."""
    text = text.replace("\n", " ")
    ends = list(accumulate(1 + (east_asian_width(sign) in "WF") for sign in text))
    return text if not ends or ends[-1] <= LINE else text[: bisect_right(ends, LINE - 1)] + "…"
