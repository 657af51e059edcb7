"""Pretraining throughput in real tokens a second (padding not counted), against a Hugging Face masked-LM Trainer.

Both sides train the embedded encoder's layout on the same rows: the Trainer in bf16 with dynamic padding, batches of 32
rows and DataCollatorForLanguageModeling at the same mask rate; ours as `xinyi pretrain` with one process a core. Each
case runs in a fresh process; the first steps are not counted.

    python -m benchmarks pretraining_throughput --data reviews.jsonl
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from benchmarks.common import arguments, fresh, read_texts, show

PEER = "Hugging Face Trainer, bf16"
CASES = {PEER: "hf", "xinyi pretrain": "xinyi"}
WARM = 5
RATE = 0.2
_STEP = re.compile(r"tokens_per_second ([\d.,e+]+) · tokens ([\d,]+)")


def main(given: list[str]) -> int:
    """Interleave the cases and print the ratios."""
    options = arguments(__doc__.splitlines()[0], given)
    if options.case:
        run = _hugging_face if options.case == "hf" else _xinyi
        print(json.dumps({"tokens_per_second": run(options)}))
        return 0
    results: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(options.rounds):
        for name, case in CASES.items():
            results[name].append(fresh("benchmarks.pretraining_throughput", case, options)["tokens_per_second"])
    show("pretraining, real tokens a second", PEER, results)
    return 0


def _xinyi(options: argparse.Namespace) -> float:
    """`xinyi pretrain`, one step of 8,192 tokens a line of its log."""
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text.txt"
        lines = [text.replace("\n", " ") for text in read_texts(options.data, options.rows)]
        text.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "xinyi.cli", "pretrain", f"data.files=[{text}]", "pretraining=embedded"]
        command += [f"runs={folder}", "tracking=none", "pretraining.log_every=1", "pretraining.tokens=250000"]
        command += [f"pretraining.processes={options.threads}", "pretraining.threads=1", "pretraining.precision=bf16"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "XINYI_LOG": "INFO"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    found = [tuple(float(part.replace(",", "")) for part in pair) for pair in _STEP.findall(done.stderr)][WARM:]
    tokens = [after - before for (_, before), (_, after) in pairwise(found)]
    seconds = [n / speed for n, (speed, _) in zip(tokens, found[1:], strict=True)]
    return sum(tokens) / sum(seconds)


def _hugging_face(options: argparse.Namespace) -> float:
    """transformers.Trainer with its masked-LM collator over the same rows."""
    import torch
    from transformers import (
        DataCollatorForLanguageModeling,
        PreTrainedTokenizerFast,
        Trainer,
        TrainerCallback,
        TrainingArguments,
    )

    from xinyi.models.backbone import BackboneSettings
    from xinyi.models.masked_lm import load_masked_lm

    torch.set_num_threads(options.threads)
    start = load_masked_lm(BackboneSettings(), scratch=True)
    rows, seen = _rows(options), [0, 0.0]

    class Collator(DataCollatorForLanguageModeling):
        """Counts real tokens."""

        def torch_call(self, examples):
            seen[0] += sum(len(example["input_ids"]) for example in examples)
            return super().torch_call(examples)

    class Start(TrainerCallback):
        """Starts the clock after the first steps."""

        def on_step_end(self, args, state, control, **_):
            if state.global_step == WARM:
                seen[:] = [0, time.perf_counter()]

    tokenizer = PreTrainedTokenizerFast(tokenizer_object=start.tokenizer, pad_token="[PAD]", mask_token="[MASK]")
    with tempfile.TemporaryDirectory() as folder:
        training = TrainingArguments(
            folder, per_device_train_batch_size=32, max_steps=WARM + 25, use_cpu=True, report_to=[], save_strategy="no",
            bf16=True, disable_tqdm=True, logging_strategy="no",
        )  # fmt: skip
        collator = Collator(tokenizer, mlm_probability=RATE)
        Trainer(start.model, training, train_dataset=rows, data_collator=collator, callbacks=[Start()]).train()
    return seen[0] / (time.perf_counter() - seen[1])


def _rows(options: argparse.Namespace) -> list[dict[str, list[int]]]:
    """The rows that `xinyi pretrain` makes of the texts, in random order."""
    import numpy as np

    from xinyi.models.backbone import EMBEDDED
    from xinyi.pretraining import store
    from xinyi.pretraining.feed import fill
    from xinyi.pretraining.rows import one_pass
    from xinyi.pretraining.settings import CorpusSettings

    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text.txt"
        lines = [text.replace("\n", " ") for text in read_texts(options.data, options.rows)]
        text.write_text("\n".join(lines) + "\n", encoding="utf-8")
        settings = CorpusSettings((str(text),), Path(folder) / "store")
        store.build(settings, EMBEDDED / "tokenizer.json", 1)
        found = store.read(settings)
        rows = one_pass(found, settings, 7, 0)
        order = np.random.default_rng(0).permutation(len(rows))
        return [{"input_ids": fill(found, rows, order[i : i + 1], 2, 3)[0].tolist()} for i in range(len(order))]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
