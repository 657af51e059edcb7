"""Let Chinese words stand in overrides as they are: Hydra's grammar takes only ASCII outside quotes."""

from __future__ import annotations

import re

from xinyi.config.keys import encode

_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', re.DOTALL)
_CHOICE = re.compile(r"choice\((.*)\)", re.DOTALL)
_PAIRS = {"[": "]", "{": "}", "(": ")"}


def quote(override: str) -> str:
    """Quote each unquoted word beyond ASCII in an override's value: `data.text=消息` → `data.text="消息"`.

    Works inside lists, { } and the choices of a sweep. A file name with blanks or brackets in it, such as
    `数据 (1).csv`, is one word. Keys are encoded, see `xinyi.config.keys`.
    """
    key, equals, value = override.partition("=")
    signs = key[: len(key) - len(key.lstrip("+~"))]
    key = signs + ".".join(map(encode, key[len(signs) :].split(".")))
    return f"{key}{equals}{value if value.isascii() else _value(value)}"


def _value(text: str) -> str:
    """One value, or several with commas between them."""
    parts = _split(text)
    if len(parts) > 1:
        return ",".join(map(_value, parts))
    bare = text.strip()
    if bare.isascii() or _QUOTED.fullmatch(bare):
        return text
    if choice := _CHOICE.fullmatch(bare):
        # Hydra drops the quotes of what stands in choice(…); a plain list of values means the same.
        return _value(choice.group(1))
    if bare[0] == "[" and bare[-1] == "]":
        return f"[{_value(bare[1:-1])}]"
    if bare[0] == "{" and bare[-1] == "}":
        return "{" + ",".join(map(_pair, _split(bare[1:-1]))) + "}"
    return f'"{_escaped(bare)}"'


def _pair(text: str) -> str:
    """`key: value` inside { }."""
    start = len(text) - len(text.lstrip())
    quoted = _QUOTED.match(text, start)
    end = text.find(":", quoted.end() if quoted else 0)
    if end < 0:
        return text
    key = text[:end].strip()
    word = key[1:-1] if quoted else key
    return f"{key if word.isascii() else encode(word)}:{_value(text[end + 1 :])}"


def _split(text: str) -> list[str]:
    """Split at commas outside quotes and brackets; brackets that do not match are plain characters."""
    parts, start, place = [], 0, 0
    while place < len(text):
        if text[place] == ",":
            parts.append(text[start:place])
            start = place + 1
        elif not text[start:place].strip() and (quoted := _QUOTED.match(text, place)):
            place = quoted.end() - 1
        elif text[place] in _PAIRS:
            place = _closing(text, place)
        place += 1
    return [*parts, text[start:]]


def _closing(text: str, place: int) -> int:
    """Where the bracket at `place` closes; `place` itself when it does not."""
    waiting = []
    for i in range(place, len(text)):
        if text[i] in _PAIRS:
            waiting.append(_PAIRS[text[i]])
        elif text[i] == waiting[-1]:
            waiting.pop()
            if not waiting:
                return i
    return place


def _escaped(text: str) -> str:
    """Hydra reads backslashes as they are, except right before a quote or at the end."""
    return re.sub(r'(\\*)("|\Z)', lambda m: m.group(1) * 2 + ("\\" + m.group(2) if m.group(2) else ""), text)
