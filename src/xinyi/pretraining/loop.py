"""The training loop: lean, because a step's own work should be the model's.

Lightning is not used here: rows of one length need no loader, Muon is shared out over the processes, the budget may be
minutes, and a pass may end inside a source.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import distributed, nn

from xinyi.errors import Interrupted
from xinyi.pretraining.failures import not_finite
from xinyi.pretraining.feed import Feed
from xinyi.pretraining.held_out import HeldOut
from xinyi.pretraining.masking import Masker
from xinyi.pretraining.objective import MaskedLoss
from xinyi.pretraining.optim import Optimisers, average_gradients, factor, hidden_matrices
from xinyi.pretraining.settings import PretrainSettings
from xinyi.training.allocator import keep_freed_memory
from xinyi.training.checkpoint_io import SafetensorsCheckpointIO, load_checkpoint
from xinyi.training.transfer import sent

log = logging.getLogger(__name__)
LAST, PLATEAU = "last.ckpt", "plateau.ckpt"


@dataclass
class State:
    """How far a run has come. `curve` holds one row for each evaluation; `ended`: the budget was used up."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    passed_plateau: bool = False
    ended: bool = False
    curve: list[dict[str, Any]] = field(default_factory=list)


class Loop:
    """Trains a masked-language model on one or several processes.

    Args:
        model: a Hugging Face model for masked language modelling, on its device, in fp32.
        feed: batches of ids.
        masker: chooses the tokens to predict.
        held_out: evaluates.
        settings: how.
        folder: for checkpoints; only the first process writes.
        report: called on the first process with metrics and the step.
        stop: asked after each step whether to end early; any process's answer ends all.
    """

    def __init__(
        self,
        model: nn.Module,
        feed: Feed,
        masker: Masker,
        held_out: HeldOut,
        settings: PretrainSettings,
        folder: Path,
        report: Callable[[Mapping[str, float], int], None],
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        several = distributed.is_initialized()
        self.rank, self.size = (distributed.get_rank(), distributed.get_world_size()) if several else (0, 1)
        self.model, self.feed, self.masker, self.held_out = model, feed, masker, held_out
        self.settings, self.folder, self.report, self.stop = settings, folder, report, stop
        self.device = next(model.parameters()).device
        self.objective = MaskedLoss(model, settings.precision)
        self.optimisers = Optimisers(model, settings, self.rank, self.size)
        self.state = State()
        # Batches of one step, over all processes: the same whatever the number of processes.
        self.batches_a_step = max(self.size, round(settings.step_tokens / settings.micro_tokens))
        if self.batches_a_step % self.size:
            self.batches_a_step += self.size - self.batches_a_step % self.size

    def run(self) -> State:
        """Train until the budget is used up.

        Raises:
            TrainingError: the loss is not finite.
            Interrupted: `stop` said so; a checkpoint was written.
        """
        if self.state.ended and self._progress(self.state.seconds) >= 1.0:
            return self.state  # resumed without a larger budget
        keep_freed_memory()
        self.model.train()
        first = self.state.step * self.batches_a_step + self.rank
        batches = self.feed.batches(first, self.size, self.batches_a_step)
        started, saved = time.monotonic() - self.state.seconds, time.monotonic()
        shown = (self.state.tokens, self.state.seconds)
        while True:
            loss, hits, asked, progress, ending = self._step(batches, time.monotonic() - started)
            self.state.step += 1
            self.state.seconds = time.monotonic() - started
            if self.state.step % self.settings.log_every == 0:
                shown = self._show(loss, hits / max(asked, 1), shown)
            done = self.state.ended = progress >= 1.0
            if self.state.step % self.settings.evaluate_every == 0 or done:
                self._evaluate()
            falling = progress >= 1.0 - self.settings.decay
            newly, self.state.passed_plateau = falling and not self.state.passed_plateau, falling
            if newly:  # kept for a longer budget: from here the rate need not have fallen
                self._save(PLATEAU)
            due = self.rank == 0 and time.monotonic() - saved > 60.0 * self.settings.save_minutes
            if done or self._any(due or ending):
                self._save(LAST)
                saved = time.monotonic()
            if done:
                return self.state
            if self._any(ending):
                raise Interrupted(f"stopped at step {self.state.step}; nothing is lost")

    def _step(self, batches: Any, seconds: float) -> tuple[float, float, float, float, bool]:
        """One optimiser step: loss, hits, asked tokens (over all processes), progress of the budget."""
        self.model.zero_grad(set_to_none=True)
        count = self.batches_a_step // self.size
        total = torch.zeros(2, device=self.device)  # loss and hits: read once a step, as asking makes a GPU wait
        asked = tokens = 0
        for micro in range(count):
            ids_BL = next(batches)
            rng = np.random.default_rng([self.settings.seed, 1, self.state.step, micro * self.size + self.rank])
            masked = self.masker(ids_BL, rng)
            ids, positions, targets = (
                sent(torch.from_numpy(a), self.device) for a in (masked.ids, masked.positions, masked.targets)
            )
            loss, hits = self.objective(ids, positions, targets)
            (loss / count).backward()
            total += torch.stack([loss.detach().float() / count, hits.float()])
            asked, tokens = asked + len(targets), tokens + ids.numel()
        # Progress is that of the first process.
        told = torch.tensor([asked, tokens, self._progress(seconds) if self.rank == 0 else 0.0])
        sums = average_gradients(self.model, torch.cat([total, sent(told, self.device)])).cpu()
        if not torch.isfinite(sums[0]):
            raise not_finite(float(sums[0]), self.state.step, self._sources())
        if self.settings.clip:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)
        progress = float(sums[4])
        self.optimisers.step(factor(progress, self.settings.warmup, self.settings.decay))
        self.state.tokens += int(sums[3])
        return float(sums[0]) / self.size, float(sums[1]), float(sums[2]), progress, self.stop()

    def _sources(self) -> dict[str, int]:
        """Rows of each source in the step at work, over all processes."""
        return self.feed.sources(self.state.step * self.batches_a_step, self.batches_a_step)

    def _progress(self, seconds: float) -> float:
        """Share of the budget that is used up."""
        shares = [0.0]
        if self.settings.tokens:
            shares.append((self.state.tokens + self.settings.step_tokens) / self.settings.tokens)
        if self.settings.minutes:
            shares.append(seconds / (60.0 * self.settings.minutes))
        return min(1.0, max(shares))

    def _any(self, wish: bool) -> bool:
        """Whether any process wishes so."""
        if self.size == 1:
            return wish
        told = torch.tensor(float(wish), device=self.device)
        distributed.all_reduce(told)
        return bool(told > 0)

    def _show(self, loss: float, accuracy: float, shown: tuple[int, float]) -> tuple[int, float]:
        state = self.state
        speed = (state.tokens - shown[0]) / max(state.seconds - shown[1], 1e-9)
        if self.rank == 0:
            values = {"loss": loss, "accuracy": accuracy, "tokens_per_second": speed, "tokens": float(state.tokens)}
            self.report({f"pretrain/{name}": value for name, value in values.items()}, state.step)
        return state.tokens, state.seconds

    def _evaluate(self) -> None:
        self.model.eval()
        found = self.held_out(self.objective, self.device)
        self.model.train()
        if not found:  # a corpus so small that nothing of it is held out
            return
        overall = {name: float(np.mean([row[name] for row in found.values()])) for name in ("loss", "accuracy")}
        self.state.curve.append(
            {"step": self.state.step, "tokens": self.state.tokens, "mean": overall, "sources": found}
        )
        if self.rank == 0:
            values = {f"held_out/{name}": value for name, value in overall.items()}
            values |= {f"held_out/{source}/{n}": row[n] for source, row in found.items() for n in ("loss", "accuracy")}
            self.report(values, self.state.step)

    def _save(self, name: str) -> None:
        optimisers = self.optimisers.state()  # all processes take part
        if self.rank == 0:
            state = {**vars(self.state), "curve": json.dumps(self.state.curve)}
            content = {"model": self.model.state_dict(), "optimisers": optimisers, "state": state}
            SafetensorsCheckpointIO().save_checkpoint(content, self.folder / name)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint. Raises BundleError when it is missing or damaged."""
        content = load_checkpoint(path)
        self.model.load_state_dict(content["model"])
        self.optimisers.load(content["optimisers"], hidden_matrices(self.model))
        state = content["state"]
        self.state = State(**{**state, "curve": json.loads(state["curve"])})
