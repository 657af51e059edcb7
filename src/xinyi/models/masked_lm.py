"""Load a backbone for masked language modelling: the encoder with the layers that predict tokens."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer
from transformers import AutoModelForMaskedLM, PreTrainedModel

from xinyi.errors import ConfigError, describe
from xinyi.models.backbone import EMBEDDED, BackboneSettings, load_tokenizer, resized
from xinyi.models.growth import grown
from xinyi.models.quiet import quiet
from xinyi.models.vocabulary import make_room

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MaskedLM:
    """A model for masked language modelling in fp32, its tokenizer, and what it began from."""

    model: PreTrainedModel
    tokenizer: Tokenizer
    origin: str


def load_masked_lm(
    settings: BackboneSettings, scratch: bool = False, tokenizer: Tokenizer | None = None, grow: bool = False
) -> MaskedLM:
    """Load what the settings name; with `scratch` random weights of its layout, with `grow` its weights made larger.

    Args:
        tokenizer: another vocabulary than the backbone's own; with `scratch` only.

    Raises:
        ConfigError: no such model, no safetensors, no weights to go on from, or sizes it cannot grow to.
    """
    source, options = _source(settings)
    own, name = tokenizer or load_tokenizer(settings), settings.name or settings.path or "embedded"
    try:
        if scratch:
            config = resized(source, settings.config, own.get_vocab_size(), **options)
            return MaskedLM(
                AutoModelForMaskedLM.from_config(config).float(), own, f"random weights in the layout of {name}"
            )
        model = _read(source, options)
        make_room(model, load_tokenizer(settings, marks=False), own)
        if grow:
            config = resized(source, settings.config, own.get_vocab_size(), **options)
            return MaskedLM(grown(model, config), own, f"{name}, grown")
    except ConfigError:
        raise
    except (OSError, ValueError, ImportError, RuntimeError, SafetensorError) as error:
        found = " ".join(str(error).split())[:300]
        remedy = "check the path or name; weights must be model.safetensors (convert .bin files first)"
        raise ConfigError([describe("a Hugging Face encoder", found, remedy, f"backbone {source}")]) from error
    return MaskedLM(model, own, name)


def _source(settings: BackboneSettings) -> tuple[str, dict[str, object]]:
    """Where Hugging Face's loaders find it, and their options."""
    if settings.kind == "embedded":
        return str(EMBEDDED), {"local_files_only": True}
    options: dict[str, object] = {"trust_remote_code": settings.trust_remote_code}
    if settings.kind == "local":
        return str(settings.path), {**options, "local_files_only": True}
    return str(settings.name), {**options, **({"revision": settings.revision} if settings.revision else {})}


def _read(source: str, options: dict[str, object]) -> PreTrainedModel:
    """Weights of a folder or hub; an encoder without prediction layers gets new ones."""
    with quiet():
        model, info = AutoModelForMaskedLM.from_pretrained(
            source, use_safetensors=True, output_loading_info=True, dtype=torch.float32, **options
        )
    missing = [key for key in info["missing_keys"] if not key.startswith(_HEADS)]
    if missing:
        remedy = "train from random weights with pretraining.scratch=true, or name a folder that holds them all"
        raise ConfigError([describe("all weights of the encoder", f"none for {missing[:5]}", remedy, source)])
    if info["missing_keys"]:
        log.warning("the backbone has no prediction layers: new ones start from random weights")
    return model


_HEADS = ("cls.", "lm_head.", "head.", "decoder.")
