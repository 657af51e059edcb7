"""What Lightning's Trainer costs a step, against a bare loop over the same batches, model and optimiser.

Rounds are interleaved, in a fresh process each. The figure is steps a second: Lightning's cost is 1/ratio - 1.

    python -m benchmarks lightning_cost --data reviews.jsonl
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time

from benchmarks.common import arguments, fresh, show
from benchmarks.training_throughput import LABELS, WARM, _encoded

PEER = "bare loop"
CASES = {PEER: "bare", "Lightning": "lightning"}


def main(given: list[str]) -> int:
    """Interleave both and print the ratio."""
    options = arguments(__doc__.splitlines()[0], given)
    if options.case:
        print(json.dumps({"steps_per_hour": 3600.0 / _run(options)}))
        return 0
    results: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(options.rounds):
        for name, case in CASES.items():
            results[name].append(fresh("benchmarks.lightning_cost", case, options)["steps_per_hour"])
    show("training, steps an hour", PEER, results)
    costs = [base / value - 1.0 for base, value in zip(results[PEER], results["Lightning"], strict=True)]
    print(f"\nLightning's cost per step: {statistics.median(costs):.1%}")
    return 0


def _run(options: argparse.Namespace) -> float:
    """Seconds of a step."""
    import numpy as np
    import torch

    from benchmarks.pieces import Clock, build_module
    from xinyi.data.batches import TokenBudgetBatches
    from xinyi.data.tokens import EncodedSplit
    from xinyi.training import precision
    from xinyi.training.fit import FitSettings, build_trainer
    from xinyi.training.loader import BatchLoader

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    backbone, encoded = _encoded(options)
    split = EncodedSplit(encoded, {"task": np.random.default_rng(0).integers(0, LABELS, len(encoded))})
    batches = TokenBudgetBatches(encoded.lengths, 1024, 64, seed=0)
    loader, module = BatchLoader(split, batches, 0), build_module(backbone, LABELS, len(batches))
    flag, _ = precision.choose("auto", on_gpu=False)
    if options.case == "bare":
        return _bare(module, loader, flag)
    clock = Clock(WARM, lambda batch: 1)
    build_trainer(FitSettings(precision=flag, epochs=1), [clock]).fit(module, loader)
    return clock.seconds()


def _bare(module, loader, flag: str) -> float:
    import torch

    optimizer, factor = module.make_optimizer(module.model)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    times = []
    for batch in loader:
        with torch.autocast("cpu", torch.bfloat16, enabled=flag == "bf16-mixed"):
            loss, _ = module._loss(module.model(batch.ids_BL, batch.mask_BL, batch.types_BL), batch.targets)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        times.append(time.perf_counter())
    return (times[-1] - times[WARM - 1]) / (len(times) - WARM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
