"""Emoji and weibo emoticons: 😡 and [怒] say the same; an emoji that fits a feeling must not turn it round."""

from __future__ import annotations

import random
import re

from xinyi.text.perturb.replacing import replace_words

PAIRS = {
    "😡": "[怒]", "😠": "[怒]", "🤬": "[怒骂]", "😭": "[大哭]", "😢": "[泪]", "😂": "[笑cry]", "😄": "[哈哈]",
    "😊": "[可爱]", "😍": "[色]", "👍": "[赞]", "👎": "[弱]", "🙏": "[作揖]", "❤️": "[心]", "🌹": "[鲜花]",
    "🤔": "[思考]", "😅": "[汗]", "🙄": "[白眼]", "🐶": "[doge]", "😱": "[吃惊]", "😤": "[哼]", "💔": "[伤心]",
    "🤮": "[吐]", "👏": "[鼓掌]", "😷": "[感冒]",
}  # fmt: skip
BACK = {name: sign for sign, name in reversed(PAIRS.items())}
ANGRY, GLAD = ("😡", "😤", "🤬", "[怒]", "👎"), ("😊", "👍", "❤️", "[赞]", "🌹")
_WRITTEN = re.compile("|".join(map(re.escape, BACK)))


def to_written(text: str, rng: random.Random) -> str:
    """Emoji become written emoticons."""
    return replace_words(text, PAIRS, rng)


def to_emoji(text: str, rng: random.Random) -> str:
    """Written emoticons become emoji."""
    return _WRITTEN.sub(lambda found: BACK[found[0]], text)


def add_angry(text: str, rng: random.Random) -> str:
    """One to three angry signs at the end."""
    return text + rng.choice(ANGRY) * rng.randint(1, 3)


def add_glad(text: str, rng: random.Random) -> str:
    """One to three friendly signs at the end."""
    return text + rng.choice(GLAD) * rng.randint(1, 3)
