"""Text room: one cleaning and masking path for training and for serving.

What goes in is any ``str`` a customer or a data set may hold; what comes out is one line of clean text, with
personal data replaced by typed placeholders.  Standard library only: the serving runtime imports this package.
OpenCC is imported only when traditional characters are to be simplified.
"""

from __future__ import annotations

from xinyi.text.normalize import NORMALIZER_VERSION, normalize
from xinyi.text.personal import (
    MASKER_VERSION,
    PLACEHOLDERS,
    Span,
    count_personal_data,
    find_personal_data,
    mask,
)
from xinyi.text.script import to_simplified

__all__ = [
    "MASKER_VERSION",
    "NORMALIZER_VERSION",
    "PLACEHOLDERS",
    "Span",
    "count_personal_data",
    "find_personal_data",
    "mask",
    "normalize",
    "prepare",
    "to_simplified",
]


def prepare(text: str, *, masking: bool = True, simplify: bool = False) -> str:
    """Clean one message or context exactly as training and serving both need it.

    In: any string; ``masking=False`` only normalises; ``simplify`` also turns traditional characters into simplified
    ones.  Out: ``mask(normalize(text))``.  Raises nothing, but for ImportError where ``simplify`` lacks OpenCC.

    Masking can free a web address or an @name that stood glued to a number, so a text that was masked is
    normalised and masked again until it no longer changes; that makes ``prepare`` idempotent.  It ends because
    every round replaces at least one piece of ordinary text by a placeholder, which no rule touches again.
    """
    if not text:
        return ""  # most messages have no context: no rule is asked
    cleaned = normalize(text)
    if simplify:
        # Normalised again: what was converted may be longer or shorter, and decides where an @name ends.
        cleaned = normalize(to_simplified(cleaned))
    if not masking:
        return cleaned
    while True:
        masked = mask(cleaned)
        if masked == cleaned:
            return masked
        cleaned = normalize(masked)
