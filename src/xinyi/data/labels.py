"""The label columns of all files: which labels their rows have, what does not fit."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xinyi.data.cells import (
    SEPARATORS,
    SEPARATORS_OF_MULTI,
    BadCellError,
    any_of,
    as_text,
    is_value,
    notice_separator,
    parse_multi,
    parse_single,
)
from xinyi.data.derived import cell_labels, translated
from xinyi.data.infer import infer_kind, infer_spec, one_label_problems
from xinyi.data.label_columns import column_task
from xinyi.data.mapping import stars_to_level
from xinyi.data.names import written
from xinyi.data.raw import RawFile
from xinyi.data.settings import SourceSettings
from xinyi.data.several import comma_notes, commas_part, separator_notes
from xinyi.data.strays import Strays
from xinyi.data.wording import rows_text
from xinyi.errors import describe
from xinyi.tasks.spec import TaskSpec

Values = list[Any]  # of each row: a label, a list of labels (multi), None


def read_labels(
    files: Sequence[RawFile], specs: Sequence[TaskSpec], problems: list[str], warnings: list[str], complete: bool
) -> tuple[list[TaskSpec], list[dict[str, Values]]]:
    """Every file's labels of every task.

    Args:
        files: the files that could be read.
        specs: the declared tasks; none means that each label column becomes a task.
        problems: gets what does not fit. warnings: gets what was read one way and could be meant another way.
        complete: whether all training files could be read; without them training labels are not judged.

    Returns:
        the tasks, and for each file {task: values in row order} of the tasks it has.
    """
    resolved: list[TaskSpec] = []
    columns: list[dict[str, Values]] = [{} for _ in files]
    for spec in specs:
        reader = _Reader(spec.id, spec.kind, spec, files, problems, specs)
        resolved += reader.finish(columns, complete)
    for task in [] if specs else dict.fromkeys(task for file in files for task in file.labels):
        kind = infer_kind(task, [f for f in files if f.split == "train" and task in f.labels], problems)
        reader = _Reader(task, kind, None, files, problems)
        resolved += reader.finish(columns, complete)
        warnings += reader.notes()
    return resolved, columns


@dataclass
class _Reader:
    """Reads one task's labels from all files; `spec` is None for a task that is to be inferred."""

    task: str
    kind: str
    spec: TaskSpec | None
    files: Sequence[RawFile]
    problems: list[str]
    specs: Sequence[TaskSpec] = ()

    def finish(self, columns: list[dict[str, Values]], complete: bool) -> list[TaskSpec]:
        """Put the values into `columns`; give the specification, or nothing when it cannot be made."""
        parsed = [(file, values) for file in self.files if (values := self._parse(file)) is not None]
        spec = self.spec or (self._infer(parsed) if complete else None)
        if spec is None:
            return []
        found, strays = {}, Strays(spec.id, spec.kind, inferred=self.spec is None)
        for file, values in parsed:
            name = self._column(file.source)
            self.problems += strays.problems(file, name, values, cell_labels(spec, file.source), self._names(name))
            found[id(file)] = translated(values, spec, file.source)
        for file, column in zip(self.files, columns, strict=True):
            if id(file) in found:
                column[self.task] = found[id(file)]
        training = [found[id(file)] for file, _ in parsed if file.split == "train"]
        if self.spec and complete and training:
            self.problems += one_label_problems(self.task, [value for values in training for value in values])
        return [spec]

    def notes(self) -> Iterator[str]:
        """What speaks against the kind that the cells of the training files suggested."""
        training = self._training()
        if any(self.task in file.source.kinds for file in training):
            return
        if self.kind == "single":
            yield from comma_notes(self.task, training)
        elif self.kind == "multi":
            signs = [self._separator(self.task, file.source) for file in training]
            noticed = [sign if isinstance(sign, re.Pattern) else None for sign in signs]
            yield from separator_notes(self.task, list(zip(training, noticed, strict=True)))

    def _training(self) -> list[RawFile]:
        return [file for file in self.files if file.split == "train" and self.task in file.labels]

    def _infer(self, parsed: Sequence[tuple[RawFile, Values]]) -> TaskSpec | None:
        training = [(file, values) for file, values in parsed if file.split == "train"]
        orders = [file.source.order[self.task] for file, _ in training if self.task in file.source.order]
        values = [value for _, values in training for value in values]
        return infer_spec(self.task, self.kind, values, orders, self.problems)

    def _parse(self, file: RawFile) -> Values | None:
        """The file's values before any derivation; None when it has no column for the task."""
        name = self._column(file.source)
        if name not in file.labels:
            return None
        parse = self._cell_parser(name, file.source)
        values: Values = []
        bad: dict[str, list[int]] = defaultdict(list)
        outside = file.source.outside.get(name)
        for row, cell in zip(file.rows, file.labels[name], strict=True):
            if outside is not None and is_value(cell, outside):
                values.append(None)
                continue
            try:
                values.append(parse(cell))
            except BadCellError as error:
                values.append(None)
                bad[str(error)].append(row)
        for reason, rows in bad.items():
            remedy = f"mend these cells, or set data.kinds.{name}=multi if a row may have several labels"
            got = f"{reason} in {len(rows)} row(s): {rows_text(rows)}"
            self.problems.append(describe(f"{self.kind} labels of {self.task!r}", got, remedy, str(file.path)))
        return values

    def _column(self, source: SourceSettings) -> str | None:
        """The task whose name the settings of the column have."""
        return column_task(self.spec, source) if self.spec else self.task

    def _names(self, name: str | None) -> Mapping[str, str]:
        """How files may write the labels of the task that the column belongs to, and the ids meant."""
        return next((written(spec) for spec in (self.spec, *self.specs) if spec and spec.id == name), {})

    def _cell_parser(self, name: str, source: SourceSettings) -> Callable[[Any], Any]:
        """What turns a cell into its label or labels."""
        if most := source.stars.get(name):
            levels = list(cell_labels(self.spec, source)) if self.spec else [str(i + 1) for i in range(most)]
            return functools.partial(stars_to_level, most=most, levels=levels)
        names = self._names(name)
        mapped = {as_text(key): as_text(value or "") for key, value in source.map.get(name, {}).items()}
        mapping = {**names, **{key: names.get(value, value) for key, value in mapped.items()}}
        if self.kind != "multi":
            return functools.partial(parse_single, mapping=mapping)
        empty = self.spec.empty.id if self.spec and self.spec.empty else None
        return functools.partial(parse_multi, mapping=mapping, separator=self._separator(name, source), empty=empty)

    @functools.cached_property
    def _commas(self) -> bool:
        """Whether commas part the labels of a task that nobody declared."""
        return commas_part(self.task, self._training())

    def _separator(self, name: str, source: SourceSettings) -> str | re.Pattern[str] | None:
        """What separates labels in a cell, noticed in the source's training files."""
        if self.kind != "multi" or source.separator:
            return source.separator
        told = self.spec is not None or name in source.kinds or self._commas
        known = cell_labels(self.spec, source) if self.spec else ()
        signs = [s for s in (SEPARATORS_OF_MULTI if told else SEPARATORS) if not any(s in label for label in known)]
        own = [f for f in self.files if f.source is source and name in f.labels]
        training = [f for f in own if f.split == "train"]
        return any_of(notice_separator((cell for f in training or own for cell in f.labels[name]), signs), known)
