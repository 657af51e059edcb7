"""A command of many runs that ends too early says how to go on."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from xinyi.errors import Interrupted, TrainingError


@contextlib.contextmanager
def going_on(command: str, arguments: Sequence[str], folder: Path) -> Iterator[None]:
    """Make what ends the block name the command that goes on where it ended.

    Args:
        command: `study` or `tune`.
        arguments: as typed.
        folder: of the runs; a default one is named after the time, so that the same command alone finds it no more.

    Raises:
        Interrupted: by Ctrl-C or SIGTERM.
        TrainingError: runs failed.
    """
    given = [argument for argument in arguments if not argument.startswith("output=")]
    remedy = f"go on with: xinyi {command} {shlex.join([*given, f'output={folder}'])}"
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(f"stopped; what was trained is kept.\n  {remedy}") from None
    except TrainingError as error:
        raise TrainingError(f"{error}\n  {remedy}") from error
