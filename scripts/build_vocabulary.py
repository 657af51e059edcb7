"""Build the embedded backbone's tokenizer from raw text files: tokenizer.json and tokenizer_config.json.

    python scripts/build_vocabulary.py --output src/xinyi/models/embedded FILE [FILE ...]

FILE: UTF-8 text, plain or .xz, one passage a line. Only counts of characters, Latin pieces and bracketed
emoticons are taken from it; no text is kept.
"""

from __future__ import annotations

import argparse
import json
import lzma
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from opencc import OpenCC
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from xinyi.text import PLACEHOLDERS, mask

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
NORMALISER_PLACEHOLDERS = ["[网址]", "[用户名]"]
HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
LATIN = re.compile(r"[a-z]+")
EMOTICON = re.compile(r"\[[\u4e00-\u9fffA-Za-z]{1,4}\]")
# Emoji and symbols people type in messages, whatever the corpus holds.
COMMON_EMOJI = (
    "😀😁😂🤣😃😄😅😆😉😊😋😎😍😘🥰😗😙😚🙂🤗🤩🤔🤨😐😑😶🙄😏😣😥😮🤐😯😪😫😴😌😛😜😝🤤😒😓😔😕🙃🤑😲☹🙁😖😞😟😤😢😭😦😧😨😩🤯😬😰😱🥵"
    "🥶😳🤪😵😡😠🤬😷🤒🤕🤢🤮🤧😇🥳🥺🤠🤡🤥🤫🤭🧐🤓😈👿💀☠👻💩🤖👍👎👌✌🤞🤟🤘🤙👈👉👆👇☝✋🤚🖐🖖👋🤏👏🙌👐🤲🤝🙏💪❤🧡💛💚💙💜🖤🤍"
    "💔❣💕💞💓💗💖💘💝🌹🥀🌷🌸💐🌟⭐✨⚡🔥💥🎉🎊🎁🎂🍰🐶🐱🐷🐮🐔🐂🌞🌈☀☁☔❄☕🍵🍺🍻🍜🍚🍉📦🚚🚗✈🏠📱💻📞☎📧💰💸💳🛒⏰⌛✅❌❓❗‼⁉💯🈚"
    "🌙🙈🙉🙊👧👦👨👩👴👵👸💤🌻🐻💊🐰⛄☺🖕🐛🐑🔑🐟🎀⚽🍓🍮🍎🍊🍋🍌🍇🍑🥑🍞🍔🍟🍕🍗🍦🍫🍬🍭🍷🍶🎵🎶🎤🎧🎮🏀🏃🚀🚄🚌🚕🚲🏥🏫🏪🔋🔌💡📷📺📖📝📅📈📉🔒🔔🔴🟢🟡💎👗👠👟👜💄💍👶🐼"
    "🐯🐭🐹🐸🐵🐦🐧🐤🦆🦄🐝🦋🐢🐍🐳🐬🌲🌴🍀🍁🍃🌊🌧⛅🌤❄💨💦💧👀👂👃👄💋👅🧠🦷👮👷🙇💁🙅🙆🙋🤦🤷💃🕺👯👫👪"
    "🆗🆘🚫⚠♥♡★☆●○◎◆◇■□▲△▼▽※→←↑↓√×÷±≈≠≤≥∞℃°￥¥$€£"
)
PUNCTUATION = (
    "！？｡。，、；：“”‘’（）《》〈〉【】〔〕「」『』—…～·﹏＂＃＄％＆＇＊＋－／＜＝＞＠［＼］＾＿｀｛｜｝〜–―‖′″‰№"
)


def lines(path: Path) -> Iterator[str]:
    """Lines of a plain or xz-compressed UTF-8 file."""
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        yield from file


def count(paths: list[Path]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """How often each character, lower-case Latin word and bracketed emoticon occurs."""
    characters, words, emoticons = Counter(), Counter(), Counter()
    for path in paths:
        for line in lines(path):
            lowered = line.lower()
            characters.update(lowered)
            words.update(LATIN.findall(lowered))
            emoticons.update(EMOTICON.findall(line))
    return characters, words, emoticons


def latin_pieces(words: Counter[str], size: int) -> list[str]:
    """Latin WordPiece entries learnt from the word counts."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=["[UNK]"], show_progress=False)
    repeated = (word for word, n in words.most_common(30_000) for _ in range(min(n, 2000) // 20 + 1))
    tokenizer.train_from_iterator(repeated, trainer)
    return sorted(set(tokenizer.get_vocab()) - {"[UNK]"})


def names_a_person(face: str) -> bool:
    """Whether brackets hold a person's name, as under news: the masker takes it for one where a name must follow."""
    inner = face[1:-1]
    return len(inner) == 3 and mask(f"我叫{inner}") == "我叫[姓名]"


def gb2312_level_one() -> list[str]:
    """The 3,755 most used simplified characters (GB 2312, rows 16 to 55)."""
    cells = (bytes([0xA0 + row, 0xA0 + column]) for row in range(16, 56) for column in range(1, 95))
    return [c.decode("gb2312") for c in cells if c not in {bytes([0xD7, b]) for b in range(0xFA, 0xFF)}]


def vocabulary(paths: list[Path], least: int, latin: int) -> tuple[list[str], list[str]]:
    """All entries in order, and those which are bracketed (matched as a whole)."""
    characters, words, emoticons = count(paths)
    bracketed = NORMALISER_PLACEHOLDERS + list(PLACEHOLDERS.values())
    common = [face for face, n in emoticons.most_common(300) if n >= 30 and face not in bracketed]
    bracketed += [face for face in common if not names_a_person(face)]
    han = {c for c, n in characters.items() if n >= least and HAN.fullmatch(c)} | set(gb2312_level_one())
    traditional = OpenCC("s2t"), OpenCC("s2hk"), OpenCC("s2twp")
    frequent = [c for c in han if characters[c] >= 1000]
    han |= {t for c in frequent for converter in traditional if len(t := converter.convert(c)) == 1}
    symbols = {c for c, n in characters.items() if n >= 3 * least and unicodedata.category(c)[0] in "PSNL"}
    symbols |= set(COMMON_EMOJI) | set(PUNCTUATION) | {chr(i) for i in range(33, 127) if not chr(i).isupper()}
    alphanumeric = "abcdefghijklmnopqrstuvwxyz0123456789"
    entries = SPECIAL + bracketed + sorted(symbols | han) + ["##" + c for c in alphanumeric]
    return list(dict.fromkeys(entries + latin_pieces(words, latin))), bracketed


def build(entries: list[str], bracketed: list[str]) -> Tokenizer:
    """A WordPiece tokenizer: Han characters, digits and symbols one by one, Latin in pieces."""
    tokenizer = Tokenizer(models.WordPiece({e: i for i, e in enumerate(entries)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.BertPreTokenizer(),
            # Runs of emoji or digits would otherwise be one word each, and so unknown.
            pre_tokenizers.Split(Regex(r"[\p{S}\p{N}]"), behavior="isolated"),
        ]
    )
    cls_id, sep_id = entries.index("[CLS]"), entries.index("[SEP]")
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", sep_id), ("[CLS]", cls_id))
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIAL])
    tokenizer.add_tokens([AddedToken(t, special=False, normalized=False) for t in bracketed])
    return tokenizer


def main() -> None:
    """Count, build, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--least", type=int, default=12, help="rarest Han character kept: occurrences")
    parser.add_argument("--latin", type=int, default=1500, help="Latin pieces")
    args = parser.parse_args()
    tokenizer = build(*vocabulary(sorted(args.files), args.least, args.latin))
    args.output.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(args.output / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512}
    config |= {f"{n}_token": f"[{n.upper()}]" for n in ("pad", "unk", "cls", "sep", "mask")}
    (args.output / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    print(f"{tokenizer.get_vocab_size()} entries -> {args.output}")


if __name__ == "__main__":
    main()
