"""Parquet in and out with pyarrow: streamed by record batch, every column's type kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xinyi.errors import DataError, describe
from xinyi.runtime.tables import Row, missing_package

BATCH_ROWS = 1024


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise missing_package("pyarrow", "parquet") from error
    return pyarrow, pyarrow.parquet


class ParquetTable:
    """See Table."""

    marked = False

    def __init__(self, source: Path) -> None:
        arrow, parquet = _arrow()
        self.name = str(source)
        self._errors = (arrow.ArrowException, OSError)
        try:
            self._file = parquet.ParquetFile(source)
        except self._errors as error:
            raise self._broken(error) from error
        self.schema = self._file.schema_arrow.remove_metadata()
        self.header = list(self.schema.names)
        self._read, self._rows = 0, self._file.metadata.num_rows

    def share(self) -> float | None:
        """See Table."""
        return self._read / self._rows if self._rows else None

    def close(self) -> None:
        """See Table."""
        self._file.close()

    def __iter__(self) -> Iterator[Row]:
        """See Table."""
        try:
            for batch in self._file.iter_batches(batch_size=BATCH_ROWS):
                for values in batch.to_pylist():
                    self._read += 1
                    size = sum(len(value) for value in values.values() if isinstance(value, str | bytes | list))
                    yield Row(self._read, values, size)
        except self._errors as error:
            raise self._broken(error) from error

    def _broken(self, error: BaseException) -> DataError:
        found = " ".join(str(error).split())[:200]
        return DataError([describe("a parquet file", found, "write it again", self.name)])


class ParquetWriter:
    """Rows into a parquet file. columns: (name, type or None) in order; None is text."""

    def __init__(self, path: Path, kept: Any, header: list[str], added: list[tuple[str, str]]) -> None:
        arrow, parquet = _arrow()
        text = arrow.string()
        kinds = {"text": text, "texts": arrow.list_(text), "number": arrow.float64()}
        kinds |= {"numbers": arrow.list_(arrow.float64()), "flag": arrow.bool_()}
        fields = list(kept) if kept is not None else [arrow.field(name, text) for name in header]
        self._schema = arrow.schema([*fields, *(arrow.field(name, kinds[what]) for name, what in added)])
        self._make = arrow.RecordBatch.from_pylist
        self._writer = parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._waiting: list[dict[str, Any]] = []

    def write(self, values: dict[str, Any]) -> None:
        """Add a row."""
        self._waiting.append(values)
        if len(self._waiting) >= BATCH_ROWS:
            self._flush()

    def close(self) -> None:
        """Write what waits, and the file's end."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_batch(self._make(self._waiting, schema=self._schema))
            self._waiting = []
