"""The tokenizer of a Hugging Face folder or hub repository, and the marks of masked personal data in it.

Other people's vocabularies know no [手机号]: it would be five tokens where the embedded encoder reads one. The marks
take entries that the vocabulary keeps free ([unused99] of BERT), or new ones at its end, and their vectors start as
the mean of the vectors of what they were read as before.
"""

from __future__ import annotations

import json
import re
from typing import Any

import torch
from tokenizers import AddedToken, Encoding, Tokenizer
from transformers import AutoTokenizer, PreTrainedModel

from xinyi.errors import ConfigError, describe
from xinyi.models.quiet import quiet
from xinyi.text import PLACEHOLDERS
from xinyi.text.links import MENTION_PLACEHOLDER, URL_PLACEHOLDER

MARKS = (URL_PLACEHOLDER, MENTION_PLACEHOLDER, *PLACEHOLDERS.values())
UNKNOWN = ("[UNK]", "<unk>")
_FREE = re.compile(r"\[unused\d+\]")


def read_tokenizer(source: str, options: dict[str, Any]) -> Tokenizer:
    """The fast tokenizer of a folder or hub repository; a vocab.txt alone is converted.

    Raises:
        ConfigError: there is none, or it has no vocabulary. OSError, ValueError: as transformers raises them.
    """
    fast = AutoTokenizer.from_pretrained(source, **options)
    backend = getattr(fast, "backend_tokenizer", None)
    if backend is None or backend.get_vocab_size() < 100:
        got = "none" if backend is None else f"{backend.get_vocab_size()} entries"
        remedy = "put tokenizer.json or vocab.txt beside the weights"
        raise ConfigError([describe("a fast tokenizer with its vocabulary", got, remedy, f"backbone {source}")])
    return Tokenizer.from_str(backend.to_str())


def with_marks(tokenizer: Tokenizer) -> Tokenizer:
    """A tokenizer that reads each mark as one token; the given one where it does so already."""
    missing = [mark for mark in MARKS if _read(tokenizer, mark).tokens != [mark]]
    if not missing:
        return tokenizer
    raw = json.loads(tokenizer.to_str())
    vocabulary = raw["model"].get("vocab")
    if isinstance(vocabulary, dict):
        # The last first: who uses free entries for something takes those at the beginning.
        taken = {token["content"] for token in raw["added_tokens"]}
        free = sorted((name for name in vocabulary if _FREE.fullmatch(name) and name not in taken), key=vocabulary.get)
        for mark in missing:
            if mark not in vocabulary and free:
                vocabulary[mark] = vocabulary.pop(free.pop())
    marked = Tokenizer.from_str(json.dumps(raw, ensure_ascii=False))
    marked.add_tokens([AddedToken(mark, special=False, normalized=False) for mark in missing])
    return marked


def make_room(model: PreTrainedModel, plain: Tokenizer, marked: Tokenizer) -> None:
    """Give the marks their vectors. plain: the tokenizer that the model was trained with. marked: its `with_marks`."""
    vectors = model.get_input_embeddings().weight.detach()
    unknown, starts = {plain.token_to_id(name) for name in UNKNOWN}, {}
    for mark in MARKS:
        before, now = _read(plain, mark), _read(marked, mark)
        if now.tokens == [mark] != before.tokens:
            pieces = [token for token in before.ids if token not in unknown]
            starts[now.ids[0]] = (vectors[pieces] if pieces else vectors).mean(dim=0)
    if starts and max(starts) >= len(vectors):
        with quiet():
            model.resize_token_embeddings(max(starts) + 1, mean_resizing=False)
    with torch.no_grad():
        for token, start in starts.items():
            model.get_input_embeddings().weight[token] = start


def _read(tokenizer: Tokenizer, mark: str) -> Encoding:
    """What a mark is read as."""
    return tokenizer.encode(mark, add_special_tokens=False)
