"""`python -m benchmarks [NAME] [--data FILE]`: run one benchmark, or all of them."""

from __future__ import annotations

import sys

from benchmarks import (
    bootstrap_intervals,
    data_scale,
    lightning_cost,
    pretraining_throughput,
    serving,
    training_throughput,
)

BENCHMARKS = {
    "training_throughput": training_throughput.main,
    "pretraining_throughput": pretraining_throughput.main,
    "lightning_cost": lightning_cost.main,
    "serving": serving.main,
    "data_scale": data_scale.main,
    "bootstrap_intervals": bootstrap_intervals.main,
}


def main(arguments: list[str]) -> int:
    """Exit code 2 for an unknown name."""
    if arguments and not arguments[0].startswith("-"):
        if arguments[0] not in BENCHMARKS:
            print(f"expected one of {', '.join(BENCHMARKS)}, got {arguments[0]!r}", file=sys.stderr)
            return 2
        return BENCHMARKS[arguments[0]](arguments[1:])
    return max(run(arguments) for run in BENCHMARKS.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
