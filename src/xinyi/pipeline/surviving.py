"""Training that meets trouble: rows of a bad batch are named, and what does not fit in memory is trained in parts."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

import pyarrow as pa
import torch

from xinyi.config.schema import TrainConfig
from xinyi.config.schema.trainer import SEVERAL
from xinyi.data import Dataset
from xinyi.errors import TrainingError, describe
from xinyi.pipeline.adapt import assembled
from xinyi.pipeline.folder import RunFolder, read_json, write_json, write_yaml
from xinyi.pipeline.parts import Parts
from xinyi.training.finite import NotFinite
from xinyi.training.fit import FitResult
from xinyi.training.memory import is_out_of_memory, words_of

log = logging.getLogger(__name__)

# Each time half as much goes through the model at once; a thirty-second part is not the batch's fault.
TRIES = 5


def fit_through(
    config: TrainConfig, folder: RunFolder, dataset: Dataset, parts: Parts, train: Callable[[], FitResult]
) -> FitResult:
    """Train; where memory runs out, go on from the last checkpoint with half as many tokens at once.

    `config.trainer.micro_tokens` and `parts` are then changed in place, config.yaml is written anew, and state.json
    keeps under `out_of_memory` what happened.

    Raises:
        NotFinite: with the names of the batch's rows; not_finite.json lists them all.
        TrainingError: too little memory for a single row, for another process, or after so many tries.
    """
    for attempt in range(TRIES + 1):
        try:
            result = train()
            if config.trainer.strategy == "fsdp":  # what was trained is a share of the model
                _renew(parts, config, folder, dataset)
            return result
        except NotFinite as error:
            raise _named(error, folder, dataset.splits["train"]) from None
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            got = words_of(error)
        # Out here the error is gone, and with it what its traceback held in memory.
        step = int(parts.module.global_step)
        config.trainer.micro_tokens = _smaller(config, parts, got, attempt)
        _note(config, folder, {"step": step, "micro_tokens": config.trainer.micro_tokens, "got": got})
        _renew(parts, config, folder, dataset)
    raise AssertionError("the last attempt raises")


def _named(error: NotFinite, folder: RunFolder, table: pa.Table) -> NotFinite:
    """Say which rows of which files these are; never what they say."""
    found = table.select(["id", "source", "row"]).take(pa.array(error.rows, pa.int64())).to_pylist()
    about = {"what": error.what, "value": str(error.value), "step": error.step, "rows": found}
    write_json(folder.root / "not_finite.json", about)
    return error.called([f"{row['source']} row {row['row']} ({row['id']})" for row in found])


def _smaller(config: TrainConfig, parts: Parts, got: str, attempt: int) -> int:
    """Half of what goes through the model at once now, but a whole row."""
    trainer, loader = config.trainer, parts.loader(config, "train")
    lengths = loader.split.encoded.lengths
    now = max(len(rows_B) * int(lengths[rows_B].max()) for rows_B in loader.batches.epoch(0))
    now, least = min(now, trainer.micro_tokens or now), int(lengths.max())
    if attempt == TRIES or now <= least or trainer.strategy in SEVERAL:
        settings = {"trainer.batch_tokens": trainer.batch_tokens, "trainer.batch_rows": trainer.batch_rows}
        settings["data.max_length"] = config.data.max_length
        lower = " or ".join(f"{key} (now {value})" for key, value in settings.items())
        where = f"{now} padded tokens at once"
        raise TrainingError(describe(f"memory for {where}", got, f"lower {lower}, or free memory", "training"))
    return max(least, now // 2)


def _note(config: TrainConfig, folder: RunFolder, event: dict[str, Any]) -> None:
    state = read_json(folder.state)
    write_json(folder.state, {**state, "out_of_memory": [*state.get("out_of_memory", []), event]})
    write_yaml(folder.config, asdict(config))
    log.warning(
        "out of memory at step %s (%s): going on from the last checkpoint with trainer.micro_tokens=%s; optimiser "
        "steps keep their size. Lower trainer.batch_tokens, trainer.batch_rows or data.max_length to avoid this",
        event["step"], event["got"], event["micro_tokens"],
    )  # fmt: skip


def _renew(parts: Parts, config: TrainConfig, folder: RunFolder, dataset: Dataset) -> None:
    """Everything as at the run's beginning: seeds, weights, optimiser. A checkpoint then takes their place."""
    parts.model = parts.module = parts.backbone = None  # first, so that two models are never held
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    fresh = assembled(config, folder, dataset)
    for field in fields(fresh):
        # Rows may know a teacher's answers, and notes say where these are from.
        if field.name not in ("splits", "notes"):
            setattr(parts, field.name, getattr(fresh, field.name))
