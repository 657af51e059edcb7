"""Web addresses and @names in normalised text; e-mail addresses are left for the masker.

Both rules start only where a token starts (look-behind) and use no nested repetition over the same characters,
so each is linear in the length of the text.
"""

from __future__ import annotations

import re

from xinyi.text.emails import EMAIL

URL_PLACEHOLDER = "[网址]"
MENTION_PLACEHOLDER = "[用户名]"

# RFC 3986 characters without the square brackets, which delimit placeholders and weibo emoticons here.
_URL_CHAR = r"[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]"
_TLD = (
    "com|cn|net|org|gov|edu|info|biz|top|vip|xyz|shop|store|site|online|club|ltd|io|cc|tv|me|co|app|dev|hk|tw|mo"
    "|link|live|fun|work|wang|ren|mobi|asia"
)
_URL = re.compile(rf"https?://[a-z0-9]{_URL_CHAR}*", re.ASCII | re.IGNORECASE)
_BARE_URL = re.compile(
    rf"(?<![a-z0-9@._%+-])www\.[a-z0-9]{_URL_CHAR}*"
    rf"|(?P<email>(?-i:{EMAIL}))"
    rf"|(?<![a-z0-9@#._%+-])(?:[a-z0-9-]{{1,63}}\.){{1,8}}(?:{_TLD})(?![a-z0-9@_-])(?::[0-9]{{2,5}})?"
    rf"(?:[/?#]{_URL_CHAR}*)?",
    re.ASCII | re.IGNORECASE,
)
_TRAILING = ".,;:!?'()~"

# Weibo: a name is a run of Chinese characters, letters, digits, "_" and "-", at most 30 half-width columns; a
# blank or punctuation ends it.  A letter, digit or mail character before "@" means an e-mail address.
_NAME = r"[A-Za-z0-9_\-\u4e00-\u9fff]"
_MENTION = re.compile(rf"(?P<email>{EMAIL})|(?<![A-Za-z0-9._%+\-])(?:@{_NAME}+)+")
_WIDTH = 30
# A company's own account is often written without the blank; the complaint after it must not be swallowed.
_ACCOUNT = re.compile("@[^@]{1,12}?(?:官方旗舰店|旗舰店|官方客服|客服中心|客服|小助手|官方微博|官微|官方)")


def replace_links(text: str) -> str:
    """Return ``text`` with web addresses as ``[网址]`` and @names as ``[用户名]``.  In: normalised text."""
    # One after the other: a host may end where https:// starts, and only shows once that one is replaced.
    text = _BARE_URL.sub(_short_url, _URL.sub(_short_url, text))
    return _MENTION.sub(_short_mentions, text)


def _short_url(match: re.Match[str]) -> str:
    found = match.group()
    if match.groupdict().get("email"):
        return found
    kept = found.rstrip(_TRAILING)
    return URL_PLACEHOLDER + found[len(kept) :]


def _short_mentions(match: re.Match[str]) -> str:
    if match["email"]:
        return match.group()
    names = match.group().split("@")[1:]
    return "".join(_short_mention("@" + name) for name in names)


def _short_mention(name: str) -> str:
    account = _ACCOUNT.match(name)
    if account:
        return MENTION_PLACEHOLDER + name[account.end() :]
    width = 0
    for index, char in enumerate(name[1:], start=1):
        width += 1 if char.isascii() else 2
        if width > _WIDTH:
            return MENTION_PLACEHOLDER + name[index:]
    return MENTION_PLACEHOLDER
