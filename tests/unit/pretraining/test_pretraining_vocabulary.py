"""A vocabulary built from text files holds what is common, and nobody's name or account."""

from __future__ import annotations

from pathlib import Path

import pytest

from xinyi.pretraining.vocabulary import LEAST_LATIN, build_tokenizer

COMMON = "路由器router又断了，第{i}次报修"
PRIVATE = ["联系我 zhangweiming@example.com", "加我微信：wangxiaoli2020", "经办人 lihonghua 没有回电"]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    path = tmp_path_factory.mktemp("vocabulary") / "messages.txt"
    lines = [COMMON.format(i=i) for i in range(2 * LEAST_LATIN)] + PRIVATE
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path, build_tokenizer([str(path)], least=2)


def test_common_words_and_characters_are_whole(built):
    _, tokenizer = built
    assert tokenizer.encode("router").tokens[1:-1] == ["router"]
    assert tokenizer.encode("断了").tokens[1:-1] == ["断", "了"]
    assert "[UNK]" not in tokenizer.encode("报修abc123，！").tokens


@pytest.mark.parametrize("name", ["zhangweiming", "wangxiaoli", "lihonghua"])
def test_names_of_people_become_no_entry(built, name):
    _, tokenizer = built
    entries = {entry.removeprefix("##") for entry in tokenizer.get_vocab()}
    assert not [entry for entry in entries if len(entry) > 3 and entry in name]


def test_what_the_masker_finds_is_not_counted_however_often_it_occurs(tmp_path: Path):
    path = tmp_path / "messages.txt"
    path.write_text("邮箱 zhangweiming@example.com\n" * 3 * LEAST_LATIN, encoding="utf-8")
    assert "zhangweiming" not in build_tokenizer([str(path)]).get_vocab()
    assert "zhangweiming" in build_tokenizer([str(path)], masking=False).get_vocab()
