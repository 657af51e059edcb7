"""Every sentence that a rule can say has a Chinese one: taken from the rules' source, and from their answers."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator

import pytest
from gate_world import make_parity, make_report

from xinyi import gates
from xinyi.evaluation.paired import match
from xinyi.evaluation.report import gate_words
from xinyi.evaluation.report.gate_words import in_chinese
from xinyi.gates import (
    Evidence,
    against,
    base,
    exported,
    facts,
    judge,
    limits,
    lookup,
    outcome,
    parse_rules,
    parts,
    recomputed,
)
from xinyi.gates import quantised as int8

MODULES = (against, base, exported, facts, limits, lookup, outcome, parts, int8, recomputed, match)
SAYS = {"Unusable": 0, "OtherRows": 0, "failure": 1}
# A left-out int8's own reason is the export's record, and a finding's is the data check's.
FREE = {"X"}


def text_of(node: ast.expr) -> str | None:
    """A literal sentence with X in its slots."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "X" for part in node.values)
    return None


def sentences() -> Iterator[tuple[str, str]]:
    """(field, sentence) for each literal in the rules' source."""
    for module in MODULES:
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and (at := SAYS.get(ast.unparse(node.func).split(".")[-1])) is not None:
                found = [text_of(node.args[at])] if len(node.args) > at else []
                yield from (("why", text) for text in found if text)
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Decision":
                for field, argument in zip(("expected", "got", "why"), node.args[1:], strict=False):
                    if text := text_of(argument):
                        yield field, text


def clauses(field: str, text: str) -> Iterator[str]:
    """What is left in English of a sentence, clause by clause."""
    for clause in text.split("; "):
        if (
            clause not in FREE
            and re.search("[a-z]{3}", clause)
            and not re.search(r"[\u4e00-\u9fff]", in_chinese(field, clause))
        ):
            yield clause


SENTENCES = sorted(set(sentences()))


def test_the_source_has_the_sentences():
    assert len(SENTENCES) > 60


@pytest.mark.parametrize(("field", "text"), SENTENCES)
def test_what_a_rule_can_say_is_known_in_chinese(field, text):
    assert not list(clauses(field, text))


RULES = [
    {"rule": "floor", "metric": "macro_f1", "minimum": 0.5},
    {"rule": "floor", "metric": "macro_f1", "minimum": 0.7},
    {"rule": "floor", "metric": "macro_f1", "minimum": 0.9, "on": "value"},
    {"rule": "ceiling", "metric": "mae", "maximum": 0.9, "task": "stars"},
    {"rule": "beats_baseline"},
    {"rule": "worst_label_recall", "minimum": 0.4},
    {"rule": "worst_label_recall", "minimum": 0.55},
    {"rule": "calibration", "maximum": 0.1},
    {"rule": "rows", "minimum": 100},
    {"rule": "parity", "maximum": 1e-5},
    {"rule": "int8_loss", "maximum": 0.005},
    {"rule": "no_regression"},
    {"rule": "slice_floor", "minimum": 0.5},
    {"rule": "slice_floor", "minimum": 0.5, "slice": "channel"},
    {"rule": "slice_gap", "maximum": 0.1},
    {"rule": "slice_gap", "maximum": 0.1, "slice": "channel"},
    {"rule": "behaviour", "minimum": 0.5},
    {"rule": "recomputed"},
    {"rule": "data_findings"},
    {"rule": "data_findings", "of": "mojibake", "severity": "error"},
    {"rule": "size", "maximum": 5},
    {"rule": "latency", "maximum": 5},
]


def test_no_rule_is_left_out():
    assert {rule["rule"] for rule in RULES} == set(gates.RULES) == set(gate_words.RULES)


def test_what_rules_answer_reads_as_chinese():
    rules = parse_rules(RULES)
    outcomes = judge(Evidence(make_report(), parity=make_parity()), rules)["outcomes"]
    assert {found["answer"] for found in outcomes} == {"pass", "fail", "undecided"}
    for found in outcomes:
        for field in ("expected", "got", "why"):
            assert not list(clauses(field, found[field])), found
    floor = outcomes[0]
    assert in_chinese("expected", floor["expected"]) == "宏平均 F1（区间下限）≥ 0.5"
    assert in_chinese("got", floor["got"]) == "0.7000（0.6600 至 0.7400，n=400）"


def test_a_comparison_reads_as_chinese():
    got = "0.7000 against 0.7100: -0.0100 (-0.0300 to +0.0100, n=500)"
    assert in_chinese("got", got) == "0.7000，在用模型 0.7100：差 -0.0100（-0.0300 至 +0.0100，n=500）"
    why = "neither worse nor within the margin is shown (McNemar's exact test, p=0.2 over 3 comparisons); "
    why += base.plan(0.03, 1200)
    assert in_chinese("why", why).endswith("约再有 1,200 条已标注数据即可定论")


def test_what_is_not_known_stays_as_it_is():
    assert in_chinese("why", "somebody's own rule; <b>") == "somebody's own rule；<b>"
