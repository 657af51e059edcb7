"""`load` as a whole: the table's layout, data.json, fingerprints, several sources."""

from __future__ import annotations

import hashlib
import json

import pyarrow as pa
from data_rows import labelled, messages

from xinyi.data import DataSettings, SourceSettings, load
from xinyi.data.checks import CHECKS, Material
from xinyi.data.fingerprint import split_fingerprint
from xinyi.text import MASKER_VERSION, NORMALIZER_VERSION, PLACEHOLDERS

WHOLE = {"validation_share": 0.0, "test_share": 0.0}


def test_table_layout(jsonl, loaded):
    rows = labelled(30)
    rows[0] |= {"text": "  请 打１３８１２３４５６７８  ", "before": ["你好", "在\n吗"], "channel": "电话", "n": 7}
    rows[1] |= {"before": "说吧", "channel": "", "n": None}
    jsonl(rows)
    data = loaded(context="before", meta=("channel", "n"), **WHOLE)
    (table,) = data.splits.values()
    text = pa.string()
    assert table.schema == pa.schema(
        {"id": text, "text": text, "context": text, "label.intent": text}
        | {"meta.channel": text, "meta.n": text, "source": text, "row": pa.int64()}
    )
    first, second, third = table.slice(0, 3).to_pylist()
    assert first["text"] == f"请 打{PLACEHOLDERS['mobile']}"
    assert (first["context"], second["context"], third["context"]) == ("你好 在 吗", "说吧", "")
    content = f"{first['context']}\x1f{first['text']}".encode()
    assert first["id"] == hashlib.sha256(content).hexdigest()[:16]
    assert (first["meta.channel"], first["meta.n"]) == ("电话", "7")
    assert (second["meta.channel"], second["meta.n"]) == (None, None)
    assert [row["row"] for row in (first, second, third)] == [1, 2, 3]
    assert first["source"] == "train.jsonl"


def test_csv_rows_are_counted_by_line(tmp_path, loaded):
    (tmp_path / "train.csv").write_text('text,label\n"快递\n到了",a\n空调坏了,b\n', encoding="utf-8")
    table = loaded("train.csv", **WHOLE).splits["train"]
    assert table["row"].to_pylist() == [2, 4]
    assert table["text"].to_pylist()[0] == "快递 到了"


def test_summary(jsonl, loaded, tmp_path):
    rows = labelled(200, ("a", "b", "c", None))
    rows[0]["text"] = "我的手机13812345678，邮箱li@example.com"
    jsonl(rows)
    jsonl([rows[1], rows[2] | {"label": "a"}, {"text": "新的一条", "label": "a"}], "test.jsonl")
    summary = loaded(test=("test.jsonl",)).summary
    assert json.loads(json.dumps(summary, ensure_ascii=False)) == summary
    digest = hashlib.sha256((tmp_path / "train.jsonl").read_bytes()).hexdigest()
    assert summary["sources"][0] == {
        "file": "train.jsonl", "sha256": digest, "encoding": "UTF-8",
        "rows": 200, "used": 200, "dropped": 0, "empty": 0,
    }  # fmt: skip
    assert (summary["name"], summary["schema_version"], summary["split_made"]) == ("mine", 1, ["validation"])
    assert (summary["normaliser"], summary["masker"]) == (NORMALIZER_VERSION, MASKER_VERSION)
    assert (summary["personal_data"]["mobile"], summary["personal_data"]["email"]) == (1, 1)
    test = summary["splits"]["test"]
    assert test["labels"] == {"intent": {"a": 2, "b": 1, "c": 0}}
    assert (test["rows"], test["missing"]) == (3, {"intent": 0})
    parts = [summary["splits"][name] for name in ("train", "validation")]
    assert sum(part["missing"]["intent"] for part in parts) == 50
    assert sum(part["labels"]["intent"]["b"] for part in parts) == 50
    assert set(test["characters"]) == {"p50", "p90", "p99", "max"}
    assert test["characters"]["max"] == len(rows[1]["text"])
    joined = "\n".join(summary["problems"])
    # The repeated rows may both be in train, or one in the made validation split.
    assert sum(int(p.split()[0]) for p in summary["problems"] if "of 3 test rows" in p) == 2
    assert "intent: 1 text(s) occur several times with different labels" in joined
    assert "intent: 1 label(s) without a test row (it is not measured there): 'c'" in joined
    assert "row(s) have no label of any task" in joined
    assert not any(text in json.dumps(summary, ensure_ascii=False) for text in messages(200))


def test_masking_can_be_switched_off_and_is_reported(jsonl, loaded):
    rows = labelled(30)
    rows[0]["text"] = "我的手机13812345678"
    jsonl(rows)
    data = loaded(mask=False, **WHOLE)
    assert data.splits["train"]["text"][0].as_py() == "我的手机13812345678"
    assert any("mask=false" in problem for problem in data.summary["problems"])


def test_fingerprints_ignore_order_and_see_every_label(jsonl, loaded):
    rows = labelled(60)
    jsonl(rows)
    first = loaded().summary
    jsonl(rows[::-1])
    second = loaded().summary
    assert first["fingerprint"] == second["fingerprint"]
    assert first["sources"][0]["sha256"] != second["sources"][0]["sha256"]
    rows[5]["label"] = "投诉" if rows[5]["label"] != "投诉" else "咨询"
    jsonl(rows)
    assert loaded().summary["fingerprint"] != first["fingerprint"]


def test_fingerprint_of_multi_labels_ignores_their_order():
    def one(labels):
        return split_fingerprint(pa.table({"id": ["x"], "label.m": pa.array([labels], pa.list_(pa.string()))}))

    assert one(["a", "b"]) == one(["b", "a"])
    assert len({one(["a", "b"]), one(["a"]), one([]), one(None)}) == 4


def test_fewer_training_rows_leave_the_other_splits_alone(jsonl, loaded):
    jsonl(labelled(60))
    whole, few = loaded(), loaded(train_limit=5)
    assert len(few.splits["train"]) == 5
    for split in ("validation", "test"):
        assert few.splits[split]["id"].equals(whole.splits[split]["id"])
    assert set(few.splits["train"]["id"].to_pylist()) <= set(whole.splits["train"]["id"].to_pylist())


def test_limit_draws_rows_and_keeps_labels(jsonl, loaded):
    jsonl(sorted(labelled(300), key=lambda row: row["label"]))
    data = loaded(limit=40)
    assert {name: len(table) for name, table in data.splits.items()}["train"] == 40
    assert max(map(len, data.splits.values())) == 40
    rows = data.splits["train"]["row"].to_pylist()
    assert rows == sorted(rows)
    assert len(set(data.splits["train"]["label.intent"].to_pylist())) == 3
    assert len(data.tasks[0].labels) == 3


def test_no_split_is_made_with_share_zero(jsonl, loaded):
    jsonl(labelled(60))
    data = loaded(test_share=0.0)
    assert list(data.splits) == ["train", "validation"]
    assert data.summary["split_made"] == ["validation"]


def test_groups_in_several_given_splits_are_reported(jsonl, loaded):
    rows = [{**row, "who": f"c{i % 20}"} for i, row in enumerate(labelled(60))]
    jsonl(rows[:50])
    jsonl(rows[50:], "test.jsonl")
    problems = loaded(test=("test.jsonl",), group="who").summary["problems"]
    # The made validation split has some of the twenty customers, train the others.
    assert sum(int(p.split()[0]) for p in problems if "test row(s) belong to a group" in p) == 10


def test_groups_are_kept_as_numbers(jsonl, loaded):
    rows = [{**row, "who": f"客户{i % 20}" if i % 5 else None} for i, row in enumerate(labelled(60))]
    jsonl(rows[:50])
    jsonl(rows[50:], "test.jsonl")
    splits = loaded(test=("test.jsonl",), group="who").splits
    assert all("group" not in table.column_names for table in splits.values())
    found = {row["text"]: row["meta.data.group"] for table in splits.values() for row in table.to_pylist()}
    groups: dict = {}
    for row in rows:
        groups.setdefault(row["who"], set()).add(found[row["text"]])
    # One number a group, whatever the split; null for rows of none.
    assert all(len(numbers) == 1 for numbers in groups.values())
    assert groups.pop(None) == {None}
    assert {number for numbers in groups.values() for number in numbers} == {str(number) for number in range(16)}
    assert "meta.data.group" not in loaded().splits["train"].column_names


def test_conversations_that_nothing_keeps_together_are_noticed(jsonl, loaded):
    jsonl(
        [
            {**row, "会话ID": f"c{i // 3}", "会话类型": "售后", "session_id": f"s{i}"}
            for i, row in enumerate(labelled(60))
        ]
    )

    def told(**settings) -> list[str]:
        problems = loaded(meta=("会话ID", "会话类型", "session_id"), **WHOLE, **settings).summary["problems"]
        return [text for text in problems if "count as independent" in text]

    assert told() == [
        "rows with one 会话ID count as independent; data.group=会话ID keeps them together, also in intervals"
    ]
    assert told(group="会话ID") == []


def test_a_group_in_every_split_is_a_finding_of_the_checks(jsonl, loaded):
    rows = [{**row, "cid": f"c{i % 12}"} for i, row in enumerate(labelled(96))]
    for name, part in (("train", rows[:60]), ("validation", rows[60:78]), ("test", rows[78:])):
        jsonl(part, f"{name}.jsonl")
    data = loaded(validation=("validation.jsonl",), test=("test.jsonl",), group="cid", meta=("cid",))
    found = list(CHECKS["crossing_groups"].measure(Material(data.splits, data.tasks), 0.0))
    assert [(one.split, one.value) for one in found] == [("validation", 1.0), ("test", 1.0), ("test", 1.0)]
    assert "18 of 18 validation rows (100.0%) have a data.group that train has too" in found[0].message


def test_several_sources_with_different_tasks(jsonl, table_file, tmp_path):
    jsonl([{"text": row["text"], "stars": row["label"]} for row in labelled(60, (1, 2, 3))], "stars.jsonl")
    jsonl([{"text": "满意", "stars": 3}], "stars_test.jsonl")
    table_file(
        [{"消息": f"又{row['text']}", "意图": row["label"], "渠道": "app"} for row in labelled(60)], "intent.csv"
    )
    root = str(tmp_path)
    sources = (
        SourceSettings(
            root, ("stars.jsonl",), test=("stars_test.jsonl",), labels={"stars": "stars"}, kinds={"stars": "ordinal"}
        ),
        SourceSettings(root, ("intent.csv",), text="消息", labels={"intent": "意图"}, meta=("渠道",)),
    )
    data = load(DataSettings("two", sources), ())
    assert [(task.id, task.kind) for task in data.tasks] == [("stars", "ordinal"), ("intent", "single")]
    assert data.summary["split_made"] == ["validation", "test"]
    table = pa.concat_tables(data.splits.values())
    stars, intent = table["label.stars"].to_pylist(), table["label.intent"].to_pylist()
    assert len(table) == 121
    assert all((one is None) != (two is None) for one, two in zip(stars, intent, strict=True))
    assert set(table["meta.渠道"].to_pylist()) == {None, "app"}
    assert "stars_test.jsonl" in data.splits["test"]["source"].to_pylist()


def test_globs_join_files(jsonl, loaded):
    rows = labelled(60)
    jsonl(rows[:30], "part1.jsonl")
    jsonl(rows[30:], "part2.jsonl")
    data = loaded("part*.jsonl", **WHOLE)
    assert [source["file"] for source in data.summary["sources"]] == ["part1.jsonl", "part2.jsonl"]
    assert len(data.splits["train"]) == 60


def test_same_files_same_result(jsonl, loaded):
    jsonl(labelled(100))
    one, two = loaded(), loaded()
    assert one.summary == two.summary
    assert all(one.splits[name].equals(two.splits[name]) for name in one.splits)


def test_files_of_the_same_name_in_several_folders_are_told_apart(tmp_path):
    sources = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in labelled(30))
        (tmp_path / folder / "train.jsonl").write_text(text, encoding="utf-8")
        sources.append(
            SourceSettings(root=str(tmp_path / folder), train=("train.jsonl",), labels={f"task_{folder}": "label"})
        )
    summary = load(DataSettings("both", tuple(sources)), ()).summary
    assert [source["file"] for source in summary["sources"]] == ["a/train.jsonl", "b/train.jsonl"]
