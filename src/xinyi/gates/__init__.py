"""Gates: rules over report files, and one verdict: pass, fail or undecided. Never imports torch."""

from xinyi.gates.base import Evidence, Rule
from xinyi.gates.console import render_console
from xinyi.gates.files import write
from xinyi.gates.judge import EXIT_CODES, judge
from xinyi.gates.junit import render_junit
from xinyi.gates.markdown import render_markdown
from xinyi.gates.outcome import Outcome
from xinyi.gates.parse import RULES, parse_rules
from xinyi.gates.read import read_report, report_answers, report_file, report_sha256

__all__ = [
    "EXIT_CODES",
    "RULES",
    "Evidence",
    "Outcome",
    "Rule",
    "judge",
    "parse_rules",
    "read_report",
    "render_console",
    "render_junit",
    "render_markdown",
    "report_answers",
    "report_file",
    "report_sha256",
    "write",
]
