"""A comparison as lines for the terminal and as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xinyi.evaluation.compare.flips import LOST, MOVED, WON

HEADS = {WON: "right now, wrong before", LOST: "wrong now, right before", MOVED: "wrong in both, differently"}
# A difference whose chance is below this is marked.
SHOWN = 0.05
WIDE = 118


def render_console(found: Mapping[str, Any]) -> str:
    """Metrics side by side, then the largest groups of flipped rows."""
    lines = (line for one in found["comparisons"] for line in _console(one, found["split"]))
    return "\n".join(line if len(line) <= WIDE else f"{line[: WIDE - 1]}…" for line in lines) + "\n"


def _console(one: Mapping[str, Any], split: str) -> Iterator[str]:
    yield f"{one['run']} against {one['against']}, {split} rows (difference: + is better; *: p <= {SHOWN:g})"
    for task, entry in one["tasks"].items():
        if "why" in entry:
            yield f"\n{task}: not compared, {entry['why']}"
            continue
        yield f"\n{task}, {entry['rows']:,} rows"
        for name, metric in entry["metrics"].items():
            star = "*" if metric["p"] <= SHOWN else " "
            primary = "→" if name == entry["primary"] else " "
            change = f"{metric['value']:+.4f} ({metric['low']:+.4f} to {metric['high']:+.4f})"
            yield f" {primary} {name:<24}{metric['against']:>9.4f} →{metric['run']:>8.4f}   {change} {star}"
        for way, head in HEADS.items():
            yield from _console_flips(head, entry["flips"][way])


def _console_flips(head: str, way: Mapping[str, Any]) -> Iterator[str]:
    yield f"   {way['rows']:,} rows {head}"
    for group in way["groups"][:3]:
        yield f"     {group['rows']:>4}  gold {group['gold']}: {group['before']} → {group['after']}"
    if way["ngrams"]:
        yield f"     telling: {'  '.join(_ngram(ngram) for ngram in way['ngrams'][:6])}"


def _ngram(ngram: Mapping[str, Any]) -> str:
    return f"{ngram['ngram']} ({ngram['inside']} of {ngram['everywhere']})"


def render_markdown(found: Mapping[str, Any]) -> str:
    """Tables with every metric and every group, with examples."""
    return "\n".join(line for one in found["comparisons"] for line in _markdown(one, found["split"])) + "\n"


def _markdown(one: Mapping[str, Any], split: str) -> Iterator[str]:
    yield f"## {_cell(one['run'])} against {_cell(one['against'])} ({split} rows)\n"
    for task, entry in one["tasks"].items():
        if "why" in entry:
            yield f"### {_cell(task)}\n\nNot compared: {_cell(entry['why'])}.\n"
            continue
        yield f"### {_cell(task)} ({entry['rows']:,} rows)\n"
        yield "A positive difference is better. p is two-sided; the primary metric's is Holm's over the tasks.\n"
        yield "| metric | before | now | difference | 95 % interval | p |\n|---|---|---|---|---|---|"
        for name, metric in entry["metrics"].items():
            bold = f"**{name}**" if name == entry["primary"] else name
            values = f"{metric['against']:.4f} | {metric['run']:.4f} | {metric['value']:+.4f}"
            yield f"| {bold} | {values} | {metric['low']:+.4f} to {metric['high']:+.4f} | {_chance(metric['p'])} |"
        for way, head in HEADS.items():
            yield from _markdown_flips(head, entry["flips"][way])
        yield ""


def _markdown_flips(head: str, way: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n**{way['rows']:,} rows {head}**\n"
    if way["groups"]:
        yield "| rows | gold | before | now | examples |\n|---|---|---|---|---|"
    for group in way["groups"]:
        cells = [group["gold"], group["before"], group["after"], " · ".join(group["examples"])]
        yield f"| {group['rows']} | {' | '.join(map(_cell, cells))} |"
    if way["ngrams"]:
        yield f"\nTelling n-grams (in these rows, of all rows): {'、'.join(_cell(_ngram(n)) for n in way['ngrams'])}"


def _chance(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _cell(text: object) -> str:
    """Text that cannot break out of its cell or become markup."""
    safe = str(text).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").replace("`", "'")
    return " ".join(safe.split())
