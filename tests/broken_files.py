"""Files of every format that data come in, whole and broken in every way that files get broken."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import random
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parent / "unit" / "data"))
from xlsx_file import write_xlsx

TEXTS = ("物流很慢，等了三天", "客服态度好", '他说"退货"，\n然后走了', "質量不錯，謝謝", "ok👍", "a\tb", "")
ROWS = [{"text": TEXTS[i % 7] + str(i), "label": ("好", "坏")[i % 2], "n": i} for i in range(23)]
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030", "big5")
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: pa.compress(data, "zstd", asbytes=True),
    ".zip": lambda data: _zipped(data),
}


def whole_files() -> dict[str, bytes]:
    """Name → content of one good file for each format, encoding and compression."""
    files = {}
    for ending, write in (("jsonl", _jsonl), ("json", _json), ("csv", _csv), ("tsv", _tsv)):
        for encoding in ENCODINGS:
            files[f"{encoding}.{ending}"] = write().encode(encoding, "ignore")
        for compression, compress in COMPRESSORS.items():
            files[f"x.{ending}{compression}"] = compress(write().encode())
    table = pa.Table.from_pylist(ROWS)
    for compression in ("snappy", "zstd", "none"):
        buffer = io.BytesIO()
        pq.write_table(table, buffer, compression=compression, row_group_size=9, write_page_checksum=True)
        files[f"{compression}.parquet"] = buffer.getvalue()
    for name, make in (("file.arrow", pa.ipc.new_file), ("stream.arrow", pa.ipc.new_stream)):
        buffer = io.BytesIO()
        with make(buffer, table.schema) as writer:
            writer.write_table(table, max_chunksize=7)
        files[name] = buffer.getvalue()
    for shared in (True, False):
        files[f"{shared}.xlsx"] = _xlsx(shared)
    return files


def broken_files(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Name and content of `count` files, each a good one with one to four faults."""
    rng, files = random.Random(seed), list(whole_files().items())
    for i in range(count):
        name, data = files[i % len(files)]
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            data = rng.choice(FAULTS)(data, rng)
        if rng.random() < 0.03:  # saved under another name
            name = rng.choice(files)[0]
        yield name, data


def _place(data: bytes, rng: random.Random) -> int:
    return rng.randrange(len(data) + 1)


def _flip_bits(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(min(len(data), rng.choice((1, 1, 3, 30)))):
        changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _cut_off(data: bytes, rng: random.Random) -> bytes:
    return data[: _place(data, rng)]


def _lose_a_piece(data: bytes, rng: random.Random) -> bytes:
    at = _place(data, rng)
    return data[:at] + data[at + rng.randrange(1, 40) :]


def _put_in(data: bytes, rng: random.Random) -> bytes:
    piece = rng.choice(
        (b"\0", b"\n", b'"', b"\r", b",", b"\xff\xff", b"\xff\xfe", b"\x81", b"[" * 5000, rng.randbytes(20))
    )
    at = _place(data, rng)
    return data[:at] + piece + data[at:]


def _repeat_a_piece(data: bytes, rng: random.Random) -> bytes:
    first, last = sorted((_place(data, rng), _place(data, rng)))
    return data[:last] + data[first:last] + data[last:]


def _blank_a_piece(data: bytes, rng: random.Random) -> bytes:
    at = _place(data, rng)
    size = min(len(data) - at, rng.randrange(1, 60))
    return data[:at] + rng.choice((b"\0", b" ", b"?")) * size + data[at + size :]


FAULTS = (_flip_bits, _flip_bits, _cut_off, _lose_a_piece, _put_in, _repeat_a_piece, _blank_a_piece)


def _jsonl() -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)


def _json() -> str:
    return json.dumps(ROWS, ensure_ascii=False)


def _csv(delimiter: str = ",") -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, list(ROWS[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(ROWS)
    return file.getvalue()


def _tsv() -> str:
    return _csv("\t")


def _zipped(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner", data)
    return file.getvalue()


def _xlsx(shared: bool) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        write_xlsx(path, [list(ROWS[0]), *(list(row.values()) for row in ROWS)], shared)
        return path.read_bytes()
