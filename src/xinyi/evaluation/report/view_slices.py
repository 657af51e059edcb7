"""What the page shows of slices, and of the worst among them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from xinyi.evaluation.metrics.table import METRICS
from xinyi.evaluation.report import svg
from xinyi.evaluation.report.language import both, slice_title, value_title
from xinyi.evaluation.report.terms import LOSSES
from xinyi.evaluation.report.words import estimate_text, number_text, range_text


def slices(entry: Mapping[str, Any], primary: str) -> list[dict[str, Any]]:
    """Each slice with its values by the primary metric; the dashed line marks all rows."""
    overall = (entry["metrics"].get(primary) or {}).get("value")
    groups = []
    for name, values in entry["slices"].items():
        found = [(value, part, part["metrics"].get(primary)) for value, part in values.items()]
        numbers = [n for _, _, e in found if e and e["low"] is not None for n in (e["low"], e["high"])]
        start, end = axis(primary, [*numbers, overall or 0.0])
        rows = [_slice_row(value, part, estimate, overall, start, end) for value, part, estimate in found]
        groups.append({"title": slice_title(name), "rows": rows})
    return groups


def _slice_row(
    value: str,
    part: Mapping[str, Any],
    estimate: Mapping[str, Any] | None,
    overall: float | None,
    start: float,
    end: float,
) -> dict[str, Any]:
    row = {"name": value_title(value), "n": part["n"], "small": part["too_small"], "value": "–", "range": "", "bar": ""}
    if estimate and estimate["value"] is not None:
        row |= {"value": number_text(estimate["value"], 2), "range": range_text(estimate, 2)}
        if estimate["low"] is not None:
            ends = (estimate["low"], estimate["high"], estimate["value"])
            row["bar"] = svg.interval_bar(*ends, overall, start, end, f"{value} {estimate_text(estimate)}")
    return row


def axis(metric: str, numbers: Sequence[float]) -> tuple[float, float]:
    """From 0 unless something is negative; to the metric's best or worst, or a little beyond what is shown."""
    known = METRICS.get(metric)
    low, high = (known.low, known.high) if known else (0.0, math.inf)
    start = low if min(numbers) < 0 else 0.0
    end = high if math.isfinite(high) else max(numbers) * 1.15
    return start, end or 1.0


def worst(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The slices found worst, and how many were looked at."""
    found = entry.get("worst_slices") or {"tested": 0, "found": [], "loss": "error rate"}
    rows = [
        {
            "parts": [(slice_title(name), value_title(value)) for name, value in row["slice"].items()],
            "n": row["n"],
            "value": number_text(row["value"], 2),
            "rest": number_text(row["rest"], 2),
            "gap": f"+{row['difference']['value']:.2f}",
            "range": range_text(row["difference"], 2),
            "q": "< 0.001" if row["q"] < 0.001 else f"{row['q']:.3f}",
            "worse": row["worse"],
        }
        for row in found["found"]
        if row["worse"]
    ]
    return {"tested": found["tested"], "rows": rows, "loss": both(found["loss"], LOSSES.get(found["loss"], ""))}
