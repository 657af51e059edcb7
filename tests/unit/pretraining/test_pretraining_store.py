"""The token store: what goes in comes out, once, and a kill leaves nothing half."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from pretraining_world import TOKENIZER, corpus_settings, tokenizer, write_corpus

from xinyi.errors import DataError
from xinyi.pretraining import store
from xinyi.text import prepare


@pytest.fixture
def corpus(tmp_path):
    write_corpus(tmp_path / "corpus")
    return corpus_settings(tmp_path / "corpus")


def _lines(ids, lines) -> list[list[int]]:
    return [ids[a:b].tolist() for a, b in pairwise(lines)]


def test_holds_every_prepared_line_once(corpus, tmp_path):
    store.build(corpus, TOKENIZER, 1)
    sep, encode = 3, tokenizer()
    for source in store.read(corpus):
        texts = (tmp_path / "corpus" / f"{source.name}.txt").read_text(encoding="utf-8").splitlines()
        wanted = sorted([*encode.encode(prepare(text), add_special_tokens=False).ids, sep] for text in texts)
        held = _lines(source.held_ids, source.held_lines)
        assert sorted(_lines(source.ids, source.lines) + held) == wanted
        assert 0 < len(held) < len(wanted) / 2


def test_personal_data_never_reaches_it(tmp_path):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.txt").write_text("请打我手机13800138000谢谢\n" * 3, encoding="utf-8")
    settings = corpus_settings(tmp_path / "corpus", held_out=0.0)
    store.build(settings, TOKENIZER, 1)
    (source,) = store.read(settings)
    text = tokenizer().decode(source.ids.tolist())
    assert "1 3 8" not in text
    assert "手机号" in text


def test_is_used_again_until_something_changes(corpus, tmp_path, monkeypatch):
    store.build(corpus, TOKENIZER, 1)
    encoded = []
    original = store._encode_file
    monkeypatch.setattr(store, "_encode_file", lambda path, *rest: (encoded.append(path.name), original(path, *rest)))
    store.build(corpus, TOKENIZER, 1)
    assert encoded == []
    with open(tmp_path / "corpus" / "long.txt", "a", encoding="utf-8") as file:
        file.write("又来了一段新的话。\n")
    store.build(corpus, TOKENIZER, 1)
    assert encoded == ["long.txt"]


def test_a_kill_before_the_manifest_is_made_good(corpus):
    store.build(corpus, TOKENIZER, 1)
    whole = [np.array(source.ids) for source in store.read(corpus)]
    (corpus.store / "long.json").unlink()
    (corpus.store / "long.train.ids.npy").write_bytes(b"half")
    store.build(corpus, TOKENIZER, 1)
    assert all((a == b.ids).all() for a, b in zip(whole, store.read(corpus), strict=True))


def test_a_kill_in_the_midst_of_a_second_encoding_is_made_good(corpus, tmp_path, monkeypatch):
    store.build(corpus, TOKENIZER, 1)
    former = (tmp_path / "corpus" / "long.txt").read_text(encoding="utf-8")
    (tmp_path / "corpus" / "long.txt").write_text("又来了一段新的话。\n" * 50, encoding="utf-8")

    def killed(path, values):
        save(path, values)
        raise KeyboardInterrupt

    save = store._save
    with monkeypatch.context() as patch:
        patch.setattr(store, "_save", killed)
        with pytest.raises(KeyboardInterrupt):
            store.build(corpus, TOKENIZER, 1)
    # The former file is back: its manifest would say that its tokens are there.
    (tmp_path / "corpus" / "long.txt").write_text(former, encoding="utf-8")
    store.build(corpus, TOKENIZER, 1)
    long = next(source for source in store.read(corpus) if source.name == "long")
    assert long.lines[-1] == len(long.ids)
    assert len(long.lines) + len(long.held_lines) - 2 == len(former.splitlines())


def test_a_file_that_changes_while_it_is_encoded_is_encoded_again(corpus, tmp_path, monkeypatch):
    read = store.sources.passages

    def changing(path, column):
        found = list(read(path, column))
        with open(path, "a", encoding="utf-8") as file:
            file.write("编码的时候又来了一句话。\n")
        return iter(found)

    with monkeypatch.context() as patch:
        patch.setattr(store.sources, "passages", changing)
        store.build(corpus, TOKENIZER, 1)
    store.build(corpus, TOKENIZER, 1)
    for source in store.read(corpus):
        lines = (tmp_path / "corpus" / f"{source.name}.txt").read_text(encoding="utf-8").splitlines()
        assert len(source.lines) + len(source.held_lines) - 2 == len(lines)


def test_nothing_left_is_an_error(tmp_path):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.txt").write_text("好\n嗯\n", encoding="utf-8")
    settings = corpus_settings(tmp_path / "corpus")
    store.build(settings, TOKENIZER, 1)
    with pytest.raises(DataError, match="text to train on"):
        store.read(settings)
