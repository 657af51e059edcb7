"""Finding and masking personal data in customer messages (rules, standard library only)."""

from __future__ import annotations

from xinyi.text.personal.finder import count_personal_data, find_personal_data, mask
from xinyi.text.personal.spans import MASKER_VERSION, PLACEHOLDERS, Span

__all__ = ["MASKER_VERSION", "PLACEHOLDERS", "Span", "count_personal_data", "find_personal_data", "mask"]
