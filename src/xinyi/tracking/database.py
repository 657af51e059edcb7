"""Make MLflow's sqlite file: beside, then renamed.

MLflow makes its tables in about forty steps that take seconds, in the file itself. Two runs that start together, or a
Ctrl-C at that moment, leave a file that no run can open any more.
"""

from __future__ import annotations

import os
from pathlib import Path

SQLITE = "sqlite:///"


def make_database(uri: str) -> None:
    """Make the file of an sqlite address where there is none; other stores are left alone.

    Raises what MLflow and the system raise.
    """
    file = Path(uri.removeprefix(SQLITE))
    if not uri.startswith(SQLITE) or "?" in uri or file.exists():
        return
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        _make_tables(part)
        _publish(part, file)
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            part.with_name(part.name + end).unlink(missing_ok=True)


def _publish(part: Path, file: Path) -> None:
    """Give the finished file its name, unless another run was quicker: a rename would throw that one's runs away."""
    try:
        os.link(part, file)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        os.replace(part, file)


def _make_tables(file: Path) -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    root = (file.absolute().parent / "mlartifacts").as_uri()
    SqlAlchemyStore(f"{SQLITE}{file}", root).engine.dispose()
