"""`xinyi predict`, `verify`, `gate`, `ui`, `data`: arguments in, one call, exit code out."""

from __future__ import annotations

import json
import shutil

import pytest
from tiny_bundle import shared_bundle

from xinyi import cli


@pytest.fixture
def bundle(tmp_path):
    """A bundle that a test may change."""
    return shutil.copytree(shared_bundle(), tmp_path / "bundle")


def test_predict_answers_a_file(tmp_path, capsys):
    (tmp_path / "in.csv").write_text("编号,消息,前文\n1,快递三天没动了,\n2,谢谢,客服：您好\n", encoding="utf-8")
    arguments = ["--input", str(tmp_path / "in.csv"), "--output", str(tmp_path / "out.jsonl"), "--text-column", "消息"]
    assert cli.main(["predict", str(shared_bundle()), *arguments, "--context-column", "前文", "--probabilities"]) == 0
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["编号"] for row in rows] == ["1", "2"]
    assert all(any("sentiment" in key for key in row) for row in rows)
    assert f"2 rows → {tmp_path / 'out.jsonl'}; 0 with an error" in capsys.readouterr().err
    assert cli.main(["predict", str(shared_bundle()), *arguments]) == 0
    plain = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(plain[0]) < len(rows[0])


def test_predict_refuses_an_unknown_column(tmp_path, capsys):
    (tmp_path / "in.csv").write_text("消息\n好\n", encoding="utf-8")
    arguments = ["--input", str(tmp_path / "in.csv"), "--output", str(tmp_path / "out.csv")]
    assert cli.main(["predict", str(shared_bundle()), *arguments]) == 2
    assert "'text'" in (error := capsys.readouterr().err)
    assert "Traceback" not in error
    assert not (tmp_path / "out.csv").exists()


def test_verify_says_whether_a_bundle_is_as_exported(bundle, capsys):
    assert cli.main(["verify", str(bundle)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"{bundle}: as exported"
    formats = ("safetensors", "onnx", "onnx_int8")
    assert [line.split()[0] for line in lines[:-1]] == list(formats)
    assert all("golden rows replayed, largest difference" in line for line in lines[:-1])
    labels = bundle / "labels.json"
    labels.write_text(labels.read_text(encoding="utf-8").replace("消极", "积极"), encoding="utf-8")
    assert cli.main(["verify", str(bundle)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"{bundle}: differs (")
    assert "labels.json" in captured.err


@pytest.fixture
def report(tmp_path):
    """A report as far as rules look at it."""
    metric = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 16}
    entry = {"metrics": {"macro_f1": metric}, "baseline": {"macro_f1": 0.2}}
    content = {
        "schema_version": 1, "run": {}, "data": {}, "primary": {"mood": "macro_f1"}, "task_specs": {"mood": {}},
        "tasks": {"mood": {"validation": entry}}, "decoding": {},
    }  # fmt: skip
    path = tmp_path / "run" / "report" / "report.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize(("minimum", "code"), [(0.3, 0), (0.9, 1), (0.5, 3)])
def test_gate_exits_with_the_verdict(tmp_path, report, capsys, minimum, code):
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        f"rules:\n  - {{rule: floor, metric: macro_f1, minimum: {minimum}, split: validation}}\n", encoding="utf-8"
    )
    output = tmp_path / "verdict"
    assert cli.main(["gate", str(report), "--rules", str(rules), "--output", str(output)]) == code
    assert capsys.readouterr().out.startswith(f"verdict: {['PASS', 'FAIL', '', 'UNDECIDED'][code]}")
    assert sorted(path.name for path in output.iterdir()) == ["gate.json", "gate.md", "gate.xml"]


@pytest.mark.parametrize("content", ["rules: 3\n", "rules: [a\n", "rules: [{rule: nope}]\n", "rules: []\n"])
def test_gate_refuses_rules_that_it_cannot_read(tmp_path, report, capsys, content):
    (tmp_path / "rules.yaml").write_text(content, encoding="utf-8")
    assert cli.main(["gate", str(report), "--rules", str(tmp_path / "rules.yaml")]) == 2
    assert "expected" in (error := capsys.readouterr().err)
    assert "Traceback" not in error


def test_ui_passes_its_arguments_on(monkeypatch):
    from xinyi.tracking import ui

    calls = []
    monkeypatch.setattr(ui, "serve_ui", lambda *arguments: calls.append(arguments) or 0)
    assert cli.main(["ui"]) == 0
    assert cli.main(["ui", "--uri", "sqlite:///a.db", "--artifacts", "s3://bucket/a", "--port", "5001"]) == 0
    assert calls == [(None, None, 5000), ("sqlite:///a.db", "s3://bucket/a", 5001)]


def test_data_check_profiles_without_training(tmp_path, capsys):
    rows = [{"消息": f"第{i}条，电话13912345678", "类": "甲乙"[i % 2]} for i in range(40)]
    path = tmp_path / "数据.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    arguments = ["task=own", "data=files", f"data.train={path}", "data.text=消息", "data.labels.kind=类"]
    assert cli.main(["data", "check", *arguments, "checks=none", f"checks.folder={tmp_path / 'out'}"]) == 0
    text = capsys.readouterr().out
    assert "kind (single, 2 labels): 甲" in text or "kind (single, 2 labels): 乙" in text
    assert "mobile 40" in text
    assert "第1条" not in text


def test_data_check_ends_with_1_when_a_finding_is_over_its_limit(tmp_path, capsys):
    rows = [{"text": f"第{i}条消息说的是完全不同的事{chr(0x4E00 + 37 * i)}", "kind": "甲乙"[i % 2]} for i in range(60)]
    for name, part in (("train", rows[:40]), ("validation", rows[40:]), ("test", rows[:10])):
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in part]
        (tmp_path / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    files = [f"data.{name}={tmp_path}/{name}.jsonl" for name in ("train", "validation", "test")]
    arguments = ["data", "check", "task=own", "data=files", *files, "data.labels.kind=kind"]
    arguments += [f"checks.folder={tmp_path / 'out'}", "checks.run=cheap", "checks.skip=[near_duplicates]"]
    assert cli.main(arguments) == 1
    shown = capsys.readouterr().out
    assert "10 of 10 test rows (100.0%) repeat a row of train exactly" in shown
    assert "完全不同" not in shown
    written = json.loads((tmp_path / "out" / "data.json").read_text(encoding="utf-8"))
    assert written["checks"]["failed"] is True
    assert "完全不同" not in json.dumps(written, ensure_ascii=False)
    assert "完全不同" in (tmp_path / "out" / "data_check.html").read_text(encoding="utf-8")
    accepted = [f"{{check: {name}, until: 2999-01-01, reason: planted}}" for name in ("leaks", "near_leaks")]
    assert cli.main([*arguments, f"checks.allow=[{','.join(accepted)}]"]) == 0
    assert cli.main([*arguments, "checks.skip=[leak]"]) == 2


def test_data_mask_masks_one_column(tmp_path, capsys):
    (tmp_path / "in.csv").write_text("id,text\n1,电话13912345678\n2,好\n", encoding="utf-8")
    assert cli.main(["data", "mask", "--input", str(tmp_path / "in.csv"), "--output", str(tmp_path / "out.csv")]) == 0
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[1] == "1,电话[手机号]"
    assert "masked: mobile 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["nope"], ["check", "data.train=no.jsonl"], ["mask", "--input", "a", "--output", "b"]]
)
def test_data_refuses(arguments, capsys):
    assert cli.main(["data", *arguments]) == 2
    assert "expected" in (error := capsys.readouterr().err)
    assert "Traceback" not in error
