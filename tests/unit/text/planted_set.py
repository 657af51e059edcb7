"""Reads the planted test set and scores the masker on it.

``planted.jsonl`` holds one message a line: ``part`` and ``text`` with the personal data marked ``⟦kind:value⟧``.
``dev`` was tuned on.  ``heldout`` was scored per kind without listing its failures, but one person wrote its
messages and the rules, so its first 300 messages are not blind; its last 30 were written after the last rule change
and scored once (names 26 of 32 found, addresses 3 of 4).  The 290 messages of ``dev`` before its last 36 were written
in three batches after the rules of masker 2 and scored before any rule was changed for them: structured kinds 45 of
50, 39 of 42 and 38 of 40, names and addresses 28 of 32, 20 of 33 (rare names on purpose) and 29 of 32, no false alarm
on 76 clean messages.  The last 36 of ``dev`` came with the rules of masker 4, for spellings that masker 3 had missed
and shapes that it took for something else.  All of it is invented; identity and card numbers are random, many with
valid check digits.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from xinyi.text import find_personal_data, normalize

_FILE = Path(__file__).with_name("planted.jsonl")
_MARK = re.compile("⟦([a-z_]+):([^⟧]+)⟧")
LOOSE_KINDS = frozenset({"name", "address"})


@dataclass(frozen=True)
class Planted:
    """One message without its marks, and the planted (start, end, kind)."""

    part: str
    text: str
    gold: tuple[tuple[int, int, str], ...]


@dataclass
class Score:
    """Counts over one part."""

    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    clean: int = 0
    false_alarms: int = 0
    finds: int = 0
    stray_finds: int = 0
    failures: list[str] = field(default_factory=list)

    def recall(self, *, loose: bool) -> float:
        """Share of planted data found, over names and addresses (loose) or all other kinds."""
        kinds = [kind for kind in self.planted if (kind in LOOSE_KINDS) == loose]
        return sum(self.found[kind] for kind in kinds) / sum(self.planted[kind] for kind in kinds)


def read_planted(part: str) -> list[Planted]:
    """Return the messages of one part."""
    rows = [json.loads(line) for line in _FILE.read_text(encoding="utf-8").splitlines()]
    return [_parse(row) for row in rows if row["part"] == part]


def _parse(row: dict[str, str]) -> Planted:
    text = normalize(_MARK.sub(lambda match: match[2], row["text"]))
    gold: list[tuple[int, int, str]] = []
    last = 0
    for kind, value in _MARK.findall(row["text"]):
        start = text.index(normalize(value), last)
        last = start + len(normalize(value))
        gold.append((start, last, kind))
    return Planted(row["part"], text, tuple(gold))


def score(messages: list[Planted]) -> Score:
    """Score the masker: data counts as found when spans of its kind cover all of it."""
    result = Score()
    for message in messages:
        spans = [(s.start, s.end, s.kind) for s in find_personal_data(message.text)]
        result.clean += not message.gold
        result.false_alarms += bool(spans and not message.gold)
        for gold in message.gold:
            hit = any(s[0] <= gold[0] and gold[1] <= s[1] and s[2] == gold[2] for s in spans)
            result.planted[gold[2]] += 1
            result.found[gold[2]] += hit
            if not hit:
                result.failures.append(f"missed {gold[2]}: {message.text[gold[0] : gold[1]]} in {message.text}")
        stray = [s for s in spans if not any(s[0] < g[1] and g[0] < s[1] for g in message.gold)]
        result.finds += len(spans)
        result.stray_finds += len(stray)
        result.failures += [f"stray {s[2]}: {message.text[s[0] : s[1]]} in {message.text}" for s in stray]
    return result
