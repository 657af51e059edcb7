"""tokenizer.json, and the few lines by which plain transformers reads it unchanged."""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import Tokenizer

from xinyi.encoding import EncodingSettings

SPECIAL = {
    "pad_token": ("[PAD]", "<pad>"),
    "cls_token": ("[CLS]", "<s>"),
    "sep_token": ("[SEP]", "</s>"),
    "unk_token": ("[UNK]", "<unk>"),
    "mask_token": ("[MASK]", "<mask>"),
}


def write_tokenizer(tokenizer: Tokenizer, encoding: EncodingSettings, folder: Path) -> None:
    """Write tokenizer.json without padding and cutting (both are done by `xinyi.encoding`) and its configuration."""
    plain = Tokenizer.from_str(tokenizer.to_str())
    plain.no_truncation()
    plain.no_padding()
    plain.save(str(folder / "tokenizer.json"))
    known = {
        role: next((t for t in names if plain.token_to_id(t) is not None), None) for role, names in SPECIAL.items()
    }
    raw = {
        # Not the class of the backbone: that would build its own rules in place of those in tokenizer.json.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": encoding.max_length,
        **{role: token for role, token in known.items() if token},
    }
    text = json.dumps(raw, ensure_ascii=False, indent=2) + "\n"
    (folder / "tokenizer_config.json").write_text(text, encoding="utf-8")
