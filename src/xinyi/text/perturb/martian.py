"""火星文: characters dressed up with foreign strokes, as in the chat rooms of the 2000s."""

from __future__ import annotations

import random

from xinyi.text.perturb.replacing import outside_brackets

_PLAIN = "我你他她的是好不爱谢么们没有了在就这那说吗呢啊人来去看真很太心想要快慢买卖货钱客服气死给和也都个中大天月时候"
_DRESSED = (
    "莪伱彵她啲湜恏卟嬡謝庅扪莈洧ㄋ茬僦這哪説嗎迡吖亾來厾看眞佷呔吢想偠快慢買賣貨銭愙服氣迉給啝吔嘟個狆汏兲仴塒堠"
)
DRESSED = {plain: odd for plain, odd in zip(_PLAIN, _DRESSED, strict=True) if plain != odd}
# How many of the characters that have such a form take it.
SHARE = 0.5


def dress_up(text: str, rng: random.Random) -> str:
    """About half of the characters that have such a form; at least one."""
    places = [i for i, character in enumerate(text) if character in DRESSED]
    if not places:
        return text
    chosen = {i for i in places if rng.random() < SHARE} or {rng.choice(places)}
    marked = "".join(DRESSED[c] if i in chosen else c for i, c in enumerate(text))
    # Placeholders keep their names.
    plain = iter(outside_brackets(text, lambda part: "\x00" * len(part)))
    return "".join(odd if keep == "\x00" else keep for odd, keep in zip(marked, plain, strict=True))
