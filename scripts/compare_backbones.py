"""Fine-tune several backbones on several experiments, over seeds and numbers of training rows; can be stopped.

    python scripts/compare_backbones.py --data FOLDER --output runs/compare --backbones random embedded \
        --experiments massive_zh_cn chnsenticorp --seeds 7 8 9 --rows 0 500 100

Backbones: `random` (the embedded layout, untrained), `embedded`, `own:FOLDER` for what `xinyi pretrain` made, or any
Hugging Face folder. Rows: 0 means all. Each run is `xinyi train` in a process of its own, `--parallel` at a time with
one thread each; a run whose report is there is not made again. Then `scripts/backbone_table.py` makes the table.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# With few rows an epoch has few steps: as many passes as let the heads learn.
EPOCHS = {100: 20, 500: 10}


def main() -> None:
    """Run what is missing."""
    args = _arguments()
    jobs = list(itertools.product(args.rows, args.seeds, args.experiments, args.backbones))
    with ThreadPoolExecutor(args.parallel) as pool:
        failed = [name for name in pool.map(lambda job: _run(args, *job), jobs) if name]
    print(f"{len(jobs) - len(failed)} of {len(jobs)} runs are there", *failed, sep="\n  failed: ")
    sys.exit(bool(failed))


def _run(args: argparse.Namespace, rows: int, seed: int, experiment: str, backbone: str) -> str | None:
    """One run; its name where it failed."""
    name = f"{experiment}-{rows or 'all'}-{Path(backbone).name}-{seed}"
    folder = args.output / name
    if (folder / "report" / "report.json").is_file():
        return None
    stopped = (folder / "config.yaml").is_file()
    command = ["resume", str(folder)] if stopped else _train(args, rows, seed, experiment, backbone, folder)
    command = [sys.executable, "-m", "xinyi.cli", *command]
    started, environment = time.monotonic(), {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    print(
        f"{name}: {'done' if done.returncode == 0 else done.stderr[-500:]} {time.monotonic() - started:.0f} s",
        flush=True,
    )
    return None if done.returncode == 0 else name


def _train(
    args: argparse.Namespace, rows: int, seed: int, experiment: str, backbone: str, folder: Path
) -> Sequence[str]:
    """What `xinyi` is given for a new run."""
    command = ["train", f"experiment={experiment}", f"data.root={args.data}", *_backbone(backbone), f"seed={seed}"]
    command += [f"hydra.run.dir={folder}", "tracking=none", "export=none", "gate=none", "trainer.threads=1"]
    if rows:
        command += [f"data.train_limit={rows}", f"trainer.epochs={EPOCHS.get(rows, 20)}", "trainer.patience=8"]
    return [*command, "trainer.progress=false", *args.override]


def _backbone(backbone: str) -> Sequence[str]:
    """The overrides that choose a backbone."""
    if backbone == "embedded":
        return ["backbone=embedded"]
    if backbone == "random":
        return ["backbone=embedded", "backbone.random=true"]
    option, path = ("own", backbone.removeprefix("own:")) if backbone.startswith("own:") else ("local", backbone)
    return [f"backbone={option}", f"backbone.path={path}"]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--output", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--backbones", nargs="+", default=["random", "embedded"])
    parser.add_argument("--experiments", nargs="+", required=True)
    parser.add_argument("--seeds", nargs="+", type=int, default=[7, 8, 9])
    parser.add_argument("--rows", nargs="+", type=int, default=[0])
    parser.add_argument("--parallel", type=int, default=2)
    parser.add_argument("override", nargs="*", help="further overrides for every run")
    args = parser.parse_args()
    # A list of names takes whatever follows it: KEY=VALUE is an override wherever it stands.
    args.override += [item for item in args.experiments if "=" in item]
    args.experiments = [item for item in args.experiments if "=" not in item]
    return args


if __name__ == "__main__":
    main()
