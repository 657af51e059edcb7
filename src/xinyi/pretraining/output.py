"""What a run leaves: a Hugging Face folder for `backbone=own backbone.path=`, with model card and checksums."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import PreTrainedModel

from xinyi.pretraining.card import model_card

_SPECIAL = ("pad", "unk", "cls", "sep", "mask")


def write_model(
    folder: Path,
    model: PreTrainedModel,
    tokenizer: Tokenizer,
    facts: Mapping[str, Any],
    sources: Sequence[Mapping[str, Any]],
    curve: Sequence[Mapping[str, Any]],
    half: bool = True,
) -> None:
    """Write config.json, model.safetensors, tokenizer.json, README.md (the model card), curve.json and SHA256SUMS.

    Args:
        facts: of the run; see `model_card`.
        sources: manifests of the token store, with weight and licence.
        curve: held-out losses; see `Loop`.
        half: fp16 instead of fp32.
    """
    folder.mkdir(parents=True, exist_ok=True)
    dtype = torch.float16 if half else torch.float32
    tied = set(getattr(model, "_tied_weights_keys", None) or ())
    state = {
        name: tensor.detach().to("cpu", dtype).contiguous()
        for name, tensor in model.state_dict().items()
        if name not in tied
    }
    save_file(state, str(folder / "model.safetensors"), metadata={"format": "pt"})
    config = model.config
    config.dtype, config.architectures = dtype, [type(model).__name__]
    with contextlib.redirect_stderr(io.StringIO()):
        config.save_pretrained(folder)
    write_tokenizer(tokenizer, folder)
    (folder / "curve.json").write_text(json.dumps(list(curve), indent=1) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(model_card(model, facts, sources, curve), encoding="utf-8")
    names = sorted(path.name for path in folder.iterdir() if path.name != "SHA256SUMS")
    sums = (f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


def write_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """tokenizer.json, and the tokenizer_config.json that transformers wants beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    known = {name: next((t for t in (f"[{name.upper()}]", f"<{name}>") if tokenizer.token_to_id(t) is not None), None)
             for name in _SPECIAL}  # fmt: skip
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512}
    config |= {f"{name}_token": token for name, token in known.items() if token is not None}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
