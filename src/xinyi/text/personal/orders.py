"""Order and tracking numbers, and long numbers of no other kind."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xinyi.text.personal.codes import number_kind
from xinyi.text.personal.spans import Match, first_wins
from xinyi.text.personal.view import GAP, readings

_LINK = r"(?:码|号码|号|编号|后面的?|尾数|就?是|为|在这|[:#=,. ]){0,4}"
_DATE = r"(?!(?:19|20)[0-9]{2}-[0-9]{1,2}-[0-9]{1,2})"
_CARRIER = "快递|物流|运单|顺丰|中通|圆通|韵达|申通|极兔|邮政|EMS|ems|京东快递|京东物流|德邦|百世|菜鸟|丹鸟|货运|包裹"
_TRACKING_CUE = re.compile(
    rf"(?:(?:{_CARRIER})(?:的|面单|那个)?(?:单号|编号|号码|号)|运单号?|面单号?){_LINK}"
    r"([A-Za-z]{0,6}-?[0-9](?:[0-9-]| (?=[0-9])){6,24}[0-9](?:[A-Za-z]{1,2})?)(?![0-9A-Za-z])"
)
# Dictated in groups.
_GROUPS = r"([A-Za-z]{0,4}[0-9]{1,5}(?:[ -][0-9]{1,6}){2,5})(?![0-9A-Za-z年月日元]|[.-][0-9])"
_TRACKING_GROUPS = re.compile(rf"(?:{_CARRIER}){GAP}{{0,6}}?{_GROUPS}")
_TRACKING_BARE = re.compile(rf"(?:{_CARRIER}){_LINK}([A-Za-z]{{0,4}}[0-9]{{12,20}})(?![0-9A-Za-z])")
# Shapes the carriers print: SF, YT, JT, JD(VA/VB/X…), ZTO, STO, DPK, and S10 of the UPU (two letters, 9 digits, CN).
_TRACKING = re.compile(
    r"(?<![0-9A-Za-z])(?:(?:(?:SF|YT|JT|ZTO|STO|YTO|DPK|DPL|EMS|JD[A-Z]{0,2})[0-9]{10,18}|(?:YD|ZT|HT|UC|BEST)[0-9]{12,18})(?:-[0-9]{1,2}-[0-9]{1,2}-?)?"
    r"|[A-Z]{2}[0-9]{9}[A-Z]{2})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_ORDER_WORD = (
    "订单|定单|单子|工单|流水|交易|商户单|受理|退款单|退款|退货|售后|换货|预约单|预约|服务单|保单|合同|发票|凭证|缴费|报修|投诉单?"
    "|投诉|案件|采购|账单|支付"
)
_ORDER_CUE = re.compile(
    rf"(?:(?:{_ORDER_WORD})(?:的)?(?:单号|编号|号码|流水号|号|码|ID|id)|单号|编号|流水号"
    rf"|[oO]rder ?(?:[nN]o|[iI][dD])?){_LINK}{_DATE}"
    r"([A-Za-z0-9](?:[A-Za-z0-9_]|-(?=[A-Za-z0-9])){4,39})(?![A-Za-z0-9])"
)
_ORDER_BARE = re.compile(rf"(?:{_ORDER_WORD}){_LINK}([A-Za-z]{{0,4}}[0-9]{{10,24}})(?![0-9A-Za-z])")
_ORDER_GROUPS = re.compile(rf"(?:{_ORDER_WORD}|单号|编号|流水号){GAP}{{0,6}}?{_GROUPS}")
_ORDER_DIGITS, _GROUPS_DIGITS = 5, 11
# A telephone that stands after 预约 or 退款.
_OTHER_NUMBER = re.compile(r"1[3-9][0-9][ -][0-9]{4}[ -][0-9]{4}|0[0-9]{2,3}[ -][0-9]{3,4}[ -][0-9]{4}")
# No price, date or quantity has fifteen digits: what is left of that length is some record's or device's number.
_LONG = re.compile(r"(?<![0-9A-Za-z.])[0-9]{15,32}(?![0-9A-Za-z.])")


def find_tracking(view: str) -> Iterator[Match]:
    """Yield tracking numbers: a carrier's shape, or a number after a carrier's name or 运单号."""
    yield from first_wins(*(group for text in readings(view) for group in _tracking(text)))


def _tracking(view: str) -> Iterator[Iterator[Match]]:
    yield ((m.start(), m.end(), "tracking") for m in _TRACKING.finditer(view))
    for rule in (_TRACKING_CUE, _TRACKING_BARE):
        yield ((*m.span(1), "tracking") for m in rule.finditer(view))
    groups = _TRACKING_GROUPS.finditer(view)
    yield ((*m.span(1), "tracking") for m in groups if _enough_digits(m[1], _GROUPS_DIGITS))


def find_orders(view: str) -> Iterator[Match]:
    """Yield order, ticket, payment and similar record numbers after a cue word."""
    yield from first_wins(*(group for text in readings(view) for group in _orders(text)))


def _orders(view: str) -> Iterator[Iterator[Match]]:
    yield ((*m.span(1), number_kind(view, m.start(1))) for m in _ORDER_CUE.finditer(view) if _enough_digits(m[1]))
    yield ((*m.span(1), "order") for m in _ORDER_BARE.finditer(view))
    yield (
        (*m.span(1), number_kind(view, m.start(1)))
        for m in _ORDER_GROUPS.finditer(view)
        if _enough_digits(m[1], _GROUPS_DIGITS) and not _OTHER_NUMBER.fullmatch(m[1])
    )


def _enough_digits(found: str, least: int = _ORDER_DIGITS) -> bool:
    return sum(c.isdigit() for c in found) >= least


def find_long_numbers(view: str) -> Iterator[Match]:
    """Yield bare numbers of 15 digits and more that no other rule claimed, as orders."""
    # 2333333… is laughter.
    yield from ((m.start(), m.end(), "order") for m in _LONG.finditer(view) if len(set(m.group())) > 3)
