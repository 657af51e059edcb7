from __future__ import annotations

from pathlib import Path

import pytest

from xinyi.tracking import database


def test_a_stop_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def stopped(file: Path) -> None:
        file.write_text("half")
        file.with_name(file.name + "-journal").write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(database, "_make_tables", stopped)
    with pytest.raises(KeyboardInterrupt):
        database.make_database(f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert list(tmp_path.iterdir()) == []


def test_the_file_of_a_quicker_run_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def slow(file: Path) -> None:
        file.write_text("ours")
        (tmp_path / "mlflow.db").write_text("theirs")

    monkeypatch.setattr(database, "_make_tables", slow)
    database.make_database(f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert [file.name for file in tmp_path.iterdir()] == ["mlflow.db"]
    assert (tmp_path / "mlflow.db").read_text() == "theirs"


def test_without_hard_links_the_file_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(database, "_make_tables", lambda file: file.write_text("ours"))
    monkeypatch.setattr(database.os, "link", refused)
    database.make_database(f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert [file.read_text() for file in tmp_path.iterdir()] == ["ours"]


def test_a_file_that_is_there_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "mlflow.db").write_text("runs")
    monkeypatch.setattr(database, "_make_tables", lambda file: pytest.fail("made again"))
    database.make_database(f"sqlite:///{tmp_path / 'mlflow.db'}")
    database.make_database("postgresql://host/db")
