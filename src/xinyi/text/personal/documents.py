"""Identity cards, passports and travel permits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from xinyi.text.personal.spans import Match, first_wins
from xinyi.text.personal.view import GAP, SIGN, before, readings

# GB/T 2260 province codes; 81-83 are the residence permits of Hong Kong, Macao and Taiwan people.
_PROVINCES = frozenset(
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(first, last + 1)
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"

# Whatever stands between its digits: province, date and check character together are no chance.
_CARD_ANY = re.compile(rf"(?<![0-9])(?=([1-8](?:{SIGN}{{0,2}}[0-9]){{16}}{SIGN}{{0,2}}[0-9Xx])(?![0-9]))")
_CARD18 = re.compile(r"(?<![0-9])[1-8][0-9]{5}([ -]?)[12][0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{2}\1[0-9]{3}[0-9Xx](?![0-9])")
_CARD_GROUPS = re.compile(
    r"(?<![0-9])(?:[1-8][0-9]{3}([ -])(?:[0-9]{4}\1){3}[0-9][0-9Xx]|[1-8]([ -])(?:[0-9]\2){16}[0-9Xx])(?![0-9])"
)
_CARD15 = re.compile(r"(?<![0-9])[1-8][0-9]{14}(?![0-9Xx])")
# A number called an identity card's is one, mistyped or not.
_CARD_CUE = re.compile(
    rf"(?:身份证|身分证|证件|户口|[Ss][Ff][Zz]){GAP}{{0,14}}?"
    rf"([0-9](?:{SIGN}{{0,2}}[0-9]){{16}}{SIGN}{{0,2}}[0-9Xx]|[1-9][0-9]{{14}})(?![0-9])"
)
# Hong Kong's with its check character in brackets, Macao's likewise, Taiwan's with a letter and nine digits.
_REGION_CUE = re.compile(
    rf"(?:身份证|身分证|证件){GAP}{{0,14}}?"
    r"([A-Za-z]{1,2}[0-9]{6} ?\(?[0-9Aa]\)?|[1578][0-9]{6}\([0-9]\)|[A-Za-z][1289A-Da-d][0-9]{8})(?![0-9A-Za-z])"
)
_HONG_KONG = re.compile(r"(?<![0-9A-Za-z_-])[A-Z]{1,2}[0-9]{6}\([0-9A]\)")
_CARD_TAIL = re.compile(
    r"(?:身份证|身分证|证件)(?:号码?)?(?:的?[后末][四六][位码]|尾号)(?:是|为|[: ]){0,3}"
    r"([0-9]{3}[0-9Xx]|[0-9]{5}[0-9Xx])(?![0-9])"
)

_LINK = r"(?:号码?|证件号?|编号|[Nn][Oo]|是|为|[:.=,# ]){0,4}"
_DATE = r"(?!(?:19|20)[0-9]{2}[ -][0-9]{1,2}[ -][0-9])"
_PASSPORT_CUE = re.compile(
    rf"(?:护照|[Pp]assport){_LINK}{_DATE}"
    r"([A-Za-z]{1,2}(?:[ -]?[0-9]){6,8}|[0-9](?:[ -]?[0-9]){7,8})(?![0-9A-Za-z])"
)
# E-passports E + 8 digits or E + letter (no I, O) + 7 digits; older G + 8 (National Immigration Administration).
_PASSPORT = re.compile(r"(?<![0-9A-Za-z_-])(?:[EG][0-9]{8}|E[A-HJ-NP-Z][0-9]{7})(?![0-9A-Za-z_-])")
_PERMIT_CUE = re.compile(
    rf"(?:通行证|回乡证|返乡证|台胞证|港澳证|大通证|港澳居民来往内地通行证|永居证|居留证){_LINK}"
    rf"{_DATE}([A-Za-z]{{0,3}}[0-9]{{7,15}}(?:\([0-9A-Z]\))?"
    r"|(?:[A-Za-z][ -]?)?[0-9](?:[ -]?[0-9]){7,9}(?![ -]?[0-9]))(?![0-9A-Za-z])"
)
# Home return permit H or M + 8 or 10 digits; mainland residents' permits C or W + 8, C + letter + 7, L or T + 8.
_PERMIT = re.compile(
    r"(?<![0-9A-Za-z_-])(?:[HM](?:[0-9]{10}|[0-9]{8})|[CWLT][0-9]{8}|C[A-HJ-NP-Z][0-9]{7})(?![0-9A-Za-z_-])"
)

# After these a number of a document's shape is a model's.
_GOODS = re.compile(r"(?:型号|货号|款号|编码|料号|批号|批次号?|序列号|机型|款式|色号|SKU|sku)(?:是|为|[:= ]){0,3}$")


def find_id_cards(view: str) -> Iterator[Match]:
    """Yield identity card numbers: 18 digits with a valid check character (GB 11643-1999, ISO 7064 MOD 11-2),
    15 digits with a possible birth date, and either shape after a cue word even when mistyped."""
    yield from first_wins(*(group for text in readings(view) for group in _id_cards(text)))


def _id_cards(view: str) -> Iterator[Iterator[Match]]:
    yield ((*m.span(1), "id_card") for m in _CARD_ANY.finditer(view) if is_id_card(m[1]))
    yield ((m.start(), m.end(), "id_card") for m in _CARD15.finditer(view) if _is_old_id_card(m.group()))
    for rule in (_CARD_CUE, _CARD_TAIL, _REGION_CUE):
        yield ((*m.span(1), "id_card") for m in rule.finditer(view))
    yield ((m.start(), m.end(), "id_card") for m in _HONG_KONG.finditer(view) if _is_hong_kong(m.group()))


def find_mistyped_id_cards(view: str) -> Iterator[Match]:
    """Yield 18 digits with a possible birth date in their place whose check character is wrong.

    For what order and tracking rules left: of such numbers by chance one in 2,000 has a date there.
    """
    yield from first_wins(
        *(
            ((m.start(), m.end(), "id_card") for m in rule.finditer(text) if _has_birth(m.group()))
            for text in readings(view)
            for rule in (_CARD18, _CARD_GROUPS)
        )
    )


def _has_birth(number: str) -> bool:
    return _is_birth(_plain(number)[6:14])


def _plain(number: str) -> str:
    return re.sub("[^0-9Xx]", "", number).upper()


def is_id_card(number: str) -> bool:
    """Tell whether 18 characters (signs between them allowed) carry a province, a date and the check character."""
    plain = _plain(number)
    if len(plain) != 18 or plain[:2] not in _PROVINCES or not _is_birth(plain[6:14]):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, plain, strict=False))
    return _CHECK[total % 11] == plain[17]


def _is_hong_kong(number: str) -> bool:
    """A123456(3): letters count from 10, the blank of a single one 36; weights 9 to 1; modulo 11 (Immigration)."""
    values = [36, *(int(char, 36) for char in number if char.isalnum())][-9:]
    return sum(weight * value for weight, value in zip(range(9, 0, -1), values, strict=True)) % 11 == 0


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
    yield from first_wins(*(group for text in readings(view) for group in _documents(text)))


def _documents(view: str) -> Iterator[Iterator[Match]]:
    yield ((*m.span(1), "passport") for m in _PASSPORT_CUE.finditer(view))
    yield ((*m.span(1), "permit") for m in _PERMIT_CUE.finditer(view))
    yield ((m.start(), m.end(), "passport") for m in _PASSPORT.finditer(view) if not _is_goods(view, m.start()))
    yield ((m.start(), m.end(), "permit") for m in _PERMIT.finditer(view) if not _is_goods(view, m.start()))


def _is_goods(view: str, start: int) -> bool:
    return _GOODS.search(before(view, start, 8)) is not None
