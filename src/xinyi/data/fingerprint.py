"""Fingerprints: what a run learnt from and was judged by, in 64 hex digits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

_ROW_BYTES = 16


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def split_fingerprint(table: pa.Table) -> str:
    """SHA-256 over the ids and labels of all rows of a data table, whatever their order."""
    names = sorted(name for name in table.column_names if name.startswith("label."))
    rows = bytearray()
    for batch in table.select(["id", *names]).to_batches():
        columns = [batch.column(0).to_pylist(), *(map(_sorted, column.to_pylist()) for column in batch.columns[1:])]
        for row in zip(*columns, strict=True):
            rows += hashlib.sha256(json.dumps(row, ensure_ascii=False).encode()).digest()[:_ROW_BYTES]
    # Digests are sorted, not the rows themselves: millions of those would not fit in memory.
    order = np.sort(np.frombuffer(rows, dtype=[("high", ">u8"), ("low", ">u8")]))
    return hashlib.sha256(json.dumps(names).encode() + order.tobytes()).hexdigest()


def order_sha256(table: pa.Table) -> str:
    """SHA-256 over the ids of all rows in their order: where training stands in mid-epoch depends on it."""
    digest = hashlib.sha256()
    for batch in table.select(["id"]).to_batches():
        digest.update("\n".join(batch.column(0).to_pylist()).encode() + b"\n")
    return digest.hexdigest()


def data_fingerprint(splits: Mapping[str, str]) -> str:
    """SHA-256 over the splits' names and fingerprints."""
    return hashlib.sha256(json.dumps(sorted(splits.items())).encode()).hexdigest()


def _sorted(value: str | list[str] | None) -> str | list[str] | None:
    """Labels of a multi task have no order."""
    return sorted(value) if isinstance(value, list) else value
