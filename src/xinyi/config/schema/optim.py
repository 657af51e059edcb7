"""Group `optim`: the optimiser and its schedule."""

from __future__ import annotations

from dataclasses import dataclass

from xinyi.config.schema.fields import setting


@dataclass
class OptimConfig:
    """Optimiser, decay groups and learning-rate schedule."""

    _target_: str = setting("torch.optim.AdamW", "optimiser class, from the allow-list in config/targets.py")
    lr: float = setting(1e-3, "peak learning rate of the encoder", least=0.0)
    head_lr: float | None = setting(None, "peak learning rate of the heads; default: lr", least=0.0)
    embedding_lr: float | None = setting(
        None, "peak learning rate of the encoder's embeddings; default: lr, under layer decay the lowest", least=0.0
    )
    weight_decay: float = setting(0.01, "on matrices; biases, norms and embeddings have none", least=0.0)
    beta1: float = setting(0.9, "decay of the gradient's mean", least=0.0, most=1.0)
    beta2: float = setting(0.98, "decay of the gradient's square", least=0.0, most=1.0)
    eps: float = setting(1e-8, "added to the denominator", least=0.0)
    warmup: float = setting(0.1, "share of all steps in which the rate rises", least=0.0, most=1.0)
    schedule: str = setting("linear", "how the rate falls after that", choices=("linear", "cosine", "constant"))
    clip: float = setting(1.0, "largest norm of the gradient; 0 switches clipping off", least=0.0)
