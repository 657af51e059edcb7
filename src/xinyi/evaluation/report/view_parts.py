"""What the page shows of behaviour, abstaining and suspected labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from xinyi.evaluation.report import svg
from xinyi.evaluation.report.language import both
from xinyi.evaluation.report.terms import SCORES, TYPES
from xinyi.evaluation.report.words import estimate_text, passed_share, percent_text

# What fails in fewer cases than this is shown as sound.
SOUND = 0.9


def behaviour(entry: Mapping[str, Any], names: Mapping[str, Markup]) -> list[dict[str, Any]]:
    """Each suite with its tests, those that fail most first."""
    suites = []
    for name, tests in entry["behaviour"].items():
        rows = sorted((_test_row(test, found, names) for test, found in tests.items()), key=lambda row: row["share"])
        titles = next(iter(tests.values()), {}).get("suite", {})
        title = both(titles.get("en") or name.replace("_", " "), titles.get("zh", ""))
        suites.append({"title": title, "rows": rows, **_overview(name, rows)})
    return suites


def _overview(name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How much of a suite is sound, for those who do not unfold it."""
    sound = sum(row["sound"] for row in rows)
    bar = svg.share_bar(sound / len(rows), f"{name}: {sound} / {len(rows)}")
    return {"sound": sound, "bar": bar, "least": rows[0]["passed"]}


def _test_row(test: str, found: Mapping[str, Any], names: Mapping[str, Markup]) -> dict[str, Any]:
    passed, flipped = found["pass_rate"], found["flip_rate"]
    ends, label = (passed["low"], passed["high"], passed["value"]), f"{test} {estimate_text(passed)}"
    return {
        "title": both(found.get("en") or test.replace("_", " "), found.get("zh", "")),
        "type": both(*TYPES.get(found.get("type", ""), ("", ""))),
        "n": found["n"],
        "share": passed_share(found),
        "sound": passed_share(found) >= SOUND,
        "passed": percent_text(passed["value"]),
        "range": f"{percent_text(passed['low'])}–{percent_text(passed['high'])}",
        "flipped": percent_text(flipped["value"]),
        "bar": svg.interval_bar(*ends, None, 0.0, 1.0, label) if found["n"] else "",
        "examples": [_example(example, names) for example in found.get("examples", [])],
    }


def _example(example: Mapping[str, Any], names: Mapping[str, Markup]) -> dict[str, Any]:
    answers = {key: chips(example[key], names) for key in ("before", "after") if example[key] is not None}
    shown = {"text": example["text"], "changed": example["changed"], "before": [], "after": []}
    return {**shown, "expected": expected_text(example["expected"], names), **answers}


def expected_text(expected: str, names: Mapping[str, Markup]) -> Markup:
    """What a test wanted, in both languages where it is one of our words."""
    return names[expected] if expected in names else both(expected, EXPECTED.get(expected, ""))


EXPECTED = {
    "the same answer": "答案不变",
    "negative": "负面",
    "neutral": "中性",
    "positive": "正面",
    "polarity down": "评价下降",
    "polarity up": "评价上升",
    "polarity not up": "评价不上升",
    "polarity not down": "评价不下降",
}


def chips(answer: str | Sequence[str], names: Mapping[str, Markup], empty: Markup | None = None) -> list[Markup]:
    """The names of an answer's labels; `empty` for none."""
    labels = [answer] if isinstance(answer, str) else list(answer)
    return [names.get(label, both(label)) for label in labels] or [empty or both("none", "无")]


def abstaining(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a report says about answering only where the model is sure."""
    found = entry.get("abstaining")
    if not found or not found["curve"]:
        return None
    view: dict[str, Any] = {"points": [], "scores": [], "target": found["target"], "coverage": None, "kept": None}
    for share in (0.5, 0.8, 0.9, 1.0):
        near = next((point for point in found["curve"] if point["coverage"] >= share - 1e-9), None)
        if near:
            view["points"].append((percent_text(share), percent_text(near["risk"])))
    if found.get("coverage"):
        view |= {key: _percents(found[key]) for key in ("coverage", "risk")} | {"kept": found["kept"]}
    if found["outside"]:
        view["outside"] = found["outside"]["rows"]
        view["scores"] = [
            {
                "name": both(*SCORES.get(name, (name, ""))),
                **{key: estimate_text(one[key]) for key in ("auroc", "fpr95")},
            }
            for name, one in found["outside"]["scores"].items()
        ]
    return view


def _percents(estimate: Mapping[str, Any]) -> str:
    if estimate["value"] is None:
        return "–"
    if estimate["low"] is None:
        return percent_text(estimate["value"])
    return f"{percent_text(estimate['value'])} ({percent_text(estimate['low'])}–{percent_text(estimate['high'])})"


def suspects(entry: Mapping[str, Any], names: Mapping[str, Markup], empty: Markup) -> dict[str, Any]:
    """Labels that look wrong. weak: the model errs so often that its doubts say little."""
    found = entry.get("label_issues") or {"n": 0, "suspected": None, "shown": []}
    rows = [
        {**row, "gold": chips(row["gold"], names, empty), "suggested": chips(row["suggested"], names, empty)}
        for row in found["shown"]
    ]
    weak = bool(found["suspected"]) and found["suspected"] > 0.2 * found["n"]
    return {"n": found["n"], "suspected": found["suspected"], "rows": rows, "weak": weak}
