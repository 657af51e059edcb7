"""Group `corpus` of `xinyi pretrain`, at the key `data`: the raw text."""

from __future__ import annotations

from dataclasses import dataclass

from xinyi.config.schema.fields import setting


@dataclass
class CorpusConfig:
    """Text files without labels, and how they are cut into rows."""

    name: str = setting("corpus", "name of the corpus; the run is named after it")
    files: list[str] = setting(
        [], "txt files with a passage a line, or tables (csv, jsonl, parquet, …); compressed too; globs"
    )
    column: str = setting("text", "text column of tables")
    weights: dict[str, float] = setting(
        {}, "source (file name up to its first dot) → passes over it in one pass over the corpus; others 1"
    )
    licences: dict[str, str] = setting({}, "source → licence as its origin states it, for the model card")
    mask: bool = setting(True, "personal data to placeholders, as in training and serving")
    shortest: int = setting(16, "tokens of the shortest room for a row", least=8)
    longest: int = setting(256, "tokens of the longest row", least=16, most=8192)
    held_out: float = setting(0.002, "share of lines kept for the held-out curve", least=0.0, most=0.5)
    store: str | None = setting(
        None, "folder of the encoded corpus, used again while nothing changed; default: RUN/tokens"
    )
