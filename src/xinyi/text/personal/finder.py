"""Runs the rule families over a text in a fixed order and replaces what they find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from xinyi.text.personal.addresses import find_addresses
from xinyi.text.personal.bare import bare
from xinyi.text.personal.cards import find_bank_cards
from xinyi.text.personal.codes import find_codes
from xinyi.text.personal.documents import find_documents, find_id_cards, find_mistyped_id_cards
from xinyi.text.personal.name_rules import find_names
from xinyi.text.personal.numbers import find_landlines, find_mobiles
from xinyi.text.personal.online import find_accounts, find_emails, find_ips
from xinyi.text.personal.orders import find_long_numbers, find_orders, find_tracking
from xinyi.text.personal.plates import find_plates
from xinyi.text.personal.spans import PLACEHOLDERS, Detector, Match, Span
from xinyi.text.personal.view import blank, fold, has_number

# Earlier families win: a cue word or a checksum says more than a shape, and names lean on phone numbers and
# addresses already found next to them.
_DETECTORS: tuple[Detector, ...] = (
    find_emails,
    find_id_cards,
    find_tracking,
    find_codes,
    find_orders,
    find_mistyped_id_cards,
    find_documents,
    find_bank_cards,
    find_mobiles,
    find_accounts,
    find_ips,
    find_landlines,
    find_plates,
    find_long_numbers,
    find_addresses,
    find_names,
)


# These find nothing where there are hardly any digits.
_NUMBERS = frozenset(_DETECTORS) - {find_emails, find_accounts, find_plates, find_addresses, find_names}


def find_personal_data(text: str) -> list[Span]:
    """Return the personal data in ``text`` as sorted spans that do not overlap.

    In: any string (full-width forms, blanks and characters that cannot be seen make no difference).  Placeholders
    already in the text are left alone.  Raises nothing.
    """
    read, places = bare(text)
    found = sorted(_found(fold(read)))
    if places is not None:
        found = [(places[start], places[end], kind) for start, end, kind in found]
    return [Span(start, end, kind, text[start:end]) for start, end, kind in found]


def _found(view: str) -> list[Match]:
    found: list[Match] = []
    # A find can free its neighbour (a name next to a number), so the families run until nothing new appears:
    # that is what a second call of ``mask`` would see, hence idempotence.
    while True:
        view, new = _one_round(view)
        if not new:
            return found
        found += new


def _one_round(view: str) -> tuple[str, list[Match]]:
    found: list[Match] = []
    numbers = has_number(view)
    for detector in _DETECTORS:
        if detector in _NUMBERS and not numbers:
            continue
        matches = list(detector(view))
        if matches:
            view = blank(view, matches)
            found += matches
    return view, found


def mask(text: str) -> str:
    """Return ``text`` with every find replaced by its placeholder; applying it again changes nothing."""
    spans = find_personal_data(text)
    pieces: list[str] = []
    last = 0
    for span in spans:
        pieces += (text[last : span.start], PLACEHOLDERS[span.kind])
        last = span.end
    return "".join(pieces) + text[last:]


def count_personal_data(texts: Iterable[str]) -> dict[str, int]:
    """Return how many finds of each kind the texts hold; every kind is present, with 0 where none was found."""
    counts = Counter(span.kind for text in texts for span in find_personal_data(text))
    return {kind: counts[kind] for kind in PLACEHOLDERS}
