"""scripts/build_vocabulary.py on a small corpus."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tokenizers import Tokenizer

SCRIPT = Path(__file__).parents[3] / "scripts" / "build_vocabulary.py"


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """A vocabulary built from three made-up lines, repeated."""
    folder = tmp_path_factory.mktemp("vocabulary")
    corpus = folder / "corpus.txt"
    corpus.write_text(
        "客服态度很好，谢谢[怒] hello world iphone15\n臺灣的朋友說讚😊（记者[陶小满]）\n龘龘龘\n" * 50, encoding="utf-8"
    )
    command = [sys.executable, str(SCRIPT), "--output", str(folder), "--least", "40", "--latin", "60", str(corpus)]
    subprocess.run(command, check=True, capture_output=True)
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def test_frequent_rare_and_basic_characters_are_known(tokenizer: Tokenizer) -> None:
    unknown = tokenizer.token_to_id("[UNK]")
    # 龘 is frequent here; 啊 is not in the corpus but among GB 2312's most used.
    for character in "客龘啊讚":
        assert tokenizer.encode(character, add_special_tokens=False).ids != [unknown], character


def test_a_rare_character_below_the_limit_is_unknown(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("齉", add_special_tokens=False).tokens == ["[UNK]"]


@pytest.mark.parametrize("text", ["[手机号]", "[姓名]", "[网址]", "[用户名]", "[怒]"])
def test_placeholders_and_frequent_emoticons_are_single_tokens(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.encode(f"我{text}的", add_special_tokens=False).tokens == ["我", text, "的"]


def test_names_in_brackets_are_no_emoticons(tokenizer: Tokenizer) -> None:
    assert tokenizer.token_to_id("[陶小满]") is None


def test_runs_of_emoji_and_digits_split(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("😊😊13", add_special_tokens=False).tokens == ["😊", "😊", "1", "3"]


def test_offsets_map_back_to_the_text(tokenizer: Tokenizer) -> None:
    text = "iPhone15的客服,谢谢😊"
    encoding = tokenizer.encode(text, add_special_tokens=False)
    assert "".join(text[a:b] for a, b in encoding.offsets) == text
