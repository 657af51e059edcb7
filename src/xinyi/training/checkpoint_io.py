"""Checkpoints as safetensors: tensors in the file's body, everything else as JSON in its header. No pickle.

Written beside and renamed, so that a kill or a full disk leaves the former checkpoint whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins.io.checkpoint_io import CheckpointIO
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from xinyi.errors import BundleError, TrainingError, describe


class SafetensorsCheckpointIO(CheckpointIO):
    """How Lightning writes and reads the checkpoints of a run."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write atomically. Raises TrainingError when there is no space or no permission."""
        path = Path(path)
        tensors: dict[str, Tensor] = {}
        tree = _pack(checkpoint, tensors)
        beside = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            save_file(tensors, str(beside), metadata={"tree": json.dumps(tree, ensure_ascii=False)})
            with open(beside, "rb") as file:
                os.fsync(file.fileno())
            os.replace(beside, path)
        except (OSError, SafetensorError) as error:
            with contextlib.suppress(OSError):
                beside.unlink()
            remedy = "free space, or choose another folder with runs=DIR"
            problem = describe("a checkpoint on disk", error, remedy, str(path))
            raise TrainingError(f"{problem}. The former checkpoint is untouched.") from error

    def load_checkpoint(
        self, path: str | Path, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read what `save_checkpoint` wrote. Raises BundleError when the file is missing or damaged."""
        return load_checkpoint(path)

    def remove_checkpoint(self, path: str | Path) -> None:
        """Delete a checkpoint that a better one replaced."""
        Path(path).unlink(missing_ok=True)


def load_checkpoint(path: str | Path) -> dict[str, Any]:
    """A checkpoint's content; tensors on the CPU.

    Raises:
        BundleError: the file is missing, cut short or not one of ours.
    """
    try:
        with safe_open(str(path), framework="pt") as file:
            tree = json.loads(file.metadata()["tree"])
            return _unpack(tree, {name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118 - not a dict
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise BundleError([describe("a checkpoint of Xinyi", error, "name another checkpoint", str(path))]) from error


def weights_sha256(path: str | Path) -> str:
    """`digest` of a checkpoint's weights. Raises BundleError as `load_checkpoint`."""
    return digest(load_checkpoint(path)["state_dict"])


def digest(weights: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and bits."""
    found = hashlib.sha256()
    for name, weight in sorted(weights.items()):
        found.update(json.dumps([name, str(weight.dtype), list(weight.shape)]).encode())
        found.update(weight.cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return found.hexdigest()


def _pack(value: Any, tensors: dict[str, Tensor]) -> Any:
    """Take the tensors out of a tree; what remains is JSON. Dicts become lists of pairs: keys keep their type."""
    if isinstance(value, Tensor):
        name = str(len(tensors))
        # A copy: safetensors refuses tensors that share memory, as tied weights do.
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {"t": name}
    if isinstance(value, dict):
        return {"d": [[_pack(key, tensors), _pack(item, tensors)] for key, item in value.items()]}
    if isinstance(value, tuple):
        return {"u": [_pack(item, tensors) for item in value]}
    if isinstance(value, list):
        return [_pack(item, tensors) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return {"f": value.hex()}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, torch.dtype | torch.device):
        return str(value)
    raise TypeError(f"checkpoint: expected tensors and plain values, got {type(value).__name__}")


def _unpack(tree: Any, tensors: dict[str, Tensor]) -> Any:
    """The inverse of `_pack`."""
    if isinstance(tree, list):
        return [_unpack(item, tensors) for item in tree]
    if not isinstance(tree, dict):
        return tree
    ((mark, value),) = tree.items()
    if mark == "t":
        return tensors[value]
    if mark == "f":
        return float.fromhex(value)
    if mark == "u":
        return tuple(_unpack(item, tensors) for item in value)
    return {_unpack(key, tensors): _unpack(item, tensors) for key, item in value}
