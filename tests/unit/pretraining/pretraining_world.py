"""A tiny corpus, vocabulary and model for tests of pretraining."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import ModernBertConfig, ModernBertForMaskedLM

from xinyi.models.backbone import EMBEDDED
from xinyi.pretraining import store
from xinyi.pretraining.feed import Feed
from xinyi.pretraining.held_out import HeldOut
from xinyi.pretraining.loop import Loop
from xinyi.pretraining.masking import Masker
from xinyi.pretraining.rows import Rows
from xinyi.pretraining.settings import CorpusSettings, PretrainSettings

SPECIAL = {"cls": 2, "sep": 3}
TOKENIZER = EMBEDDED / "tokenizer.json"
LINES = [
    "快递送到楼下了，辛苦师傅。", "这个空调制冷很快，就是声音有点大。", "退款什么时候到账？我等了三天了！", "好的",
    "wifi连不上，重启router也没用", "客服态度很好，问题解决得也快。", "给差评：包装破了，东西也是旧的。", "[泪]又坏了",
]  # fmt: skip


def tokenizer() -> Tokenizer:
    """The packaged one."""
    return Tokenizer.from_file(str(TOKENIZER))


def write_corpus(folder: Path, lines: int = 400) -> None:
    """Two sources: short messages, and long passages."""
    folder.mkdir(parents=True, exist_ok=True)
    short = [f"{LINES[i % len(LINES)]}第{i}条" for i in range(lines)]
    (folder / "short.txt").write_text("\n".join(short) + "\n", encoding="utf-8")
    long = ["".join(f"{LINES[(i + k) % len(LINES)]}" for k in range(12)) + f"共{i}件" for i in range(lines // 8)]
    (folder / "long.txt").write_text("\n".join(long) + "\n", encoding="utf-8")


def corpus_settings(folder: Path, **changes: object) -> CorpusSettings:
    """Settings of the corpus in `folder`; its store lies beside it."""
    plain = {"files": (str(folder / "*.txt"),), "store": folder / "store", "held_out": 0.1, "longest": 64}
    return CorpusSettings(**{**plain, **changes})


def some_rows(lengths: Sequence[int], cuts: Sequence[bool]) -> tuple[store.Source, Rows]:
    """Rows of these lengths, one after the other in one source; ids count from 100, and a line ends with [SEP]."""
    sizes = np.array(lengths) - 1 - np.array(cuts)
    stops = np.cumsum(sizes)
    ids = np.arange(100, 100 + stops[-1])
    ids[(stops - 1)[~np.array(cuts)]] = SPECIAL["sep"]
    source = store.Source("one", ids, np.array([0, stops[-1]]), ids[:0], np.array([0]))
    return source, Rows(np.zeros(len(sizes), np.int16), stops - sizes, stops, np.array(cuts))


def two_sources(folder: Path) -> tuple[list[store.Source], CorpusSettings]:
    """The token store of the corpus that `write_corpus` writes; the short source weighs 2.5."""
    write_corpus(folder / "corpus")
    settings = corpus_settings(folder / "corpus", weights={"short": 2.5})
    store.build(settings, TOKENIZER, 1)
    return store.read(settings), settings


def tiny_lm(seed: int = 1) -> ModernBertForMaskedLM:
    """Two layers of 32."""
    torch.manual_seed(seed)
    config = ModernBertConfig(
        vocab_size=tokenizer().get_vocab_size(), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=48, max_position_embeddings=128, layer_types=["full_attention"] * 2, pad_token_id=0,
        cls_token_id=2, sep_token_id=3, bos_token_id=2, eos_token_id=3,
    )  # fmt: skip
    return ModernBertForMaskedLM._from_config(config, attn_implementation="eager")


def tiny_loop(folder: Path, checkpoints: Path, model=None, stop=lambda: False, reported=None, **changes) -> Loop:
    """A loop over the corpus in `folder`, which is written if need be; `reported` gathers (values, step)."""
    if not (folder / "short.txt").is_file():
        write_corpus(folder)
    corpus = corpus_settings(folder)
    store.build(corpus, TOKENIZER, 1)
    plain = {"tokens": 6000, "step_tokens": 512, "micro_tokens": 256, "precision": "32", "evaluate_every": 4}
    settings = PretrainSettings(**{**plain, "log_every": 2, **changes})
    found, special = store.read(corpus), {"cls": 2, "sep": 3}
    masker = Masker(tokenizer(), settings.mask_rate)
    feed = Feed(found, corpus, settings.micro_tokens, special, settings.seed)
    held_out = HeldOut(found, corpus, special, masker)
    keep = (lambda values, step: reported.append((values, step))) if reported is not None else lambda values, step: None
    return Loop(model or tiny_lm(), feed, masker, held_out, settings, checkpoints, keep, stop)
