"""What a pretraining run is put together from."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from xinyi.config import builders
from xinyi.config.schema.pretrain import PretrainConfig
from xinyi.encoding import EncodingSettings, TextEncoder
from xinyi.errors import ConfigError, describe
from xinyi.models.backbone import load_tokenizer
from xinyi.models.masked_lm import MaskedLM, load_masked_lm
from xinyi.pipeline.folder import RunFolder
from xinyi.pretraining import store
from xinyi.pretraining.feed import Feed
from xinyi.pretraining.held_out import HeldOut
from xinyi.pretraining.loop import LAST, Loop
from xinyi.pretraining.masking import Masker
from xinyi.pretraining.output import write_tokenizer
from xinyi.pretraining.settings import CorpusSettings
from xinyi.pretraining.vocabulary import build_tokenizer
from xinyi.training.processes import Group


def build_loop(
    config: PretrainConfig,
    folder: RunFolder,
    corpus: CorpusSettings,
    report: Callable[[Mapping[str, float], int], None],
) -> tuple[Loop, MaskedLM]:
    """The loop of this process, at the last checkpoint if there is one."""
    settings = builders.pretrain_settings(config, on_gpu(config))
    torch.set_num_threads(config.pretraining.threads or max(1, torch.get_num_threads() // processes(config)))
    torch.manual_seed(config.seed)
    tokenizer = Tokenizer.from_file(str(folder.root / "tokenizer" / "tokenizer.json"))
    how = config.pretraining
    start = load_masked_lm(builders.backbone_settings(config), how.scratch, tokenizer, how.grow)
    start.model.to("cuda" if on_gpu(config) else "cpu")
    encoder = TextEncoder(tokenizer, EncodingSettings())
    special = {"cls": encoder.cls_id, "sep": encoder.sep_id}
    found, masker = store.read(corpus), Masker(tokenizer, settings.mask_rate)
    feed = Feed(found, corpus, settings.micro_tokens, special, config.seed)
    held_out = HeldOut(found, corpus, special, masker)
    loop = Loop(start.model, feed, masker, held_out, settings, folder.root / "checkpoints", report, _stop())
    if (folder.root / "checkpoints" / LAST).is_file():
        loop.load(folder.root / "checkpoints" / LAST)
    return loop, start


def run_tokenizer(config: PretrainConfig, folder: RunFolder) -> Path:
    """The run's tokenizer.json, written once: the backbone's, or built from the corpus."""
    path = folder.root / "tokenizer" / "tokenizer.json"
    if not path.is_file():
        if config.pretraining.vocabulary == "corpus":
            tokenizer = build_tokenizer(config.data.files, config.data.column, masking=config.data.mask)
        else:
            tokenizer = load_tokenizer(builders.backbone_settings(config))
        write_tokenizer(tokenizer, path.parent)
    return path


def group(config: PretrainConfig, folder: RunFolder) -> Group:
    """The processes that share each step."""
    command = [sys.executable, "-m", "xinyi.cli", "worker", str(folder.root.resolve())]
    backend = "nccl" if on_gpu(config) else "gloo"
    return Group(command, config.pretraining.processes, 1, backend, folder.root.resolve())


def processes(config: PretrainConfig) -> int:
    """How many processes train, on this machine."""
    return config.pretraining.processes


def on_gpu(config: PretrainConfig) -> bool:
    """Whether to compute on a GPU. Raises ConfigError where one was asked for and there is none."""
    found = config.pretraining.accelerator != "cpu" and torch.cuda.is_available()
    if config.pretraining.accelerator == "gpu" and not found:
        remedy = "use pretraining.accelerator=cpu, or install a torch build for this GPU"
        raise ConfigError([describe("a GPU that torch can use", "none", remedy, "pretraining.accelerator")])
    return found


def _stop() -> Callable[[], bool]:
    """Whether Ctrl-C or SIGTERM came; at the second one the process ends at once."""
    came: list[int] = []

    def remember(number: int, frame: Any) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(number)

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, remember)
    return lambda: bool(came)
