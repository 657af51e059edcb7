"""Plain values of a pretraining run; the fields are those of the configuration groups `corpus` and `pretraining`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class CorpusSettings:
    """What is read, and how it is cut into rows.

    files: paths or globs of txt files or tables, plain or compressed.
    weights: source name (a file's name up to its first dot) → passes over it in one pass over the corpus; others 1.
    column: the text column of tables.
    masking: whether personal data becomes placeholders, as in training and serving.
    shortest, longest: tokens in a row, [CLS] and [SEP] included; rows end at line ends where they can.
    held_out: share of lines, chosen by their content, that is never trained on.
    store: folder for the encoded corpus; used again while nothing that went into it has changed.
    """

    files: tuple[str, ...]
    store: Path
    weights: dict[str, float] = field(default_factory=dict)
    column: str = "text"
    masking: bool = True
    shortest: int = 16
    longest: int = 256
    held_out: float = 0.002


@dataclass(frozen=True)
class PretrainSettings:
    """How it is trained.

    tokens, minutes: the budget; the learning rate falls to zero at the end of whichever is used up first.
    step_tokens: tokens of one optimiser step, over all processes; micro_tokens: of one forward pass of one process.
    muon_lr: learning rate of the hidden matrices, by Muon (Jordan 2024); `None` trains them by AdamW too.
    adamw_lr: learning rate of everything else.
    warmup, decay: shares of the budget in which the rate rises and falls; in between it is constant.
    mask_rate: share of tokens to predict.
    """

    tokens: int | None = 170_000_000
    minutes: float | None = None
    seed: int = 7
    step_tokens: int = 8192
    micro_tokens: int = 4096
    muon_lr: float | None = 0.02
    muon_decay: float = 0.03
    adamw_lr: float = 3e-3
    warmup: float = 0.01
    decay: float = 0.4
    clip: float = 1.0
    mask_rate: float = 0.2
    log_every: int = 20
    evaluate_every: int = 1000
    save_minutes: float = 5.0
    precision: str = "bf16"
    processes: int = 1
