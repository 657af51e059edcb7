"""E-mail addresses, chat accounts and IP addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from xinyi.text.emails import EMAIL
from xinyi.text.personal.spans import Match, first_wins
from xinyi.text.personal.view import before, readings

_EMAIL = re.compile(EMAIL)

_WECHAT_CUE = (
    r"(?:微信|威信|薇信|徽信|[vV]信|[wW]e[cC]hat|weixin|(?<![A-Za-z])(?:[vV][xX]|[wW][xX])|加我?(?:[vV]|[微薇卫]信?)"
    r"|\+[vV]|➕[vV]|绿泡泡)"
)
_LINK = r"(?P<link>(?:号码?|账号|帐号|ID|id|同号|我的|就?是|为|叫|搜|加|我|找|搵|[:=\- ]){0,4})"
_WECHAT = re.compile(rf"{_WECHAT_CUE}{_LINK}(?P<id>[A-Za-z][A-Za-z0-9_-]{{5,19}}|[1-9][0-9]{{5,11}})(?![A-Za-z0-9_])")
# Sent to or added without the word: an underscore and a digit, or a word of letters that is sent to.
_SENT = re.compile(
    r"(?:发到?给?我?|加我?|联系|转|搜|找我?|回) ?(?P<id>[a-z][a-z0-9]{1,14}[_-][a-z0-9_-]{2,14}|[a-z]{3,12}[0-9]{2,8})"
    r"(?![A-Za-z0-9_@.-])"
)
_BARE = re.compile(
    r"(?<![A-Za-z0-9_@./:#-])(?P<id>[a-z]{2,12}_(?=[a-z0-9_]*[0-9])[a-z0-9_]{3,14})(?![A-Za-z0-9_@./(=-])"
)
_WXID = re.compile(r"(?<![A-Za-z0-9_])wxid_[A-Za-z0-9]{6,20}(?![A-Za-z0-9_])")
# A product or service named right after 微信 is no account.
_NOT_ID = re.compile(
    "iphone|ipad|ios|android|harmony|huawei|xiaomi|redmi|oppo|vivo|honor|windows|wechat|weixin|wxid$|version|beta|app|pay"
    "|login|error|mini|support|service|plus|bug",
    re.IGNORECASE,
)
_UNIT = r"(?![0-9]|\.[0-9]| ?(?:元|块|万|人|个|年|月|次|步|粉|[Mm][Bb]|[Gg][Bb]|%))"
_QQ = re.compile(
    r"(?:(?<![A-Za-z])[qQ][qQ]|扣扣|抠抠|企鹅|球球|群号|(?<![A-Za-z])[qQ](?=号|群|:))"
    rf"(?:号码?|群号?|账号|帐号|我的|就?是|为|加|[:=\- ]){{0,4}}"
    rf"([1-9][0-9]{{1,4}}(?: [0-9]{{2,4}}){{1,3}}|[1-9][0-9]{{4,11}}){_UNIT}"
)
# Nine or ten digits that something is sent to are a QQ number: telephones have other lengths.
_QQ_SENT = re.compile(
    r"(?:发到?给?我?|加我?) ?((?!1[3-9][0-9]{9})[1-9][0-9]{8,9}|[1-9][0-9]{3} [0-9]{3,4} [0-9]{2,3})"
    rf"(?:(?=的?邮箱)|{_UNIT})"
)

_IPV4 = re.compile(r"(?<![0-9])(?<![0-9]\.)(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9]|\.[0-9])")
_IPV6 = re.compile(
    r"(?<![0-9A-Fa-f.])(?<![0-9A-Fa-f]:)(?<!::)(?:[0-9A-Fa-f]{1,4}|:(?=:))(?::[0-9A-Fa-f]{0,4}){2,8}(?![0-9A-Za-z:])"
)
_VERSION_CUE = re.compile(
    "版本?(?:号|是|为|到|[: ])*$|[vV]$|[vV]er(?:sion)?[: .]*$|固件[^ ]{0,4}$|更新[到至]$|升级[到至了]?$"
)


def find_emails(view: str) -> Iterator[Match]:
    """Yield e-mail addresses."""
    yield from ((m.start(), m.end(), "email") for m in _EMAIL.finditer(view))


def find_accounts(view: str) -> Iterator[Match]:
    """Yield WeChat and QQ accounts: an id right after a cue word (Tencent: 6-20 characters, QQ 5-12 digits)."""
    yield from first_wins(*(group for text in readings(view) for group in _accounts(text)))


def _accounts(view: str) -> Iterator[Iterator[Match]]:
    yield ((m.start(), m.end(), "wechat") for m in _WXID.finditer(view))
    yield ((*m.span("id"), "wechat") for m in _WECHAT.finditer(view) if _is_wechat(m, view))
    for rule in (_QQ, _QQ_SENT):
        yield ((*m.span(1), "qq") for m in rule.finditer(view))
    for rule in (_SENT, _BARE):
        yield ((*m.span("id"), "wechat") for m in rule.finditer(view) if not _NOT_ID.search(m["id"]))


def _is_wechat(match: re.Match[str], view: str) -> bool:
    found = match["id"]
    if _NOT_ID.match(found):
        return False
    if found.isdigit():
        return re.match(_UNIT, view[match.end() : match.end() + 4]) is not None
    explicit = re.search("[:号是为搜加=]|[iI][dD]", match["link"]) or match.group()[0] in "加+➕"
    return bool(explicit) or any(c.isdigit() or c in "_-" for c in found)


def find_ips(view: str) -> Iterator[Match]:
    """Yield IPv4 and IPv6 addresses (checked by :mod:`ipaddress`); a version number after a cue word is none."""
    yield from first_wins(
        ((m.start(), m.end(), "ip") for m in _IPV4.finditer(view) if _is_ipv4(m, view)),
        ((m.start(), m.end(), "ip") for m in _IPV6.finditer(view) if _is_ip(m.group(), groups=3)),
    )


def _is_ipv4(match: re.Match[str], view: str) -> bool:
    return _is_ip(match.group()) and not _VERSION_CUE.search(before(view, match.start(), 10))


def _is_ip(found: str, *, groups: int = 0) -> bool:
    # "::" and "a::b" are punctuation more often than addresses, hence the minimum of filled groups.
    if sum(map(bool, found.split(":"))) < groups:
        return False
    try:
        ipaddress.ip_address(found)
    except ValueError:
        return False
    return True
