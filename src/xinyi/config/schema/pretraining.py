"""Group `pretraining`: masked-language-model training."""

from __future__ import annotations

from dataclasses import dataclass

from xinyi.config.schema.fields import setting


@dataclass
class PretrainingConfig:
    """Budget, optimisers and what is written."""

    scratch: bool = setting(False, "start from random weights of the backbone's layout instead of its own weights")
    grow: bool = setting(False, "make its own weights as large as backbone.config says, with the same outputs at first")
    vocabulary: str = setting(
        "backbone", "the backbone's own, or one built from the corpus (with scratch)", choices=("backbone", "corpus")
    )
    tokens: int | None = setting(None, "budget in tokens", least=1)
    minutes: float | None = setting(None, "budget in minutes; what is used up first ends the run", least=0.0)
    step_tokens: int = setting(8192, "tokens of one optimiser step, over all processes", least=64)
    micro_tokens: int = setting(4096, "tokens of one forward pass of one process", least=64)
    muon_lr: float | None = setting(0.02, "peak rate of hidden matrices, by Muon; null: by AdamW too", least=0.0)
    muon_decay: float = setting(0.03, "weight decay of the hidden matrices", least=0.0)
    adamw_lr: float = setting(3e-3, "peak rate of everything else", least=0.0)
    warmup: float = setting(0.01, "share of the budget in which the rates rise", least=0.0, most=1.0)
    decay: float = setting(0.4, "share of the budget, at its end, in which they fall to zero", least=0.0, most=1.0)
    clip: float = setting(1.0, "largest norm of the gradient; 0 switches clipping off", least=0.0)
    mask_rate: float = setting(0.2, "share of tokens to predict", least=0.01, most=0.9)
    processes: int = setting(1, "processes on this machine that share each step", least=1)
    threads: int = setting(0, "CPU threads of each process; 0: the cores shared out", least=0)
    accelerator: str = setting("auto", "where to compute", choices=("auto", "cpu", "gpu"))
    precision: str = setting("auto", "number format of the computation", choices=("auto", "32", "bf16"))
    log_every: int = setting(20, "steps between two logged losses", least=1)
    evaluate_every: int = setting(1000, "steps between two looks at the held-out lines", least=1)
    save_minutes: float = setting(5.0, "minutes between two checkpoints", least=0.0)
    half: bool = setting(True, "write the finished weights in fp16: half the size, no loss that fine-tuning sees")
