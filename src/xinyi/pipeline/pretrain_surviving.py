"""Pretraining that meets trouble: other files than it began with, or too little memory."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import asdict

import torch

from xinyi.config.schema.pretrain import PretrainConfig
from xinyi.errors import DataError, describe
from xinyi.models.masked_lm import MaskedLM
from xinyi.pipeline.folder import RunFolder, read_json, write_json, write_yaml
from xinyi.pipeline.pretrain_parts import build_loop, group
from xinyi.pretraining.failures import out_of_memory
from xinyi.pretraining.loop import State
from xinyi.pretraining.settings import CorpusSettings
from xinyi.training.memory import is_out_of_memory
from xinyi.training.processes import joined

log = logging.getLogger(__name__)
# As in fine-tuning: each time half as much goes through the model at once.
TRIES = 5

Report = Callable[[Mapping[str, float], int], None]


def same_files(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Refuse to go on with other text than the run began with.

    Args:
        before, after: source → SHA-256 of its file.

    Raises:
        DataError: names the sources that changed, came or went.
    """
    changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    if changed:
        got, advice = f"others: {', '.join(changed)}", "put the former files back, or start a new run"
        raise DataError([describe("the files that the run began with", got, advice, "resume")])


def run_through(
    config: PretrainConfig, folder: RunFolder, corpus: CorpusSettings, report: Report
) -> tuple[State, MaskedLM]:
    """Train until the budget is used up; where memory runs out, go on from the last checkpoint with half as many tokens
    at once.

    `config.pretraining.micro_tokens` is then changed in place, config.yaml is written anew, and state.json keeps under
    `out_of_memory` what happened.

    Raises:
        TrainingError: too little memory for the longest row, for several processes, or after so many tries; see `Loop`.
    """
    how, several = config.pretraining, config.pretraining.processes > 1
    for attempt in range(TRIES + 1):
        try:
            with joined(group(config, folder)) if several else nullcontext():
                loop, start = build_loop(config, folder, corpus, report)
                return loop.run(), start
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            got = (" ".join(str(error).split()) or type(error).__name__)[:160]
        # Out here the error is gone, and with it what its traceback held in memory.
        loop = start = None
        if several or attempt == TRIES or how.micro_tokens <= config.data.longest:
            raise out_of_memory(how.micro_tokens, got, several)
        how.micro_tokens = max(config.data.longest, how.micro_tokens // 2)
        _note(config, folder, got)
    raise AssertionError("the last attempt raises")


def _note(config: PretrainConfig, folder: RunFolder, got: str) -> None:
    state, less = read_json(folder.state), config.pretraining.micro_tokens
    event = {"micro_tokens": less, "got": got}
    write_json(folder.state, {**state, "out_of_memory": [*state.get("out_of_memory", []), event]})
    write_yaml(folder.config, asdict(config))
    log.warning("out of memory (%s): going on from the last checkpoint with pretraining.micro_tokens=%s", got, less)
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
