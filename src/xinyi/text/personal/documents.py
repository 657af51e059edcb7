"""Identity cards, passports and travel permits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from xinyi.text.personal.spans import Match, first_wins
from xinyi.text.personal.view import GAP, readings

# GB/T 2260 province codes; 81-83 are the residence permits of Hong Kong, Macao and Taiwan people.
_PROVINCES = frozenset(
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(first, last + 1)
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"

_CARD18 = re.compile(r"(?<![0-9])[1-8][0-9]{5}([ -]?)[12][0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{2}\1[0-9]{3}[0-9Xx](?![0-9])")
_CARD15 = re.compile(r"(?<![0-9])[1-8][0-9]{14}(?![0-9Xx])")
# A number called an identity card's is one, mistyped or not.
_CARD_CUE = re.compile(
    rf"(?:身份证|身分证|证件|户口|[Ss][Ff][Zz]){GAP}{{0,14}}?"
    r"([0-9](?:[ -]?[0-9]){16}[ -]?[0-9Xx]|[1-9][0-9]{14})(?![0-9])"
)
_CARD_TAIL = re.compile(
    r"(?:身份证|身分证|证件)(?:号码?)?(?:的?[后末][四六][位码]|尾号)(?:是|为|[: ]){0,3}"
    r"([0-9]{3}[0-9Xx]|[0-9]{5}[0-9Xx])(?![0-9])"
)

_LINK = r"(?:号码?|证件号?|编号|[Nn][Oo]|是|为|[:.=,# ]){0,4}"
_PASSPORT_CUE = re.compile(
    rf"(?:护照|護照|[Pp]assport){_LINK}([A-Za-z]{{1,2}}[0-9]{{6,8}}|[0-9]{{8,9}})(?![0-9A-Za-z])"
)
# E-passports E + 8 digits or E + letter (no I, O) + 7 digits; older G + 8 (National Immigration Administration).
_PASSPORT = re.compile(r"(?<![0-9A-Za-z_-])(?:[EG][0-9]{8}|E[A-HJ-NP-Z][0-9]{7})(?![0-9A-Za-z_-])")
_PERMIT_CUE = re.compile(
    rf"(?:通行证|回乡证|返乡证|台胞证|港澳证|大通证|港澳居民来往内地通行证|永居证|居留证){_LINK}"
    r"([A-Za-z]{0,3}[0-9]{7,15}(?:\([0-9A-Z]\))?)(?![0-9A-Za-z])"
)
# Home return permit H or M + 8 or 10 digits; mainland residents' permits C or W + 8, C + letter + 7, L or T + 8.
_PERMIT = re.compile(
    r"(?<![0-9A-Za-z_-])(?:[HM](?:[0-9]{10}|[0-9]{8})|[CWLT][0-9]{8}|C[A-HJ-NP-Z][0-9]{7})(?![0-9A-Za-z_-])"
)


def find_id_cards(view: str) -> Iterator[Match]:
    """Yield identity card numbers: 18 digits with a valid check character (GB 11643-1999, ISO 7064 MOD 11-2),
    15 digits with a possible birth date, and either shape after a cue word even when mistyped."""
    yield from first_wins(*(group for text in readings(view) for group in _id_cards(text)))


def _id_cards(view: str) -> Iterator[Iterator[Match]]:
    yield ((m.start(), m.end(), "id_card") for m in _CARD18.finditer(view) if is_id_card(m.group()))
    yield ((m.start(), m.end(), "id_card") for m in _CARD15.finditer(view) if _is_old_id_card(m.group()))
    for rule in (_CARD_CUE, _CARD_TAIL):
        yield ((*m.span(1), "id_card") for m in rule.finditer(view))


def find_mistyped_id_cards(view: str) -> Iterator[Match]:
    """Yield 18 digits with a possible birth date in their place whose check character is wrong.

    For what order and tracking rules left: of such numbers by chance one in 2,000 has a date there.
    """
    yield from first_wins(
        *(
            ((m.start(), m.end(), "id_card") for m in _CARD18.finditer(text) if _has_birth(m.group()))
            for text in readings(view)
        )
    )


def _has_birth(number: str) -> bool:
    return _is_birth(re.sub("[ -]", "", number)[6:14])


def is_id_card(number: str) -> bool:
    """Tell whether 18 characters (blanks and hyphens allowed) carry a province, a date and the check character."""
    plain = re.sub("[ -]", "", number).upper()
    if len(plain) != 18 or plain[:2] not in _PROVINCES or not _is_birth(plain[6:14]):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, plain, strict=False))
    return _CHECK[total % 11] == plain[17]


def _is_old_id_card(number: str) -> bool:
    return number[:2] in _PROVINCES and _is_birth("19" + number[6:12])


def _is_birth(digits: str) -> bool:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return 1900 <= born.year <= 2099


def find_documents(view: str) -> Iterator[Match]:
    """Yield passports and permits, after a cue word or by their strict shape."""
    yield from first_wins(
        ((*m.span(1), "passport") for m in _PASSPORT_CUE.finditer(view)),
        ((*m.span(1), "permit") for m in _PERMIT_CUE.finditer(view)),
        ((m.start(), m.end(), "passport") for m in _PASSPORT.finditer(view)),
        ((m.start(), m.end(), "permit") for m in _PERMIT.finditer(view)),
    )
