"""Encoding against transformers' own, its limits by properties, and the packaged tokenizer on real text."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import AutoTokenizer, BertTokenizer

import xinyi
from xinyi.config.paths import sample_dir
from xinyi.encoding import STRATEGIES, EncodingSettings, TextEncoder, pad, shorten
from xinyi.errors import BundleError
from xinyi.text import PLACEHOLDERS, prepare

PACKAGED = Path(xinyi.__file__).parent / "models" / "embedded" / "tokenizer.json"
TEXTS = ["快递三天没动了，催了也没人理！", "好", "iPhone15 充不进电 T_T", "退款12345元", "???", "Café 很好喝"]
CONTEXTS = ["客服：您好", "请问有什么可以帮您", "", "用户：在吗\n客服：在的", "。", "上次说的"]


@cache
def packaged() -> Tokenizer:
    return Tokenizer.from_file(str(PACKAGED))


def encoder(**changes) -> TextEncoder:
    return TextEncoder(Tokenizer.from_str(packaged().to_str()), EncodingSettings(**changes))


@cache
def shared(length: int, truncation: str, share: float) -> TextEncoder:
    return TextEncoder(packaged(), EncodingSettings(length, truncation, share))


def rows(encoded) -> list[list[int]]:
    return [encoded.ids[a:b].tolist() for a, b in zip(encoded.offsets[:-1], encoded.offsets[1:], strict=True)]


def row_types(encoded) -> list[list[int]]:
    return [encoded.types[a:b].tolist() for a, b in zip(encoded.offsets[:-1], encoded.offsets[1:], strict=True)]


@pytest.fixture(scope="module")
def bert() -> BertTokenizer:
    """transformers' own BERT tokenizer, with the packaged vocabulary."""
    vocabulary = json.loads(PACKAGED.read_text(encoding="utf-8"))["model"]["vocab"]
    tokenizer = BertTokenizer(vocab=vocabulary, do_lower_case=True)
    assert len(tokenizer) > 5000  # from what it cannot read it makes a vocabulary of five, and says nothing
    return tokenizer


@pytest.fixture(scope="module")
def auto():
    """The packaged tokenizer as transformers reads it."""
    return AutoTokenizer.from_pretrained(PACKAGED.parent)


@pytest.mark.parametrize("name", ["bert", "auto"])
def test_texts_and_pairs_are_encoded_as_transformers_does(name, request):
    theirs = request.getfixturevalue(name)
    made = TextEncoder(Tokenizer.from_str(theirs.backend_tokenizer.to_str()), EncodingSettings())
    for contexts in (CONTEXTS, None):
        encoded = made.encode(TEXTS, contexts)
        for i, text in enumerate(TEXTS):
            pair = (contexts[i], text) if contexts and contexts[i] else (text,)
            expected = theirs(*pair, return_token_type_ids=True)
            assert rows(encoded)[i] == expected["input_ids"]
            assert row_types(encoded)[i] == _segments(expected["input_ids"], made.sep_id)
            if name == "bert":
                assert row_types(encoded)[i] == expected["token_type_ids"]
        assert not encoded.cut.any()


def _segments(ids: list[int], sep: int) -> list[int]:
    """0 up to the first separator, 1 after it."""
    first = ids.index(sep)
    return [int(place > first) for place in range(len(ids))]


def test_a_context_is_the_first_segment_and_keeps_its_newest_part():
    made = encoder(max_length=12, context_share=0.5)
    (row,) = rows(made.encode(["一二三四五六七八"], ["甲乙丙丁戊己庚辛"]))
    tokens = [made.tokenizer.id_to_token(i) for i in row]
    # 12 places less 3 special tokens: 4 for the context, 5 for the text.
    assert tokens == ["[CLS]", *"戊己庚辛", "[SEP]", *"一二三七八", "[SEP]"]


def test_a_short_text_leaves_its_room_to_the_context():
    made = encoder(max_length=12, context_share=0.5)
    encoded = made.encode(["好"], ["甲乙丙丁戊己庚辛壬癸"])
    tokens = [made.tokenizer.id_to_token(i) for i in rows(encoded)[0]]
    assert tokens == ["[CLS]", *"丙丁戊己庚辛壬癸", "[SEP]", "好", "[SEP]"]
    assert not encoded.cut[0]  # counts cut texts, not cut contexts


def test_no_share_for_a_context_still_lets_it_use_what_is_free():
    made = encoder(max_length=8, context_share=0.0)
    full, short = rows(made.encode(["一二三四五六", "一二"], ["甲乙丙", "甲乙丙丁"]))
    assert made.tokenizer.token_to_id("丙") not in full
    assert [made.tokenizer.id_to_token(i) for i in short] == ["[CLS]", *"乙丙丁", "[SEP]", *"一二", "[SEP]"]


@pytest.mark.parametrize(
    ("strategy", "kept"), [("head", "一二三四五"), ("tail", "五六七八九"), ("head_tail", "一二三八九")]
)
def test_each_strategy_keeps_its_part(strategy, kept):
    made = encoder(max_length=7, truncation=strategy)
    encoded = made.encode(["一二三四五六七八九", "一二三四五"])
    assert [made.tokenizer.id_to_token(i) for i in rows(encoded)[0][1:-1]] == list(kept)
    assert encoded.cut.tolist() == [True, False]


@given(st.lists(st.integers(0, 99), max_size=30), st.integers(0, 20), st.sampled_from(STRATEGIES))
def test_shortening_keeps_order_and_as_much_as_there_is_room_for(tokens, room, strategy):
    kept = shorten(tokens, room, strategy)
    assert len(kept) == min(room, len(tokens))
    remaining = iter(tokens)
    assert all(token in remaining for token in kept)


@settings(max_examples=150, deadline=None)
@given(
    st.text("好的一二[SEP]aB1 😀", max_size=40),
    st.text("客服：a\n", max_size=40),
    st.integers(8, 24),
    st.sampled_from(STRATEGIES),
    st.sampled_from([0.0, 0.1, 0.5, 0.9]),
)
def test_a_row_is_never_too_long_and_well_formed(text, context, length, truncation, share):
    made = shared(length, truncation, share)
    encoded = made.encode([text], [context])
    (row,), (types,) = rows(encoded), row_types(encoded)
    assert len(row) == len(types) <= length
    assert row[0] == made.cls_id
    assert row[-1] == made.sep_id
    assert made.cls_id not in row[1:]
    first = row.index(made.sep_id)
    pair = first < len(row) - 1
    assert row.count(made.sep_id) == 1 + pair
    assert types == [0] * (first + 1) + [1] * (len(row) - first - 1)
    # A text is only cut when the row is full.
    assert not encoded.cut[0] or len(row) >= length - 1


@pytest.mark.parametrize("literal", ["[SEP]", "[CLS]", "[MASK]", "[PAD]", "[UNK]"])
def test_special_tokens_that_a_customer_typed_stay_text(literal):
    made = encoder()
    (row,) = rows(made.encode([f"你好{literal}再见"]))
    special = made.tokenizer.token_to_id(literal)
    assert special not in row[1:-1]
    assert len(row) > 6


@pytest.mark.parametrize("placeholder", sorted(PLACEHOLDERS.values()))
def test_a_placeholder_is_one_token(placeholder):
    made = encoder()
    (row,) = rows(made.encode([f"我的{placeholder}是多少"]))
    assert made.tokenizer.token_to_id(placeholder) in row
    assert len(row) == 2 + len("我的") + 1 + len("是多少")


def sample_texts() -> list[str]:
    lines = [
        json.loads(line)
        for split in ("train", "validation", "test")
        for line in (sample_dir() / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    return [prepare(text) for line in lines for text in (line["text"], "\n".join(line["context"]))]


def test_the_packaged_vocabulary_knows_the_sample_corpus():
    encoded = encoder(max_length=4096).encode(sample_texts())
    assert 7000 < packaged().get_vocab_size() < 10_000
    assert len(encoded.ids) > 50_000
    assert encoded.unknown.sum() / len(encoded.ids) < 0.002
    assert encoded.unknown.sum() == (encoded.ids == packaged().token_to_id("[UNK]")).sum()


@pytest.mark.parametrize(
    "text",
    [
        "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "iPHONE Wi-Fi QQ", "0123456789 13.5% 2024-05-06",
        "😀😡👍🙏❤️🎉", "😭😭😭😭", "“双引号”‘单引号’《书名》、；：？！……——", "退款！！！", "繁體字 謝謝 貨運",
    ],
)  # fmt: skip
def test_letters_digits_quotes_and_emoji_are_known(text):
    encoded = encoder().encode([prepare(text)])
    assert encoded.unknown.sum() == 0
    assert len(encoded.ids) > 2


def test_case_does_not_matter():
    small, large = rows(encoder().encode(["iphone vip", "iPhone VIP"]))
    assert small == large


def test_a_huge_text_is_cut_at_both_ends():
    made = encoder(max_length=16)
    encoded = made.encode(["头" + "中" * 3_000_000 + "尾"])
    tokens = [made.tokenizer.id_to_token(i) for i in rows(encoded)[0]]
    assert (tokens[1], tokens[-2], len(tokens), bool(encoded.cut[0])) == ("头", "尾", 16, True)


def test_no_text_is_an_empty_row():
    encoded = encoder().encode(["", " "])
    assert encoded.lengths.tolist() == [2, 2]
    assert len(encoder().encode([])) == 0


def test_texts_and_contexts_must_be_as_many():
    with pytest.raises(ValueError, match="zip"):
        encoder().encode(["一", "二"], ["三"])


@given(st.lists(st.lists(st.integers(1, 9), max_size=5), min_size=1, max_size=5), st.integers(5, 8))
def test_padding(lists, length):
    made = pad([np.array(row, dtype=np.int32) for row in lists], 0, length)
    assert made.shape == (len(lists), length)
    for row, given_row in zip(made, lists, strict=True):
        assert row.tolist() == given_row + [0] * (length - len(given_row))


def test_padding_goes_to_the_longest_row():
    assert pad([np.array([1]), np.array([1, 2, 3])], 9).tolist() == [[1, 9, 9], [1, 2, 3]]


def test_a_tokenizer_with_other_names_for_special_tokens():
    from tokenizers import models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "好": 4}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    made = TextEncoder(tokenizer, EncodingSettings(max_length=8))
    encoded = made.encode(["好 坏"])
    assert (rows(encoded)[0], made.pad_id, encoded.unknown[0]) == ([0, 4, 3, 2], 1, 1)


def test_a_tokenizer_without_special_tokens_is_refused():
    from tokenizers import models

    with pytest.raises(BundleError, match=r"\[PAD\] or <pad>"):
        TextEncoder(Tokenizer(models.WordLevel({"a": 0}, unk_token="a")), EncodingSettings())


@pytest.mark.parametrize("content", [None, "", "{}", '{"version": "1.0"}'])
def test_a_file_that_is_no_tokenizer_is_refused(tmp_path, content):
    path = tmp_path / "tokenizer.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(BundleError, match=r"tokenizer\.json"):
        TextEncoder.from_file(path, EncodingSettings())
