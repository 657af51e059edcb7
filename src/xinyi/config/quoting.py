"""Let Chinese words stand in overrides as they are: Hydra's grammar takes only ASCII outside quotes."""

from __future__ import annotations

import re

_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', re.DOTALL)
_CHOICE = re.compile(r"choice\((.*)\)", re.DOTALL)
_PAIRS = {"[": "]", "{": "}", "(": ")"}
# A key inside { } that Hydra cannot read, quoted or not.
_FOREIGN_KEY = re.compile(r"""[{,]\s*["']?([^\s{}\[\],:"']*[^\x00-\x7f][^{}\[\],:"']*)["']?\s*:""")


def quote(override: str) -> str:
    """Quote each unquoted word beyond ASCII in an override's value: `data.text=消息` → `data.text="消息"`.

    Works inside lists, the values of { } and the choices of a sweep. A file name with blanks or brackets in it, such as
    `数据 (1).csv`, is one word.
    """
    key, equals, value = override.partition("=")
    return f"{key}={_value(value)}" if equals and not value.isascii() else override


def foreign_key(override: str) -> str:
    """The first key beyond ASCII, which Hydra's command line cannot express even in quotes; "" for none."""
    key, _, value = override.partition("=")
    if not key.isascii():
        return key
    found = _FOREIGN_KEY.search(value)
    return found.group(1) if found else ""


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
        pairs = [part.partition(":") for part in _split(bare[1:-1])]
        return "{" + ",".join(f"{key}{colon}{_value(value)}" for key, colon, value in pairs) + "}"
    return f'"{_escaped(bare)}"'


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
