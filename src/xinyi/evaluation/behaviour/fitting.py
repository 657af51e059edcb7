"""Whether a team's own suites fit a model: a name that no task or label has would be left out without a word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xinyi.errors import ConfigError, describe
from xinyi.evaluation.behaviour.checks import POLARITY, nearest
from xinyi.evaluation.behaviour.suite import ALL, Suite, Test, load_suites, shipped
from xinyi.tasks.spec import TaskSpec


def check_suites(names: Sequence[str], tasks: Sequence[TaskSpec]) -> None:
    """Hold suites against the tasks of the model that they will be asked of, before anything slow.

    Suites that ship serve models with other tasks and labels and are not looked at; nor is a suite of which the model
    has no task at all: it is meant for others.

    Args:
        names: as for `load_suites`. tasks: all of the model, also those that the evaluated data have no labels of.

    Raises:
        ConfigError: with every task and label that the model lacks, or a suite that cannot be read.
    """
    load_suites(names)
    known = {task.id: task for task in tasks}
    own = [name for name in names if name != ALL and name not in shipped()]
    if problems := [text for suite in load_suites(own) for text in _problems(suite, known)]:
        raise ConfigError(problems, title="behaviour suites do not fit the model")


def _named(test: Test) -> list[str]:
    return [*test.tasks, *(name for name in test.expect if name != POLARITY)]


def _problems(suite: Suite, known: dict[str, TaskSpec]) -> Iterator[str]:
    if not any(name in known for test in suite.tests for name in _named(test)):
        return
    for test in suite.tests:
        for name in _named(test):
            where = f"suite {suite.name}, test {test.name}"
            if name not in known:
                remedy = nearest(name, known, "put tests for other models into a suite of their own")
                yield describe(f"a task of {', '.join(known)}", repr(name), remedy, where)
            elif name in test.expect:
                yield from _label_problems(test, known[name], f"{where}, expect.{name}")


def _label_problems(test: Test, spec: TaskSpec, where: str) -> Iterator[str]:
    wanted = test.expect[spec.id]
    for label in [wanted] if isinstance(wanted, str) else wanted:
        if label not in spec.index:
            remedy = nearest(label, spec.index, "write a label's id")
            yield describe(f"a label of {', '.join(spec.label_ids)}", repr(label), remedy, where)
