"""Token ids and targets of a split."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from xinyi.data.tokens import encode_split, targets
from xinyi.encoding import EncodingSettings, TextEncoder
from xinyi.errors import DataError
from xinyi.tasks import Label, TaskSpec

SINGLE = TaskSpec("s", "single", tuple(map(Label, "abc")))
MULTI = TaskSpec("m", "multi", tuple(map(Label, "xyz")))


@pytest.fixture
def encoder():
    vocabulary = {name: i for i, name in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"快递到了没"])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    return TextEncoder(tokenizer, EncodingSettings(max_length=16))


def table(single=("a", None, "c", "a"), multi=(["z", "x"], [], None, ["y"])):
    return pa.table(
        {
            "text": ["快递到了", "到", "没到", "快"],
            "context": ["", "快递", "", ""],
            "label.s": pa.array(single, pa.string()),
            "label.m": pa.array(multi, pa.list_(pa.string())),
        }
    )


def test_targets():
    found = targets(table(), [SINGLE, MULTI])
    assert found["s"].dtype == np.int64
    assert found["s"].tolist() == [0, -1, 2, 0]
    assert found["m"].dtype == np.float32
    assert found["m"].tolist() == [[1, 0, 1], [0, 0, 0], [-1, -1, -1], [0, 1, 0]]


def test_targets_of_a_part_of_a_table():
    part = pa.concat_tables([table(), table()]).slice(3, 4).filter(pa.array([True, True, False, True]))
    found = targets(part, [SINGLE, MULTI])
    assert found["s"].tolist() == [0, 0, 2]
    assert found["m"].tolist() == [[0, 1, 0], [1, 0, 1], [-1, -1, -1]]


def test_targets_where_no_row_has_a_label():
    found = targets(table([None] * 4, [None] * 4), [SINGLE, MULTI])
    assert (found["s"] == -1).all()
    assert found["m"].shape == (4, 3)
    assert (found["m"] == -1).all()


def test_unknown_labels_and_missing_columns_are_all_named():
    other = TaskSpec("other", "multi", (Label("x"),))
    with pytest.raises(DataError) as caught:
        targets(table(single=("a", "q", "c", "a"), multi=(["w"], [], None, ["y"])), [SINGLE, MULTI, other])
    assert [("'q'" in p, "'w'" in p, "label.other" in p) for p in caught.value.problems] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]


def test_encode_split(encoder):
    split = encode_split(table(), encoder, [SINGLE, MULTI])
    assert len(split) == 4
    assert split.encoded.lengths.tolist() == [6, 6, 4, 3]
    start, end = split.encoded.offsets[1:3]
    assert split.encoded.ids[start:end].tolist() == [2, 4, 5, 3, 6, 3]
    assert split.encoded.types[start:end].tolist() == [0, 0, 0, 0, 1, 1]
    assert set(split.targets) == {"s", "m"}


def test_a_part_of_a_split_is_whole_rows_spread_over_it(encoder):
    whole = encode_split(table(), encoder, [SINGLE])
    few = whole.spread(2)
    assert len(few) == 2
    for place, row in enumerate((0, 3)):
        ids = whole.encoded.ids[whole.encoded.offsets[row] : whole.encoded.offsets[row + 1]]
        got = few.encoded.ids[few.encoded.offsets[place] : few.encoded.offsets[place + 1]]
        assert got.tolist() == ids.tolist()
        assert few.targets["s"][place] == whole.targets["s"][row]
    assert whole.spread(4) is whole
