"""Pretrain several layouts and optimisers on the same tokens, for docs/pretraining.md; can be stopped.

    python scripts/compare_layouts.py --corpus 'corpus/*.txt.xz' --output layouts --tokens 5000000
    python scripts/compare_backbones.py --data FOLDER --output runs/layouts --experiments massive_zh_cn \
        --backbones own:layouts/modernbert_muon own:layouts/bert_pre_norm_muon …

All are as wide, as deep and as large (feed-forward layers gated or not) as the embedded encoder, with its vocabulary.
Each arm is `xinyi pretrain` in a process of its own; one that is there is not made again. The table is printed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from transformers import BertConfig, PretrainedConfig, RobertaPreLayerNormConfig

from xinyi.models.backbone import EMBEDDED

OPTIMISERS = {"muon": [], "adamw": ["pretraining.muon_lr=null"]}
LAYOUTS = ("modernbert", "bert_pre_norm", "bert")


def main() -> None:
    """Run what is missing, then print one line an arm."""
    args = _arguments()
    args.output.mkdir(parents=True, exist_ok=True)
    for arm in args.arms:
        if not (args.output / arm / "model.safetensors").is_file():
            _pretrain(args, arm)
    print(*table(args.output, args.arms), sep="\n")


def layout(name: str, folder: Path) -> Path:
    """A folder with a layout's configuration and the embedded encoder's vocabulary."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(EMBEDDED / file, folder / file)
    if name == "modernbert":
        shutil.copy(EMBEDDED / "config.json", folder / "config.json")
    else:
        _bert(name, json.loads((EMBEDDED / "config.json").read_text(encoding="utf-8"))).save_pretrained(folder)
    return folder


def _bert(name: str, like: dict[str, Any]) -> PretrainedConfig:
    """BERT with norms after each block, or before it, with as many weights a layer: two matrices instead of three."""
    kind, positions = (BertConfig, 512) if name == "bert" else (RobertaPreLayerNormConfig, 514)
    return kind(
        vocab_size=like["vocab_size"], hidden_size=like["hidden_size"], num_hidden_layers=like["num_hidden_layers"],
        num_attention_heads=like["num_attention_heads"], intermediate_size=like["intermediate_size"] * 3 // 2,
        max_position_embeddings=positions, type_vocab_size=1, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        pad_token_id=like["pad_token_id"], bos_token_id=like["bos_token_id"], eos_token_id=like["eos_token_id"],
    )  # fmt: skip


def _pretrain(args: argparse.Namespace, arm: str) -> None:
    name, _, optimiser = arm.rpartition("_")
    source, runs = layout(name, args.output / ".layouts" / name), args.output / ".runs" / arm
    stopped = sorted(runs.glob("*/config.yaml"))
    command = [sys.executable, "-m", "xinyi.cli"]
    if stopped:
        command += ["resume", str(stopped[-1].parent)]
    else:
        command += ["pretrain", "pretraining=embedded", "corpus=embedded", f"data.files=[{args.corpus}]", f"name={arm}"]
        command += ["backbone=own", f"backbone.path={source}", f"pretraining.tokens={args.tokens}", f"runs={runs}"]
        command += ["tracking=none", f"data.store={args.output / '.tokens'}", *OPTIMISERS[optimiser], *args.override]
    subprocess.run(command, check=True)
    (made,) = runs.glob("*/model")
    shutil.copytree(made, args.output / arm, dirs_exist_ok=True)


def table(folder: Path, arms: Sequence[str]) -> Iterator[str]:
    """Markdown: held-out loss and accuracy at the end."""
    yield "| layout and optimiser | tokens | held-out loss | masked right |"
    yield "|---|---|---|---|"
    for arm in arms:
        last = json.loads((folder / arm / "curve.json").read_text(encoding="utf-8"))[-1]
        mean = last["mean"]
        yield f"| {arm.replace('_', ' ')} | {last['tokens']:,} | {mean['loss']:.3f} | {mean['accuracy']:.1%} |"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", required=True, help="glob of text files")
    parser.add_argument("--output", type=Path, required=True, help="folder of the encoders")
    parser.add_argument("--tokens", type=int, default=5_000_000)
    every = [f"{name}_{optimiser}" for name in LAYOUTS for optimiser in OPTIMISERS]
    parser.add_argument("--arms", nargs="+", choices=every, default=every)
    parser.add_argument("override", nargs="*", help="further overrides for every arm")
    return parser.parse_args()


if __name__ == "__main__":
    main()
