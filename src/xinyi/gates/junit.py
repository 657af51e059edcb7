"""The verdict as JUnit XML, which every CI server can show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from xinyi.gates.outcome import FAIL, UNDECIDED

# Characters that XML 1.0 cannot hold in any form.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(gate: Mapping[str, Any]) -> str:
    """One test case an outcome: a failed rule is a `failure`, an undecided one an `error`, so that neither is green."""
    counts = {key: str(gate["counts"][answer]) for key, answer in (("failures", FAIL), ("errors", UNDECIDED))}
    tests = str(len(gate["outcomes"]))
    suites = ElementTree.Element("testsuites", {"name": "xinyi gate", "tests": tests, **counts})
    suite = ElementTree.SubElement(
        suites, "testsuite", {"name": "xinyi gate", "tests": tests, **counts, "skipped": "0"}
    )
    for outcome in gate["outcomes"]:
        _case(suite, outcome)
    ElementTree.indent(suites)
    text = ElementTree.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _case(suite: ElementTree.Element, outcome: Mapping[str, Any]) -> None:
    place = f"{outcome['task']}.{outcome['split']}"
    part = f" [{outcome['part']}]" if outcome["part"] else ""
    name = f"{outcome['rule']}{part}: {outcome['expected']}"
    case = ElementTree.SubElement(suite, "testcase", {"classname": _clean(f"gate.{place}"), "name": _clean(name)})
    text = _clean(f"got {outcome['got']}: {outcome['why']}")
    element = {FAIL: "failure", UNDECIDED: "error"}.get(outcome["answer"])
    if element:
        ElementTree.SubElement(case, element, {"message": text, "type": outcome["answer"]}).text = text


def _clean(text: str) -> str:
    return FORBIDDEN.sub("�", str(text))
