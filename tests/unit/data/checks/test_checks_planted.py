"""Each check finds the trouble planted for it, and none finds any in a data set that is in order."""

from __future__ import annotations

import random

import pytest
from check_world import LABELS, TASK, in_order, material, measured, over, rows

from xinyi.data.checks import CHECKS, CheckSettings, run_checks
from xinyi.tasks import TaskSpec
from xinyi.tasks.spec import Label


def test_a_data_set_in_order_passes_every_check():
    outcome = run_checks(material(in_order()), CheckSettings(run="all"))
    assert [(f.check, f.measured.message) for f in outcome.findings if f.counts] == []
    assert not outcome.failed
    assert set(outcome.ran) == set(CHECKS)


def test_exact_repeats():
    data = in_order()
    data["train"] += data["train"][:60]
    data["test"] += data["train"][:10] + data["validation"][:20]
    found = over("duplicates", data)
    assert [(m.split, m.count) for m in found] == [("train", 60)]
    assert found[0].value == pytest.approx(60 / 360)
    leaks = over("leaks", data)
    assert [(m.split, m.count) for m in leaks] == [("test", 10), ("test", 20)]
    assert leaks[0].value == pytest.approx(10 / 150)
    assert leaks[0].examples[0].texts[0] == data["train"][0]["text"]


def test_greetings_in_both_splits_are_no_leak():
    data = in_order()
    for name in data:
        data[name] += [{"text": "你好", "label": "咨询"}] * 30
    assert over("leaks", data) == []


def test_another_context_makes_another_row():
    data = in_order()
    data["test"] += [row | {"context": "客服：您好"} for row in data["train"][:30]]
    assert over("leaks", data) == []
    assert [m.count for m in over("near_leaks", data)] == [30]


def test_near_duplicates():
    data = in_order()
    edited = [row | {"text": f"{row['text']}哈"} for row in data["train"][:60]]
    data["train"], data["test"] = data["train"] + edited, data["test"] + edited[:20]
    assert [(m.split, m.count) for m in over("near_duplicates", data)] == [("train", 60)]
    assert [(m.split, m.count) for m in over("near_leaks", data)] == [("test", 20)]


def test_overlap_of_files():
    data = in_order()
    data["train"] += [row | {"source": "b.jsonl", "context": "别的"} for row in data["train"][:40]]
    (found,) = over("overlap", data)
    assert (found.value, found.count) == (1.0, 40)


def test_contradictions():
    data = in_order()
    data["test"].append(data["train"][0] | {"label": LABELS[1]})
    assert [m.count for m in over("contradictions", data)] == [1]
    data["train"].append({"text": data["train"][1]["text"] + "吧", "label": LABELS[0]})
    assert [m.count for m in over("near_contradictions", data)] == [1]


def test_labels_rare_absent_and_unseen():
    task = TaskSpec("intent", "single", (*TASK.labels, Label("注销"), Label("换货"), Label("闲聊")))
    data = in_order()
    data["train"] += [{"text": f"我要注销账号{i}号", "label": "注销"} for i in range(5)]
    data["test"] += [{"text": f"想换一台新的{i}", "label": "换货"} for i in range(3)]
    rare = over("rare_labels", data, task=task)
    assert [(m.label, m.value) for m in rare] == [("注销", 5)]
    assert [(m.split, m.count) for m in over("empty_labels", data, task=task)] == [
        ("train", 2),
        ("validation", 3),
        ("test", 2),
    ]
    assert [(m.split, m.count) for m in over("unseen_labels", data, task=task)] == [("test", 3)]


def test_a_small_share_is_rare_in_a_large_set():
    data = {"train": [*rows(6000, 1), *[{"text": f"再见了{i}", "label": "注销"} for i in range(21)]]}
    task = TaskSpec("intent", "single", (*TASK.labels, Label("注销")))
    (found,) = over("rare_labels", data, task=task)
    assert found.label == "注销"


def test_groups_and_times_across_splits():
    data = in_order()
    for start, found in enumerate(data.values()):
        for i, row in enumerate(found):
            row |= {"conversation_id": f"c{start}-{i // 3}", "time": f"2026-0{start + 5}-{i % 28 + 1:02}T08:30"}
    assert over("crossing_groups", data) == over("crossing_times", data) == []
    data["test"][0]["conversation_id"] = "c0-0"
    data["test"][1]["time"] = "2026-05-01T00:00"
    assert [(m.split, m.count) for m in over("crossing_groups", data)] == [("test", 1)]
    assert [(m.split, m.count) for m in over("crossing_times", data)] == [("test", 1)]


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [("客户编号", 40, True), ("用户ID", 40, True), ("客户", 40, True), ("客户类型", 40, False), ("客户", 2, False)],
)
def test_groups_are_who_a_customer_is_not_what(column: str, values: int, said: bool):
    data = in_order()
    for found in data.values():
        for i, row in enumerate(found):
            row |= {column: f"c{i % values}", "user": "u"}
    assert bool(over("crossing_groups", data)) is said


@pytest.mark.parametrize("many", [False, True])
def test_label_errors(many: bool):
    data, chance = {"train": rows(600, 1), "test": rows(60, 3)}, random.Random(5)
    wrong = chance.sample(range(600), 18)
    for i in wrong:
        data["train"][i]["label"] = LABELS[(i + 1) % 3]
    task = TASK
    if many:
        task = TaskSpec("intent", "multi", TASK.labels)
        data = {name: [row | {"label": [row["label"]]} for row in found] for name, found in data.items()}
    (found,) = [m for m in measured("label_errors", data, task=task) if m.split == "train"]
    assert 12 <= found.count <= 24


def test_collisions():
    data, chance = in_order(), random.Random(3)
    data["train"] = rows(600, 1)
    assert over("collisions", data) == []
    for row in data["train"]:
        if row["label"] != "表扬":
            row["label"] = chance.choice(("咨询", "投诉"))
    (found,) = over("collisions", data)
    assert found.label == "咨询 / 投诉"
    assert all(len(example.texts) == 2 for example in found.examples)


def test_shortcuts():
    data = in_order()
    for row in data["train"]:
        if row["label"] == "表扬":
            row["text"] = row["text"][:7] + "！！"
    assert {m.label for m in over("length_shortcut", data)} == {"表扬"}
    (found,) = over("punctuation_shortcut", data)
    assert "exclamation mark" in found.message


def test_drift():
    data = in_order()
    data["test"] = [row for row in rows(360, 3) if row["label"] == "咨询"]
    assert [m.split for m in over("label_drift", data)] == ["test"]
    assert [m.split for m in over("text_drift", data)] == ["test"]


def test_scripts():
    data = in_order()
    data["train"] += [{"text": f"請問這個產品{i}還有貨嗎", "label": "咨询"} for i in range(80)]
    data["test"] += [{"text": f"where is my order number {i}", "label": "咨询"} for i in range(60)]
    assert [(m.split, m.label) for m in over("scripts", data)] == [("train", "traditional"), ("test", "other")]


@pytest.mark.parametrize("text", ["锟斤拷锟斤拷没收到", "頁(yè)面上的關(guān)鍵字", "鎴戠殑蹇€掍粈涔堟椂鍊欏埌"])
def test_damaged_text(text: str):
    data = in_order()
    data["train"].append({"text": text, "label": "咨询"})
    assert [m.count for m in over("damaged_text", data)] == [1]


def test_repaired_damage_is_told_from_the_counts_of_reading():
    sources = [{"file": "a.csv", "rows": 10, "damage": {"utf8_as_gbk": {"repaired": 4, "left": 0}}}]
    assert [m.count for m in over("damaged_text", in_order(), sources=sources)] == [4]


def test_short_and_cut_texts():
    data = in_order()
    data["train"] += [{"text": "嗯嗯", "label": "咨询"}] * 90
    data["test"] = [row | {"text": (row["text"] * 20)[:140]} for row in data["test"]]
    data["validation"] += [{"text": f"说得很长的第{i}条...展开全文", "label": "咨询"} for i in range(5)]
    assert [(m.split, m.count) for m in over("short_texts", data)] == [("train", 90)]
    assert [(m.split, m.count) for m in over("cut_texts", data)] == [("validation", 5), ("test", 120)]


@pytest.mark.parametrize("text", ["发zhangsan艾特[网址]", "发zhangsan @[用户名]", "发zhangsan（at）qq.c"])
def test_personal_data_in_what_is_left_of_an_address(text: str):
    data = in_order()
    data["train"] += [{"text": text, "label": "咨询"}] * 5
    found = next(m for m in over("personal_data", data, masked=True) if m.split == "train")
    assert found.count == 5
    assert "zhangsan" not in str(found.examples)


@pytest.mark.parametrize("masked", [True, False])
def test_personal_data(masked: bool):
    data = in_order()
    data["train"] += [{"text": "打13812345678找我", "label": "咨询"}] * 5
    found = next(m for m in over("personal_data", data, masked=masked) if m.split == "train")
    assert found.count >= 5
    assert "13812345678" not in str(found.examples)
