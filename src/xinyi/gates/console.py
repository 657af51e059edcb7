"""The verdict as one screen of plain text."""

from __future__ import annotations

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
    """Answer, where, got and expected; the reason under everything that did not pass."""
    part = f" [{outcome['part']}]" if outcome["part"] else ""
    head = f"  {outcome['answer']:<9} {outcome['task']}/{outcome['split']}{part} {outcome['rule']}: "
    yield shorten(head + f"got {outcome['got']}; expected {outcome['expected']}")
    if outcome["answer"] != PASS:
        yield shorten(f"            {outcome['why']}")


def shorten(text: str) -> str:
    """At most LINE columns on one line; a Chinese character takes two."""
    text = text.replace("\n", " ")
    ends = list(accumulate(1 + (east_asian_width(sign) in "WF") for sign in text))
    return text if not ends or ends[-1] <= LINE else text[: bisect_right(ends, LINE - 1)] + "…"
