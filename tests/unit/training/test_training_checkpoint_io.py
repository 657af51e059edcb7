"""Checkpoints: everything comes back, nothing is a pickle, and no accident leaves half a file."""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import struct
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from xinyi.errors import BundleError, TrainingError
from xinyi.training import checkpoint_io
from xinyi.training.checkpoint_io import SafetensorsCheckpointIO, load_checkpoint

PLAIN = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8)
KEYS = st.integers() | st.text(max_size=5) | st.tuples(st.integers(), st.text(max_size=2)) | st.booleans() | st.none()
TREES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=15,
)
TENSORS = [
    torch.arange(6).reshape(2, 3),
    torch.tensor([1.5, math.inf, -math.inf, math.nan, -0.0]),
    torch.tensor(3),
    torch.tensor([True, False]),
    torch.zeros(0, 4),
    torch.tensor([1.0, 2.0], dtype=torch.bfloat16),
    torch.arange(256, dtype=torch.uint8),
    torch.randn(3, 5, dtype=torch.float64),
    torch.arange(12.0).reshape(3, 4).t(),  # not contiguous
]


def same(a, b) -> bool:
    """Equal, of the same type, NaN equal to NaN, -0.0 unlike 0.0, dicts in the same order."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(bits(a), bits(b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a.items(), b.items(), strict=True))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b) or (a != a and b != b)
    return a == b


def bits(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.contiguous().reshape(-1).view(torch.uint8) if tensor.numel() else torch.tensor(tensor.shape)


def through(value, path: Path):
    SafetensorsCheckpointIO().save_checkpoint(value, path)
    return load_checkpoint(path)


@settings(max_examples=100, deadline=None)
@given(tree=st.dictionaries(KEYS, TREES, max_size=4))
def test_every_tree_comes_back(tmp_path_factory, tree):
    path = tmp_path_factory.getbasetemp() / "tree.ckpt"
    assert same(through(tree, path), tree)


@pytest.mark.parametrize("tensor", TENSORS, ids=lambda t: f"{t.dtype}-{tuple(t.shape)}")
def test_every_tensor_comes_back_bit_by_bit(tmp_path, tensor):
    tree = {"a": [tensor, (1, {7: tensor.clone()})], tensor.ndim: {"b": tensor}}
    assert same(through(tree, tmp_path / "a.ckpt"), tree)


def test_tensors_that_share_memory_come_back_as_two(tmp_path):
    weight = torch.randn(4, 4)
    found = through({"tied": weight, "same": weight, "part": weight[1]}, tmp_path / "a.ckpt")
    assert torch.equal(found["tied"], found["same"])
    assert torch.equal(found["part"], weight[1])


def test_an_optimiser_goes_on_from_its_state(tmp_path):
    def step(model, optimizer):
        optimizer.zero_grad()
        model(torch.ones(2, 3)).square().sum().backward()
        optimizer.step()

    torch.manual_seed(0)
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, betas=(0.8, 0.9), fused=True)
    step(model, optimizer)
    path = tmp_path / "a.ckpt"
    found = through({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, path)
    other = torch.nn.Linear(3, 2)
    again = torch.optim.AdamW(other.parameters(), lr=0.7)
    other.load_state_dict(found["model"])
    again.load_state_dict(found["optimizer"])
    for _ in range(3):
        step(model, optimizer)
        step(other, again)
    assert torch.equal(model.weight, other.weight)


def test_there_is_no_pickle_in_it(tmp_path):
    path = tmp_path / "a.ckpt"
    through({"state": {"w": torch.ones(3)}, "n": (1, 2.5)}, path)
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    assert set(header) == {"__metadata__", "0"}
    assert content[:2] != b"PK"
    assert content[:1] != b"\x80"
    assert b"pickle" not in content


@pytest.mark.parametrize("value", [{"f": print}, {"s": {1, 2}}, {"o": object()}, {"b": b"bytes"}, {"c": 1j}])
def test_what_is_not_plain_is_refused(tmp_path, value):
    path = tmp_path / "a.ckpt"
    with pytest.raises(TypeError, match="plain values"):
        SafetensorsCheckpointIO().save_checkpoint(value, path)
    assert not list(tmp_path.iterdir())


def _killed_while_writing(path: str) -> None:
    original = checkpoint_io.save_file

    def half(tensors, beside, metadata):
        original(tensors, beside, metadata)
        with open(beside, "r+b") as file:
            file.truncate(40)
        os._exit(9)

    checkpoint_io.save_file = half
    SafetensorsCheckpointIO().save_checkpoint({"step": 2}, path)


def test_a_kill_while_writing_leaves_the_former_file(tmp_path):
    path = tmp_path / "last.ckpt"
    SafetensorsCheckpointIO().save_checkpoint({"step": 1}, path)
    process = multiprocessing.get_context("fork").Process(target=_killed_while_writing, args=(str(path),))
    process.start()
    process.join()
    assert process.exitcode == 9
    assert load_checkpoint(path) == {"step": 1}
    assert len(list(tmp_path.iterdir())) == 2  # the half file lies beside, under another name
    SafetensorsCheckpointIO().save_checkpoint({"step": 3}, path)
    assert load_checkpoint(path) == {"step": 3}


def test_a_full_disk_leaves_the_former_file_and_no_rest(tmp_path, monkeypatch):
    path = tmp_path / "last.ckpt"
    SafetensorsCheckpointIO().save_checkpoint({"step": 1}, path)

    def full(tensors, beside, metadata):
        Path(beside).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint_io, "save_file", full)
    with pytest.raises(TrainingError, match="No space left on device") as caught:
        SafetensorsCheckpointIO().save_checkpoint({"step": 2}, path)
    assert "runs=DIR" in str(caught.value)
    assert [file.name for file in tmp_path.iterdir()] == ["last.ckpt"]
    assert load_checkpoint(path) == {"step": 1}


def test_the_file_is_on_the_disk_before_it_takes_the_name(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        original = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, n=name, f=original: (calls.append(n), f(*args))[1])
    SafetensorsCheckpointIO().save_checkpoint({"step": 1}, tmp_path / "a.ckpt")
    assert calls == ["fsync", "replace"]


def test_folders_are_made(tmp_path):
    assert through({"step": 1}, tmp_path / "a" / "b" / "c.ckpt") == {"step": 1}


def damaged(path: Path) -> dict[str, bytes | None]:
    content = path.read_bytes()
    foreign = path.with_name("foreign")
    checkpoint_io.save_file({"w": torch.ones(2)}, str(foreign))
    return {
        "missing": None,
        "empty": b"",
        "cut short": content[:-10],
        "header cut": content[:30],
        "foreign": foreign.read_bytes(),
        "pickle": b"\x80\x02}q\x00.",
        "unknown mark": content.replace(b'\\"f\\"', b'\\"q\\"'),
        "no tensor": content.replace(b'\\"t\\": \\"0\\"', b'\\"t\\": \\"9\\"'),
    }


@pytest.mark.parametrize(
    "how", ["missing", "empty", "cut short", "header cut", "foreign", "pickle", "unknown mark", "no tensor"]
)
def test_a_damaged_file_is_refused_by_name(tmp_path, how):
    path = tmp_path / "last.ckpt"
    SafetensorsCheckpointIO().save_checkpoint({"w": torch.ones(3), "lr": 0.5}, path)
    content = damaged(path)[how]
    assert content != path.read_bytes()
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BundleError, match=r"last\.ckpt: expected a checkpoint of Xinyi"):
        load_checkpoint(path)


def test_removing_is_no_error_when_the_file_is_gone(tmp_path):
    path = tmp_path / "a.ckpt"
    SafetensorsCheckpointIO().save_checkpoint({}, path)
    SafetensorsCheckpointIO().remove_checkpoint(path)
    SafetensorsCheckpointIO().remove_checkpoint(path)
    assert not path.exists()
