"""Let Chinese words stand in overrides as they are: Hydra's grammar takes only ASCII outside quotes."""

from __future__ import annotations

import re

# A run of characters that are no syntax of Hydra's value grammar and hold at least one beyond ASCII.
_WORD = re.compile(r"""[^\s,:=\[\]{}()'"\\]*[^\x00-\x7f][^\s,:=\[\]{}()'"\\]*""")
_QUOTED = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")


def quote(override: str) -> str:
    """Quote each unquoted word beyond ASCII in an override's value: `data.text=消息` → `data.text="消息"`.

    A plain file name with blanks or other marks is quoted as a whole.
    """
    key, equals, value = override.partition("=")
    if not equals or value.isascii():
        return override
    if not any(mark in value for mark in "[]{}(),'\""):
        return f'{key}="{_escape(value)}"'
    pieces = _QUOTED.split(value)
    return key + "=" + "".join(p if i % 2 else _WORD.sub(lambda m: f'"{m.group()}"', p) for i, p in enumerate(pieces))


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
