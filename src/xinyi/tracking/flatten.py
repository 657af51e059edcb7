"""Nested settings to the flat, short strings that MLflow takes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

# mlflow.utils.validation, MLflow 3.17; written out so that nothing here needs the slow import.
KEY_LENGTH = 250
PARAM_LENGTH = 6000
TAG_LENGTH = 8000
PARAMS_PER_CALL = 100
METRICS_PER_CALL = 1000

_STRANGE = re.compile(r"[^\w/.\- :]")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")

Item = TypeVar("Item")


def flatten(params: Mapping[str, Any]) -> dict[str, str]:
    """Nested mappings to dotted keys; lists to JSON; values cut at MLflow's limit; passwords in addresses left out."""
    return {clean_key(key): cut(text(value), PARAM_LENGTH) for key, value in _walk(params, "")}


def _walk(params: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in params.items():
        if isinstance(value, Mapping) and value:
            yield from _walk(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def text(value: Any) -> str:
    """A value as people read it: strings bare, everything else as JSON where it can be."""
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return without_credentials(value)


def without_credentials(address: str) -> str:
    """`http://user:password@host` → `http://host`."""
    return _CREDENTIALS.sub("", address)


def cut(value: str, length: int) -> str:
    """At most `length` characters; a cut one ends in …"""
    return value if len(value) <= length else value[: length - 1] + "…"


def clean_key(key: str) -> str:
    """A name that MLflow accepts: strange characters become _, and a long name keeps apart from others by a hash."""
    # MLflow takes names for paths and refuses those that normalise to another, such as a/../b.
    clean = "/".join(part for part in _STRANGE.sub("_", key).split("/") if part.strip(".")) or "_"
    if len(clean) <= KEY_LENGTH:
        return clean
    return f"{clean[: KEY_LENGTH - 9]}_{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def own_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags of a run or model without those that MLflow sets itself."""
    return {key: value for key, value in tags.items() if not key.startswith("mlflow.")}


def pieces(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Consecutive pieces of at most `size` items."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
