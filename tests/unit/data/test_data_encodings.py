"""Which encoding a file is in, told by its bytes."""

from __future__ import annotations

import pytest

from xinyi.data.read import Facts, read_rows
from xinyi.errors import DataError

SIMPLIFIED = "这个快递太慢了，我等了三天还没有到"
TRADITIONAL = "這個產品的質量很好，謝謝客服幫我解決了問題"


@pytest.fixture
def named(tmp_path):
    """Write a csv in some encoding; gives its texts and the encoding's name."""

    def run(texts: list[str], codec: str) -> tuple[list[str], str | None]:
        path, facts = tmp_path / "a.csv", Facts()
        path.write_bytes("\n".join(["text", *texts]).encode(codec))
        return [row["text"] for _, row in read_rows(path, facts)], facts.encoding

    return run


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8 with BOM"),
        ("utf-16", "UTF-16 LE"),
        ("utf-16-le", "UTF-16 LE"),
        ("utf-16-be", "UTF-16 BE"),
        ("utf-32", "UTF-32"),
        ("gb18030", "GB18030"),
        ("gbk", "GB18030"),
    ],
)
@pytest.mark.parametrize("texts", [[SIMPLIFIED] * 30, ["你好"], ["only ascii"] * 20_000 + [SIMPLIFIED]])
def test_simplified(named, texts, codec, name):
    assert named(texts, codec) == (texts, name)


@pytest.mark.parametrize(
    ("codec", "name"), [("big5", "Big5"), ("cp950", "Big5"), ("gb18030", "GB18030"), ("utf-8", "UTF-8")]
)
@pytest.mark.parametrize("texts", [[TRADITIONAL] * 30, ["謝謝客服"]])
def test_traditional(named, texts, codec, name):
    assert named(texts, codec) == (texts, name)


def test_hong_kong_characters(named):
    texts = [TRADITIONAL, "佢哋嘅服務好好，唔該晒"] * 5
    assert named(texts, "big5hkscs") == (texts, "Big5-HKSCS")


@pytest.mark.parametrize("codec", ["gb18030", "big5", "utf-8", "utf-16-le"])
def test_bytes_that_do_not_belong_are_told_by_line(tmp_path, codec):
    lines = ["text", *[TRADITIONAL] * 20]
    encoded = [f"{line}\n".encode(codec) for line in lines]
    encoded[7] = encoded[7][:4] + (b"\xff\xff" if codec != "utf-16-le" else b"\x00\xd8") + encoded[7][4:]
    (tmp_path / "a.csv").write_bytes(b"".join(encoded))
    with pytest.raises(DataError, match=r"other bytes in 1 line.*: line 8"):
        list(read_rows(tmp_path / "a.csv"))


def test_latin_1_is_none_of_ours(tmp_path):
    (tmp_path / "a.csv").write_bytes("text\ncafé crème\n".encode("latin-1"))
    with pytest.raises(DataError, match="expected text in UTF-8, got other bytes in 1 line"):
        list(read_rows(tmp_path / "a.csv"))
