"""Preparing chunks of texts: what is done, by one process or several, and how much is held at once."""

from __future__ import annotations

from data_rows import labelled, messages

from xinyi.data import prepare
from xinyi.data.prepare import Preparation, RawChunk, prepare_chunk, prepare_chunks

DAMAGED = "質量很好謝謝客服".encode().decode("gb18030")


def chunks(count: int, size: int = 5):
    for i in range(count):
        texts = [f"{text}，電話13900139002" for text in messages(size)]
        yield RawChunk(list(range(i * size, (i + 1) * size)), texts, [["您好", "在"]] * size)


def test_each_step_can_be_switched():
    chunk = RawChunk([3, 4], [f"{DAMAGED} 13900139002", "坏\ufffd"], [None, ""])
    done = prepare_chunk(chunk, Preparation(simplify=True))
    assert done.texts == ["质量很好谢谢客服 [手机号]", "坏\ufffd"]
    assert done.contexts == ["", ""]
    assert done.damage == {"utf8_as_gbk": ([3], []), "replacement_character": ([], [4])}
    plain = prepare_chunk(chunk, Preparation(mask=False, repair=False))
    assert plain.texts[0].endswith(" 13900139002")
    assert plain.damage == {}


def test_several_processes_give_the_same_in_order(monkeypatch):
    monkeypatch.setattr(prepare, "FEWEST_ROWS", 10)
    one = [(chunk.rows, done) for chunk, done in prepare_chunks(chunks(7), Preparation(), 35, 1)]
    two = [(chunk.rows, done) for chunk, done in prepare_chunks(chunks(7), Preparation(), 35, 2)]
    assert one == two
    assert len(one) == 7


def test_few_chunks_are_read_ahead(monkeypatch):
    read = []
    monkeypatch.setattr(prepare, "FEWEST_ROWS", 10)
    source = (read.append(1) or chunk for chunk in chunks(50))
    prepared = prepare_chunks(source, Preparation(mask=False, repair=False), 250, 1)
    next(prepared)
    assert len(read) == 1


def test_tables_lie_on_disk_and_nothing_is_left(jsonl, loaded, tmp_path, monkeypatch):
    import tempfile

    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    jsonl(labelled(30))
    data = loaded()
    assert sum(map(len, data.splits.values())) == 30
    assert list(folder.iterdir()) == []


def test_no_room_on_the_disk(jsonl, refused, monkeypatch):
    from xinyi.data import spill

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    jsonl(labelled(30))
    monkeypatch.setattr(spill.mmap, "mmap", full)
    (problem,) = refused()
    assert "room for the prepared texts, got No space left on device" in problem
