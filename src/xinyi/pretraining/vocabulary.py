"""Build a vocabulary from raw text files: WordPiece over characters, made for customer messages.

Only counts of characters, Latin words and bracketed emoticons are taken from the files, after the masker: no text is
kept, and no name or account that occurs in a few lines becomes an entry.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from opencc import OpenCC
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from xinyi.pretraining.sources import passages, resolve
from xinyi.text import PLACEHOLDERS, mask, prepare

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
NORMALISER_PLACEHOLDERS = ["[网址]", "[用户名]"]
HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
LATIN = re.compile(r"[a-z]+")
# Occurrences of the rarest Latin word that pieces are learnt from: an account name would become a piece of its own.
LEAST_LATIN = 20
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


def count(paths: Sequence[Path], column: str, masking: bool) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """How often each character, lower-case Latin word and bracketed emoticon occurs."""
    characters, words, emoticons = Counter(), Counter(), Counter()
    for path in paths:
        for passage in passages(path, column):
            line = prepare(passage, masking=masking)
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
    repeated = (word for word, n in words.most_common(30_000) if n >= LEAST_LATIN for _ in range(min(n, 2000) // 20))
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


def entries_of(
    paths: Sequence[Path], column: str, least: int, latin: int, masking: bool = True
) -> tuple[list[str], list[str]]:
    """All entries in order, and those which are bracketed (matched as a whole)."""
    characters, words, emoticons = count(paths, column, masking)
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


def assemble(entries: list[str], bracketed: list[str]) -> Tokenizer:
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


def build_tokenizer(
    files: Sequence[str], column: str = "text", least: int = 12, latin: int = 1500, masking: bool = True
) -> Tokenizer:
    """A tokenizer from the counts of raw text files.

    Args:
        files: paths or globs; see `sources.resolve`.
        column: text column of tables.
        least: occurrences of the rarest Han character kept.
        latin: Latin pieces.
        masking: whether personal data is masked before anything is counted.
    """
    return assemble(*entries_of(resolve(files), column, least, latin, masking))
