"""Reading one personal name at a given place of the view."""

from __future__ import annotations

import re

from xinyi.text.personal.surnames import (
    COMPOUND_SURNAMES,
    GIVEN_CHARACTERS,
    OTHER_SURNAMES,
    TOP_SURNAMES,
    WORD_LIKE_SURNAMES,
)
from xinyi.text.personal.words import NOT_NAMES

SURNAMES = TOP_SURNAMES | OTHER_SURNAMES
_COMPOUND = re.compile(COMPOUND_SURNAMES)

# Characters that are never part of a given name in these messages.
_NOT_GIVEN = frozenset(
    "的了吗呢吧啊呀哦嘛着过我你您他她它们这那哪什么怎谁很太也都才又再还没不别被把让给是想要问说看买卖退换货件号码款块个次点钱单"
    "在氏嘅咗唔喺哋冇佢啲嗰嘢收打拿送寄发住手电身用办投咨请帮跟就但只每几两"
)
# 发 住 手 用 do occur (周润发), but far more often start the next word.
_END = re.compile(
    r"(?![\u4e00-\u9fff])|先生|女士|小姐|电话|手机|联系|号码|身份证|地址|住|的"
    r"|了|是|想|要|在|我|你|您|他|她|今天|昨天|明天|前天|上周|上个?月|刚|之前|买|订|退"
    r"|换|说|给|跟|和|与|也|还|都|就|一直|帮|把|态度|服务|告诉|已|没|不|有|这|那|收|请"
    r"|麻烦|账|户|名|先|用|办|申|投|反|咨|打|拿|送|到|很|从|让|叫|因为|对|去|来|回|答"
    r"|承|骂|推|处理|接|挂|寄|发|下单|下的|购|预约|需|能|可以|怎么|为什么|会|太|真|又|再"
    r"|被|负责|签|转|同志|老师|师傅|经理|医生|本人|吗|呢|吧|啊|么|提供|留|写|填|改|注册"
    r"|开通|报名|查|取|登|使用|乘|坐|于|向|表示|年龄|性别|男|女|生日|出生|卡|银行|支付"
    r"|反映|反馈|同意|准时|办理|领取|通知|积分|作为|亲自|一起|一块|迟到|讲|微信|这边|那边|辱|骗|拒|工号|以及|两"
)
_FULL_STOP = re.compile(r"(?![\u4e00-\u9fff])")
_PART = "(?:(?![的了吗呢吧啊呀哦嘛我你您他她它们这那哪什么怎谁很太也都就是有知还等])[\u4e00-\u9fff])"
_DOTTED = re.compile(f"{_PART}{{2,6}}(?:[·•・]{_PART}{{1,6}}){{1,3}}")
_LATIN = re.compile("[A-Z][a-z]+(?: [A-Z][a-z]+){1,2}(?![A-Za-z0-9])")


def surname_length(view: str, pos: int) -> int:
    """Return 2 for a compound surname at ``pos``, 1 for a single one, 0 for none."""
    if _COMPOUND.match(view, pos):
        return 2
    return int(view[pos : pos + 1] in SURNAMES)


def is_word(view: str, pos: int) -> bool:
    """Tell whether a common word that is no name starts at ``pos``."""
    return any(view[pos : pos + size] in NOT_NAMES for size in (2, 3))


def read_name(view: str, pos: int, *, sure: bool, wary: bool = False) -> int | None:
    """Return where the name that starts at ``pos`` ends, or None.

    ``sure`` says that a cue (姓名：) makes a name all but certain, so a name need not be followed by a word that
    usually follows names; ``wary`` that the cue also stands before ordinary words (我是).  Two given characters
    before punctuation win, then one before a following word.
    """
    size = surname_length(view, pos)
    first = pos + size
    one, two = _given(view, first, 1), _given(view, first, 2)
    if not size or (is_word(view, pos) and not (sure and two and _fills(view, pos, two))):
        return None
    if wary and view[pos] in WORD_LIKE_SURNAMES:
        one, two = (end if end and is_typical(view, pos, end) else None for end in (one, two))
    if two and (_FULL_STOP.match(view, two) or _is_spelt_out(view, first, two)):
        return two
    # 韩志刚的, where 刚 also is a word of its own: a character too many is masked rather than one too few.
    if two and is_typical(view, pos, two) and _END.match(view, two):
        return two
    if one and _END.match(view, one):
        return one
    if two and (sure or _END.match(view, two)):
        return two
    return next((end for end in (two, one) if end and is_typical(view, pos, end)), None)


def _fills(view: str, pos: int, end: int) -> bool:
    """A word that only starts a whole, typical name up to the next border: 收件人宁可欣，"""
    typical = GIVEN_CHARACTERS.issuperset(view[end - 1 : end]) and view[pos:end] not in NOT_NAMES
    return typical and _FULL_STOP.match(view, end) is not None


def _is_spelt_out(view: str, first: int, end: int) -> bool:
    """The name's characters are explained after it: 守拙守是守望的守."""
    return view[end : end + 1] != "" and view[end] in view[first:end] and view[end + 1 : end + 2] in ("是", "字")


def _given(view: str, pos: int, count: int) -> int | None:
    part = view[pos : pos + count]
    fits = len(part) == count and all("\u4e00" <= c <= "\u9fff" and c not in _NOT_GIVEN for c in part)
    return pos + count if fits else None


def read_foreign_name(view: str, pos: int, *, shortest: int = 0) -> int | None:
    """Return where a dotted name (阿依古丽·买买提) ends or, without ``shortest``, a Latin one (Anna Schmidt)."""
    match = _DOTTED.match(view, pos) or (None if shortest else _LATIN.match(view, pos))
    return match.end() if match and len(match.group()) >= shortest else None


def is_typical(view: str, pos: int, end: int) -> bool:
    """Tell whether ``view[pos:end]`` is a surname with characters that given names are made of."""
    size = surname_length(view, pos)
    given = view[pos + size : end]
    whole = size > 0 and len(given) == end - pos - size > 0
    return whole and not is_word(view, pos) and GIVEN_CHARACTERS.issuperset(given)


def is_free_name(view: str, pos: int, end: int) -> bool:
    """Tell whether ``view[pos:end]`` is so typical a full name that it needs no cue before it."""
    if not is_typical(view, pos, end) or not _END.match(view, end):
        return False
    return surname_length(view, pos) == 2 or view[pos] not in WORD_LIKE_SURNAMES
