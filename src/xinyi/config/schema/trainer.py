"""Group `trainer`: hardware, precision, batches, and when to stop."""

from __future__ import annotations

from dataclasses import dataclass

from xinyi.config.schema.fields import setting

# Strategies of several processes.
SEVERAL = ("ddp", "fsdp")


@dataclass
class TrainerConfig:
    """What Lightning's Trainer is built with."""

    accelerator: str = setting("auto", "where to compute", choices=("auto", "cpu", "gpu"))
    devices: int = setting(1, "devices (gpu) or processes (cpu) on each machine", least=1)
    nodes: int = setting(1, "machines", least=1)
    strategy: str = setting("auto", "how devices work together", choices=("auto", "ddp", "fsdp"))
    precision: str = setting(
        "auto", "number format; auto: bf16 where the hardware has it", choices=("auto", "32", "bf16")
    )
    epochs: int = setting(5, "passes over the training rows at most", least=1)
    max_steps: int | None = setting(None, "optimiser steps at most", least=1)
    patience: int = setting(3, "epochs without a better primary metric before stopping; 0: never", least=0)
    batch_tokens: int = setting(1024, "tokens in a batch, padding included", least=8)
    batch_rows: int = setting(64, "rows in a batch at most", least=1)
    micro_tokens: int | None = setting(
        None,
        "tokens that go through the model at once, padding included; larger batches in parts",
        least=1,
    )
    accumulate: int = setting(1, "batches for one optimiser step", least=1)
    log_every: int = setting(20, "steps between two logged losses", least=1)
    threads: int | None = setting(None, "CPU threads; default: what the machine offers", least=1)
    deterministic: bool = setting(True, "the same numbers for the same seed on the same machine")
    progress: bool = setting(True, "show the progress bar")
