"""Group `recipe`: training tricks, off by default."""

from __future__ import annotations

from dataclasses import dataclass

from xinyi.config.schema.fields import setting


@dataclass
class RecipeConfig:
    """What is changed about the plain loss and the plain learning rates."""

    class_weights: str = setting("none", "weight of a label in the loss", choices=("none", "balanced"))
    label_smoothing: float = setting(0.0, "share of probability moved to the other labels", least=0.0, most=0.5)
    layer_decay: float = setting(1.0, "learning rate of each layer as a share of the one above", least=0.1, most=1.0)
    single_loss: str = setting("cross_entropy", "loss of single tasks", choices=("cross_entropy", "focal"))
    ordinal_loss: str = setting(
        "cross_entropy", "loss of ordinal tasks", choices=("cross_entropy", "focal", "soft", "corn")
    )
    multi_loss: str = setting("cross_entropy", "loss of multi tasks", choices=("cross_entropy", "asymmetric"))
    rdrop: float = setting(0.0, "weight of the disagreement between two passes under dropout (R-Drop)", least=0.0)
    fgm: float = setting(0.0, "length of the adversarial move of the embeddings (FGM); 0: none", least=0.0)
    dropout_samples: int = setting(1, "dropout masks before the heads, losses averaged", least=1, most=64)
    ema: float = setting(
        0.0, "decay of the weights' moving average, which is then evaluated and kept; 0: none", least=0.0, most=0.9999
    )
    uncertainty: bool = setting(False, "learn the weights of several tasks' losses (Kendall et al. 2018)")
