"""What every rule has, and what rules look at. A missing, null, NaN or impossible number always fails, never passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from xinyi.evaluation.answers import SplitAnswers
from xinyi.evaluation.paired.planning import detectable, more_rows, standard_error
from xinyi.gates.lookup import Interval, Unusable, mapping, tasks_of
from xinyi.gates.outcome import FAIL, PASS, REASONS, UNDECIDED, Outcome

Found = TypeVar("Found")
ON_VALUE = "value"
# One-sided, as the ends of a two-sided interval of 95 %.
ALPHA = 0.025


@dataclass(frozen=True, eq=False)
class Evidence:
    """What rules look at; None = not given.

    champion: the report of the model in use. parity: the export's record. bundle: its manifest. latency: {p50 and
    p95: {value, low, high, n}} in milliseconds. answers, champion_answers: split → each row's answers, as they lie
    beside the two reports.
    """

    report: Mapping[str, Any]
    champion: Mapping[str, Any] | None = None
    parity: Mapping[str, Any] | None = None
    bundle: Mapping[str, Any] | None = None
    latency: Mapping[str, Any] | None = None
    answers: Mapping[str, SplitAnswers] | None = None
    champion_answers: Mapping[str, SplitAnswers] | None = None
    _known: dict[Any, Any] = field(default_factory=dict)

    def once(self, key: Any, find: Callable[[], Any]) -> Any:
        """What `find` gives, worked out once for all rules; what it raises is raised each time."""
        if key not in self._known:
            self._known[key] = find()
        return self._known[key]

    def rows_of(self, split: str, champion: bool = False) -> SplitAnswers:
        """A split's answers, after they were proved to be those that the report was made from. Raises Unusable."""
        report, answers = (self.champion, self.champion_answers) if champion else (self.report, self.answers)
        whose = "the champion" if champion else "the report"
        return self.once(("rows", champion, split), lambda: _proved(report or {}, answers, split, whose))


def _proved(
    report: Mapping[str, Any], answers: Mapping[str, SplitAnswers] | None, split: str, whose: str
) -> SplitAnswers:
    if answers is None or split not in answers:
        raise Unusable(f"{whose} has no answers of its {split} rows beside it (answers.npz): evaluate it again")
    digest = mapping(report.get("answers"), f"answers of {whose}").get(split)
    if digest != answers[split].digest():
        raise Unusable(f"the answers beside {whose} are not those that it was made from")
    return answers[split]


@dataclass(frozen=True)
class Decision:
    """What a check found, before it is put into an Outcome."""

    answer: str
    expected: str
    got: str
    why: str
    detectable: float | None = None
    more_rows: int | None = None


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every rule has. name: its key in RULES. choices: allowed values of a field."""

    name: ClassVar[str] = ""
    choices: ClassVar[dict[str, tuple[str, ...]]] = {}
    task: str = "*"
    split: str = "test"

    def check(self, evidence: Evidence) -> list[Outcome]:
        """One outcome a task; what cannot be looked up becomes a failure that names it."""
        return self.of_tasks(evidence, lambda task: [self._checked(task, self._decide, evidence)])

    def of_tasks(self, evidence: Evidence, found: Callable[[str], Sequence[Found]]) -> list[Found | Outcome]:
        """What `found` gives for each task that the rule is about, in one list; a failure where there is none."""
        try:
            tasks = tasks_of(evidence.report, self.task)
        except Unusable as error:
            return [self.failure("*", str(error))]
        if not tasks:
            return [self.failure("*", "the report has no task")]
        return [one for task in tasks for one in found(task)]

    def _checked(
        self, task: str, decide: Callable[[Evidence, str], tuple[str, Decision]], evidence: Evidence
    ) -> Outcome:
        try:
            metric, found = decide(evidence, task)
        except Unusable as error:
            return self.failure(task, str(error))
        return self.outcome(task, metric, found)

    def outcome(self, task: str, metric: str, found: Decision, part: str = "") -> Outcome:
        """A decision with its place. part: the slice or test that it is about."""
        return Outcome(
            self.name, task, self.split, metric, found.answer, found.expected, found.got, found.why,
            part, found.detectable, found.more_rows,
        )  # fmt: skip

    def failure(self, task: str, why: str, part: str = "") -> Outcome:
        """What could not be looked up."""
        metric = getattr(self, "metric", self.name)
        return self.outcome(task, metric, Decision(FAIL, self.expectation(), "nothing usable", why), part)

    def expectation(self, metric: str | None = None) -> str:
        """What the rule wants, as people read it; `metric` where `primary` has been looked up."""
        raise NotImplementedError

    def _decide(self, evidence: Evidence, task: str) -> tuple[str, Decision]:
        """The metric looked at and the decision for one task; raises Unusable."""
        raise NotImplementedError


def weigh(
    found: Interval,
    limit: float,
    on: str,
    decide: Callable[[float, float, float], str],
    want: str,
    counted: str = "labelled rows",
) -> Decision:
    """An interval against a limit; on `value` the interval is left out. An undecided one says what would decide.

    counted: what n counts.
    """
    if on == ON_VALUE:
        answer = decide(found.value, found.value, limit)
        return Decision(answer, want, str(found), f"the value is {'within' if answer == PASS else 'beyond'} the limit")
    answer = decide(found.low, found.high, limit)
    if answer != UNDECIDED:
        return Decision(answer, want, str(found), REASONS[answer])
    return undecided(found, limit, want, counted=counted)


def undecided(
    found: Interval, limit: float, want: str, got: str | None = None, counted: str = "labelled rows"
) -> Decision:
    """A limit inside the interval: the smallest distance that so many rows can show, and how many more would do."""
    error = standard_error(found.low, found.high)
    least, rows = detectable(error, ALPHA), more_rows(error, abs(found.value - limit), found.n, ALPHA)
    why = f"the limit lies inside the interval; {plan(least, rows, counted)}"
    return Decision(UNDECIDED, want, got or str(found), why, least, rows)


def plan(least: float, rows: int | None, counted: str = "labelled rows") -> str:
    """What a test set can tell, in words."""
    if rows is None:
        wanted = "no affordable number of them would decide"
    else:
        wanted = f"about {rows:,} more {counted} would decide"
    return f"these {counted} can show {least:.4f}; {wanted}"
