"""The places where personal names stand: after a cue, before a title, beside a telephone number or address."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xinyi.text.personal import name_cues as cues
from xinyi.text.personal.names import is_free_name, is_typical, is_word, read_foreign_name, read_name, surname_length
from xinyi.text.personal.spans import Match, first_wins
from xinyi.text.personal.surnames import GIVEN_CHARACTERS, TOP_SURNAMES, WORD_LIKE_SURNAMES
from xinyi.text.personal.view import before


def find_names(view: str) -> Iterator[Match]:
    """Yield personal names; a title that stands with the surname (王先生) belongs to the name."""
    yield from first_wins(
        _titled(view),
        _starred(view),
        _cued(view),
        _after_part(view),
        _weakly_cued(view),
        _nicknamed(view),
        _beside_numbers(view),
        _free(view),
        _dotted(view),
    )


def _han(view: str, pos: int) -> bool:
    return "\u4e00" <= view[pos : pos + 1] <= "\u9fff"


def _cued(view: str) -> Iterator[Match]:
    """A name after a field label, 我叫, 我是, a role or a relative."""
    for cue in (cues.FIELD_CUE, cues.TITLE_OF_INVOICE, cues.CALLED, cues.I_AM, cues.ROLE):
        for match in cue.finditer(view):
            start = match.end()
            if cue is cues.ROLE and cues.NOT_AFTER_ROLE.search(view, max(0, start - 2), start + 1):
                continue
            sure = bool(match.groupdict().get("link"))
            end = read_foreign_name(view, start, shortest=5)
            end = end or read_name(view, start, sure=sure, wary=not sure and cue is not cues.CALLED)
            if end is None and cue in (cues.FIELD_CUE, cues.CALLED):
                end = read_foreign_name(view, start)
            if end is not None:
                yield (start, end, "name")


def _after_part(view: str) -> Iterator[Match]:
    """A typical full name after any word for a person's part: three characters, or two before what follows names."""
    for match in cues.PART.finditer(view):
        start = match.end()
        for size in (4, 3, 2):
            end = start + size
            surname = surname_length(view, start)
            whole = surname and size - surname == 2 and view[start] not in WORD_LIKE_SURNAMES
            if is_free_name(view, start, end) or (whole and is_typical(view, start, end)):
                yield (start, end, "name")
                break


def _weakly_cued(view: str) -> Iterator[Match]:
    """A typical name that ends its clause after 叫 or 我; the bare surname after 姓."""
    for match in cues.WEAK.finditer(view):
        start = match.end()
        for end in (start + 3, start + 2):
            stands = not _han(view, end) or (match[1] and cues.AFTER_CALLED.match(view, end))
            if stands and is_free_name(view, start, end):
                yield (start, end, "name")
                break
    for match in cues.SURNAME_THEN_NAME.finditer(view):
        start = match.end()
        end = read_name(view, start, sure=False)
        if end and not cues.NOT_AFTER_SURNAME.search(view, start, end + 1):
            yield (start, end, "name")
    for match in (*cues.SURNAME_IS.finditer(view), *cues.SURNAME_BEFORE.finditer(view)):
        yield (*match.span(1), "name")


def _starred(view: str) -> Iterator[Match]:
    """A name of which only the surname, or its ends, can be read."""
    yield from ((*m.span(1), "name") for m in cues.STARRED.finditer(view))


def _titled(view: str) -> Iterator[Match]:
    done = 0
    for match in cues.TITLE.finditer(view):
        start = _titled_start(view, match.start(), short=match.group() in cues.SHORT_TITLES)
        if start is not None and start >= done:
            done = match.end()
            yield (start, match.end(), "name")


def _titled_start(view: str, title: int, *, short: bool) -> int | None:
    """Return where the name before a title starts: a full name where one fits, else the surname alone."""
    if not short:
        for size in (4, 3, 2):
            start = title - size
            if start >= 0 and _is_full_name(view, start, title):
                return start
    for size in (2, 1):
        start = title - size
        if start >= 0 and surname_length(view, start) == size and _may_carry_title(view, start, size, short=short):
            return start
    return None


def _may_carry_title(view: str, start: int, size: int, *, short: bool) -> bool:
    """Tell whether the surname at ``start`` is one here: 黄总 is, 正常医生, 对方律师 and 向老师 are not."""
    left = before(view, start, 1)
    surname = view[start]
    if surname == "向" or left + surname in cues.NOT_BEFORE_TITLE or is_word(view, start):
        return False
    if surname in cues.RISKY_BEFORE_TITLE and _han(left, 0):
        return left in cues.MAY_PRECEDE
    return size == 2 or not short or surname in TOP_SURNAMES


def _is_full_name(view: str, start: int, end: int) -> bool:
    left = before(view, start, 1)
    if _han(left, 0) and (left not in cues.MAY_PRECEDE or left + view[start] in cues.NOT_BEFORE_TITLE):
        return False
    size = surname_length(view, start)
    given = view[start + size : end]
    if not size or not 1 <= len(given) <= 2:
        return False
    if is_word(view, start):  # 程大勇师傅: a word only begins there, if whole names of typical characters stand alone
        return len(given) == 2 and not _han(left, 0) and GIVEN_CHARACTERS.issuperset(given)
    wordy = view[start] in WORD_LIKE_SURNAMES
    return read_name(view[start:end], 0, sure=not wordy, wary=wordy) == end - start


def _nicknamed(view: str) -> Iterator[Match]:
    """小王 and 老李 where the word ends there, and 客服小王 before anything."""
    for match in cues.LITTLE.finditer(view):
        ends = cues.LITTLE_END.match(view, match.end()) or before(view, match.start(), 2) == "客服"
        other = cues.NOT_LITTLE.match(view, match.end()) or is_word(view, match.start() + 1)
        if ends and not other:
            yield (match.start(), match.end(), "name")


def _beside_numbers(view: str) -> Iterator[Match]:
    for match in cues.BEFORE_NUMBER.finditer(view):
        yield from _bounded(view, match.end())
    for match in cues.AFTER_NUMBER.finditer(view):
        yield from _bounded(view, match.end())
    for match in cues.BETWEEN.finditer(view):
        if not cues.NOT_BETWEEN.search(match[1]):
            yield (*match.span(1), "name")


def _free(view: str) -> Iterator[Match]:
    """A full name without a cue: three typical characters, or two before a word for a person's things."""
    for match in cues.FREE.finditer(view):
        start = match.end()
        if before(view, start, 1) + view[start] in cues.NOT_BEFORE_TITLE:
            continue
        for size in (4, 3, 2):
            end = start + size
            alone = start == 0 and not _han(view, end)
            given = size - surname_length(view, start)
            long_enough = given == 2 or cues.OWNS.match(view, end) or alone
            asked_for = given == 2 and before(view, start, 1) in cues.ASKED_FOR and not _han(view, end)
            if before(view, start, 1) == "的" and _han(view, end):
                continue  # 杰出的文学成就: too many words begin there
            if (long_enough and is_free_name(view, start, end)) or (asked_for and is_typical(view, start, end)):
                yield (start, end, "name")
                break


def _dotted(view: str) -> Iterator[Match]:
    """A long dotted name (迪丽热巴·艾合买提) that fills its clause."""
    for match in re.finditer(cues.EDGE, view):
        end = read_foreign_name(view, match.end(), shortest=7)
        if end and (not _han(view, end) or cues.OWNS.match(view, end)):
            yield (match.end(), end, "name")


def _bounded(view: str, start: int) -> Iterator[Match]:
    """A name that fills the field it stands in (up to 收, 先生 or a separator)."""
    if not surname_length(view, start) or is_word(view, start):
        return
    for size in (4, 3, 2):
        end = start + size
        field_ends = not _han(view, end) or cues.RECEIVER.match(view, end)
        if field_ends and read_name(view[start:end], 0, sure=True) == size:
            yield (start, end, "name")
            return
