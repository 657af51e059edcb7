"""Scripts: rows in another language, and traditional beside simplified characters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xinyi.data.checks.finding import Check, Example, Measured
from xinyi.data.checks.material import MOST_EXAMPLES, Material
from xinyi.text.personal.traditional import TO_SIMPLIFIED

_LETTER = re.compile(r"[^\W\d_]")
_HAN = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]")
_KANA = re.compile("[\u3041-\u30ff]")
_PLACEHOLDER = re.compile(r"\[[^\[\]]{1,8}\]")
# Names such as 樂 or 葉 stand in simplified texts too: two different ones make a text traditional.
_LEAST_TRADITIONAL, _LEAST_HAN, _LEAST_LETTERS = 2, 0.3, 4


def script(text: str) -> str:
    """`simplified`, `traditional`, `other` (hardly any Chinese characters, or kana) or "" (no letters to tell by)."""
    text = _PLACEHOLDER.sub("", text)
    letters, han = len(_LETTER.findall(text)), len(_HAN.findall(text))
    if letters < _LEAST_LETTERS:
        return ""
    if han < _LEAST_HAN * letters or 3 * len(_KANA.findall(text)) > letters:
        return "other"
    traditional = {char for char in text if ord(char) in TO_SIMPLIFIED}
    return "traditional" if len(traditional) >= _LEAST_TRADITIONAL else "simplified"


def measure(material: Material, limit: float) -> Iterator[Measured]:
    """The share of each split's rows in each script but the most frequent one."""
    for split in material.splits:
        _, texts = material.sample(split)
        found: dict[str, list[str]] = {}
        for text in texts:
            found.setdefault(script(text), []).append(text)
        found.pop("", None)
        main = max(found, key=lambda name: len(found[name]), default="")
        for name in sorted(set(found) - {main}):
            count = len(found[name])
            what = "in another language or script" if name == "other" else f"in {name} characters"
            message = f"{count:,} of {len(texts):,} {split} rows ({count / len(texts):.1%}) are {what}"
            shown = tuple(Example((text,)) for text in found[name][:MOST_EXAMPLES])
            yield Measured(count / len(texts), message, split=split, label=name, count=count, examples=shown)


CHECK = Check(
    "scripts",
    "mixed languages and scripts",
    "warning",
    0.15,
    "data.simplify=true makes one script of two; drop rows in languages that the model will not serve",
    measure,
)
