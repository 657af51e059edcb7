"""The end of a finished run that MLflow did not take: waited for some minutes, then marked in the run folder."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from xinyi.errors import BundleError, TrackingError, describe
from xinyi.tracking.reach import check_reachable

log = logging.getLogger(__name__)
NAME = "undelivered.json"
# Seconds between two tries at the end of a run: three minutes in all, which a server's restart seldom takes.
PAUSES = (5.0, 10.0, 15.0, 30.0, 30.0, 45.0, 45.0)
_TIMEOUT = 10.0


@dataclass(frozen=True)
class Undelivered:
    """What MLflow lacks of a finished run.

    run: MLflow's id. lacks: in words. model: whether the bundle's upload or its version is among it. model_id: of the
    upload, where only the version is missing. ended: when the run ended, milliseconds since 1970.
    """

    run: str
    lacks: list[str]
    model: bool
    model_id: str | None
    ended: int


def undelivered(folder: Path) -> Undelivered | None:
    """What MLflow lacks of the finished run in this folder; None if nothing.

    Raises:
        BundleError: the mark is there and cannot be read.
    """
    path = Path(folder) / NAME
    if not path.is_file():
        return None
    try:
        return Undelivered(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise BundleError([describe("what MLflow lacks, as JSON", error, "delete the file", str(path))]) from error


def mark(folder: Path | None, what: Undelivered) -> None:
    """Leave the mark that `xinyi resume` looks for, or remove it where nothing is missing.

    A disk that refuses costs no trained model.
    """
    if folder is None:
        return
    path = Path(folder) / NAME
    beside = path.with_name(f".{NAME}.{os.getpid()}.part")
    with contextlib.suppress(OSError):
        if not what.lacks:
            path.unlink(missing_ok=True)
            return
        beside.write_text(json.dumps(asdict(what), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        os.replace(beside, path)


def persist(send: Callable[[], list[str]], left: list[str], uri: str, sleep: Callable[[float], None]) -> list[str]:
    """Try again and again, for three minutes.

    Args:
        send: tries once and returns what is still missing.
        left: what is missing now.
        uri: the store, which is asked first whether it answers at all.

    Returns:
        What is missing in the end.
    """
    log.warning("MLflow did not take %s; trying again for three minutes (Ctrl-C ends the wait)", ", ".join(left))
    for pause in PAUSES:
        sleep(pause)
        if _answers(uri) and not (left := send()):
            break
    return left


def _answers(uri: str) -> bool:
    try:
        check_reachable(uri, _TIMEOUT)
    except TrackingError:
        return False
    return True
