"""The few sentences that a reader should take away, in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from xinyi.evaluation.metrics.table import METRICS
from xinyi.evaluation.report.language import both, metric_title, slice_title, value_title
from xinyi.evaluation.report.terms import LOSSES, SPLITS
from xinyi.evaluation.report.words import estimate_text, main_split, number_text, passed_share, percent_text

# A stated probability that is off by more than this on average is worth a sentence.
UNCALIBRATED = 0.05
SOUND = 0.9


def highlights(report: Mapping[str, Any], task: str) -> list[Markup]:
    """Sentences about one task: its level, where it is worst, what it does not withstand, what it promises."""
    split = main_split(report["tasks"][task])
    if split is None:
        return []
    entry = report["tasks"][task][split]
    return [
        *_level(entry, report["primary"][task], split),
        *_worst(entry),
        *_behaviour(entry),
        *_calibration(entry),
        *_abstaining(entry),
    ]


def _level(entry: Mapping[str, Any], primary: str, split: str) -> Iterator[Markup]:
    found, constant = entry["metrics"].get(primary), entry["baseline"].get(primary)
    if not found or found["value"] is None:
        return
    name, text = metric_title(primary), estimate_text(found)
    clear = constant is not None and found["low"] is not None and _beats(primary, found, constant)
    verdict = both("clearly better than", "明显好于") if clear else both("not shown to be better than", "不能说明好于")
    against = Markup("") if constant is None else Markup("{} {} {} {}").format(
        both(";", "；"), verdict, both("a constant answer at", "始终答同一标签的"), number_text(constant)
    )  # fmt: skip
    rows = both(f"on {found['n']} {split} rows", f"（{SPLITS.get(split, split)} {found['n']} 条）")
    yield Markup("{} {} {}{}").format(name, text, rows, against)


def _beats(metric: str, found: Mapping[str, Any], constant: float) -> bool:
    higher = metric not in METRICS or METRICS[metric].higher_is_better
    return found["low"] > constant if higher else found["high"] < constant


def _worst(entry: Mapping[str, Any]) -> Iterator[Markup]:
    found = entry.get("worst_slices") or {"found": []}
    for row in [row for row in found["found"] if row["worse"]][:1]:
        parts = Markup("{}").format(
            Markup(" + ").join(Markup("{} {}").format(slice_title(k), value_title(v)) for k, v in row["slice"].items())
        )
        loss = both(found["loss"], LOSSES.get(found["loss"], ""))
        numbers = both(
            f"{row['value']:.2f} against {row['rest']:.2f} elsewhere ({row['n']} rows)",
            f"{row['value']:.2f}，其余为 {row['rest']:.2f}（{row['n']} 条）",
        )
        yield Markup("{} {}{} {} {}").format(both("Weakest where", "最弱处："), parts, both(":", "，"), loss, numbers)


def _behaviour(entry: Mapping[str, Any]) -> Iterator[Markup]:
    tests = [found for suite in entry["behaviour"].values() for found in suite.values()]
    if not tests:
        return
    sound = sum(passed_share(found) >= SOUND for found in tests)
    least = min(tests, key=passed_share)
    name, share = both(least.get("en", ""), least.get("zh", "")), percent_text(least["pass_rate"]["value"])
    counted = both(
        f"{sound} of {len(tests)} behaviour tests pass at least {percent_text(SOUND)}; the lowest:",
        f"{len(tests)} 项行为测试中 {sound} 项通过率达 {percent_text(SOUND)}；最低：",
    )
    yield Markup("{} {} ({})").format(counted, name, share)


def _calibration(entry: Mapping[str, Any]) -> Iterator[Markup]:
    ece = entry["calibration"].get("ece")
    if ece is None:
        return
    off = percent_text(ece)
    if ece > UNCALIBRATED:
        yield both(f"Stated probabilities are off by {off} on average", f"概率平均偏差 {off}，不可全信")
    else:
        yield both(f"Stated probabilities can be believed: off by {off} on average", f"概率可信：平均偏差 {off}")


def _abstaining(entry: Mapping[str, Any]) -> Iterator[Markup]:
    found = entry.get("abstaining") or {}
    if not found.get("target") or not found.get("coverage"):
        return
    wanted, got = percent_text(found["target"]["risk"]), percent_text(found["coverage"]["value"])
    wrong = percent_text((found.get("risk") or {}).get("value"))
    goal = percent_text(found["target"]["coverage"])
    yield both(
        f"Held to at most {wanted} wrong answers it answers {got} of messages (wanted: {goal}), {wrong} of them wrong",
        f"限定错误不超过 {wanted} 时，作答 {got}（目标 {goal}），其中错误 {wrong}",
    )
