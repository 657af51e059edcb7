"""Numbers with letters before them (JM20260604-77215, YT 7730 1904 4821), of orders or of parcels."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xinyi.text.personal.spans import Match, first_wins
from xinyi.text.personal.view import GAP, before, readings

_PART = r"[0-9]{2,20}"
_UNIT = r"(?![0-9A-Za-z%_.]|[元块万年月日号款寸个台人次米克折分秒岁]|-[0-9A-Za-z])"
# After a word for a record: any letters and digits in groups.
_CUED = re.compile(
    rf"(?:单|单号|编号|流水号?|行程|合同|发票|保函|案号|凭证){GAP}{{0,8}}?"
    r"(?<![A-Za-z])(?![QqVvWw][QqXx])"
    rf"([A-Za-z]{{1,5}}(?:-[A-Za-z]{{1,4}})?[ -]?{_PART}(?:[ -][0-9]{{1,12}}){{0,4}}){_UNIT}"
)
# Without one: no model, standard or size has letters and then eight digits.
_BARE = re.compile(
    rf"(?<![0-9A-Za-z_.@-])(?!{'(?:ISO|GB|IEC|RTX|GTX|DDR|USB|HTTP|ICP|RMB|CNY|EAN|IP|MAC|VIVO|OPPO|TEL|QQ|VX|WX)'})"
    rf"([A-Z]{{2,4}}-?{_PART}(?:-[0-9]{{2,12}}){{0,3}}){_UNIT}",
)
# Groups with blanks also are a model and its year and price, so the message must speak of a parcel.
_SPACED = re.compile(rf"(?<![0-9A-Za-z_.@-])([A-Z]{{2,3}} ?[0-9]{{4}}(?: [0-9]{{1,5}}){{1,4}}){_UNIT}")
_LEAST_CUED, _LEAST_BARE = 5, 8

_PARCEL = re.compile(
    "快递|物流|运单|签收|派送|派件|中转|揽收|包裹|出库|到哪|能到|取件|驿站|配送|快送|寄|件人|发[货重往到]|在途|面单|卸货|车货|什么位置|小哥"
)
_CARRIER = re.compile("(?:SF|YT|JT|ZTO|STO|YTO|JDVA?)(?= ?[0-9]{4})")
_PARCEL_CUE = re.compile("快递|物流|运单|面单|包裹")
_RECORD_CUE = re.compile("订|工单|账单|报修|行程|合同|发票|退款|退货|保单|服务单|预约|投诉|流水|案|凭证")


def find_codes(view: str) -> Iterator[Match]:
    """Yield codes of letters and digits: after a word for a record with five digits, else with eight."""
    found: list[tuple[int, int]] = []
    for text in readings(view):
        found += (m.span(1) for m in _CUED.finditer(text) if _digits(m[1]) >= _LEAST_CUED)
        found += (m.span(1) for m in _BARE.finditer(text) if _digits(m[1]) >= _LEAST_BARE)
        if _PARCEL.search(text):
            found += (m.span(1) for m in _SPACED.finditer(text) if _digits(m[1]) >= _LEAST_BARE)
    if found:
        yield from first_wins((start, end, number_kind(view, start)) for start, end in found)


def number_kind(view: str, start: int) -> str:
    """Return "tracking" or "order": the nearest word decides, then what the whole message is about."""
    if _CARRIER.match(view, start):
        return "tracking"
    left = before(view, start, 14)
    words = {"tracking": _PARCEL_CUE, "order": _RECORD_CUE}
    last = {kind: max((m.end() for m in rule.finditer(left)), default=-1) for kind, rule in words.items()}
    if last["tracking"] != last["order"]:
        return max(last, key=last.__getitem__)
    return "tracking" if _PARCEL.search(view) else "order"


def _digits(found: str) -> int:
    return sum(c.isdigit() for c in found)
