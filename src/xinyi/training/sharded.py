"""Fully sharded training (FSDP; Zhao et al. 2023): each process keeps a share of the weights, gradients and optimiser.

Through Lightning's ModelParallelStrategy and torch's `fully_shard`, which work on CPUs over gloo as well as on GPUs. A
layer's weights are gathered when it is its turn. Checkpoints are whole: the same files as of any other run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytorch_lightning.strategies import ModelParallelStrategy
from torch import nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import (
    FullyShardedDataParallel,
    OptimStateKeyType,
    fully_shard,
    register_fsdp_forward_method,
)

from xinyi.models.classifier import MultiTaskClassifier

_WHOLE = StateDictOptions(full_state_dict=True)


class Sharded(ModelParallelStrategy):
    """Lightning's strategy, with checkpoints of our own form.

    Args:
        processes: over all machines.
    """

    def __init__(self, processes: int) -> None:
        super().__init__(data_parallel_size=processes, tensor_parallel_size=1, save_distributed_checkpoint=False)

    def load_checkpoint(self, checkpoint_path: str | Path, weights_only: bool | None = None) -> dict[str, Any]:
        """Read a checkpoint and give each process its share. Raises BundleError as the reader."""
        checkpoint = self.checkpoint_io.load_checkpoint(checkpoint_path)
        set_model_state_dict(self.model, checkpoint["state_dict"], options=_WHOLE)
        for optimizer, state in zip(self.optimizers, checkpoint["optimizer_states"], strict=True):
            # Written by the parameters' numbers, as of any optimiser; torch distributes by their names.
            named = FullyShardedDataParallel.rekey_optim_state_dict(state, OptimStateKeyType.PARAM_NAME, self.model)
            set_optimizer_state_dict(self.model, optimizer, named, options=_WHOLE)
        return checkpoint


def shard(model: MultiTaskClassifier, mesh: DeviceMesh) -> None:
    """Share out a model's weights, layer by layer.

    The fast forward pass reads weights where they lie and would find a share: the encoder's own takes its place.

    Args:
        model: on its device.
        mesh: the processes, in one dimension.
    """
    model.fast = None
    for layer in layers(model.encoder):
        fully_shard(layer, mesh=mesh)
    fully_shard(model, mesh=mesh)
    for method in ("embed", "answer"):
        register_fsdp_forward_method(model, method)


def layers(encoder: nn.Module) -> list[nn.Module]:
    """An encoder's layers: the longest list of modules of one kind."""
    lists = [list(module) for module in encoder.modules() if isinstance(module, nn.ModuleList)]
    return max(lists, key=len, default=[])


def whole(tensor: Any) -> Any:
    """A tensor that is shared out, put together; any other as it is."""
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
