"""All checks, in the order of the console table and the page. A new check is a file and a line here."""

from __future__ import annotations

from xinyi.data.checks import (
    collisions,
    contradictions,
    crossing_groups,
    crossing_times,
    cut_texts,
    damaged_text,
    duplicates,
    empty_labels,
    label_drift,
    label_errors,
    leaks,
    length_shortcut,
    near_contradictions,
    near_duplicates,
    near_leaks,
    overlap,
    personal_data,
    punctuation_shortcut,
    rare_labels,
    scripts,
    short_texts,
    text_drift,
    unseen_labels,
)
from xinyi.data.checks.finding import Check

_MODULES = (
    leaks, near_leaks, duplicates, near_duplicates, overlap, crossing_groups, crossing_times,
    contradictions, near_contradictions, label_errors, collisions, rare_labels, empty_labels, unseen_labels,
    length_shortcut, punctuation_shortcut, label_drift, text_drift,
    personal_data, damaged_text, scripts, short_texts, cut_texts,
)  # fmt: skip

CHECKS: dict[str, Check] = {module.CHECK.name: module.CHECK for module in _MODULES}
