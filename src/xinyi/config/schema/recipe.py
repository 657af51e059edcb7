"""Group `recipe`: training tricks, off by default."""

from __future__ import annotations

from dataclasses import dataclass

from xinyi.config.schema.fields import setting


@dataclass
class RecipeConfig:
    """What is changed about plain training."""

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
    soup: int = setting(
        0,
        "checkpoints with the best primary metric that are averaged while validation agrees; 0: none",
        least=0,
        most=20,
    )
    teacher: str | None = setting(None, "a run folder or bundle whose answers are learnt (with distill)")
    distill: float = setting(0.0, "share of the teacher's answers in the loss", least=0.0, most=1.0)
    distill_temperature: float = setting(2.0, "above 1: also what the teacher finds unlikely is learnt", least=0.1)
    contrastive: float = setting(
        0.0, "share in the loss of the distance between rows of one label (contrastive)", least=0.0, most=1.0
    )
    contrastive_temperature: float = setting(0.3, "the smaller, the more the nearest rows count", least=0.01)
    lora_rank: int = setting(
        0, "rank of adapters that learn in the encoder's place (LoRA, needs xinyi[lora]); 0: none", least=0, most=1024
    )
    lora_alpha: float = setting(32.0, "what adapters add is scaled by alpha / rank", least=0.0)
    unlabelled: list[str] = setting(
        [], "files of texts without labels (txt, or tables with the column data.text) that a first model labels; globs"
    )
    confidence: float = setting(0.0, "probability from which such a label is learnt", least=0.0, most=1.0)
    unlabelled_weight: float = setting(0.5, "weight of such a row beside a labelled one's 1", least=0.0, most=1.0)
    adapt: list[str] = setting([], "files of texts that the backbone reads before it is fine-tuned; as unlabelled")
    adapt_minutes: float = setting(0.0, "how long it reads", least=0.0)
    adapt_tokens: int | None = setting(
        None, "how much it reads, in place of adapt_minutes: steps and weights do not depend on the clock", least=1
    )
