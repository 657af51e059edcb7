"""The shape of e-mail addresses: the masker finds it, and the normaliser takes no web address or @name out of it.

Both read the same pattern: a domain that became [网址] or [用户名] would leave the name before it in the text.
"""

from __future__ import annotations

# RFC 5321 dot-atoms, as customers type them; also spelled out to get past a filter (qq点com, (at), 艾特).
_LOCAL = r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9][A-Za-z0-9._%+-]*"
_AT = r"(?:@|@ | @| @ | ?(?:[(（]at[)）]|\[at\]|艾特|#) ?)"
_DOMAIN = r"[A-Za-z0-9-]{1,63}(?:(?:\.|点| ?dot ?)[A-Za-z][A-Za-z0-9-]{0,62}){1,4}(?![A-Za-z0-9@])"
# Characters of a name at a provider of mailboxes. At other domains they may be a sentence before an @name.
_NAMED = (
    r"[\u4e00-\u9fff]{1,3}@(?:vip\.)?(?:qq|163|126|139|188|189|21cn|aliyun|foxmail|gmail|hotmail|icloud|live|msn|outlook"
    r"|sina|sohu|tom|yahoo|yeah)\.(?:com|cn|net)(?:\.cn)?(?![A-Za-z0-9@])"
)

EMAIL = f"(?:{_LOCAL}{_AT}{_DOMAIN}|{_NAMED})"
"""A regular expression without groups. It starts only where a token starts, and its repetitions share no characters."""
