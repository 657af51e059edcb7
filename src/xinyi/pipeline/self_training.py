"""Self-training: a first model labels rows that nobody labelled, and the second learns from the sure ones too.

Pseudo-labels (Lee 2013) at a threshold of confidence, given once; the second training begins anew, so that the first
one's mistakes are not in its weights.
"""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from xinyi.config.schema import TrainConfig
from xinyi.data import Dataset
from xinyi.data.prepare import CHUNK_ROWS, Preparation, RawChunk, prepare_chunk, row_id
from xinyi.data.tokens import WEIGHT, EncodedSplit
from xinyi.errors import DataError, describe
from xinyi.evaluation.decoding import fit_temperature
from xinyi.pipeline.folder import RunFolder
from xinyi.pipeline.parts import Parts
from xinyi.pipeline.predicting import logits_of
from xinyi.pretraining.sources import name, passages, resolve
from xinyi.tasks.decode import probabilities
from xinyi.tasks.spec import TaskSpec

log = logging.getLogger(__name__)
FILE = "pseudo.parquet"
# Folder of the first training's checkpoints, below the run's.
FIRST = "first"
_FACTS = b"facts"


def check_unlabelled(config: TrainConfig, folder: RunFolder) -> None:
    """See that the files are there, before anything slow. Raises DataError."""
    if config.recipe.unlabelled and not is_labelled(folder):
        resolve(config.recipe.unlabelled)


def is_labelled(folder: RunFolder) -> bool:
    """Whether the first model of this run has answered."""
    return (folder.root / FILE).is_file()


def grown(config: TrainConfig, folder: RunFolder, dataset: Dataset) -> tuple[Dataset, dict[str, Any]]:
    """The data with the rows that the first model labelled among the training rows, and what the report says of them.

    Labelled rows have weight 1 in the column `weight`, the others `recipe.unlabelled_weight`.
    """
    more = pq.read_table(folder.root / FILE)
    facts = json.loads(more.schema.metadata[_FACTS])
    train = dataset.splits["train"]
    weights = [1.0] * len(train) + [config.recipe.unlabelled_weight] * len(more)
    # The first process has marked its rows (a column more); further processes of the training have not.
    more = more.select(train.column_names).cast(train.schema)
    both = pa.concat_tables([train, more]).append_column(WEIGHT, pa.array(weights, pa.float32()))
    return Dataset(dataset.tasks, {**dataset.splits, "train": both}, dataset.summary), facts


def label(config: TrainConfig, folder: RunFolder, dataset: Dataset, parts: Parts) -> None:
    """Answer the rows of `recipe.unlabelled` with a trained model, and keep the sure answers in pseudo.parquet.

    Probabilities are calibrated on validation rows first (Guo et al. 2017). Of a multi task an answer is sure where
    each label is. Rows that the data holds already, in any split, are left out: test rows must stay unseen.

    Raises:
        DataError: a file cannot be read, or no row is left.
    """
    labeller = _Labeller(config.recipe.confidence, dataset, parts)
    tables = [labeller.sure(*chunk) for chunk in _chunks(config)]
    if not labeller.rows:
        remedy = "name other files with recipe.unlabelled=[PATH,…]"
        raise DataError([describe("texts without labels", "none", remedy, "recipe.unlabelled")])
    facts = labeller.facts() | {"weight": config.recipe.unlabelled_weight}
    log.info("unlabelled %s of %s rows are labelled with confidence", f"{facts['used']:,}", f"{facts['rows']:,}")
    table = pa.concat_tables(tables).replace_schema_metadata({_FACTS: json.dumps(facts, ensure_ascii=False)})
    beside = folder.root / f".{FILE}.{os.getpid()}.part"
    pq.write_table(table, beside)
    os.replace(beside, folder.root / FILE)


def _chunks(config: TrainConfig) -> Iterator[tuple[str, list[int], list[str], list[str]]]:
    """Source, row numbers, ids and prepared texts, some thousands at a time. Raises DataError."""
    data = config.data
    preparation = Preparation(data.mask, data.repair, data.simplify)
    for path in resolve(config.recipe.unlabelled):
        try:
            found = enumerate(passages(path, data.text), 1)
            while rows := list(islice(found, CHUNK_ROWS)):
                numbers, texts = [number for number, _ in rows], [text for _, text in rows]
                made = prepare_chunk(RawChunk(numbers, texts, [None] * len(rows)), preparation)
                yield name(path), numbers, made.ids, made.texts
        except DataError as error:
            raise DataError([text.replace("data.column=", "data.text=") for text in error.problems]) from error


@dataclass
class _Labeller:
    """Answers chunks, and counts."""

    confidence: float
    dataset: Dataset
    parts: Parts
    rows: int = 0
    known: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # By text alone: the unlabelled messages come without what was said before them.
        splits = self.dataset.splits.values()
        self.seen = {row_id(text, "") for table in splits for part in table["text"].chunks for text in part.to_pylist()}
        self.temperatures = _temperatures(self.parts)
        self.used = 0

    def sure(self, source: str, numbers: Sequence[int], ids: Sequence[str], texts: Sequence[str]) -> pa.Table:
        """The rows with a sure answer to some task, in the data table's layout."""
        self.rows += len(ids)
        fresh = [i for i, row in enumerate(ids) if texts[i] and not (row in self.seen or self.seen.add(row))]
        self.known += len(ids) - len(fresh)
        labels = self._labels([texts[i] for i in fresh])
        kept = [k for k in range(len(fresh)) if any(own[k] is not None for own in labels.values())]
        for task, own in labels.items():
            flat = [
                one for k in kept if own[k] is not None for one in (own[k] if isinstance(own[k], list) else [own[k]])
            ]
            self.counts.setdefault(task, Counter()).update(flat)
        self.used += len(kept)
        columns: dict[str, list[Any]] = {f"label.{task}": [own[k] for k in kept] for task, own in labels.items()}
        for column, values in (("id", ids), ("text", texts), ("row", numbers)):
            columns[column] = [values[fresh[k]] for k in kept]
        columns |= {"context": [""] * len(kept), "source": [source] * len(kept)}
        schema = self.dataset.splits["train"].schema.remove_metadata()
        nothing = [None] * len(kept)
        return pa.table([pa.array(columns.get(f.name, nothing), f.type) for f in schema], schema=schema)

    def _labels(self, texts: list[str]) -> dict[str, list[Any]]:
        if not texts:
            return {task.id: [] for task in self.dataset.tasks}
        split = EncodedSplit(self.parts.encoder.encode(texts), {})
        logits = logits_of(self.parts, split)
        return {
            task.id: sure_labels(
                probabilities(logits[task.id], task.kind, self.temperatures[task.id]), task, self.confidence
            )
            for task in self.dataset.tasks
        }

    def facts(self) -> dict[str, Any]:
        """What the report says."""
        labels = {task: dict(sorted(own.items())) for task, own in self.counts.items()}
        found = {"rows": self.rows, "known": self.known, "used": self.used, "labels": labels}
        return found | {"confidence": self.confidence, "temperatures": self.temperatures}


def sure_labels(probs_BC: NDArray, task: TaskSpec, confidence: float) -> list[Any]:
    """A label's id (of multi tasks a list of them) for each row, None where the answer is not sure."""
    ids = np.array(task.label_ids, dtype=object)
    if task.kind == "multi":
        sure_B = (np.maximum(probs_BC, 1.0 - probs_BC) >= confidence).all(axis=1)
        return [list(ids[row_C >= 0.5]) if sure else None for row_C, sure in zip(probs_BC, sure_B, strict=True)]
    best_B = probs_BC.argmax(axis=1)
    return [ids[best] if row_C[best] >= confidence else None for row_C, best in zip(probs_BC, best_B, strict=True)]


def _temperatures(parts: Parts) -> Mapping[str, float]:
    """Of each task, fitted on validation rows; 1 where none has its label."""
    split = parts.splits["validation"]
    logits, found = logits_of(parts, split), {}
    for task in parts.tasks:
        target = split.targets[task.id]
        there = (target >= 0).all(axis=1) if target.ndim == 2 else target >= 0
        gold = target[there].astype(np.int64)
        found[task.id] = fit_temperature(logits[task.id][there], gold, task.kind) if len(gold) else 1.0
    return found
