"""Tables that lie on disk: written batch by batch to a file without a name, read through memory mapping."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.ipc
from numpy.typing import NDArray

from xinyi.errors import DataError, describe

BATCH_ROWS = 8192


def spilled(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    """The batches as one table whose content stays on disk, in the system's folder for temporary files.

    The file has no name, so that it goes with the last user of the table, also when the process is killed.

    Raises:
        DataError: no room on the disk.
    """
    file = tempfile.TemporaryFile(prefix="xinyi-")  # noqa: SIM115 - the mapping keeps it
    try:
        with pa.ipc.new_file(pa.PythonFile(file, "w"), schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
        file.flush()
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        remedy = f"free some in {tempfile.gettempdir()}, or point TMPDIR elsewhere"
        raise DataError([describe("room for the prepared texts", error.strerror, remedy)]) from error
    finally:
        # The mapping holds on to the content by itself.
        file.close()
    return pa.ipc.open_file(pa.BufferReader(pa.py_buffer(mapped))).read_all()


def take(table: pa.Table, rows: NDArray[np.int64]) -> pa.Table:
    """The rows of these ascending numbers, on disk again."""
    return spilled(_taken(table, rows), table.schema)


def at_most(table: pa.Table, most: int | None, seed: int) -> pa.Table:
    """At most so many rows (None: all), drawn by the seed and kept in order: files are often sorted by label."""
    if most is None or len(table) <= most:
        return table
    drawn = np.random.Generator(np.random.PCG64(seed)).permutation(len(table))[:most]
    return take(table, np.sort(drawn))


def _taken(table: pa.Table, rows: NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
    start = 0
    for batch in table.to_batches(max_chunksize=BATCH_ROWS):
        first, last = np.searchsorted(rows, [start, start + len(batch)])
        if last - first == len(batch):
            yield batch
        elif last > first:
            yield batch.take(pa.array(rows[first:last] - start))
        start += len(batch)
