"""Muon for the hidden matrices, shared out over the processes; AdamW for the rest; warm-up, plateau, fall to zero."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, distributed, nn

from xinyi.pretraining.settings import PretrainSettings


def factor(progress: float, warmup: float, decay: float) -> float:
    """Share of the peak learning rate at a share of the budget: rises, stays, falls linearly to zero at 1."""
    if progress < warmup:
        return progress / warmup
    return min(1.0, max(0.0, 1.0 - progress) / decay) if decay else 1.0


def hidden_matrices(model: nn.Module) -> list[nn.Parameter]:
    """Weights of linear layers inside the model: all matrices but embeddings and what shares their weights."""
    tables = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    output = model.get_output_embeddings()
    tables |= {id(output.weight)} if output is not None else set()
    return [p for p in model.parameters() if p.ndim == 2 and p.requires_grad and id(p) not in tables]


class Optimisers:
    """One step over all parameters.

    Each process orthogonalises its own share of the matrices and sends the others the result: Muon's matrix iterations
    would otherwise be done by every process again.

    Args:
        model: what is trained; its gradients must be the same on all processes when `step` is called.
        rank, size: this process among all.
    """

    def __init__(self, model: nn.Module, settings: PretrainSettings, rank: int = 0, size: int = 1) -> None:
        self.rank, self.settings = rank, settings
        matrices = hidden_matrices(model) if settings.muon_lr is not None else []
        self.shares = _shares(matrices, size)
        mine = self.shares[rank]
        self.muon = (
            torch.optim.Muon(mine, lr=settings.muon_lr, weight_decay=settings.muon_decay, momentum=0.95)
            if mine
            else None
        )
        known = {id(p) for p in matrices}
        rest = [p for p in model.parameters() if p.requires_grad and id(p) not in known]
        self.adamw = torch.optim.AdamW(rest, lr=settings.adamw_lr, betas=(0.9, 0.95), weight_decay=0.0, fused=True)

    def step(self, scale: float) -> None:
        """One step at this share of the peak learning rates."""
        for optimiser, rate in ((self.muon, self.settings.muon_lr), (self.adamw, self.settings.adamw_lr)):
            if optimiser is not None:
                for group in optimiser.param_groups:
                    group["lr"] = rate * scale
                optimiser.step()
        if len(self.shares) > 1:
            self._exchange([p.data for share in self.shares for p in share])

    def _exchange(self, everything: Sequence[Tensor]) -> None:
        """Send each share's tensors from the process that owns it to all others."""
        at = 0
        for owner, share in enumerate(self.shares):
            tensors = everything[at : at + len(share)]
            at += len(share)
            if not tensors:
                continue
            flat = torch.cat([t.reshape(-1) for t in tensors])
            distributed.broadcast(flat, src=owner)
            if owner != self.rank:
                _unflatten(flat, tensors)

    def state(self) -> dict[str, object]:
        """Everything needed to go on, the same on every process whatever their number; all must call it."""
        momenta = []
        for owner, share in enumerate(self.shares):
            for p in share:
                own = self.muon.state[p].get("momentum_buffer") if owner == self.rank and self.muon else None
                momenta.append(torch.zeros_like(p) if own is None else own.clone())
        if len(self.shares) > 1:
            self._exchange(momenta)
        return {"muon": momenta, "order": [len(share) for share in self.shares], "adamw": self.adamw.state_dict()}

    def load(self, state: dict[str, object], matrices: Sequence[nn.Parameter]) -> None:
        """Go on from `state`, also where the number of processes was another."""
        self.adamw.load_state_dict(state["adamw"])
        former = [p for share in _shares(matrices, len(state["order"])) for p in share]
        momenta = {id(p): momentum for p, momentum in zip(former, state["muon"], strict=True)}
        for p in self.shares[self.rank]:
            self.muon.state[p]["momentum_buffer"] = momenta[id(p)].to(p.device, copy=True)


def _shares(matrices: Sequence[nn.Parameter], size: int) -> list[list[nn.Parameter]]:
    """Matrices shared out so that each process has about as much to do: the largest first, to who has least."""
    shares: list[list[nn.Parameter]] = [[] for _ in range(size)]
    loads = [0] * size
    for p in sorted(matrices, key=lambda p: -p.numel()):
        least = loads.index(min(loads))
        shares[least].append(p)
        loads[least] += p.numel() * min(p.shape)
    return shares


def _unflatten(flat: Tensor, tensors: Sequence[Tensor]) -> None:
    at = 0
    for tensor in tensors:
        tensor.copy_(flat[at : at + tensor.numel()].view_as(tensor))
        at += tensor.numel()


def average_gradients(model: nn.Module, extra: Tensor) -> Tensor:
    """Mean gradients over all processes, in place; returns the sum of `extra` (small, fp32) over them, on the way."""
    if not (distributed.is_initialized() and distributed.get_world_size() > 1):
        return extra
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    size = distributed.get_world_size()
    flat = torch.cat([*(g.reshape(-1) for g in gradients), extra * size]) / size
    distributed.all_reduce(flat)
    _unflatten(flat, gradients)
    return flat[-extra.numel() :]
