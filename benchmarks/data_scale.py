"""Reading, normalising, masking, duplicate checks and encoding of many messages, beside reading and tokenizing only."""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.common import ROOT, fresh, machine
from benchmarks.messages import write_messages

MODULE = "benchmarks.data_scale"
PEER = "pandas + datasets.map: read, tokenize"
OURS = "xinyi: read, prepare, mask, check, encode"


def main(given: list[str]) -> int:
    """Print seconds, microseconds a row and memory of each size; the full course is --sizes 10000 100000 1000000."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--data", type=Path, default=ROOT / "data" / "sample" / "train.jsonl")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--case", choices=list(CASES), help=argparse.SUPPRESS)
    options = parser.parse_args(given)
    if options.case:
        print(json.dumps(_measured(CASES[options.case], options.data, options.threads)))
        return 0
    print(f"{machine()}\n\n{'rows':>10}  {'case':44}{'seconds':>9}{'µs a row':>10}{'CPU s':>9}{'MB':>8}{'ratio':>8}")
    for rows in options.sizes:
        _show(rows, options)
    return 0


def _show(rows: int, options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "messages.jsonl"
        write_messages(path, rows, options.data)
        asked = argparse.Namespace(data=path, rows=rows, threads=options.threads)
        found = {case: fresh(MODULE, case, asked) for case in CASES}
    for case, result in found.items():
        ratio, each = result["seconds"] / found[PEER]["seconds"], 1e6 * result["seconds"] / rows
        numbers = f"{result['seconds']:>9.1f}{each:>10.1f}{result['cpu']:>9.1f}{result['megabytes']:>8.0f}{ratio:>8.2f}"
        print(f"{rows:>10,}  {case:44}{numbers}", flush=True)


def _measured(case: Callable[[Path, int], None], path: Path, threads: int) -> dict[str, float]:
    """Seconds of the wall clock and of all CPUs, and the most memory: this process's and its largest child's, the
    child's once for each worker."""
    started = time.perf_counter()
    case(path, threads)
    seconds = time.perf_counter() - started
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    kilobytes = own.ru_maxrss + threads * children.ru_maxrss
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in (own, children))
    return {"seconds": seconds, "cpu": cpu, "megabytes": kilobytes / 1024}


def _ours(path: Path, threads: int) -> None:
    from xinyi.config.paths import embedded_config
    from xinyi.data import DataSettings, SourceSettings, load, near
    from xinyi.data.store import TokenStore
    from xinyi.encoding import EncodingSettings, TextEncoder

    source = SourceSettings(train=(str(path),), labels={"intent": "intent"}, group="customer_id")
    dataset = load(DataSettings("scale", (source,), workers=threads), [])
    near.earlier_alike(dataset.splits["train"]["text"])
    encoder = TextEncoder.from_file(embedded_config().with_name("tokenizer.json"), EncodingSettings(128))
    store = TokenStore(path.parent / "tokens")
    for table in dataset.splits.values():
        store.encoded(table, encoder)


def _peer(path: Path, threads: int) -> None:
    import datasets
    import pandas as pd
    from transformers import PreTrainedTokenizerFast

    from xinyi.config.paths import embedded_config

    datasets.disable_progress_bars()
    name = str(embedded_config().with_name("tokenizer.json"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=name, pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]")
    rows = datasets.Dataset.from_pandas(pd.read_json(path, lines=True))
    rows.map(lambda batch: tokenizer(batch["text"], truncation=True, max_length=128), batched=True)


CASES = {PEER: _peer, OURS: _ours}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
