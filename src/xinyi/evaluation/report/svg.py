"""Small drawings inside the page; colours come from the page's style sheet, so that they follow light and dark."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

BAR_WIDTH, BAR_HEIGHT = 160, 16


def interval_bar(
    low: float, high: float, value: float, baseline: float | None, start: float, end: float, label: str
) -> Markup:
    """A value with its interval on an axis from `start` to `end`; a dashed tick marks what it is compared with."""

    def x(number: float) -> str:
        share = (number - start) / (end - start) if end > start else 0.0
        return f"{4 + min(max(share, 0.0), 1.0) * (BAR_WIDTH - 8):.1f}"

    width = max(float(x(high)) - float(x(low)), 2.0)
    parts = [
        f'<line class="axis" x1="4" x2="{BAR_WIDTH - 4}" y1="8" y2="8"/>',
        f'<rect class="range" x="{x(low)}" y="3" width="{width:.1f}" height="10" rx="3"/>',
    ]
    if baseline is not None:
        parts.append(f'<line class="baseline" x1="{x(baseline)}" x2="{x(baseline)}" y1="0" y2="16"/>')
    parts.append(f'<circle class="point" cx="{x(value)}" cy="8" r="3.2"/>')
    return svg(f"0 0 {BAR_WIDTH} {BAR_HEIGHT}", "bar", label, parts)


def share_bar(value: float | None, label: str) -> Markup:
    """A share from 0 to 1 as a filled bar."""
    width = 0.0 if value is None else max(0.0, min(1.0, value)) * 80
    track = '<rect class="track" x="0" y="2" width="80" height="8" rx="4"/>'
    return svg(
        "0 0 80 12", "share", label, [track, f'<rect class="fill" x="0" y="2" width="{width:.1f}" height="8" rx="4"/>']
    )


def svg(box: str, kind: str, label: str, parts: Sequence[str]) -> Markup:
    """`parts` hold numbers and words of ours only; `label` is escaped."""
    head = Markup('<svg class="{}" viewBox="{}" role="img" aria-label="{}">').format(kind, box, label)
    return head + Markup("".join(parts)) + Markup("</svg>")
