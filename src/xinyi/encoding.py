"""From prepared text to token ids: one implementation, used by training and by the served bundle.

A row is `[CLS] text [SEP]`, or `[CLS] context [SEP] text [SEP]` when there is a context: the context is the first
segment (type 0), the text the second (type 1), as BERT was trained on sentence pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from xinyi.errors import BundleError, describe

STRATEGIES = ("head", "tail", "head_tail")
# Far above the mean of any text; even a row of nothing but long words is filled from either end.
CHARACTERS_A_TOKEN = 64


@dataclass(frozen=True)
class EncodingSettings:
    """How long texts are cut.

    max_length: tokens in a row, special tokens included.
    truncation: `head` keeps a text's beginning, `tail` its end, `head_tail` half of each (Sun et al. 2019).
    context_share: the most of the row that the context may take; of a longer context the newest part is kept.
    simplify: texts are prepared with simplified characters; kept here, so that a bundle prepares as training did.
    """

    max_length: int = 256
    truncation: str = "head_tail"
    context_share: float = 0.5
    simplify: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain primitives, as they stand in manifests."""
        return asdict(self)


@dataclass(frozen=True)
class Encoded:
    """Rows of token ids laid end to end: row i is ids[offsets[i]:offsets[i + 1]].

    types: 0 for the first segment, 1 for the second. cut: whether the row's text lost tokens. unknown: how many
    of the row's tokens are the unknown token.
    """

    ids: NDArray[np.int32]
    types: NDArray[np.int8]
    offsets: NDArray[np.int64]
    cut: NDArray[np.bool_]
    unknown: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens in each row."""
        return np.diff(self.offsets)


class TextEncoder:
    """Token ids of texts and their contexts.

    Args:
        tokenizer: a fast tokenizer; its special tokens are looked up by name.
        settings: how long texts are cut.

    Raises:
        BundleError: the tokenizer lacks a padding, classification or separator token.
    """

    def __init__(self, tokenizer: Tokenizer, settings: EncodingSettings) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        # A literal "[SEP]" that a customer typed stays text instead of becoming the special token.
        tokenizer.encode_special_tokens = True
        self.tokenizer, self.settings = tokenizer, settings
        self.pad_id = _special(tokenizer, "[PAD]", "<pad>")
        self.cls_id = _special(tokenizer, "[CLS]", "<s>")
        self.sep_id = _special(tokenizer, "[SEP]", "</s>")
        self.unk_id = _special(tokenizer, "[UNK]", "<unk>")

    @classmethod
    def from_file(cls, path: Path, settings: EncodingSettings) -> TextEncoder:
        """Read a tokenizer.json. Raises BundleError when it is missing or is not one."""
        try:
            return cls(Tokenizer.from_file(str(path)), settings)
        except Exception as error:  # tokenizers raises bare Exception
            problem = describe("a tokenizer.json", error, "export the tokenizer again", str(path))
            raise BundleError([problem]) from error

    def encode(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> Encoded:
        """Encode prepared texts, each with its context ("" for none)."""
        firsts = self._tokens(contexts) if contexts is not None and any(contexts) else [[]] * len(texts)
        rows = [self._row(*pair) for pair in zip(firsts, self._tokens(texts), strict=True)]
        ids = [ids for ids, _, _ in rows]
        offsets = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum([len(row) for row in ids], out=offsets[1:])
        return Encoded(
            ids=np.fromiter((t for row in ids for t in row), dtype=np.int32, count=offsets[-1]),
            types=np.fromiter((t for _, row, _ in rows for t in row), dtype=np.int8, count=offsets[-1]),
            offsets=offsets,
            cut=np.array([cut for _, _, cut in rows], dtype=np.bool_),
            unknown=np.array([row.count(self.unk_id) for row in ids], dtype=np.int32),
        )

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        # The tokenizer takes some 600 bytes a character: of a huge text only what can reach the row is read.
        reach = CHARACTERS_A_TOKEN * self.settings.max_length
        bounded = [text if len(text) <= 2 * reach else text[:reach] + text[-reach:] for text in texts]
        return [e.ids for e in self.tokenizer.encode_batch(bounded, add_special_tokens=False)]

    def _row(self, context: list[int], text: list[int]) -> tuple[list[int], list[int], bool]:
        """Put one row together: ids, segment types, whether the text was cut."""
        room = self.settings.max_length - (3 if context else 2)
        # The text comes first: a context gets its share, and whatever a short text leaves free.
        free = max(int(room * self.settings.context_share), room - len(text)) if context else 0
        first = context[-min(free, room) :] if context and free > 0 else []
        kept = shorten(text, room - len(first), self.settings.truncation)
        head = [self.cls_id, *first, self.sep_id] if first else [self.cls_id]
        tail = [*kept, self.sep_id]
        types = [0] * len(head) + [1 if first else 0] * len(tail)
        return head + tail, types, len(kept) < len(text)


def shorten(tokens: list[int], room: int, strategy: str) -> list[int]:
    """At most `room` tokens, chosen by the named strategy."""
    if len(tokens) <= room:
        return tokens
    if strategy == "head":
        return tokens[:room]
    if strategy == "tail":
        return tokens[len(tokens) - room :]
    head = (room + 1) // 2
    return tokens[:head] + tokens[len(tokens) - (room - head) :]


def pad(rows: Sequence[NDArray], value: int, length: int | None = None) -> NDArray[np.int64]:
    """Rows of unlike length to one (B, L) matrix, filled with `value`; L is the longest row or `length`."""
    width = length or max((len(row) for row in rows), default=1)
    out_BL = np.full((len(rows), width), value, dtype=np.int64)
    for i, row in enumerate(rows):
        out_BL[i, : len(row)] = row
    return out_BL


def _special(tokenizer: Tokenizer, *names: str) -> int:
    """The id of the first of these tokens that the tokenizer knows."""
    for name in names:
        if (token := tokenizer.token_to_id(name)) is not None:
            return token
    problem = describe(f"a tokenizer with {' or '.join(names)}", "neither", "use a BERT-like backbone")
    raise BundleError([problem])
