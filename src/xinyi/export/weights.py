"""model.safetensors and config.json: written so that plain transformers reads the encoder, and read again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn
from transformers import AutoModel, PretrainedConfig

from xinyi.encoding import Encoded
from xinyi.errors import BundleError, describe
from xinyi.export.scoring import torch_logits
from xinyi.export.settings import Recipe
from xinyi.models.classifier import MultiTaskClassifier
from xinyi.models.quiet import quiet

FILE = "model.safetensors"
HEADS = "heads."
PARTS = ("pool", "lexical")  # modules of a classifier that only some have
AGAIN = "copy or export the bundle again"


def write_weights(model: MultiTaskClassifier, recipe: Recipe, folder: Path) -> str:
    """Write a folded model: the encoder under its Hugging Face names and `heads.<task>.{weight,bias}`, a learnt pooling
    under `pool.`, what words say by themselves under `lexical.`; returns the file's name."""
    tensors = dict(model.encoder.state_dict())
    tensors |= {HEADS + name: tensor for name, tensor in model.heads.state_dict().items()}
    for prefix, part in _parts(model).items():
        tensors |= {prefix + name: tensor for name, tensor in part.state_dict().items()}
    # A clone each: safetensors refuses tensors that share memory. Its own writer would make the file private.
    content = save({name: t.detach().clone().contiguous() for name, t in tensors.items()}, {"format": "pt"})
    (folder / FILE).write_bytes(content)
    return FILE


def write_config(model: MultiTaskClassifier, config: PretrainedConfig, recipe: Recipe, folder: Path) -> None:
    """Write the Hugging Face configuration with a section `xinyi`: label order, pooling, masking."""
    raw = json.loads(config.to_json_string(use_diff=False))
    # A path of the machine that trained, and labels that are not ours.
    for name in ("_name_or_path", "id2label", "label2id"):
        raw.pop(name, None)
    raw |= {"architectures": [type(model.encoder).__name__], "dtype": "float32"}
    raw["xinyi"] = {
        "schema_version": 1,
        "pooling": model.pooling,
        "lexical": model.lexical is not None,
        "tasks": {task.id: list(task.label_ids) for task in recipe.tasks},
        "kinds": {task.id: task.kind for task in recipe.tasks},
        "encoding": recipe.encoding.to_dict(),
        "masking": recipe.masking,
    }
    (folder / "config.json").write_text(json.dumps(raw, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def load_model(folder: Path) -> MultiTaskClassifier:
    """The classifier of a bundle, in fp32 and evaluation mode on the CPU. No pickle is read.

    Raises:
        BundleError: no weights or configuration there, or a weight is missing or has another shape.
    """
    folder = Path(folder)
    try:
        own = json.loads((folder / "config.json").read_text(encoding="utf-8"))["xinyi"]
        tensors = load_file(folder / FILE)
        encoder = _encoder(folder)
        sizes = {task: len(labels) for task, labels in own["tasks"].items()}
        size, lexical = int(encoder.config.hidden_size), bool(own.get("lexical", False))
        model = MultiTaskClassifier(encoder, sizes, size, own["pooling"], lexical=lexical)
        model.fold()  # as what was written
        for prefix, part in {HEADS: model.heads, **_parts(model)}.items():
            part.load_state_dict(_below(prefix, tensors))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        found = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise BundleError([describe(f"config.json and {FILE} that fit", found, AGAIN, str(folder))]) from error
    return model.eval()


def _parts(model: MultiTaskClassifier) -> dict[str, nn.Module]:
    """Prefix of the tensors' names → the part with weights, of those that this classifier has."""
    found = {f"{name}.": getattr(model, name) for name in PARTS}
    return {prefix: part for prefix, part in found.items() if isinstance(part, nn.Module)}


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of one part, by their names within it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def score_weights(path: Path, encoded: Encoded, pad_id: int) -> dict[str, NDArray[np.float32]]:
    """Task id → logits (N, C) of the weights file of a bundle. Raises as `load_model`."""
    return torch_logits(load_model(path.parent), encoded, pad_id)


def _encoder(folder: Path) -> nn.Module:
    options: dict[str, Any] = {"use_safetensors": True, "local_files_only": True, "dtype": torch.float32}
    with quiet():
        encoder, info = AutoModel.from_pretrained(
            folder, output_loading_info=True, attn_implementation="eager", **options
        )
    missing = sorted(name for name in info["missing_keys"] if not name.startswith("pooler."))
    if missing or info["mismatched_keys"]:
        raise ValueError(f"no fitting weight for {missing[:5] or info['mismatched_keys']}")
    if getattr(encoder, "pooler", None) is not None:
        encoder.pooler = None
    return encoder
