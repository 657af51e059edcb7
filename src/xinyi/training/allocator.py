"""How the C library's allocator treats what a step frees: kept for the next step, not given back to the system.

glibc gives freed blocks above a threshold back at once, and the next step pays for each of their pages again: a page
fault and 4 KiB of zeros. A training step allocates and frees the same hundreds of megabytes, whatever the batch.
mallopt(3) says what each parameter means; benchmarks/training_throughput measures the gain.
"""

from __future__ import annotations

import ctypes

# From malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_MOST = 2**31 - 1
# Older glibc refuses a threshold above half of a heap; 32 MiB is what all of them take.
_MMAP_BYTES = (2**30, 2**25)
_PAD_BYTES = 2**26


def keep_freed_memory() -> bool:
    """Let this process keep what it frees, until it ends; its memory then stays at its peak.

    Returns:
        Whether the C library took the settings; others than glibc have none, and nothing changes.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return False
    large = any(mallopt(_MMAP_THRESHOLD, size) for size in _MMAP_BYTES)
    return bool(large and mallopt(_TRIM_THRESHOLD, _MOST) and mallopt(_TOP_PAD, _PAD_BYTES))
