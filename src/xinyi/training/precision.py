"""Which number format to train in: bf16 where the hardware computes in it, else fp32."""

from __future__ import annotations

import torch


def choose(wanted: str, on_gpu: bool) -> tuple[str, str]:
    """Lightning's precision flag, and why in a few words.

    wanted: `auto`, `32` or `bf16`.
    """
    if wanted == "32":
        return "32-true", "fp32, as configured"
    if wanted == "bf16":
        return "bf16-mixed", "bf16, as configured"
    if on_gpu:
        has = torch.cuda.is_bf16_supported(including_emulation=False)
        return ("bf16-mixed", "bf16: the GPU has it") if has else ("32-true", "fp32: the GPU has no bf16")
    unit = cpu_unit()
    return ("bf16-mixed", f"bf16: the CPU has {unit}") if unit else ("32-true", "fp32: the CPU has no bf16")


def cpu_unit() -> str:
    """The CPU's bf16 unit, "" for none."""
    if torch.cpu._is_amx_tile_supported():
        return "AMX"
    return "AVX512-BF16" if torch.cpu._is_avx512_bf16_supported() else ""
