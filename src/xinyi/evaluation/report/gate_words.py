"""The gate's sentences in Chinese. gate.json has English ones; the page shows both.

A sentence that no pattern knows stays English, and a test holds that the rules' own sentences are all known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from xinyi.evaluation.report.gate_terms import FOUND, REASONS, WANTED
from xinyi.evaluation.report.terms import METRIC_NAMES

ENDS = {"low": "区间下限", "high": "区间上限", "value": "数值", "p50": "中位数", "p95": "第 95 百分位数"}
ANSWERED = {"within": "在限值之内", "beyond": "超出限值"}
COUNTED = {"labelled rows": "已标注数据", "cases": "用例", "calls": "调用"}
UNITS = {"labelled rows": "条已标注数据", "cases": "个用例", "calls": "次调用"}
RULES = {
    "floor": "下限", "ceiling": "上限", "beats_baseline": "好于固定回答", "worst_label_recall": "最差标签召回率",
    "calibration": "校准", "rows": "样本数", "slice_floor": "切片下限", "slice_gap": "切片差距",
    "behaviour": "行为测试", "parity": "导出一致性", "size": "体积", "latency": "耗时", "int8_loss": "int8 损失",
    "no_regression": "不退步", "data_findings": "数据检查", "recomputed": "重算核对",
}  # fmt: skip
SIDES = {"the report": "本报告", "the champion's report": "在用模型的报告", "the champion": "在用模型"}
SEVERITY = {"info": "提示", "warning": "警告", "error": "错误"}
ROLES = {"candidate": "候选模型", "champion": "在用模型"}
KINDS = {"an object": "对象", "a number": "数字"}

# Slots of these names are put into Chinese; all others stand as they are.
SLOTS: Mapping[str, Callable[[str], str]] = {
    "metric": lambda name: "主要指标" if name == "primary" else METRIC_NAMES.get(name, (name, ""))[0],
    "end": lambda name: ENDS.get(name, name),
    "within": lambda name: ANSWERED.get(name, name),
    "counted": lambda name: COUNTED.get(name, name),
    "units": lambda name: UNITS.get(name, name),
    "whose": lambda name: SIDES.get(name, name),
    "side": lambda name: ROLES.get(name, name),
    "severity": lambda name: SEVERITY.get(name, name),
    "kind": lambda name: KINDS.get(name, name),
}


def _compiled(words: Mapping[str, str]) -> list[tuple[re.Pattern[str], str]]:
    def pattern(english: str) -> str:
        return "".join(
            f"(?P<{part[1:-1]}>.+?)" if part.startswith("{") else re.escape(part)
            for part in re.split(r"(\{\w+\})", english)
        )

    return [(re.compile(pattern(english)), chinese) for english, chinese in words.items()]


_PATTERNS = {"expected": _compiled(WANTED), "got": _compiled(FOUND), "why": _compiled(REASONS)}


def in_chinese(field: str, text: str) -> str:
    """An outcome's `expected`, `got` or `why` in Chinese; a clause that is not known as it was."""
    return "；".join(_clause(field, clause) for clause in text.split("; "))


def _clause(field: str, clause: str) -> str:
    for pattern, chinese in _PATTERNS[field]:
        if found := pattern.fullmatch(clause):
            return chinese.format(**{slot: SLOTS.get(slot, str)(text) for slot, text in found.groupdict().items()})
    return clause
