"""The sample corpus keeps what its data card promises."""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from xinyi.data.checks.scripts import script
from xinyi.text import PLACEHOLDERS, find_personal_data
from xinyi.text.personal.cards import passes_luhn
from xinyi.text.personal.documents import is_id_card
from xinyi.text.personal.view import SPOKEN

REPOSITORY = Path(__file__).resolve().parents[3]
SPLITS = ("train", "validation", "test")
FIELDS = {
    "id": str, "text": str, "context": list, "channel": str, "product": str, "customer_id": str,
    "conversation_id": str, "turn": int, "time": str, "sentiment": str, "emotion": list, "intent": str, "need": str,
    "hard": list, "personal_data": list,
}  # fmt: skip
CHANNELS = {"call", "chat", "social", "review", "survey"}
FIRST_DAY, LAST_DAY = "2026-06-01", "2026-09-30"
LEAST_ROWS, LEAST_LABEL_ROWS = 2_400, 20
# Near-duplicates: texts of so many characters, compared by their sets of five neighbouring characters.
SHORTEST, GRAM, MOST_ALIKE = 12, 5, 0.6
# Templates: so many characters at the start of a text, and the share of rows that may have the same.
PREFIX, MOST_SHARED = 6, 0.01

LEAST_SPLIT = {"train": 1_500, "validation": 300, "test": 500}
LEAST_CUSTOMERS, LEAST_MONTHS = 120, 3
LEAST_PERSONAL, LEAST_TRADITIONAL, LEAST_TAGGED, LEAST_FOUND = 0.10, 0.08, 30, 0.95
HARD = {
    "negation", "double_negation", "contrast", "sarcasm", "rhetorical_question", "mixed_feelings", "polite_complaint",
    "angry_question", "out_of_scope", "traditional", "dialect",
}  # fmt: skip
# RFC 2606 and 6761: names that nobody can own.
NOBODYS_DOMAIN = (".example", "@example.org", "@example.com")

Row = Mapping[str, Any]


@pytest.fixture(scope="module")
def splits() -> dict[str, list[Row]]:
    folder = REPOSITORY / "data" / "sample"
    return {s: [json.loads(line) for line in (folder / f"{s}.jsonl").open(encoding="utf-8")] for s in SPLITS}


@pytest.fixture(scope="module")
def rows(splits: Mapping[str, list[Row]]) -> list[Row]:
    return [row for part in splits.values() for row in part]


def _task(name: str) -> dict[str, Any]:
    return yaml.safe_load((REPOSITORY / "conf" / "task" / f"{name}.yaml").read_text(encoding="utf-8"))


def _ready_tasks() -> list[str]:
    """Every task that a YAML declares; `own` declares none."""
    return sorted(path.stem for path in (REPOSITORY / "conf" / "task").glob("*.yaml") if path.stem != "own")


def _values(row: Row, task: str, spec: Mapping[str, Any]) -> list[str]:
    """A row's labels of a task, derived where the task is."""
    derive = spec.get("derive")
    value = row[derive["source"] if derive else task]
    labels = value if isinstance(value, list) else [value]
    return [derive["mapping"].get(label, f"no mapping of {label}") for label in labels] if derive else labels


def test_size_and_fields(rows: list[Row]) -> None:
    assert len(rows) >= LEAST_ROWS
    wrong = [row.get("id") for row in rows if {key: type(value) for key, value in row.items()} != FIELDS]
    assert wrong == []


def test_ids_are_unique(rows: list[Row]) -> None:
    assert [name for name, count in Counter(row["id"] for row in rows).items() if count > 1] == []


def test_texts_are_not_empty_and_rows_not_repeated(rows: list[Row]) -> None:
    assert [row["id"] for row in rows if not row["text"] or row["text"] != row["text"].strip()] == []
    pairs = Counter((row["text"], *row["context"]) for row in rows)
    assert [pair[0] for pair, count in pairs.items() if count > 1] == []


@pytest.mark.parametrize("field", ["customer_id", "conversation_id"])
def test_nobody_is_in_two_splits(splits: Mapping[str, list[Row]], field: str) -> None:
    members = {name: {row[field] for row in part} for name, part in splits.items()}
    shared = [(a, b, sorted(members[a] & members[b])) for a, b in itertools.combinations(SPLITS, 2)]
    assert [found for found in shared if found[2]] == []


@pytest.mark.parametrize("task", _ready_tasks())
def test_labels_are_known_and_frequent_enough(splits: Mapping[str, list[Row]], task: str) -> None:
    spec = _task(task)
    known = [label["id"] for label in spec["labels"]]
    found = {name: Counter(v for row in part for v in _values(row, task, spec)) for name, part in splits.items()}
    assert [label for counts in found.values() for label in counts if label not in known] == []
    assert {label: found["train"][label] for label in known if found["train"][label] < LEAST_LABEL_ROWS} == {}
    assert [label for label in known for name in SPLITS if not found[name][label]] == []


def test_multi_labels_are_not_repeated(rows: list[Row]) -> None:
    assert [
        row["id"] for row in rows if len(set(row["emotion"])) != len(row["emotion"]) or len(row["emotion"]) > 3
    ] == []


def test_personal_data_spans_lie_inside_the_text(rows: list[Row]) -> None:
    wrong = []
    for row in rows:
        spans = sorted((span["start"], span["end"]) for span in row["personal_data"])
        inside = all(0 <= start < end <= len(row["text"]) for start, end in spans)
        apart = all(first[1] <= second[0] for first, second in itertools.pairwise(spans))
        if not (inside and apart and all(span["kind"] in PLACEHOLDERS for span in row["personal_data"])):
            wrong.append(row["id"])
    assert wrong == []


def _personal(rows: list[Row], kind: str) -> list[str]:
    return [r["text"][p["start"] : p["end"]] for r in rows for p in r["personal_data"] if p["kind"] == kind]


def test_splits_are_large_enough(splits: Mapping[str, list[Row]]) -> None:
    assert {name: len(part) for name, part in splits.items() if len(part) < LEAST_SPLIT[name]} == {}


def test_customers_have_histories(rows: list[Row]) -> None:
    months: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        months[row["customer_id"]].add(row["time"][:7])
    assert sum(len(found) >= LEAST_MONTHS for found in months.values()) >= LEAST_CUSTOMERS


def test_hard_cases_are_marked_and_many(rows: list[Row]) -> None:
    counts = Counter(tag for row in rows for tag in row["hard"])
    assert set(counts) == HARD
    assert {tag: count for tag, count in counts.items() if count < LEAST_TAGGED} == {}


def test_traditional_texts_are_tagged(rows: list[Row]) -> None:
    tagged = [row for row in rows if "traditional" in row["hard"]]
    assert len(tagged) >= LEAST_TRADITIONAL * len(rows)
    untagged = [row["id"] for row in rows if script(row["text"]) == "traditional" and "traditional" not in row["hard"]]
    assert untagged == []


def test_one_row_in_ten_has_personal_data(rows: list[Row]) -> None:
    assert sum(bool(row["personal_data"]) for row in rows) >= LEAST_PERSONAL * len(rows)


def test_personal_data_can_be_nobodys(rows: list[Row]) -> None:
    """Check digits are wrong and domains reserved, so that no number or address is in use."""
    assert [number for number in _personal(rows, "id_card") if is_id_card(number.translate(SPOKEN))] == []
    assert [number for number in _personal(rows, "bank_card") if passes_luhn(number.translate(SPOKEN))] == []
    assert [address for address in _personal(rows, "email") if not address.endswith(NOBODYS_DOMAIN)] == []


def test_the_masker_finds_the_marked_spans(rows: list[Row]) -> None:
    """Whole, and with their kind. The rules were improved on these very spans, so this holds them where they are."""
    total = found = 0
    for row in (row for row in rows if row["personal_data"]):
        spans = [(span.start, span.end, span.kind) for span in find_personal_data(row["text"])]
        for gold in row["personal_data"]:
            total += 1
            found += any(a <= gold["start"] and gold["end"] <= b and kind == gold["kind"] for a, b, kind in spans)
    assert found >= LEAST_FOUND * total


def test_no_near_duplicates(rows: list[Row]) -> None:
    assert [(a, b, round(alike, 2)) for a, b, alike in _alike(rows) if alike > MOST_ALIKE] == []


def _alike(rows: list[Row]) -> Iterator[tuple[str, str, float]]:
    """Every pair of long enough texts that share a piece, with their Jaccard similarity."""
    long = [row for row in rows if len(row["text"]) >= SHORTEST]
    grams = [{row["text"][i : i + GRAM] for i in range(len(row["text"]) - GRAM + 1)} for row in long]
    holders: dict[str, list[int]] = defaultdict(list)
    for number, own in enumerate(grams):
        for gram in own:
            holders[gram].append(number)
    shared = Counter(pair for numbers in holders.values() for pair in itertools.combinations(numbers, 2))
    for (a, b), count in shared.items():
        yield long[a]["id"], long[b]["id"], count / (len(grams[a]) + len(grams[b]) - count)


def test_near_duplicates_would_be_found() -> None:
    text = "快递三天没动了，催了也没人理，你们到底管不管"
    planted = [
        {"id": "a", "text": text},
        {"id": "b", "text": text + "啊"},
        {"id": "c", "text": "完全不同的另一句话，说的是发票抬头"},
    ]
    assert [(a, b) for a, b, alike in _alike(planted) if alike > MOST_ALIKE] == [("a", "b")]


def test_no_template(rows: list[Row]) -> None:
    prefix, count = Counter(row["text"][:PREFIX] for row in rows).most_common(1)[0]
    assert count < MOST_SHARED * len(rows), prefix


def test_context_fits_the_channel(rows: list[Row]) -> None:
    assert {row["channel"] for row in rows} == CHANNELS
    assert [row["id"] for row in rows if row["channel"] == "survey" and not row["context"]] == []
    assert [row["id"] for row in rows if not all(isinstance(turn, str) and turn for turn in row["context"])] == []


def test_times_lie_in_the_period(rows: list[Row]) -> None:
    assert [row["id"] for row in rows if not FIRST_DAY <= row["time"][:10] <= LAST_DAY] == []


def test_turns_and_times_rise_within_a_conversation(rows: list[Row]) -> None:
    conversations: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        conversations[row["conversation_id"]].append(row)
    wrong = []
    for turns in conversations.values():
        turns.sort(key=lambda row: row["turn"])
        for first, second in itertools.pairwise(turns):
            if not (first["turn"] < second["turn"] and first["time"] < second["time"]):
                wrong.append((first["id"], second["id"], second["time"]))
    assert wrong == []


def test_a_conversation_has_one_customer_product_and_channel(rows: list[Row]) -> None:
    facts: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for row in rows:
        facts[row["conversation_id"]].add((row["customer_id"], row["product"], row["channel"]))
    assert [name for name, found in facts.items() if len(found) > 1] == []
