"""The whole chain in one process: train, evaluate, gate, export, track; then serve the bundle and compare."""

from __future__ import annotations

import json
import logging
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from omegaconf import OmegaConf
from pipeline_world import ROWS, everything, sample_rows, tiny_config, write_slice

from xinyi.cli import main
from xinyi.config.paths import conf_dir
from xinyi.errors import ConfigError
from xinyi.evaluation.decoding import read_decodings
from xinyi.evaluation.schema import validate
from xinyi.pipeline.train import Outcome, train
from xinyi.runtime import load, verify
from xinyi.tasks.decode import answers
from xinyi.tasks.spec import TaskSpec

pytestmark = pytest.mark.integration

PLANTED = {
    "13900139002": "手机 13900139002",
    "13700137003": "打我电话13700137003行不行",
    "139 0013 9004": "号码是139 0013 9004",
    "11010519491231002X": "身份证11010519491231002X",
    "6222020200066666662": "卡号6222020200066666662退到这里",
    "zhang.ceshi@example.com": "发我邮箱 zhang.ceshi@example.com",
    "欧阳慧敏": "我叫欧阳慧敏",
    "诸葛建国": "收件人：诸葛建国",
}


@dataclass
class Run:
    """A finished run and what it was made of."""

    work: Path
    root: Path
    outcome: Outcome
    logged: str


def planted_rows() -> dict[str, list[dict]]:
    """The slice, with personal data put before and behind texts and into contexts of every split."""
    rows = {split: sample_rows(split, count) for split, count in ROWS.items()}
    for own in rows.values():
        for i, sentence in enumerate(PLANTED.values()):
            own[2 * i]["text"] = f"{sentence}，{own[2 * i]['text']}"
            own[2 * i + 1]["text"] += f"。{sentence}。"
            own[20 + i]["context"] = [f"用户：{sentence}", "客服：好的"]
    return rows


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    torch.set_num_threads(1)
    work = tmp_path_factory.mktemp("chain")
    write_slice(work / "data", planted_rows())
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logging.getLogger().addHandler(handler)
    try:
        outcome = train(tiny_config(work), work / "runs" / "one")
    finally:
        logging.getLogger().removeHandler(handler)
    return Run(work, work / "runs" / "one", outcome, "\n".join(lines))


def test_every_file_of_the_run_folder_is_there(run):
    found = {str(path.relative_to(run.root)) for path in run.root.rglob("*") if path.is_file()}
    assert {
        "config.yaml", "data.json", "state.json", "decoding.json", "gate.json", "gate.xml", "gate.md",
        "checkpoints/best.ckpt", "checkpoints/last.ckpt",
        "predictions/validation.parquet", "predictions/test.parquet",
        "report/report.json", "report/report.html", "report/report.md",
        "bundle/manifest.json", "bundle/model.safetensors", "bundle/model.onnx", "bundle/config.json",
        "bundle/tokenizer.json", "bundle/labels.json", "bundle/golden.jsonl", "bundle/MODEL_CARD.md",
        "bundle/report/report.json",
    } <= found  # fmt: skip
    assert not [name for name in found if ".part" in name or Path(name).name.startswith(".")]


def test_the_bundle_answers_as_the_stored_predictions_do(run):
    table = pq.read_table(run.root / "predictions" / "test.parquet")
    decodings = read_decodings(run.root / "decoding.json")
    tasks = json.loads(table.schema.metadata[b"xinyi"])["tasks"]
    served = load(run.root / "bundle").predict(table["text"].to_pylist(), table["context"].to_pylist())
    assert len(served) == 60
    for raw in tasks:
        task = TaskSpec.from_dict(raw)
        logits_BC = np.array(table[f"logits.{task.id}"].to_pylist())
        stored = answers(logits_BC, task, decodings[task.id])
        for expected, found in zip(stored, (row[task.id] for row in served), strict=True):
            assert found["all"] == pytest.approx(expected["all"], abs=1e-4)
            limits = decodings[task.id].thresholds  # none but for a multi task
            if all(abs(p - limit) > 1e-4 for p, limit in zip(expected["all"].values(), limits, strict=False)):
                assert found["label"] == expected["label"]


def test_the_bundle_answers_raw_messages_as_prepared_ones(run):
    raw = [row["text"] for row in planted_rows()["test"]]
    contexts = ["\n".join(row["context"]) for row in planted_rows()["test"]]
    stored = pq.read_table(run.root / "predictions" / "test.parquet")
    served = load(run.root / "bundle").logits(raw, contexts)
    for task, logits_BC in served.items():
        np.testing.assert_allclose(logits_BC, np.array(stored[f"logits.{task}"].to_pylist()), atol=1e-4)


def test_the_bundle_proves_itself(run):
    assert verify(run.root / "bundle") == []


def test_a_checkpoint_gets_a_bundle_with_predictions_and_report_of_its_own(run, tmp_path, capsys):
    before = {path: path.read_bytes() for path in run.root.rglob("*") if path.is_file()}
    target = tmp_path / "last"
    assert main(["export", str(run.root / "checkpoints" / "last.ckpt"), "--output", str(target)]) == 0
    assert f"bundle       {target}" in capsys.readouterr().out
    assert not verify(target)
    report = json.loads((target / "report" / "report.json").read_text(encoding="utf-8"))
    validate(report)
    assert report["run"]["checkpoint"] == "last.ckpt"
    after = {path: path.read_bytes() for path in run.root.rglob("*") if path.is_file()}
    assert after == before


def test_the_report_is_whole_and_says_what_was_run(run):
    report = json.loads((run.root / "report" / "report.json").read_text(encoding="utf-8"))
    validate(report)
    assert report["run"]["embedded_random"] is True
    assert report["run"]["parameters"] > 100_000
    assert report["run"]["train_seconds"] > 0
    assert report["run"]["tasks"] == ["sentiment", "emotion", "intent"]
    for task in ("sentiment", "emotion", "intent"):
        assert set(report["tasks"][task]) == {"validation", "test"}
        metric = report["tasks"][task]["test"]["metrics"][report["primary"][task]]
        assert 0.0 <= metric["low"] <= metric["value"] <= metric["high"] <= 1.0
        assert metric["n"] == 60


def test_what_is_known_of_the_data_goes_from_its_yaml_to_the_report_and_the_model_card(run):
    known = OmegaConf.to_container(OmegaConf.load(conf_dir() / "data" / "sample.yaml"))["card"]
    report = json.loads((run.root / "report" / "report.json").read_text(encoding="utf-8"))
    assert report["data"]["card"] == known
    page = (run.root / "report" / "report.html").read_text(encoding="utf-8")
    card = (run.root / "bundle" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "- licence, as its origin states it: CC0-1.0\n" in card
    for text in (known["task"], known["source"], *known["trouble"]):
        assert text in page
        assert f": {text}\n" in card


def test_the_verdict_is_one_of_three(run):
    gate = json.loads((run.root / "gate.json").read_text(encoding="utf-8"))
    assert (gate["verdict"], gate["exit_code"]) in {("pass", 0), ("fail", 1), ("undecided", 3)}
    assert run.outcome.gate == gate
    # The rules on rows can be known beforehand: 60 test rows, and the default asks for 50.
    assert {found["answer"] for found in gate["outcomes"] if found["rule"] == "rows"} == {"pass"}


def test_the_data_summary_counts_what_was_masked_and_how_it_was_encoded(run):
    data = json.loads((run.root / "data.json").read_text(encoding="utf-8"))
    assert {split: part["rows"] for split, part in data["splits"].items()} == ROWS
    assert data["personal_data"]["mobile"] >= 3 * 3 * 3  # three numbers, three places, three splits
    assert all(part["unknown_share"] < 0.01 and part["tokens"] > 500 for part in data["encoding"].values())


def test_mlflow_has_one_finished_run(run):
    with sqlite3.connect(run.work / "mlflow.db") as base:
        runs = base.execute("select run_uuid, status from runs").fetchall()
        keys = {key for (key,) in base.execute("select distinct key from metrics")}
        steps = base.execute("select step, value from metrics where key = 'train/loss' order by step").fetchall()
    state = json.loads((run.root / "state.json").read_text(encoding="utf-8"))
    assert runs == [(state["mlflow_run"], "FINISHED")]
    assert {"val/primary", "val/sentiment", "train/lr"} <= keys
    assert [step for step, _ in steps] == list(range(len(steps)))
    assert run.outcome.link.startswith("http")


def test_no_planted_personal_data_is_anywhere(run):
    assert {path.name for path in run.work.iterdir()} >= {"runs", "mlflow.db", "mlartifacts"}
    looked_at = 0
    for path, text in everything(run.work):
        if run.work / "data" not in path.parents:
            looked_at += 1
            leaked = [secret for secret in PLANTED if secret in text or secret.replace(" ", "") in text]
            assert not leaked, f"{path.relative_to(run.work)} holds {leaked}"
    assert looked_at > 40
    assert not [secret for secret in PLANTED if secret in run.logged]


def test_planted_data_would_be_seen(run):
    """The search above finds the same secrets where they were not masked."""
    found = {secret for _, text in everything(run.work / "data") for secret in PLANTED if secret in text}
    assert found == set(PLANTED)
    stored = "".join(text for path, text in everything(run.root) if path.name == "test.parquet")
    assert "[手机号]" in stored
    assert "[姓名]" in stored


def test_a_folder_that_holds_a_run_is_not_trained_over(run):
    before = {path: path.stat().st_mtime_ns for path in run.root.rglob("*")}
    with pytest.raises(ConfigError, match="xinyi resume"):
        train(tiny_config(run.work), run.root)
    assert {path: path.stat().st_mtime_ns for path in run.root.rglob("*")} == before
