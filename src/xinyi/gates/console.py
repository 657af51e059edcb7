"""The verdict as one screen of plain text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xinyi.gates.outcome import FAIL, PASS, UNDECIDED

SHOWN = 14
ORDER = (FAIL, UNDECIDED, PASS)
LINE = 110


def render_console(gate: Mapping[str, Any]) -> str:
    """Verdict, counts, then one line an outcome, failures first; no more than fits one screen."""
    counts = ", ".join(f"{gate['counts'][answer]} {answer}" for answer in ORDER)
    lines = [f"verdict: {gate['verdict'].upper()}  ({counts})"]
    outcomes = sorted(gate["outcomes"], key=lambda outcome: ORDER.index(outcome["answer"]))
    lines += [_line(outcome) for outcome in outcomes[:SHOWN]]
    if len(outcomes) > SHOWN:
        lines.append(f"  … and {len(outcomes) - SHOWN} more in gate.json")
    return "\n".join(lines) + "\n"


def _line(outcome: Mapping[str, Any]) -> str:
    """Answer, where, got and expected; the reason under everything that did not pass."""
    head = f"  {outcome['answer']:<9} {outcome['task']}/{outcome['split']} {outcome['rule']}: "
    text = head + f"got {outcome['got']}; expected {outcome['expected']}"
    if outcome["answer"] == PASS:
        return shorten(text)
    return f"{shorten(text)}\n            {shorten(outcome['why'])}"


def shorten(text: str) -> str:
    """At most LINE characters on one line."""
    text = text.replace("\n", " ")
    return text if len(text) <= LINE else text[: LINE - 1] + "…"
