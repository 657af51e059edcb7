"""Text in both languages at once: the page holds English and Chinese, and its style shows one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from xinyi.evaluation.report.terms import ENGLISH, METRIC_NAMES, SLICE_NAMES, VALUE_NAMES


def both(en: object, zh: object = "") -> Markup:
    """Both wordings, escaped; one without marks where they are alike or the Chinese one is missing."""
    if not zh or str(en) == str(zh):
        return escape(en)
    return Markup('<span class="en" lang="en">{}</span><span class="zh" lang="zh">{}</span>').format(en, zh)


def label_name(label: Mapping[str, Any]) -> Markup:
    """A label's name: English (else its id), and Chinese."""
    return both(label.get("en") or label["id"], label.get("zh") or label["id"])


def metric_title(name: str) -> Markup:
    """A metric's name as people say it."""
    plain = ENGLISH.get(name, name.replace("_", " ").capitalize())
    return both(plain, METRIC_NAMES.get(name, (plain, ""))[0])


def metric_definition(name: str, definition: str) -> Markup:
    """What a metric says."""
    return both(definition, METRIC_NAMES.get(name, ("", definition))[1])


def slice_title(name: str) -> Markup:
    """A slice's name; a column of the user's own keeps its name."""
    column, colon, part = name.partition(": ")
    if colon and part in SLICE_NAMES:
        return both(name, f"{SLICE_NAMES.get(column, column)}：{SLICE_NAMES[part]}")
    return both(name.replace("_", " "), SLICE_NAMES.get(name, name))


def value_title(value: str) -> Markup:
    """A slice's value."""
    return both(value, VALUE_NAMES.get(value, value))
