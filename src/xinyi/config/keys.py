"""Keys in Chinese on the command line. Hydra's grammar has none, not even in quotes, so they travel as ASCII.

`data.map.intent={投诉: x}` becomes `{__ue68a95e8af89__: x}`, and the composed configuration is put right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_ENCODED = re.compile(r"__u((?:[0-9a-f]{2})+)__")


def encode(word: str) -> str:
    """A key as Hydra can read it; ASCII stays as it is."""
    return word if word.isascii() else f"__u{word.encode('utf-8').hex()}__"


def decode(text: str) -> str:
    """A text, such as a key, a message or a whole YAML page, with all encoded keys as they were typed."""
    return _ENCODED.sub(lambda m: bytes.fromhex(m.group(1)).decode("utf-8", errors="replace"), text)


def decode_keys(node: Any) -> Any:
    """A plain configuration with its keys as they were typed. An override wins over the same key of a YAML."""
    if isinstance(node, list):
        return [decode_keys(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    found: dict[Any, Any] = {}
    for key, value in node.items():
        name, inner = decode(key) if isinstance(key, str) else key, decode_keys(value)
        found[name] = _merged(found[name], inner) if name in found else inner
    return found


def _merged(first: Any, second: Any) -> Any:
    if not (isinstance(first, Mapping) and isinstance(second, Mapping)):
        return second
    both = {key: _merged(first[key], second[key]) for key in first.keys() & second.keys()}
    return {**first, **second, **both}
