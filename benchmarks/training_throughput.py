"""Training throughput in real tokens a second (padding not counted), against the Hugging Face Trainer.

Both sides train the same encoder with one head on the same texts for one epoch, batches of about 32 rows, in a fresh
process each: the Trainer's precision sticks to its process. The Trainer pads each batch to its longest row
(DataCollatorWithPadding); its other settings are its defaults, but for the case in which it puts rows of like length
together. The first steps are not counted.

    python -m benchmarks training_throughput --data reviews.jsonl
    python -m benchmarks training_throughput --data reviews.jsonl --size base --rows 300 --cases xinyi_adamw,xinyi
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time

from benchmarks.common import SIZES, arguments, fresh, read_texts, show

PEER = "Hugging Face Trainer, fp32"
CASES = {
    PEER: "hf_fp32",
    "Hugging Face Trainer, bf16": "hf_bf16",
    "the same, rows of like length": "hf_grouped",
    "xinyi, encoder and heads, AdamW": "xinyi_adamw",
    "xinyi, as configured": "xinyi",
    "the same, freed memory given back": "xinyi_returning",
}
WARM = 5
LABELS = 5


def main(given: list[str]) -> int:
    """Interleave the cases and print the ratios."""
    options = arguments(__doc__.splitlines()[0], given)
    if options.case:
        print(json.dumps(_run(options)))
        return 0
    wanted = {name: case for name, case in CASES.items() if name == PEER or case in (options.cases or CASES.values())}
    results: dict[str, list[float]] = {name: [] for name in wanted}
    for _ in range(options.rounds):
        for name, case in wanted.items():
            results[name].append(fresh("benchmarks.training_throughput", case, options)["tokens_per_second"])
    show("training, real tokens a second", PEER, results)
    return 0


def _run(options: argparse.Namespace) -> dict[str, float]:
    import torch

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    run = _xinyi if options.case.startswith("xinyi") else _hugging_face
    return {"tokens_per_second": run(options)}


def _encoded(options: argparse.Namespace):
    from xinyi.encoding import EncodingSettings, TextEncoder
    from xinyi.models.backbone import BackboneSettings, load_backbone
    from xinyi.text import prepare

    # Each side gets the attention it would choose by itself: transformers takes sdpa.
    attention = "auto" if options.case.startswith("xinyi") else "sdpa"
    backbone = load_backbone(BackboneSettings(attention=attention, config=SIZES[options.size]))
    texts = [prepare(text) for text in read_texts(options.data, options.rows)]
    return backbone, TextEncoder(backbone.tokenizer, EncodingSettings(max_length=256)).encode(texts)


def _xinyi(options: argparse.Namespace) -> float:
    """Our module under Lightning, settings as `trainer=cpu` has them."""
    import numpy as np

    from benchmarks.pieces import Clock, build_module
    from xinyi.data.batches import TokenBudgetBatches
    from xinyi.data.tokens import EncodedSplit
    from xinyi.training import fit, precision
    from xinyi.training.loader import BatchLoader
    from xinyi.training.muon import MuonAdamW

    backbone, encoded = _encoded(options)
    targets = np.random.default_rng(0).integers(0, LABELS, len(encoded))
    split = EncodedSplit(encoded, {"task": targets})
    tokens = int(encoded.offsets[-1] / len(encoded)) * 32
    batches = TokenBudgetBatches(encoded.lengths, max(tokens, 256), 64, seed=0)
    flag, _ = precision.choose("auto", on_gpu=False)
    more = {} if options.case == "xinyi_adamw" else {"optim": MuonAdamW, "pooling": "mean_max", "lexical": True}
    module = build_module(backbone, LABELS, steps=len(batches), **more)
    clock = Clock(WARM, lambda batch: int(batch.mask_BL.sum()))
    if options.case == "xinyi_returning":
        fit.keep_freed_memory = lambda: False
    trainer = fit.build_trainer(fit.FitSettings(precision=flag, epochs=1), [clock])
    trainer.fit(module, BatchLoader(split, batches, 0))
    return clock.rate()


def _hugging_face(options: argparse.Namespace) -> float:
    """transformers.Trainer with a sequence classifier of the same shape."""
    import torch
    from transformers import PreTrainedTokenizerFast, Trainer, TrainerCallback, TrainingArguments
    from transformers.data import DataCollatorWithPadding

    from xinyi.models.classifier import MultiTaskClassifier

    backbone, encoded = _encoded(options)
    labels = torch.randint(0, LABELS, (len(encoded),)).tolist()
    rows = [
        {"input_ids": encoded.ids[a:b].tolist(), "attention_mask": [1] * int(b - a), "labels": label}
        for a, b, label in zip(encoded.offsets[:-1], encoded.offsets[1:], labels, strict=True)
    ]

    class Plain(torch.nn.Module):
        """The same classifier with the Trainer's calling convention."""

        def __init__(self) -> None:
            super().__init__()
            self.model = MultiTaskClassifier(backbone.encoder, {"task": LABELS}, backbone.hidden_size)
            self.model.fast = None  # transformers' own forward pass
            self.seen, self.started = 0, 0.0

        def forward(self, input_ids, attention_mask, labels):
            self.seen += int(attention_mask.sum())
            logits = self.model(input_ids, attention_mask, torch.zeros_like(input_ids))["task"]
            return {"loss": torch.nn.functional.cross_entropy(logits.float(), labels), "logits": logits}

    class Start(TrainerCallback):
        """Starts the clock after the first steps."""

        def on_step_end(self, args, state, control, **_):
            if state.global_step == WARM:
                model.seen, model.started = 0, time.perf_counter()

    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backbone.tokenizer, pad_token="[PAD]")
    model = Plain().train()
    with tempfile.TemporaryDirectory() as folder:
        training = TrainingArguments(
            folder, per_device_train_batch_size=32, num_train_epochs=1, use_cpu=True, report_to=[], save_strategy="no",
            bf16=options.case != "hf_fp32", disable_tqdm=True, logging_strategy="no",
            train_sampling_strategy="group_by_length" if options.case == "hf_grouped" else "random",
        )  # fmt: skip
        trainer = Trainer(
            model, training, train_dataset=rows, data_collator=DataCollatorWithPadding(tokenizer), callbacks=[Start()]
        )
        trainer.train()
    return model.seen / (time.perf_counter() - model.started)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
