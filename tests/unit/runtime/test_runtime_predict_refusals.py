from __future__ import annotations

from pathlib import Path

import pytest

from xinyi.errors import DataError
from xinyi.runtime import Classifier, predict_file, tables_text

GOOD = "text,b\n好,1\n差,2\n"


def refused(classifier: Classifier, folder: Path, content: str | bytes, name: str = "in.csv", **options: object) -> str:
    """The error text; checks that nothing was left behind."""
    source = folder / name
    source.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = sorted(folder.iterdir())
    with pytest.raises(DataError) as caught:
        predict_file(classifier, source, **{"output": folder / f"out{source.suffix}", **options})
    assert sorted(folder.iterdir()) == before
    assert "好" not in str(caught.value)
    return str(caught.value)


def test_wrong_text_column_says_what_there_is(classifier: Classifier, tmp_path: Path) -> None:
    message = refused(classifier, tmp_path, "id,txet\n1,好\n")
    assert "expected text column 'text', once, got columns ['id', 'txet']; did you mean 'txet'?" in message


def test_both_columns_are_reported_together(classifier: Classifier, tmp_path: Path) -> None:
    message = refused(classifier, tmp_path, GOOD, text_column="message", context_column="turns")
    assert "'message'" in message
    assert "'turns'" in message


def test_wrong_key_in_jsonl(classifier: Classifier, tmp_path: Path) -> None:
    assert "did you mean 'Text'?" in refused(classifier, tmp_path, '{"Text": "好"}\n', "in.jsonl")


def test_text_column_twice(classifier: Classifier, tmp_path: Path) -> None:
    assert "2 times" in refused(classifier, tmp_path, "text,text\n好,差\n")


@pytest.mark.parametrize("taken", ["sentiment", "error"])
def test_a_prefix_that_gives_taken_names(classifier: Classifier, tmp_path: Path, taken: str) -> None:
    message = refused(classifier, tmp_path, f"text,new.{taken}\n好,1\n", prefix="new.")
    assert f"['new.{taken}'] in both; choose other names by a prefix" in message
    both = f"text,{taken},predicted.{taken}\n好,1,2\n"
    assert f"['predicted.{taken}'] in both" in refused(classifier, tmp_path, both)


def test_a_header_that_cannot_be_read(classifier: Classifier, tmp_path: Path) -> None:
    message = refused(classifier, tmp_path, b"text,\xff\n" + "好,1\n差,2\n".encode())
    assert "expected a header that can be read, got bytes that are no UTF-8" in message
    assert "got quotes that do not match" in refused(classifier, tmp_path, 'text,"b\n好,1\n')


def test_a_line_without_an_end(classifier: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables_text, "LONGEST", 100)
    assert "expected lines under 100 characters" in refused(classifier, tmp_path, GOOD + "x" * 200)


def test_an_empty_csv(classifier: Classifier, tmp_path: Path) -> None:
    assert "got columns []" in refused(classifier, tmp_path, b"")


def test_input_is_output(classifier: Classifier, tmp_path: Path) -> None:
    assert "another file than the input" in refused(classifier, tmp_path, GOOD, output=tmp_path / "in.csv")
    (tmp_path / "link.csv").symlink_to(tmp_path / "in.csv")
    assert "another file than the input" in refused(classifier, tmp_path, GOOD, output=tmp_path / "link.csv")
    assert (tmp_path / "in.csv").read_text(encoding="utf-8") == GOOD


def test_paths_that_cannot_be_used(classifier: Classifier, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        predict_file(classifier, tmp_path / "no.csv", "-")
    with pytest.raises(DataError, match="got a folder"):
        predict_file(classifier, tmp_path, "-")
    assert "ending in" in refused(classifier, tmp_path, GOOD, "in.docx", output=tmp_path / "out.csv")
    assert "make it first" in refused(classifier, tmp_path, GOOD, output=tmp_path / "no" / "out.csv")
    assert "name the output .jsonl" in refused(classifier, tmp_path, "{}\n", "in.jsonl", output=tmp_path / "out.csv")


def test_several_problems_at_once(classifier: Classifier, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        predict_file(classifier, tmp_path / "no.csv", tmp_path / "no" / "out.txt")
    assert len(caught.value.problems) == 3
