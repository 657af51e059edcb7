"""What ends a pretraining, in words."""

from __future__ import annotations

from collections.abc import Mapping

from xinyi.errors import TrainingError, describe


def not_finite(value: float, step: int, sources: Mapping[str, int]) -> TrainingError:
    """The loss of a step is no number.

    Args:
        sources: source → its rows in the step.
    """
    remedy = "lower pretraining.adamw_lr and muon_lr, or use pretraining.precision=32, and start a new run"
    rows = ", ".join(f"{name} ({count})" for name, count in sorted(sources.items()))
    return TrainingError(
        f"{describe('a finite loss', f'{value} at step {step}', remedy, 'pretraining')}. "
        f"The step held rows of {rows}. The checkpoints from before it are kept."
    )


def out_of_memory(tokens: int, got: str, several: bool) -> TrainingError:
    """Too little memory, and no smaller part to try.

    Args:
        tokens: that went through the model at once.
        several: whether processes train together, whose parts are not made smaller on the way.
    """
    lower = "lower pretraining.micro_tokens" if several else "lower data.longest or choose a smaller backbone"
    remedy = f"{lower} in a new run, or free memory"
    return TrainingError(describe(f"memory for {tokens} tokens at once", got, remedy, "pretraining"))
