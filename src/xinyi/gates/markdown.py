"""The verdict for a CI summary page (GITHUB_STEP_SUMMARY) or a pull request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xinyi.gates.console import ORDER

SIGNS = {"pass": "✅", "fail": "❌", "undecided": "❔"}


def render_markdown(gate: Mapping[str, Any]) -> str:
    """A heading with the verdict and one table, failures first."""
    counts = ", ".join(f"{gate['counts'][answer]} {answer}" for answer in ORDER)
    lines = [f"## {SIGNS[gate['verdict']]} Gate: {gate['verdict']}", "", counts, ""]
    lines += ["| | task | split | rule | expected | got | why |", "|---|---|---|---|---|---|---|"]
    for outcome in sorted(gate["outcomes"], key=lambda outcome: ORDER.index(outcome["answer"])):
        rule = f"{outcome['rule']} [{outcome['part']}]" if outcome["part"] else outcome["rule"]
        cells = [outcome["task"], outcome["split"], rule, outcome["expected"], outcome["got"], outcome["why"]]
        lines.append(f"| {SIGNS[outcome['answer']]} {outcome['answer']} | {' | '.join(map(_cell, cells))} |")
    return "\n".join(lines) + "\n"


def _cell(text: object) -> str:
    """Text that cannot break out of its cell or become markup."""
    safe = str(text).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
    return " ".join(safe.split())
