"""Telephone numbers: mainland mobiles, international numbers, landlines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xinyi.text.personal.spans import Match, first_wins
from xinyi.text.personal.view import BLANKS, SIGN, readings

# Numbering plan of the MIIT (2017): mobiles are 1, then 3-9, eleven digits; area codes are 10, 2x or [3-9]xx.
_GROUPS = (
    r"1[3-9][0-9]{9}"
    r"|1[3-9][0-9](?P<a>[ ./·•・_~-])[0-9]{4}(?P=a)[0-9]{4}"
    r"|\(1[3-9][0-9]\)[ -]?[0-9]{4}[ -]?[0-9]{4}"
    # These signs also part prices and measures.
    r"|(?P<listed>1[3-9][0-9](?P<l>[,、*|])[0-9]{4}(?P=l)[0-9]{4})"
    r"|1[3-9][0-9][ -](?:[0-9]{8}|[0-9]{3}[ -][0-9]{5})"
    r"|1[3-9][0-9]{2}[ -](?:[0-9]{3}[ -][0-9]{4}|[0-9]{7})"
    r"|1[3-9][0-9](?P<c>[ ·•・_~-])(?:[0-9]{2}(?P=c)[0-9]{2}(?P=c)(?:[0-9]{4}|[0-9]{2}(?P=c)[0-9]{2})"
    r"|[0-9]{4}(?P=c)[0-9]{2}(?P=c)[0-9]{2})"
    r"|1[3-9][0-9]{3}[ -][0-9]{6}"
    r"|1[3-9][0-9]{4}[ -][0-9]{5}"
    r"|1[3-9][0-9]{5}[ -][0-9]{4}"
    # One digit at a time, to get past a filter.
    rf"|1(?P<b>{SIGN})[3-9](?:(?P=b)[0-9]){{9}}"
)
_MOBILE = re.compile(rf"(?<![0-9])(?<![0-9][.])(?:(?:\+|00)?86[ -]{{0,2}}|\(\+?86\) ?)?(?:{_GROUPS})(?![0-9])")
_FOREIGN = re.compile(
    r"(?<![0-9+])(?:(?:\+|00)(?:852|853|886)[ -]?(?:[0-9]{8,9}|[0-9]{4}[ -][0-9]{4})"
    r"|\+(?!86)[1-9][0-9]{0,2}(?:[ -]?[0-9]){8,12}"
    # Taiwan: 09 and eight digits.
    r"|09[0-9]{2}([ -]?)[0-9]{3}\1[0-9]{3})(?![0-9])"
)
# Hong Kong and Macao write eight digits without an area code; only letters that Cantonese alone uses tell them apart.
_CANTONESE = re.compile("[嘅咗唔喺哋冇佢嚟啲嗰咁搵睇嘢俾噉]")
_HONG_KONG = re.compile(
    r"(?:电话|手机|号码|联络|致电|打|[Ww]hats[Aa]pp)(?:号码?|返|我|是|系|为|[: ]){0,3}"
    r"([4-9][0-9]{3}[ -]?[0-9]{4})(?![0-9元])"
)
_MOBILE_TAIL = re.compile(r"(?:手机号?码?|电话|号码)(?:的?后四位|尾号)(?:是|为|[: ]){0,3}([0-9]{4})(?![0-9])")

_AREA = r"(?:10|2[0-9]|[3-9][0-9]{2})"
_EXTENSION = r"(?: ?(?:-|转|分机号?|转分机) ?[0-9]{1,6})?"
_LANDLINE = re.compile(
    rf"(?<![0-9])(?<![0-9][.-])(?:(?:(?:\+|00)86[ -]?)(?:\(?0?{_AREA}\)?)|\(0{_AREA}\)|0{_AREA})[ -]{{0,3}}"
    rf"(?:[2-9][0-9]{{2,3}} ?-?[0-9]{{4}}|[2-9][0-9]{{3}}[ -][0-9]{{3}}){_EXTENSION}(?![0-9])"
    # Taiwan: one digit of area code.
    r"|(?<![0-9.-])(?:\(0[2-8]\) ?|0[2-8]-)[2-9][0-9]{2,3}-?[0-9]{4}(?![0-9-])"
)
_LOCAL = re.compile(
    r"(?:电话|座机|固话|家里电话|办公室|单位电话|公司电话|总机|[Tt][Ee][Ll])(?:号码?)?(?:是|为|[: .]){0,3}"
    rf"([2-8][0-9]{{2,3}} ?-?[0-9]{{4}}{_EXTENSION})(?![0-9元])"
)
# Written in two groups it needs no more than a word for calling, or a name, before it.
_GROUPED = re.compile(
    rf"(?:号码|回电|来电|联系|致电|打给?我?|拨|{BLANKS['name']})(?:是|为|[: ,]){{0,3}}"
    rf"([2-8][0-9]{{2,3}}[ -][0-9]{{4}}{_EXTENSION})(?![0-9元年-])"
)


def find_mobiles(view: str) -> Iterator[Match]:
    """Yield mobile numbers, also with country code, grouped, read out in Chinese digits, and abroad."""
    yield from first_wins(*(group for text in readings(view) for group in _mobiles(text)))


def _mobiles(view: str) -> Iterator[Iterator[Match]]:
    rule = _MOBILE.finditer(view)
    yield ((m.start(), m.end(), "mobile") for m in rule if not _is_inside_a_word(view, m) and not _is_list(m))
    yield ((*m.span(1), "mobile") for m in _MOBILE_TAIL.finditer(view))
    yield ((m.start(), m.end(), "mobile") for m in _FOREIGN.finditer(view))
    if _CANTONESE.search(view):
        yield ((*m.span(1), "mobile") for m in _HONG_KONG.finditer(view))


def _is_inside_a_word(view: str, match: re.Match[str]) -> bool:
    """An account's name, such as a13800001111b."""
    around = view[match.start() - 1 : match.start()], view[match.end() : match.end() + 1]
    return all(char.isascii() and char.isalpha() for char in around)


def _is_list(match: re.Match[str]) -> bool:
    """199，2999，3999 and 150*2000*1000: numbers that all end as prices and measures do, none of them begun by a 0."""
    listed = match["listed"]
    return bool(listed) and all(re.fullmatch("[1-9][0-9]*[0589]", part) for part in re.findall("[0-9]+", listed))


def find_landlines(view: str) -> Iterator[Match]:
    """Yield landlines with area code, and seven or eight local digits after a cue word."""
    yield from first_wins(*(group for text in readings(view) for group in _landlines(text)))


def _landlines(view: str) -> Iterator[Iterator[Match]]:
    yield ((m.start(), m.end(), "landline") for m in _LANDLINE.finditer(view))
    for rule in (_LOCAL, _GROUPED):
        yield ((*m.span(1), "landline") for m in rule.finditer(view))
