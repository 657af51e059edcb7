"""The two square plots of a task: are stated probabilities true, and what is gained by answering less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from xinyi.evaluation.report.svg import svg

PLOT = 220
LEFT, TOP = 44, 10
TICKS = 4


def reliability_plot(table: Sequence[Mapping[str, Any]], label: str) -> Markup:
    """Claimed probability against how often it came true; on the dashed diagonal every claim is honest."""
    parts = [*_frame(1.0, ("claimed probability", "声称的概率"), ("came true", "实际为真"))]
    parts.append(f'<line class="diagonal" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>')
    points = [(_x(row["confidence"]), _y(row["accuracy"])) for row in table]
    for (a, b), row in zip(points, table, strict=True):
        # The gap to honesty, which the eye should see before the curve.
        parts.append(f'<line class="gap" x1="{a:.1f}" x2="{a:.1f}" y1="{b:.1f}" y2="{_y(row["confidence"]):.1f}"/>')
    parts.append(f'<polyline class="curve" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}"/>')
    most = max((row["n"] for row in table), default=1)
    for (a, b), row in zip(points, table, strict=True):
        radius = 2.5 + 3.0 * (row["n"] / most) ** 0.5
        title = f"<title>{row['confidence']:.3f} → {row['accuracy']:.3f}, n={row['n']}</title>"
        parts.append(f'<circle class="value" cx="{a:.1f}" cy="{b:.1f}" r="{radius:.1f}">{title}</circle>')
    return _plot(label, parts)


def risk_plot(curve: Sequence[Mapping[str, float]], entry: Mapping[str, Any], label: str) -> Markup:
    """Share of wrong answers against share of messages answered, the surest first; the fitted threshold as a ring."""
    top = _round_up(max((point["risk"] for point in curve), default=1.0))
    parts = [*_frame(top, ("share answered", "作答比例"), ("wrong among them", "其中错误"))]
    points = [(_x(point["coverage"]), _y(point["risk"] / top)) for point in curve]
    if points:
        area = [(points[0][0], _y(0)), *points, (points[-1][0], _y(0))]
        parts.append(f'<polygon class="under" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in area)}"/>')
    parts.append(f'<polyline class="curve" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}"/>')
    target, chosen = entry.get("target"), entry.get("risk")
    if target and target["risk"] <= top:
        y = _y(target["risk"] / top)
        parts.append(f'<line class="limit" x1="{_x(0)}" x2="{_x(1)}" y1="{y:.1f}" y2="{y:.1f}"/>')
    if chosen and chosen["value"] is not None:
        at = (_x(entry["coverage"]["value"]), _y(min(chosen["value"] / top, 1.0)))
        parts.append(f'<circle class="ring" cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="6"/>')
    return _plot(label, parts)


def _x(share: float) -> float:
    return LEFT + share * PLOT


def _y(share: float) -> float:
    return TOP + (1.0 - share) * PLOT


def _frame(top: float, across: tuple[str, str], up: tuple[str, str]) -> list[str]:
    """Grid, ticks and the axes' names in both languages."""
    parts = [f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{PLOT}" height="{PLOT}" rx="3"/>']
    for number in range(TICKS + 1):
        share = number / TICKS
        if 0 < number < TICKS:
            parts.append(f'<line class="grid" x1="{_x(0)}" x2="{_x(1)}" y1="{_y(share):.1f}" y2="{_y(share):.1f}"/>')
        parts.append(
            f'<text class="tick" x="{LEFT - 6}" y="{_y(share) + 3:.1f}" text-anchor="end">{share * top:.3g}</text>'
        )
        parts.append(
            f'<text class="tick" x="{_x(share):.1f}" y="{TOP + PLOT + 14}" text-anchor="middle">{share:g}</text>'
        )
    turn = f'transform="rotate(-90)" x="{-(TOP + PLOT / 2):.0f}" y="11"'
    for language, wide, high in zip(("en", "zh"), across, up, strict=True):
        below = f'x="{LEFT + PLOT / 2:.0f}" y="{TOP + PLOT + 31}"'
        parts.append(f'<text class="name {language}" {below} text-anchor="middle">{wide}</text>')
        parts.append(f'<text class="name {language}" {turn} text-anchor="middle">{high}</text>')
    return parts


def _round_up(value: float) -> float:
    return next((step for step in (0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8) if value <= step), 1.0)


def _plot(label: str, parts: Sequence[str]) -> Markup:
    return svg(f"0 0 {LEFT + PLOT + 12} {TOP + PLOT + 36}", "plot", label, parts)
