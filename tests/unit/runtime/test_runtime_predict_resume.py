"""A command that was killed goes on where it was, and its output is the one that would have been."""

from __future__ import annotations

import errno
import gzip
import os
from pathlib import Path

import pytest

from xinyi.errors import DataError
from xinyi.runtime import Classifier, Summary, output, predict_file, spool
from xinyi.runtime.answering import PIECE_ROWS

ROWS = 3 * PIECE_ROWS + 7


def source(folder: Path) -> Path:
    """Rows that differ, one of them bad."""
    rows = [f"{i},{'' if i == 5 else f'物流太慢了{i}天'}" for i in range(ROWS)]
    (folder / "in.csv").write_text("id,text\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return folder / "in.csv"


class Stop:
    """Raises after so many calls, as Ctrl-C does."""

    def __init__(self, after: int, error: type[BaseException] = KeyboardInterrupt) -> None:
        self.left, self.error = after, error

    def __call__(self, rows: int, share: float | None) -> None:
        self.left -= 1
        if self.left < 0:
            raise self.error


def stopped(classifier: Classifier, folder: Path, after: int = 1, **options) -> Path:
    """The spool of a call that was stopped."""
    with pytest.raises(KeyboardInterrupt):
        predict_file(classifier, folder / "in.csv", folder / "out.csv", progress=Stop(after), workers=1, **options)
    assert not (folder / "out.csv").exists()
    return folder / ".out.csv.answers"


def test_it_goes_on_and_gives_what_one_go_gives(classifier: Classifier, tmp_path: Path) -> None:
    predict_file(classifier, source(tmp_path), tmp_path / "whole.csv", probabilities=True)
    answers = stopped(classifier, tmp_path, probabilities=True)
    assert answers.is_file()
    done = predict_file(classifier, tmp_path / "in.csv", tmp_path / "out.csv", probabilities=True)
    assert done == Summary(rows=ROWS, errors=1, resumed=2 * PIECE_ROWS)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv", "whole.csv"]


def test_a_line_that_was_cut_is_answered_again(classifier: Classifier, tmp_path: Path) -> None:
    predict_file(classifier, source(tmp_path), tmp_path / "whole.csv")
    answers = stopped(classifier, tmp_path)
    answers.write_bytes(answers.read_bytes()[:-9])
    done = predict_file(classifier, tmp_path / "in.csv", tmp_path / "out.csv")
    assert done.resumed == 2 * PIECE_ROWS - 1
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.parametrize("change", ["input", "options", "bundle"])
def test_answers_to_something_else_are_not_used(classifier: Classifier, tmp_path: Path, change: str) -> None:
    stopped_at = stopped(classifier, source(tmp_path).parent)
    options: dict[str, object] = {}
    if change == "input":
        (tmp_path / "in.csv").write_text("id,text\n1,好\n", encoding="utf-8")
    if change == "options":
        options["probabilities"] = True
    if change == "bundle":
        object.__setattr__(classifier, "seal", "other")
    assert stopped_at.is_file()
    done = predict_file(classifier, tmp_path / "in.csv", tmp_path / "out.csv", **options)
    assert done.resumed == 0
    assert not stopped_at.exists()


def test_a_full_disk_at_the_end_keeps_the_answers(
    classifier: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(output.os, "replace", full)
        with pytest.raises(DataError, match="No space left"):
            predict_file(classifier, source(tmp_path), tmp_path / "out.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.csv.answers", "in.csv"]
    assert predict_file(classifier, tmp_path / "in.csv", tmp_path / "out.csv").resumed == ROWS


def test_a_full_disk_while_answering_says_so(classifier: Classifier, tmp_path: Path, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(spool.Spool, "add", full)
    with pytest.raises(DataError, match="what was answered is kept"):
        predict_file(classifier, source(tmp_path), tmp_path / "out.csv")


def test_an_input_that_cannot_be_used_leaves_nothing(classifier: Classifier, tmp_path: Path) -> None:
    content = gzip.compress(b"text\n" + "好\n".encode() * 5000)
    (tmp_path / "in.csv.gz").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="read to its end"):
        predict_file(classifier, tmp_path / "in.csv.gz", tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv.gz"]


def test_one_process_an_output(classifier: Classifier, tmp_path: Path) -> None:
    source(tmp_path)
    with spool.Spool(tmp_path / "out.csv", {}), pytest.raises(DataError, match="another process"):
        predict_file(classifier, tmp_path / "in.csv", tmp_path / "out.csv")


def test_answers_of_more_rows_than_there_are_are_given_up(classifier: Classifier, tmp_path: Path) -> None:
    source(tmp_path)
    kept = stopped(classifier, tmp_path)
    head, *lines = kept.read_bytes().splitlines(keepends=True)
    kept.write_bytes(head + b"".join(lines * 4)[: sum(map(len, lines)) * 4])
    with pytest.raises(DataError, match="an answer a row"):
        predict_file(classifier, tmp_path / "in.csv", tmp_path / "out.csv", workers=1)
    assert predict_file(classifier, tmp_path / "in.csv", tmp_path / "out.csv", workers=1).rows == ROWS
