"""The token store: what it keeps, when it encodes anew, and that nobody ever reads half an entry."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from xinyi.data import store
from xinyi.data.prepare import row_id
from xinyi.data.store import TokenStore, encode_chunks, fingerprint, joined
from xinyi.encoding import EncodingSettings, TextEncoder

FORK = multiprocessing.get_context("fork")


def encoder(max_length: int = 16, letters: str = "快递到了没") -> TextEncoder:
    vocabulary = {name: i for i, name in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    return TextEncoder(tokenizer, EncodingSettings(max_length=max_length))


def table(rows: int = 9, end: str = "") -> pa.Table:
    texts = [("快递到了没" * (i % 5))[i % 3 :] + end for i in range(rows)]
    contexts = ["快递" if i % 4 == 0 else "" for i in range(rows)]
    return pa.table({"id": list(map(row_id, texts, contexts)), "text": texts, "context": contexts})


def same(a, b) -> bool:
    return all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in ("ids", "types", "offsets", "cut", "unknown")
    )


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Several chunks without many rows."""
    monkeypatch.setattr(store, "CHUNK_ROWS", 64)


@pytest.fixture
def counted(monkeypatch):
    """How many times texts were encoded."""
    calls = []
    before = TextEncoder.encode
    monkeypatch.setattr(TextEncoder, "encode", lambda self, *a: calls.append(1) or before(self, *a))
    return calls


@pytest.mark.parametrize("rows", [0, 1, 9, 200])
def test_encoded_once_and_mapped(tmp_path, counted, rows):
    made = TokenStore(tmp_path / "store").encoded(table(rows), encoder())
    done = len(counted)
    again = TokenStore(tmp_path / "store").encoded(table(rows), encoder())
    assert len(counted) == done
    assert same(made, again)
    texts, contexts = table(rows)["text"].to_pylist(), table(rows)["context"].to_pylist()
    assert same(made, encoder().encode(texts, contexts))
    assert rows == 0 or isinstance(made.ids, np.memmap)
    assert len(list((tmp_path / "store").iterdir())) == 1


def test_everything_that_decides_changes_the_fingerprint():
    prints = [
        fingerprint(table(), encoder()),
        fingerprint(table(end="了"), encoder()),
        fingerprint(table().take([1, 0, *range(2, 9)]), encoder()),
        fingerprint(table(8), encoder()),
        fingerprint(table(), encoder(max_length=8)),
        fingerprint(table(), encoder(letters="快递到没了")),
    ]
    assert len(set(prints)) == len(prints)
    assert fingerprint(pa.concat_tables([table().slice(0, 4), table().slice(4)]), encoder()) == prints[0]


def test_chunks_give_what_one_call_gives():
    rows = table(200)
    whole = encoder().encode(rows["text"].to_pylist(), rows["context"].to_pylist())
    assert same(joined(list(encode_chunks(rows, encoder()))), whole)


@pytest.mark.parametrize("damage", ["cut", "manifest", "missing"])
def test_an_entry_that_is_not_whole_is_made_again(tmp_path, damage):
    tokens = TokenStore(tmp_path)
    made = joined([tokens.encoded(table(), encoder())])
    (entry,) = tmp_path.iterdir()
    if damage == "cut":
        os.truncate(entry / "ids", 8)
    elif damage == "manifest":
        (entry / "manifest.json").write_text("{")
    else:
        (entry / "cut").unlink()
    assert same(tokens.encoded(table(), encoder()), made)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path):
    tmp_path.chmod(0o500)
    assert len(TokenStore(tmp_path / "no").encoded(table(), encoder())) == 9


def test_a_place_that_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    assert len(TokenStore(tmp_path / "file").encoded(table(), encoder())) == 9
    assert (tmp_path / "file").is_file()


def _build(folder: Path, started, slow: float) -> None:
    before = TextEncoder.encode

    def encode(self, *arguments):
        started.release()
        time.sleep(slow)
        return before(self, *arguments)

    TextEncoder.encode = encode
    TokenStore(folder).encoded(table(200), encoder())


def test_killed_in_mid_write(tmp_path):
    started = FORK.Semaphore(0)
    process = FORK.Process(target=_build, args=(tmp_path, started, 0.3))
    process.start()
    started.acquire()
    started.acquire()  # the first chunk is written
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert list(tmp_path.glob(".*.part"))
    found = TokenStore(tmp_path).encoded(table(200), encoder())
    assert same(found, joined(list(encode_chunks(table(200), encoder()))))
    assert [path.name for path in tmp_path.iterdir()] == [fingerprint(table(200), encoder())]


def test_two_processes_encode_once(tmp_path):
    started = FORK.Semaphore(0)
    processes = [FORK.Process(target=_build, args=(tmp_path, started, 0.05)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    calls = 0
    while started.acquire(block=False):
        calls += 1
    assert calls == len(list(encode_chunks(table(200), encoder())))
    assert len(list(tmp_path.iterdir())) == 1
