"""Small drawings inside the page; colours come from the page's style sheet, so that they follow light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

BAR_WIDTH, BAR_HEIGHT = 160, 16
PLOT = 220
PAD = 30


def interval_bar(
    low: float, high: float, value: float, baseline: float | None, start: float, end: float, label: str
) -> Markup:
    """A value with its interval on an axis from `start` to `end`; a dashed tick marks the constant answer."""

    def x(number: float) -> str:
        share = (number - start) / (end - start) if end > start else 0.0
        return f"{4 + min(max(share, 0.0), 1.0) * (BAR_WIDTH - 8):.1f}"

    width = max(float(x(high)) - float(x(low)), 2.0)
    parts = [
        f'<line class="axis" x1="4" x2="{BAR_WIDTH - 4}" y1="8" y2="8"/>',
        f'<rect class="range" x="{x(low)}" y="3" width="{width:.1f}" height="10" rx="2"/>',
        f'<line class="point" x1="{x(value)}" x2="{x(value)}" y1="2" y2="14"/>',
    ]
    if baseline is not None:
        parts.append(f'<line class="baseline" x1="{x(baseline)}" x2="{x(baseline)}" y1="1" y2="15"/>')
    return _svg(f"0 0 {BAR_WIDTH} {BAR_HEIGHT}", "bar", label, parts)


def share_bar(value: float | None, label: str) -> Markup:
    """A share from 0 to 1 as a filled bar."""
    width = 0.0 if value is None else max(0.0, min(1.0, value)) * 80
    track = '<rect class="track" x="0" y="2" width="80" height="8" rx="2"/>'
    return _svg(
        "0 0 80 12", "share", label, [track, f'<rect class="fill" x="0" y="2" width="{width:.1f}" height="8" rx="2"/>']
    )


def reliability_plot(table: Sequence[Mapping[str, Any]], label: str) -> Markup:
    """Claimed probability against how often it came true; on the dashed diagonal every claim is honest."""

    def x(share: float) -> float:
        return PAD + share * PLOT

    def y(share: float) -> float:
        return 10 + (1.0 - share) * PLOT

    parts = [f'<rect class="frame" x="{PAD}" y="10" width="{PLOT}" height="{PLOT}"/>']
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(f'<line class="grid" x1="{x(0):.1f}" x2="{x(1):.1f}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        parts.append(f'<text class="tick" x="{PAD - 4}" y="{y(tick) + 3:.1f}" text-anchor="end">{tick:g}</text>')
        parts.append(f'<text class="tick" x="{x(tick):.1f}" y="{PLOT + 23}" text-anchor="middle">{tick:g}</text>')
    parts.append(f'<line class="diagonal" x1="{x(0)}" y1="{y(0)}" x2="{x(1)}" y2="{y(1)}"/>')
    points = [(x(row["confidence"]), y(row["accuracy"])) for row in table]
    parts.append(f'<polyline class="curve" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}"/>')
    most = max((row["n"] for row in table), default=1)
    for (a, b), row in zip(points, table, strict=True):
        radius = 2.5 + 3.0 * (row["n"] / most) ** 0.5
        title = f"<title>claimed {row['confidence']:.3f}, came true {row['accuracy']:.3f}, n={row['n']}</title>"
        parts.append(f'<circle class="value" cx="{a:.1f}" cy="{b:.1f}" r="{radius:.1f}">{title}</circle>')
    middle = PAD + PLOT / 2
    parts.append(f'<text class="tick" x="{middle}" y="{PLOT + 37}" text-anchor="middle">claimed probability</text>')
    turn = f'transform="rotate(-90)" x="{-(10 + PLOT / 2)}" y="-1"'
    parts.append(f'<text class="tick" {turn} text-anchor="middle">came true</text>')
    return _svg(f"-10 0 {PAD + PLOT + 22} {PLOT + 42}", "plot", label, parts)


def _svg(box: str, kind: str, label: str, parts: Sequence[str]) -> Markup:
    """`parts` hold numbers only; `label` is escaped."""
    head = Markup('<svg class="{}" viewBox="{}" role="img" aria-label="{}">').format(kind, box, label)
    return head + Markup("".join(parts)) + Markup("</svg>")
