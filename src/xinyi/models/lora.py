"""LoRA (Hu et al. 2022): small matrices beside the encoder's, of which alone its training learns, through peft.

peft comes with the extra `xinyi[lora]` and is imported only where adapters are asked for.
"""

from __future__ import annotations

from torch import nn


def insert(encoder: nn.Module, rank: int, alpha: float) -> None:
    """Put W + alpha / rank · B A in the place of every linear layer W; B begins at zero, all but A and B stands still.

    Args:
        encoder: a Hugging Face encoder; it is changed in place.
        rank: rows of A.

    Raises:
        ModuleNotFoundError: peft is not installed.
    """
    from peft import LoraConfig, inject_adapter_in_model

    config = LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules="all-linear")
    inject_adapter_in_model(config, encoder)


def merge(encoder: nn.Module) -> None:
    """Add what was learnt to the weights themselves; the encoder is then the plain one again, with its own names."""
    from peft.tuners.lora import LoraLayer

    for name, module in list(encoder.named_modules()):
        if isinstance(module, LoraLayer):
            module.merge()
            encoder.set_submodule(name, module.get_base_layer())
    if hasattr(encoder, "peft_config"):
        del encoder.peft_config
    encoder.requires_grad_(True)


def is_adapter(name: str) -> bool:
    """Whether a parameter belongs to an adapter, and to no model that is served."""
    return ".lora_" in name
