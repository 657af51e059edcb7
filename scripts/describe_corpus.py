"""Print the statistics of the sample corpus as Markdown, for its data card.

python scripts/describe_corpus.py                          print
python scripts/describe_corpus.py --into data/README.md    rewrite the part between the document's markers
"""

from __future__ import annotations

import argparse
import functools
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from marked_part import rewrite

from xinyi.text import MASKER_VERSION, normalize, prepare

_clean = functools.cache(prepare)

REPOSITORY = Path(__file__).resolve().parents[1]
SPLITS = ("train", "validation", "test")
TASKS = ("sentiment", "emotion", "intent", "need")
PERCENTILES = (10, 25, 50, 75, 90, 99)

Row = Mapping[str, Any]


def read_splits(folder: Path = REPOSITORY / "data" / "sample") -> dict[str, list[Row]]:
    """Every split's rows."""
    return {s: [json.loads(line) for line in (folder / f"{s}.jsonl").open(encoding="utf-8")] for s in SPLITS}


def document(splits: Mapping[str, Sequence[Row]]) -> str:
    """What stands between the markers."""
    columns = {**splits, "all": [row for rows in splits.values() for row in rows]}
    lines = ["### Size", "", *_table("", _size(), columns)]
    lines += ["", "### Characters in a text", "", *_table("", _lengths(), columns)]
    lines += ["", "### Channel", "", *_table("channel", _counts("channel", columns["all"]), columns)]
    for task in TASKS:
        lines += ["", f"### {task.capitalize()}", "", *_table("label", _labels(task), columns)]
    lines += ["", "### Hard-case tags", "", *_table("tag", _counts("hard", columns["all"]), columns)]
    lines += ["", "### Marked personal data (spans)", "", *_table("kind", _kinds(columns["all"], _marked), columns)]
    lines += ["", f"### Of these, left whole by masker {MASKER_VERSION}", ""]
    lines += _table("kind", _kinds(columns["all"], _left), columns)
    return "\n".join(lines)


Figures = Mapping[str, Callable[[Sequence[Row]], str]]


def _table(head: str, figures: Figures, columns: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """One line a figure, one column a split."""
    yield f"| {head} | {' | '.join(columns)} |"
    yield f"|---|{'---:|' * len(columns)}"
    for name, figure in figures.items():
        yield f"| {name} | {' | '.join(figure(rows) for rows in columns.values())} |"


def _size() -> Figures:
    return {
        "rows": lambda rows: f"{len(rows):,}",
        "customers": lambda rows: f"{len({row['customer_id'] for row in rows}):,}",
        "conversations": lambda rows: f"{len({row['conversation_id'] for row in rows}):,}",
        "products": lambda rows: f"{len({row['product'] for row in rows}):,}",
        "with context": lambda rows: _share(rows, lambda row: row["context"]),
        "tagged traditional": lambda rows: _share(rows, lambda row: "traditional" in row["hard"]),
        "tagged dialect": lambda rows: _share(rows, lambda row: "dialect" in row["hard"]),
        "with marked personal data": lambda rows: _share(rows, lambda row: row["personal_data"]),
        "with any hard-case tag": lambda rows: _share(rows, lambda row: row["hard"]),
    }


def _share(rows: Sequence[Row], is_one: Callable[[Row], object]) -> str:
    count = sum(bool(is_one(row)) for row in rows)
    return f"{count:,} ({count / len(rows):.1%})"


def _lengths() -> Figures:
    def nth(share: int) -> Callable[[Sequence[Row]], str]:
        # The nearest rank: a length that a row really has.
        return lambda rows: str(sorted(len(row["text"]) for row in rows)[round(share / 100 * (len(rows) - 1))])

    return {"shortest": nth(0), **{f"{share} %": nth(share) for share in PERCENTILES}, "longest": nth(100)}


def _values(row: Row, field: str) -> Sequence[str]:
    return [row[field]] if isinstance(row[field], str) else row[field]


def _holding(field: str, value: str) -> Callable[[Sequence[Row]], str]:
    return lambda rows: f"{sum(value in _values(row, field) for row in rows):,}"


def _counts(field: str, rows: Sequence[Row]) -> Figures:
    """Rows with each value of a field, the most frequent first."""
    total = Counter(value for row in rows for value in _values(row, field))
    return {
        f"`{value}`": _holding(field, value) for value, _ in sorted(total.items(), key=lambda item: (-item[1], item[0]))
    }


def _labels(task: str) -> Figures:
    """Rows with each label, in the order of the task."""
    spec = yaml.safe_load((REPOSITORY / "conf" / "task" / f"{task}.yaml").read_text(encoding="utf-8"))
    figures = {f"`{label['id']}` {label['zh']}": _holding(task, label["id"]) for label in spec["labels"]}
    if empty := spec.get("empty"):
        figures[f"no label ({empty['zh']})"] = lambda rows: f"{sum(not row[task] for row in rows):,}"
    return figures


def _kinds(rows: Sequence[Row], kinds_of: Callable[[Row], Sequence[str]]) -> Figures:
    """Spans of each kind, the most frequently marked first, and their sum."""

    def spans(kind: str | None) -> Callable[[Sequence[Row]], str]:
        return lambda rows: f"{sum(kind in (None, found) for row in rows for found in kinds_of(row)):,}"

    total = Counter(kind for row in rows for kind in _marked(row))
    figures = {f"`{kind}`": spans(kind) for kind, _ in sorted(total.items(), key=lambda item: (-item[1], item[0]))}
    return {**figures, "all": spans(None)}


def _marked(row: Row) -> Sequence[str]:
    return [span["kind"] for span in row["personal_data"]]


def _left(row: Row) -> Sequence[str]:
    """Kinds of the spans that can be read in full after cleaning and masking."""
    clean = _clean(row["text"])
    spans = row["personal_data"]
    return [span["kind"] for span in spans if normalize(row["text"][span["start"] : span["end"]]) in clean]


def main() -> None:
    """Print, or rewrite a document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--into", type=Path, help="document to rewrite between its markers")
    rewrite(document(read_splits()), parser.parse_args().into)


if __name__ == "__main__":
    main()
