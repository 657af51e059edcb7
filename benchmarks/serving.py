"""Served answers against the usual ways: one message at a time, and a file of messages of mixed lengths.

latency: milliseconds of one text of about 20 tokens, raw text to labels. Peer: transformers in eager PyTorch, fp32,
with the same cleaning, tokens and weights; our own lean forward pass beside it. throughput: texts a second of
`xinyi predict` from file to file, against a Hugging Face `pipeline("text-classification", batch_size=32)` on the same
texts and a model of the same shape with one head.

    python -m benchmarks serving --data reviews.jsonl --rows 2000
    python -m benchmarks serving --size base --rows 200
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.common import machine, read_texts

if TYPE_CHECKING:
    from xinyi.models.classifier import MultiTaskClassifier

WARM, CALLS = 20, 100
PEER = "transformers, eager fp32"


def main(given: list[str]) -> int:
    """Measure in one process, rounds interleaved, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sample = Path(__file__).resolve().parents[1] / "data" / "sample" / "train.jsonl"
    parser.add_argument("--data", type=Path, default=sample, help="jsonl with `text`")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--size", choices=("embedded", "base"), default="embedded")
    options = parser.parse_args(given)
    import torch

    torch.set_num_threads(options.threads)
    print(f"{machine()}, {options.threads} threads, size {options.size}")
    with tempfile.TemporaryDirectory() as scratch:
        bundle = _bundle(Path(scratch), options)
        texts = read_texts(options.data, options.rows)
        _latency(bundle, texts, options)
        _throughput(bundle, texts, Path(scratch), options)
    return 0


def _bundle(scratch: Path, options: argparse.Namespace) -> Path:
    """A bundle of random weights: speed does not depend on what they say. Prints seconds and sizes."""
    import pyarrow as pa
    from transformers import BertConfig, BertModel

    from xinyi.encoding import EncodingSettings
    from xinyi.export import ExportSettings, export_bundle
    from xinyi.models.backbone import BackboneSettings, load_backbone
    from xinyi.models.classifier import MultiTaskClassifier
    from xinyi.tasks.decode import Decoding
    from xinyi.tasks.spec import Label, TaskSpec

    backbone = load_backbone(BackboneSettings())
    encoder, config = backbone.encoder, backbone.config
    parts: dict[str, Any] = {"pooling": "mean_max", "lexical": True}  # as backbone=embedded has them
    if options.size == "base":
        config = BertConfig(vocab_size=backbone.tokenizer.get_vocab_size(), pad_token_id=0)
        encoder, parts = BertModel(config, add_pooling_layer=False), {}
    task = TaskSpec("sentiment", "single", tuple(Label(str(i)) for i in range(5)))
    model = MultiTaskClassifier(encoder, {task.id: 5}, int(config.hidden_size), **parts).eval()
    texts = read_texts(options.data, 64)
    labels = pa.array([str(i % 5) for i in range(len(texts))])
    table = pa.table({"text": texts, "context": [""] * len(texts), "label.sentiment": labels})
    settings = ExportSettings(("safetensors", "onnx", "onnx_int8"), int8_margin=1.0)
    begun = time.perf_counter()
    export_bundle(
        scratch / "bundle", model, backbone.tokenizer, config, [task], {task.id: Decoding()},
        EncodingSettings(max_length=256), table, None, {}, settings,
    )  # fmt: skip
    sizes = {p.name: p.stat().st_size / 1e6 for p in sorted((scratch / "bundle").glob("model.*"))}
    print(f"export {time.perf_counter() - begun:.0f} s;", ", ".join(f"{k} {v:.1f} MB" for k, v in sizes.items()))
    return scratch / "bundle"


def _latency(bundle: Path, texts: list[str], options: argparse.Namespace) -> None:
    """p50 and p95 of one text at a time."""
    import torch

    from xinyi.export import load_model
    from xinyi.export.scoring import torch_logits
    from xinyi.runtime import load

    fp32, int8 = (load(bundle, options.threads, name) for name in ("onnx", "onnx_int8"))
    lean, stock = load_model(bundle), load_model(bundle)
    stock.fast = None  # transformers' own forward pass

    def eager(model: MultiTaskClassifier, text: str) -> Any:
        with torch.inference_mode():
            return torch_logits(model, fp32.encode([text], [""]), fp32.encoder.pad_id)

    lengths = fp32.encode(texts, [""] * len(texts)).lengths
    near = [text for text, length in zip(texts, lengths, strict=True) if 18 <= length <= 22] or texts[:1]
    cases: dict[str, Callable[[str], Any]] = {
        PEER: partial(eager, stock), **({"our lean pass, eager fp32": partial(eager, lean)} if lean.fast else {}),
        "ONNX fp32": lambda text: fp32.predict([text]), "ONNX int8": lambda text: int8.predict([text]),
    }  # fmt: skip
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(options.rounds):
        for name, call in cases.items():
            for i in range(WARM + CALLS):
                begun = time.perf_counter()
                call(near[i % len(near)])
                if i >= WARM:
                    seconds[name].append(time.perf_counter() - begun)
        print(f"  latency round {turn + 1}", file=sys.stderr)
    base = statistics.median(seconds[PEER])
    print(f"\n{'one text of 18 to 22 tokens':34}{'p50 ms':>9}{'p95 ms':>9}{'times as fast':>15}")
    for name, found in seconds.items():
        p50, p95 = statistics.median(found), statistics.quantiles(found, n=20)[-1]
        print(f"{name:34}{p50 * 1e3:>9.2f}{p95 * 1e3:>9.2f}{base / p50:>15.2f}")


def _throughput(bundle: Path, texts: list[str], scratch: Path, options: argparse.Namespace) -> None:
    """Texts a second from file to file."""
    from xinyi.runtime import predict_file

    source = scratch / "in.jsonl"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    pipe = _pipeline(bundle)
    # The tokenizer of the peer cuts at the same length.
    cases: dict[str, Callable[[], Any]] = {
        "Hugging Face pipeline, batch 32": lambda: pipe(texts, batch_size=32, truncation=True, max_length=256),
        "xinyi predict, ONNX fp32": lambda: predict_file(bundle, source, scratch / "a.jsonl", workers=options.threads),
        "xinyi predict, ONNX int8": lambda: predict_file(
            bundle, source, scratch / "b.jsonl", format="onnx_int8", workers=options.threads
        ),
    }
    rates: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(options.rounds):
        for name, call in cases.items():
            begun = time.perf_counter()
            call()
            rates[name].append(len(texts) / (time.perf_counter() - begun))
        print(f"  throughput round {turn + 1}", file=sys.stderr)
    peer = rates["Hugging Face pipeline, batch 32"]
    print(f"\n{len(texts):,} texts of all lengths".ljust(35) + f"{'texts/s':>9}{'times as fast, by round':>26}")
    for name, found in rates.items():
        ratios = " ".join(f"{rate / base:.2f}" for rate, base in zip(found, peer, strict=True))
        print(f"{name:34}{statistics.median(found):>9,.0f}{ratios:>26}")


def _pipeline(bundle: Path) -> Any:
    """The peer: the same encoder's shape with transformers' own head, on the CPU."""
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, pipeline

    config = AutoConfig.from_pretrained(bundle)
    labels = {i: str(i) for i in range(5)}
    config.id2label, config.label2id = labels, {name: i for i, name in labels.items()}
    model = AutoModelForSequenceClassification.from_config(config).eval()
    return pipeline("text-classification", model=model, tokenizer=AutoTokenizer.from_pretrained(bundle), device="cpu")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
