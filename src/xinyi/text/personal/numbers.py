"""Telephone numbers: mainland mobiles, international numbers, landlines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xinyi.text.personal.spans import Match, first_wins
from xinyi.text.personal.view import spoken_digits

# Numbering plan of the MIIT (2017): mobiles are 1, then 3-9, eleven digits; area codes are 10, 2x or [3-9]xx.
_GROUPS = (
    r"1[3-9][0-9]{9}"
    r"|1[3-9][0-9](?P<a>[ .-])[0-9]{4}(?P=a)[0-9]{4}"
    r"|1[3-9][0-9][ -](?:[0-9]{8}|[0-9]{3}[ -][0-9]{5})"
    r"|1[3-9][0-9]{2}[ -](?:[0-9]{3}[ -][0-9]{4}|[0-9]{7})"
    r"|1[3-9][0-9]{3}[ -][0-9]{6}"
    r"|1[3-9][0-9]{5}[ -][0-9]{4}"
    # One digit at a time, to get past a filter.
    r"|1(?P<b>[ .-])[3-9](?:(?P=b)[0-9]){9}"
)
_MOBILE = re.compile(rf"(?<![0-9])(?<![0-9][.])(?:(?:\+|00)?86[ -]{{0,2}}|\(\+?86\) ?)?(?:{_GROUPS})(?![0-9])")
_FOREIGN = re.compile(
    r"(?<![0-9+])(?:(?:\+|00)(?:852|853|886)[ -]?(?:[0-9]{8,9}|[0-9]{4}[ -][0-9]{4})"
    r"|\+(?!86)[1-9][0-9]{0,2}(?:[ -]?[0-9]){8,12})(?![0-9])"
)
_MOBILE_TAIL = re.compile(r"(?:手机号?码?|电话|号码)(?:的?后四位|尾号)(?:是|为|[: ]){0,3}([0-9]{4})(?![0-9])")

_AREA = r"(?:10|2[0-9]|[3-9][0-9]{2})"
_EXTENSION = r"(?: ?(?:-|转|分机号?|转分机) ?[0-9]{1,6})?"
_LANDLINE = re.compile(
    rf"(?<![0-9])(?<![0-9][.-])(?:(?:(?:\+|00)86[ -]?)(?:\(?0?{_AREA}\)?)|\(0{_AREA}\)|0{_AREA})[ -]{{0,2}}"
    rf"[2-9][0-9]{{2,3}} ?-?[0-9]{{4}}{_EXTENSION}(?![0-9])"
)
_LOCAL = re.compile(
    r"(?:电话|座机|固话|家里电话|办公室|单位电话|公司电话|总机|[Tt][Ee][Ll])(?:号码?)?(?:是|为|[: .]){0,3}"
    rf"([2-8][0-9]{{2,3}} ?-?[0-9]{{4}}{_EXTENSION})(?![0-9元])"
)


def find_mobiles(view: str) -> Iterator[Match]:
    """Yield mobile numbers, also with country code, grouped, read out in Chinese digits, and abroad."""
    view = spoken_digits(view)
    yield from first_wins(
        ((m.start(), m.end(), "mobile") for m in _MOBILE.finditer(view)),
        ((*m.span(1), "mobile") for m in _MOBILE_TAIL.finditer(view)),
        ((m.start(), m.end(), "mobile") for m in _FOREIGN.finditer(view)),
    )


def find_landlines(view: str) -> Iterator[Match]:
    """Yield landlines with area code, and seven or eight local digits after a cue word."""
    view = spoken_digits(view)
    yield from first_wins(
        ((m.start(), m.end(), "landline") for m in _LANDLINE.finditer(view)),
        ((*m.span(1), "landline") for m in _LOCAL.finditer(view)),
    )
