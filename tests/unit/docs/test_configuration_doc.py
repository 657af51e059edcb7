"""The generated parts of the documentation say what the code and the data say."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import get_args, get_type_hints

from xinyi.config.schema import TrainConfig


def test_every_setting_has_help_text() -> None:
    hints = get_type_hints(TrainConfig)
    schemas = [
        TrainConfig,
        *(s for hint in hints.values() for s in (hint, *get_args(hint)) if dataclasses.is_dataclass(s)),
    ]
    fields = [field for schema in schemas for field in dataclasses.fields(schema)]
    # The fields of the whole that hold a group have the group's own description.
    missing = [field.name for field in fields if not field.metadata.get("help") and field.name not in hints]
    assert len(schemas) == 12
    assert missing == []


def test_configuration_doc_lists_every_setting(repository: Path) -> None:
    import list_settings
    import marked_part

    remedy = "run: python scripts/list_settings.py --into docs/configuration.md"
    assert marked_part.read(repository / "docs" / "configuration.md") == list_settings.document(), remedy


def test_settings_table_has_every_key(repository: Path) -> None:
    import list_settings

    text = list_settings.document()
    assert "| `data.max_length` | whole number, 8 to 8192 | `256` |" in text
    assert "| `tasks.<id>.kind` | text: single, ordinal, multi | `single` |" in text
    assert "| `optim.head_lr` | number or null, at least 0 | `null` |" in text
    keys = sum(line.startswith("| `") and "." in line.split("|")[1] for line in text.splitlines())
    assert keys > 60


def test_data_card_has_the_corpus_statistics(repository: Path) -> None:
    import describe_corpus
    import marked_part

    remedy = "run: python scripts/describe_corpus.py --into data/README.md"
    assert marked_part.read(repository / "data" / "README.md") == describe_corpus.document(
        describe_corpus.read_splits()
    ), remedy


def test_rewriting_changes_the_marked_part_only(repository: Path, tmp_path: Path) -> None:
    import marked_part

    page = tmp_path / "page.md"
    page.write_text(f"before\n\n{marked_part.BEGIN}\nold\n{marked_part.END}\n\nafter\n", encoding="utf-8")
    marked_part.rewrite("new | 新", page)
    assert marked_part.read(page) == "new | 新"
    assert page.read_text(encoding="utf-8").startswith("before\n\n")
    assert page.read_text(encoding="utf-8").endswith("\n\nafter\n")
    marked_part.rewrite("new | 新", page)
    assert page.read_text(encoding="utf-8").count("new | 新") == 1
