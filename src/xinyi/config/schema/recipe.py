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
