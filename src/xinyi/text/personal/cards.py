"""Bank card numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xinyi.text.personal.spans import Match, first_wins
from xinyi.text.personal.view import GAP, before, readings

# ISO/IEC 7812: up to 19 digits.  Issuer prefixes of bank cards are 2, 3, 4, 5, 6 and 9 (old mainland cards).
_RUN = re.compile(
    r"(?<![0-9A-Za-z.])[234569][0-9]{3}(?:[0-9]{9,15}|([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}(?:\1[0-9]{1,4})?)(?![0-9])"
)
_BANK = (
    "银行卡|储蓄卡|借记卡|信用卡|工资卡|社保卡|卡号|卡片号|账号|帐号|账户|帐户|对公户|[工农建交招]行卡?|中行|邮储卡?"
)
_CUE = re.compile(rf"(?:{_BANK})(?:号码?|账号|账户|是|为|[:=, ]){{0,4}}([0-9](?:[ -]?[0-9]){{12,18}})(?![0-9])")
# With a bank's word a little further off; and four groups of four as they are printed on a card, which need neither
# cue nor check digit: people mistype, and read out cards that were issued before ISO/IEC 7812.
_CUE_NEAR = re.compile(rf"(?:{_BANK}|卡){GAP}{{0,10}}?([0-9](?:[ -]?[0-9]){{14,18}})(?![0-9])")
_GROUPED = re.compile(
    r"(?<![0-9A-Za-z.])[3-9][0-9]{3}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{2,4}(?:\1[0-9]{1,4})?(?![0-9A-Za-z]|\.[0-9])"
)
_SPELT = re.compile(r"(?<![0-9A-Za-z.])[3-9]([ -])[0-9](?:\1[0-9]){14,17}(?![0-9A-Za-z])")
_UNIONPAY = re.compile(r"(?<![0-9A-Za-z.])62(?:[0-9]{14}|[0-9]{17})(?![0-9A-Za-z])")
_CUE_SHORT = re.compile(r"(?:银行|对公|打款|收款|退款)(?:账|帐)[号户](?:是|为|[:=, ]){0,3}([0-9]{9,12})(?![0-9])")
_TAIL = re.compile(
    r"(?:卡[号片]?|银行|[工农中建交招]行|账号|账户)?(?:的?后四位|末四[位码]|尾号)(?:是|为|[: ]){0,3}"
    r"([0-9]{4})(?![0-9]|[ -][0-9]{4})"
)


def find_bank_cards(view: str) -> Iterator[Match]:
    """Yield card numbers: 13-19 digits with a valid Luhn digit (ISO/IEC 7812-1), in the groups of a card, of UnionPay's
    prefix, or after a cue word; also the four last digits after 尾号, unless they are a telephone's."""
    yield from first_wins(*(group for text in readings(view) for group in _bank_cards(text)))


def _bank_cards(view: str) -> Iterator[Iterator[Match]]:
    for rule in (_CUE, _CUE_SHORT, _CUE_NEAR):
        yield ((*m.span(1), "bank_card") for m in rule.finditer(view))
    for rule in (_RUN, _SPELT):
        yield ((m.start(), m.end(), "bank_card") for m in rule.finditer(view) if _is_card(m.group()))
    yield ((m.start(), m.end(), "bank_card") for m in _GROUPED.finditer(view) if not _is_price_list(m.group()))
    yield ((m.start(), m.end(), "bank_card") for m in _UNIONPAY.finditer(view))
    yield ((*m.span(1), "bank_card") for m in _TAIL.finditer(view) if not _is_other_tail(view, m.start()))


def _is_price_list(number: str) -> bool:
    """3999 4999 5999 6999: four groups that end alike are prices or years."""
    return len({group[-2:] for group in re.split("[ -]", number)}) == 1


def _is_card(number: str) -> bool:
    # GS1 gives 690-699 to goods made in China: thirteen digits from there are a bar code.
    return passes_luhn(number) and not (len(number) == 13 and number.startswith("69"))


def passes_luhn(number: str) -> bool:
    """Tell whether 13-19 digits (blanks and hyphens allowed) pass the Luhn check."""
    digits = [int(c) for c in number if c.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) < 2:
        return False
    doubled = (sum(divmod(2 * d, 10)) for d in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_other_tail(view: str, start: int) -> bool:
    return re.search("手机|电话|号码|订单|单号|验证码", before(view, start, 5)) is not None
