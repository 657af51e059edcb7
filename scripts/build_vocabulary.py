"""Build the embedded backbone's tokenizer from raw text files: tokenizer.json and tokenizer_config.json.

    python scripts/build_vocabulary.py --output src/xinyi/models/embedded FILE [FILE ...]

FILE: UTF-8 txt or jsonl, plain or compressed. `xinyi pretrain pretraining.vocabulary=corpus` does the same in one walk.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from xinyi.pretraining.output import write_tokenizer
from xinyi.pretraining.vocabulary import build_tokenizer


def main() -> None:
    """Count, build, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", help="txt or jsonl files; globs too")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--column", default="text", help="text column of jsonl files")
    parser.add_argument("--least", type=int, default=12, help="rarest Han character kept: occurrences")
    parser.add_argument("--latin", type=int, default=1500, help="Latin pieces")
    args = parser.parse_args()
    tokenizer = build_tokenizer(args.files, args.column, args.least, args.latin)
    write_tokenizer(tokenizer, args.output)
    print(f"{tokenizer.get_vocab_size()} entries -> {args.output}")


if __name__ == "__main__":
    main()
