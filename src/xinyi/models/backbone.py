"""Load an encoder and its tokenizer: from inside the package, from a local folder, or from a hub.

Weights are read from safetensors only: the older .bin files are pickles, which can run code.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoConfig, AutoModel, PretrainedConfig

from xinyi.errors import ConfigError, describe
from xinyi.models.quiet import quiet
from xinyi.models.vocabulary import make_room, read_tokenizer, with_marks

log = logging.getLogger(__name__)
EMBEDDED = Path(__file__).parent / "embedded"


@dataclass(frozen=True)
class BackboneSettings:
    """Where the encoder comes from; the fields are those of the configuration group `backbone`."""

    kind: str = "embedded"
    path: str | None = None
    name: str | None = None
    revision: str | None = None
    config: dict[str, Any] = field(default_factory=dict)
    random: bool = False
    trust_remote_code: bool = False
    attention: str = "auto"
    placeholders: bool = True


@dataclass(frozen=True)
class Backbone:
    """An encoder in evaluation mode, its tokenizer and its Hugging Face configuration.

    random: True when the weights are random: other sizes than those that ship, or asked for.
    """

    encoder: nn.Module
    tokenizer: Tokenizer
    config: PretrainedConfig
    name: str
    random: bool

    @property
    def hidden_size(self) -> int:
        """Size of a token's vector."""
        return int(self.config.hidden_size)

    @property
    def max_length(self) -> int | None:
        """The longest row that the encoder has positions for; None where positions are not looked up in a table."""
        table = getattr(getattr(self.encoder, "embeddings", None), "position_embeddings", None)
        if not isinstance(table, nn.Embedding):
            return None
        # RoBERTa-like encoders begin to count after the padding token's number.
        return table.num_embeddings - (0 if table.padding_idx is None else table.padding_idx + 1)


def load_backbone(settings: BackboneSettings, on_gpu: bool = False) -> Backbone:
    """Load what the settings name.

    Raises:
        ConfigError: the folder or hub has no such model, its weights are not safetensors or do not fit its
            configuration, or it asks for remote code.
    """
    attention = settings.attention
    if attention == "auto":
        # Written-out attention is the faster one on CPU for short texts: the fused kernel's backward is slow there.
        attention = "sdpa" if on_gpu else "eager"
    if settings.kind == "embedded":
        return _embedded(settings, attention)
    return _pretrained(settings, attention)


def _embedded(settings: BackboneSettings, attention: str) -> Backbone:
    tokenizer = Tokenizer.from_file(str(EMBEDDED / "tokenizer.json"))
    has_weights = (EMBEDDED / "model.safetensors").is_file() and not (settings.config or settings.random)
    config = resized(str(EMBEDDED), settings.config, tokenizer.get_vocab_size())
    if has_weights:
        encoder = _read(str(EMBEDDED), {}, attention)
    else:
        log.warning(
            "the embedded encoder starts from RANDOM weights: nothing was learnt before this run. "
            "For real use give a pretrained one: backbone=local backbone.path=DIR, or backbone=hub."
        )
        # The configuration names the fp16 of the packaged file; what is trained begins in fp32.
        encoder = AutoModel.from_config(config, attn_implementation=attention, dtype=torch.float32)
    return Backbone(_without_pooler(encoder), tokenizer, config, "embedded", random=not has_weights)


def resized(source: str, changes: Mapping[str, Any], vocabulary: int, **options: Any) -> PretrainedConfig:
    """The configuration of a folder or hub name with other sizes; every layer attends as the first one does."""
    config = AutoConfig.from_pretrained(source, **options)
    changes, kinds = dict(changes), getattr(config, "layer_types", None)
    if kinds and "num_hidden_layers" in changes and "layer_types" not in changes:
        changes["layer_types"] = [kinds[0]] * changes["num_hidden_layers"]
    config = AutoConfig.from_pretrained(source, **options, **changes)
    config.vocab_size, config.dtype = vocabulary, torch.float32
    return config


def _pretrained(settings: BackboneSettings, attention: str) -> Backbone:
    source = settings.path if settings.kind == "local" else settings.name
    options: dict[str, Any] = {"local_files_only": True} if settings.kind == "local" else {}
    options |= {"revision": settings.revision} if settings.revision else {}
    options["trust_remote_code"] = settings.trust_remote_code
    try:
        encoder = _read(str(source), options, attention)
        plain = read_tokenizer(str(source), options)
    except ConfigError:
        raise
    except (OSError, ValueError, ImportError, RuntimeError, SafetensorError) as error:
        found = " ".join(str(error).split())[:300]
        remedy = "check the path or name; weights must be model.safetensors (convert .bin files first)"
        raise ConfigError([describe("a Hugging Face encoder", found, remedy, f"backbone {source}")]) from error
    rows = encoder.get_input_embeddings().num_embeddings
    if plain.get_vocab_size() > rows:
        remedy = "use the tokenizer that the encoder was trained with"
        wanted = f"a tokenizer of at most {rows} entries, as the encoder has vectors"
        raise ConfigError([describe(wanted, plain.get_vocab_size(), remedy, f"backbone {source}")])
    tokenizer = with_marks(plain) if settings.placeholders else plain
    make_room(encoder, plain, tokenizer)
    return Backbone(_without_pooler(encoder), tokenizer, encoder.config, str(source), random=False)


def load_tokenizer(settings: BackboneSettings, marks: bool = True) -> Tokenizer:
    """The tokenizer alone; marks: as `settings.placeholders` says, else as it was found.

    Raises ConfigError as `load_backbone` does.
    """
    if settings.kind == "embedded":
        return Tokenizer.from_file(str(EMBEDDED / "tokenizer.json"))
    options: dict[str, Any] = {"local_files_only": True} if settings.kind == "local" else {}
    options |= {"revision": settings.revision} if settings.revision else {}
    source = settings.path if settings.kind == "local" else settings.name
    try:
        plain = read_tokenizer(str(source), {**options, "trust_remote_code": settings.trust_remote_code})
    except (OSError, ValueError) as error:
        found = " ".join(str(error).split())[:300]
        raise ConfigError([describe("a tokenizer", found, "check the path or name", f"backbone {source}")]) from error
    return with_marks(plain) if settings.placeholders and marks else plain


def _read(source: str, options: dict[str, Any], attention: str) -> nn.Module:
    """Read weights and check that each of them was found."""
    with quiet():
        encoder, info = AutoModel.from_pretrained(
            source, use_safetensors=True, output_loading_info=True, attn_implementation=attention,
            dtype=torch.float32, **options,
        )  # fmt: skip
    missing = sorted(key for key in info["missing_keys"] if not key.startswith("pooler."))
    if missing:
        remedy = "use the folder's own config.json, or export the model again"
        problem = describe("a weight for each parameter", f"none for {missing[:5]}", remedy, f"backbone {source}")
        raise ConfigError([problem])
    return encoder


def _without_pooler(encoder: nn.Module) -> nn.Module:
    """Drop the dense layer that BERT puts on its first token: our heads have their own pooling."""
    if getattr(encoder, "pooler", None) is not None:
        encoder.pooler = None
    return encoder.eval()
