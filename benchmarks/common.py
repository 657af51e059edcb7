"""What the benchmarks share: texts, the model's size, fresh processes, and how ratios are printed."""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


# Sizes of the embedded layout.
SIZES = {
    "embedded": {},
    "base": {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 2048},
}


def arguments(description: str, given: list[str]) -> argparse.Namespace:
    """Options that every benchmark takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, default=ROOT / "data" / "sample" / "train.jsonl", help="jsonl with `text`")
    parser.add_argument("--rows", type=int, default=3000, help="texts used")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds; the median ratio is printed")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--size", choices=SIZES, default="embedded", help="of the encoder, where one is trained")
    parser.add_argument("--cases", type=lambda text: text.split(","), help="only these, and the peer")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    return parser.parse_args(given)


def read_texts(path: Path, rows: int) -> list[str]:
    """The first texts of a jsonl file."""
    with open(path, encoding="utf-8") as file:
        return [json.loads(line)["text"] for _, line in zip(range(rows), file, strict=False)]


def fresh(module: str, case: str, options: argparse.Namespace) -> dict[str, float]:
    """Run one case in a process of its own; its last line of output is JSON."""
    command = [sys.executable, "-m", module, "--case", case, "--data", str(options.data)]
    command += ["--rows", str(options.rows), "--threads", str(options.threads), "--size", options.size]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(f"{module} {case}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def machine() -> str:
    """The CPU's name and Python's version."""
    cpu = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
    return f"{cpu}, Python {platform.python_version()}"


def show(title: str, peer: str, results: dict[str, list[float]]) -> None:
    """Print each case's median and its ratio to the peer, round by round."""
    print(f"\n{title}\n{machine()}\n")
    print(f"{'case':34}{'median':>12}{'ratio':>9}   rounds")
    for case, values in results.items():
        ratios = [value / base for value, base in zip(values, results[peer], strict=True)]
        each = " ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"{case:34}{statistics.median(values):>12,.0f}{statistics.median(ratios):>9.2f}   {each}")
