"""The one small exception tree: each error says what was expected, what was got and what to do.

`exit_code` is what the command line returns when the error ends a command.
"""

from __future__ import annotations

from collections.abc import Iterable


class XinyiError(Exception):
    """Root of every error that a user can mend. Shown without a traceback; exit code 2."""

    exit_code = 2


class ProblemsError(XinyiError):
    """Several problems found together, so that a user mends them in one go.

    Args:
        problems: one text for each problem, already in the form *expected, got, what to do*.
        title: what was being checked.
    """

    title = "problems found"

    def __init__(self, problems: Iterable[str], title: str | None = None) -> None:
        self.problems = list(problems)
        self.title = title or self.title
        lines = [f"{self.title} ({len(self.problems)}):", *(f"  - {text}" for text in self.problems)]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type, tuple[list[str], str]]:
        """Rebuild from the problems, so that an error crosses from a worker process unharmed."""
        return type(self), (self.problems, self.title)


class ConfigError(ProblemsError):
    """The configuration cannot be used: unknown keys, wrong types, excluded combinations."""

    title = "configuration cannot be used"


class DataError(ProblemsError):
    """The data cannot be used: missing files or columns, broken rows, labels that do not fit."""

    title = "data cannot be used"


class BundleError(ProblemsError):
    """A bundle, run or report cannot be read: missing file, another schema version, damaged content."""

    title = "cannot be read"


class TrackingError(XinyiError):
    """The tracking server does not answer or refuses."""


class TrainingError(XinyiError):
    """Training stopped: no space, loss not finite, interrupted."""


class Interrupted(XinyiError):  # noqa: N818 - not an error of the program: the user pressed Ctrl-C
    """Ctrl-C or SIGTERM: a checkpoint was written; the message says how to go on. Exit code 130."""

    exit_code = 130


def describe(expected: str, got: object, remedy: str, where: str = "") -> str:
    """One problem in the house's form: `where: expected …, got …; what to do`."""
    head = f"{where}: " if where else ""
    return f"{head}expected {expected}, got {got}; {remedy}"
