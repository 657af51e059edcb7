from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from evaluation_world import MOOD, STARS, WISH, make_table

from xinyi.errors import BundleError
from xinyi.evaluation.predictions import read_predictions, write_predictions


def test_round_trip(tmp_path: Path) -> None:
    table, logits = make_table(40, 3, conversations=True)
    path = write_predictions(tmp_path / "new" / "test.parquet", table, logits, [STARS, MOOD, WISH], "test")
    found = read_predictions(path)
    assert found.split == "test"
    assert len(found) == 40
    assert found.specs == {"stars": STARS, "mood": MOOD, "wish": WISH}
    assert found.texts == table["text"].to_pylist()
    assert set(found.meta) == {"channel", "conversation_id"}
    for name, task in found.tasks.items():
        np.testing.assert_array_equal(task.logits_BC, logits[name].astype(np.float32))
    names = [WISH.label_ids[k] if k >= 0 else None for k in found.tasks["wish"].gold]
    assert names == table["label.wish"].to_pylist()
    assert (found.tasks["wish"].present == (found.tasks["wish"].gold >= 0)).all()
    sets = [[MOOD.label_ids[k] for k in np.flatnonzero(row)] for row in found.tasks["mood"].gold]
    assert sets == table["label.mood"].to_pylist()
    assert [p.name for p in path.parent.iterdir()] == ["test.parquet"]


def test_multi_rows_without_label_differ_from_rows_without_labels(tmp_path: Path) -> None:
    labels = pa.array([["joy"], None, [], ["worry", "anger"]], pa.list_(pa.string()))
    table = pa.table({"id": list("abcd"), "text": list("wxyz"), "label.mood": labels})
    path = write_predictions(tmp_path / "p.parquet", table, {"mood": np.zeros((4, 3))}, [MOOD], "test")
    task = read_predictions(path).tasks["mood"]
    assert task.present.tolist() == [True, False, True, True]
    assert task.gold.tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0], [1, 0, 1]]


def test_no_rows_and_no_labels_are_readable(tmp_path: Path) -> None:
    table, logits = make_table(10, 1)
    table = table.set_column(table.column_names.index("label.wish"), "label.wish", pa.nulls(10))
    found = read_predictions(write_predictions(tmp_path / "a.parquet", table, logits, [WISH], "test"))
    assert not found.tasks["wish"].present.any()
    empty = read_predictions(
        write_predictions(tmp_path / "b.parquet", table.slice(0, 0), {"wish": np.zeros((0, 4))}, [WISH], "test")
    )
    assert len(empty) == 0


def test_wrong_logits_are_reported_together(tmp_path: Path) -> None:
    table, logits = make_table(10, 1)
    logits["stars"] = logits["stars"][:, :4]
    logits["wish"][2, 1] = np.nan
    del logits["mood"]
    with pytest.raises(BundleError) as caught:
        write_predictions(tmp_path / "p.parquet", table, logits, [STARS, MOOD, WISH], "test")
    assert len(caught.value.problems) == 3
    assert not list(tmp_path.iterdir())


def rewrite(path: Path, **changes: object) -> None:
    """Change a file's metadata."""
    table = pq.read_table(path)
    about = json.loads(table.schema.metadata[b"xinyi"]) | changes
    pq.write_table(table.replace_schema_metadata({b"xinyi": json.dumps(about)}), path)


def test_what_cannot_be_read_says_why(tmp_path: Path, split_files: dict[str, Path]) -> None:
    with pytest.raises(BundleError, match="no such file"):
        read_predictions(tmp_path / "none.parquet")
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(split_files["test"].read_bytes()[:900])
    with pytest.raises(BundleError, match="expected a predictions file"):
        read_predictions(damaged)
    plain = tmp_path / "plain.parquet"
    pq.write_table(pa.table({"id": ["a"]}), plain)
    with pytest.raises(BundleError, match="expected a predictions file"):
        read_predictions(plain)
    rewrite(split_files["test"], schema_version=2)
    with pytest.raises(BundleError, match="schema version 1, got 2"):
        read_predictions(split_files["test"])
    rewrite(split_files["validation"], tasks=[{"id": "x"}])
    with pytest.raises(BundleError, match="split and tasks"):
        read_predictions(split_files["validation"])


def test_rows_that_contradict_their_tasks_are_named(tmp_path: Path) -> None:
    table, logits = make_table(10, 1)
    column = table.column_names.index("label.wish")
    odd = table.set_column(column, "label.wish", pa.array(["w0"] * 9 + ["退款"]))
    with pytest.raises(BundleError, match="labels that the task lacks: 退款"):
        read_predictions(write_predictions(tmp_path / "a.parquet", odd, logits, [WISH], "test"))
    short = write_predictions(tmp_path / "b.parquet", table, logits, [WISH], "test")
    whole = pq.read_table(short)
    cut = whole.set_column(whole.column_names.index("logits.wish"), "logits.wish", pa.array([[1.0, 2.0]] * 10))
    pq.write_table(cut, short)
    with pytest.raises(BundleError, match="exactly 4 logits"):
        read_predictions(short)
    pq.write_table(whole.drop_columns(["logits.wish"]), short)
    with pytest.raises(BundleError, match=r"logits\.wish"):
        read_predictions(short)


def test_an_unwritable_place_leaves_nothing(tmp_path: Path) -> None:
    table, logits = make_table(10, 1)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BundleError, match="writable folder"):
        write_predictions(tmp_path / "file" / "p.parquet", table, logits, [WISH], "test")
