"""Muon for the encoder's matrices, AdamW for everything else, as one optimiser.

Muon (Jordan 2024, https://kellerjordan.github.io/posts/muon/) replaces a matrix's averaged gradient by the nearest
matrix with orthogonal rows or columns, so that all directions are learnt at one speed. Its steps are scaled to the size
of AdamW's (Liu et al. 2025, *Muon is Scalable for LLM Training*, section 2.2): one learning rate serves both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

MOMENTUM = 0.95
# The key of a group's own that says which of the two learns it.
MATRICES = "matrices"


class MuonAdamW(torch.optim.Optimizer):
    """One step of Muon on the groups marked MATRICES, one of AdamW on the others.

    Args:
        groups: each with `params`, `lr`, `weight_decay` and MATRICES; the marked ones hold 2-D tensors only.
        betas, eps: AdamW's.

    Raises:
        ValueError: a marked group has a tensor that is no matrix.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], betas: tuple[float, float] = (0.9, 0.98), eps: float = 1e-8):
        own = list(groups)
        parts = self._parts(own, betas, eps)
        # Each group stays one dict, which schedule, checkpoint and both optimisers share.
        super().__init__([group for part in parts for group in part.param_groups], {})
        self._muon_adamw = parts
        self._share()

    @staticmethod
    def _parts(
        groups: list[dict[str, Any]], betas: tuple[float, float], eps: float
    ) -> tuple[torch.optim.Optimizer, ...]:
        matrices, rest = ([g for g in groups if g[MATRICES] is mark] for mark in (True, False))
        muon = torch.optim.Muon(matrices, momentum=MOMENTUM, adjust_lr_fn="match_rms_adamw") if matrices else None
        adamw = torch.optim.AdamW(rest, betas=betas, eps=eps, fused=True) if rest else None
        return tuple(part for part in (muon, adamw) if part is not None)

    def _share(self) -> None:
        for part, mark in self._marked():
            part.state = self.state
            part.param_groups = [group for group in self.param_groups if group[MATRICES] is mark]

    def _marked(self) -> list[tuple[torch.optim.Optimizer, bool]]:
        return [(part, isinstance(part, torch.optim.Muon)) for part in self._muon_adamw]

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """One more group; AdamW learns it unless it is marked."""
        mark = param_group.setdefault(MATRICES, False)
        if hasattr(self, "_muon_adamw"):  # not while the first ones are taken in
            next(part for part, own in self._marked() if own is mark).add_param_group(param_group)
        super().add_param_group(param_group)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint's state."""
        super().load_state_dict(state_dict)
        self._share()

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """One step of both; returns what the closure does."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for part in self._muon_adamw:
            part.step()
        return loss
