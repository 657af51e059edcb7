"""Damaged text: wrong decodings, lost characters and scraped-in pinyin, repaired where that is safe.

A repair is safe when the damage can be undone byte by byte and what comes out is ordinary Chinese, while what went in
is not. What was lost cannot be repaired and is only named. Standard library only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from xinyi.text.natural import naturalness

# Kinds, as they stand in data.json.
UTF8_AS_GBK = "utf8_as_gbk"
UTF8_AS_LATIN1 = "utf8_as_latin1"
PINYIN_GLOSS = "pinyin_gloss"
REPLACEMENT = "replacement_character"
KINDS = (UTF8_AS_GBK, UTF8_AS_LATIN1, PINYIN_GLOSS, REPLACEMENT)

_NATURAL = 0.4  # naturalness that a repaired piece has at least, and 0.2 more than before
_ASCII = re.compile("([\x00-\x7f]+)")
# Characters that the first bytes of UTF-8 Chinese become in GBK; two of them do not stand in ordinary short texts.
_GBK_MARKS = re.compile("[锛銆鐨鎴鏄涓浜浣浠鍦鏈鍒鍥濂璇闂杩鍙鎬娌鐢璐鏀寰鍟垂鐗浠涔鍚浼瀹鎵鎶绱绯]")

# What Windows-1252 shows for bytes 80 to 9F; the five bytes it lacks stay control characters, as in Latin-1.
_CP1252 = {ord(bytes([byte]).decode("cp1252", "replace")): byte for byte in range(0x80, 0xA0)}
_CP1252.pop(0xFFFD, None)
_LATIN = re.compile(f"[\x80-\xff{''.join(map(chr, _CP1252))}]{{3,}}")

_HANZI = "\u3400-\u4dbf\u4e00-\u9fff"
_TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹ"
_TONED_GLOSS = re.compile(f"(?<=[{_HANZI}])[(（][a-zü]{{0,3}}[{_TONED}][a-zü]{{0,3}}[)）]")
# Beside glosses with a tone mark, those of the neutral tone are glosses too: 們(men) 麼(me).
_PLAIN_GLOSS = re.compile(f"(?<=[{_HANZI}])[(（](?:de|le|me|ne|ma|ba|men|zhe|guo|zi|tou|a|ya|er)[)）]")
# U+FFFD itself, and what becomes of it when its UTF-8 bytes are read as GBK.
_LOST = re.compile("\ufffd|锟斤拷|锟斤|ï¿½")


@dataclass(frozen=True)
class Repair:
    """text: as good as it could be made. repaired, left: kinds of damage that were undone, and that remain."""

    text: str
    repaired: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def repair(text: str) -> Repair:
    """Undo what can be undone safely. Ordinary text comes back as it is, and a repaired one does not change again."""
    fixed, repaired, left = text, [], []
    for kind, step in _STEPS:
        fixed, found = step(fixed)
        if found is not None:
            (repaired if found else left).append(kind)
    return Repair(fixed, tuple(repaired), tuple(left))


def _gbk(text: str) -> tuple[str, bool | None]:
    """The text, and True when repaired, False when damaged beyond repair, None when nothing was found."""
    if len(_GBK_MARKS.findall(text)) < 2:
        return text, None
    if (whole := _reread(text)) is not None:
        return whole, True
    pieces = _ASCII.split(text)
    fixed = [piece if i % 2 else _reread(piece) or piece for i, piece in enumerate(pieces)]
    if fixed != pieces:
        return "".join(fixed), True
    rest = text.encode("gb18030", "ignore").decode("utf-8", "ignore")
    lost = _is_better(rest, text) and 3 * len(rest) > len(text)
    return text, False if lost else None


def _reread(text: str) -> str | None:
    """The text whose UTF-8 bytes read as GBK give this one, if it is ordinary Chinese."""
    try:
        fixed = text.encode("gb18030").decode("utf-8")
    except UnicodeError:
        return None
    return fixed if len(re.findall(f"[{_HANZI}]", fixed)) >= 2 and _is_better(fixed, text) else None


def _is_better(fixed: str, text: str) -> bool:
    after = naturalness(fixed)
    return after >= _NATURAL and after >= naturalness(text) + 0.2


def _latin(text: str) -> tuple[str, bool | None]:
    damaged = False

    def reread(match: re.Match[str]) -> str:
        nonlocal damaged
        raw = bytes(_CP1252.get(ord(char), ord(char) & 0xFF) for char in match.group())
        fixed = raw.decode("utf-8", "ignore")
        if naturalness(fixed) < _NATURAL or not re.search(f"[{_HANZI}]", fixed):
            return match.group()
        whole = len(fixed.encode()) == len(raw)
        damaged = damaged or not whole
        return fixed if whole else match.group()

    fixed = _LATIN.sub(reread, text)
    return fixed, False if damaged else True if fixed != text else None


def _pinyin(text: str) -> tuple[str, bool | None]:
    """A single gloss may be meant: 行(háng). From two on they were scraped in."""
    if len(_TONED_GLOSS.findall(text)) < 2:
        return text, None
    return _PLAIN_GLOSS.sub("", _TONED_GLOSS.sub("", text)), True


def _lost(text: str) -> tuple[str, bool | None]:
    return text, False if _LOST.search(text) else None


_STEPS = ((UTF8_AS_GBK, _gbk), (UTF8_AS_LATIN1, _latin), (PINYIN_GLOSS, _pinyin), (REPLACEMENT, _lost))
