"""Weights that stand still in training, as an adapted backbone's do: checkpoints hold their digest, not themselves.

A checkpoint of adapters on a large backbone is megabytes instead of gigabytes, and is refused on any other backbone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from xinyi.errors import BundleError, describe
from xinyi.training.checkpoint_io import digest

KEY = "still_sha256"


def still_weights(module: nn.Module) -> dict[str, Tensor]:
    """Parameters that do not learn, by name."""
    return {name: p.data for name, p in module.named_parameters() if not p.requires_grad}


def leave_out(checkpoint: dict[str, Any], weights: Mapping[str, Tensor], sha256: str) -> None:
    """Put a digest in the place of `weights`."""
    checkpoint["state_dict"] = {n: value for n, value in checkpoint["state_dict"].items() if n not in weights}
    checkpoint[KEY] = sha256


def check_still(checkpoint: Mapping[str, Any], module: nn.Module, where: str) -> None:
    """Whether a checkpoint was made beside the weights that stand still in `module`.

    Raises:
        BundleError: it was not.
    """
    wanted = checkpoint.get(KEY)
    if wanted is not None and wanted != (found := digest(still_weights(module))):
        expected, got = f"the backbone that was adapted (sha256 {wanted[:12]})", f"another one ({found[:12]})"
        raise BundleError([describe(expected, got, "put that backbone where backbone.path or name points", where)])
