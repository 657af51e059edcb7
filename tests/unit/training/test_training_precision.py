"""Which number format is chosen, and why."""

from __future__ import annotations

import pytest
import torch

from xinyi.training import precision


@pytest.fixture
def hardware(monkeypatch):
    def have(amx: bool = False, avx: bool = False, gpu: bool = False) -> None:
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx)
        # Emulated bf16, which old GPUs offer, is slower than fp32.
        monkeypatch.setattr(
            torch.cuda, "is_bf16_supported", lambda including_emulation=True: gpu or including_emulation
        )

    return have


@pytest.mark.parametrize("on_gpu", [True, False])
def test_what_is_configured_is_used(hardware, on_gpu):
    hardware(amx=True, avx=True, gpu=True)
    assert precision.choose("32", on_gpu) == ("32-true", "fp32, as configured")
    hardware()
    assert precision.choose("bf16", on_gpu) == ("bf16-mixed", "bf16, as configured")


@pytest.mark.parametrize(
    ("have", "on_gpu", "flag", "word"),
    [
        ({"amx": True, "avx": True}, False, "bf16-mixed", "AMX"),
        ({"avx": True}, False, "bf16-mixed", "AVX512-BF16"),
        ({}, False, "32-true", "the CPU has no bf16"),
        ({"gpu": True}, True, "bf16-mixed", "the GPU has it"),
        ({"amx": True}, True, "32-true", "the GPU has no bf16"),
    ],
)
def test_auto_takes_bf16_where_the_hardware_computes_in_it(hardware, have, on_gpu, flag, word):
    hardware(**have)
    chosen, why = precision.choose("auto", on_gpu)
    assert chosen == flag
    assert word in why


def test_the_question_to_this_cpu_has_an_answer():
    flag, _ = precision.choose("auto", on_gpu=False)
    assert flag == ("bf16-mixed" if precision.cpu_unit() else "32-true")
