"""Tensors go to a GPU through pinned memory, and nowhere else."""

from __future__ import annotations

from types import SimpleNamespace

import torch

from xinyi.training.transfer import sent


def recorder(device: str) -> tuple[SimpleNamespace, list]:
    """Something like a tensor on a device, and what is done with it."""
    done: list = []
    tensor = SimpleNamespace(device=torch.device(device))
    tensor.pin_memory = lambda: done.append("pinned") or tensor
    tensor.to = lambda device, non_blocking=False: done.append((device.type, non_blocking)) or tensor
    return tensor, done


def test_to_a_gpu_nobody_waits():
    tensor, done = recorder("cpu")
    sent(tensor, torch.device("cuda"))
    assert done == ["pinned", ("cuda", True)]


def test_what_is_on_a_gpu_already_cannot_be_pinned():
    tensor, done = recorder("cuda")
    sent(tensor, torch.device("cuda"))
    assert done == [("cuda", False)]


def test_on_a_cpu_nothing_is_copied():
    tensor = torch.ones(3)
    assert sent(tensor, torch.device("cpu")) is tensor
