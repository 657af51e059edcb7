"""Bad input to the real `xinyi train`: exit code 2, what was expected, got and what to do, and nothing left behind."""

from __future__ import annotations

import errno
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from xinyi import cli
from xinyi.errors import BundleError
from xinyi.training import checkpoint_io
from xinyi.training.checkpoint_io import load_checkpoint

pytestmark = pytest.mark.integration

# One small model, one thread, nothing that is not looked at here.
SMALL = [
    "trainer=smoke", "backbone=tiny", "trainer.threads=1", "trainer.progress=true", "evaluation=quick", "gate=none",
    "export=none", "tracking=none",
]  # fmt: skip
TEXTS = (
    "快递三天没动了",
    "客服态度很好",
    "尺码不对要退货",
    "怎么还不发货",
    "手机充不进电",
    "谢谢，已经收到",
    "想问还有货吗",
)


@pytest.fixture(autouse=True)
def one_thread():
    """The command sets the number of threads for the whole process."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def runs(tmp_path) -> Path:
    """Where run folders go."""
    return tmp_path / "runs"


def labelled(n: int = 40, **changes) -> list[dict[str, object]]:
    """Rows of a file that nothing is wrong with."""
    rows = [{"text": f"{TEXTS[i % 7]}，单号尾号{i}", "label": ("咨询", "投诉", "表扬")[i % 3]} for i in range(n)]
    return [row | changes for row in rows]


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    """As jsonl."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def train(runs: Path, *overrides: str) -> int:
    """The command in this process."""
    return cli.main(["train", *SMALL, f"runs={runs}", *overrides])


def own(train_file: Path, *more: str) -> list[str]:
    """A user's own file."""
    return ["task=own", "data=files", f"data.train={train_file}", "data.labels.intent=label", *more]


def left(runs: Path) -> list[str]:
    """Names of everything below the folder of runs."""
    return sorted(str(path.relative_to(runs)) for path in runs.rglob("*")) if runs.exists() else []


def check_refusal(capsys, code: int, *parts: str) -> str:
    """Exit code 2 and a message in the house's form."""
    captured = capsys.readouterr()
    assert code == 2
    assert captured.err.startswith("xinyi train: ")
    for part in ("expected ", ", got ", *parts):
        assert part in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""
    return captured.err


@pytest.mark.parametrize(
    ("overrides", "parts"),
    [
        (["data.train=nope.jsonl"], ["data.train", "an existing file", "nope.jsonl", "check the path"]),
        (["trainer.epochs=three"], ["trainer.epochs: expected a whole number, got 'three'", "correct trainer.epochs"]),
        (["trainer=nope"], ["one of auto, cpu, ddp, fsdp, gpu, smoke, got 'nope'", "choose one of them"]),
        (["trainer.epoch=3"], ["got unknown key 'epoch'; did you mean epochs?"]),
        (["optim._target_=os.system"], ["optim._target_: expected one of torch.optim.AdamW"]),
        (["seed"], ["expected key=value, got 'seed'"]),
        (["--config-dir", "/no/such"], ["--config-dir: expected a folder, got '/no/such'"]),
        (["-m", "seed=1,x,2"], ["seed: expected a whole number, got 'x'"]),
        (["backbone=local"], ["backbone.path: expected a folder, got none"]),
    ],
    ids=lambda value: value[-1] if isinstance(value[0], str) else None,
)
def test_wrong_settings(runs, capsys, overrides, parts):
    check_refusal(capsys, train(runs, *overrides), *parts)
    assert not runs.exists()


def test_all_that_is_wrong_with_the_settings_is_listed_at_once(runs, capsys):
    error = check_refusal(
        capsys, train(runs, "trainer.epoch=3", "seed=x", "data.train=no.csv", "gate.champion=no.json")
    )
    assert error.startswith("xinyi train: configuration cannot be used (4):\n")


def test_a_behaviour_suite_with_a_slip_costs_no_training(runs, tmp_path, capsys):
    test = "type: minimum_functionality, texts: [退钱], expect: {intent: 投拆}"
    suite = tmp_path / "suite.yaml"
    suite.write_text(f"suite: ours\ntests:\n  refund: {{{test}}}\n", encoding="utf-8")
    given = own(write(tmp_path / "own.jsonl", labelled()), f"evaluation.suites=[{suite}]")
    check_refusal(capsys, train(runs, *given), "suite ours, test refund", "'投拆'", "did you mean 投诉?")
    assert left(runs) == []


DATA = {
    "wrong column": (labelled(), ["data.text=nope"], ["expected a column 'nope' (data.text)", "columns 'text', "]),
    "wrong label column": (labelled(), ["data.labels.intent=nope"], ["expected a column 'nope' (data.labels.intent)"]),
    "numbers as texts": (labelled(text=3), [], ["text"]),
    "empty texts": (labelled(text=" "), [], ["rows 1, 2, 3"]),
    "one label": (labelled(label="投诉"), [], ["at least two different labels in the training rows, got only '投诉'"]),
    "no labels": (labelled(label=None), [], ["labelled training rows, got none"]),
    "more labels than rows": (
        [{"text": t, "label": [f"{i}a", f"{i}b"]} for i, t in enumerate(TEXTS[:4])], [], ["got 4 rows and 8 labels"],
    ),
    "unknown labels": (labelled(), ["task=intent"], ["'咨询' in", "row(s)"]),
    "a task without a column": (labelled(), ["task=[sentiment,intent]"], ["data.labels.sentiment"]),
}  # fmt: skip


@pytest.mark.parametrize("case", DATA)
def test_wrong_rows(runs, tmp_path, capsys, case):
    rows, more, parts = DATA[case]
    code = train(runs, *own(write(tmp_path / "own.jsonl", rows), *more))
    error = check_refusal(
        capsys,
        code,
        "own.jsonl"
        if case not in ("one label", "no labels", "more labels than rows", "a task without a column")
        else "",
        *parts,
    )
    # No text of a customer, and no folder that looks like a run.
    assert not any(text in error for text in TEXTS)
    assert left(runs) == []


FILES = {
    "no encoding": ("own.csv", b"text,label\n" + b"\xff\x81\xfe\x80,\x81\xff\n" * 9, "own.csv"),
    "broken quotes": ("own.csv", 'text,label\n"快递三天没动了,投诉\n好,表扬\n'.encode(), "unclosed quotes"),
    "columns of one name": ("own.csv", "text,text,label\n快递,空,投诉\n好,空,表扬\n".encode(), "each column"),
    "no JSON": ("own.jsonl", '{"text": "快递三天没动了"\n'.encode(), "line 1"),
    "no rows": ("own.jsonl", b"", "own.jsonl"),
    "unknown kind of file": ("own.xyz", b"text,label\n", "own.xyz"),
}


@pytest.mark.parametrize("case", FILES)
def test_files_that_cannot_be_read(runs, tmp_path, capsys, case):
    name, content, part = FILES[case]
    (tmp_path / name).write_bytes(content)
    error = check_refusal(capsys, train(runs, *own(tmp_path / name)), part)
    assert not any(text in error for text in TEXTS)
    assert left(runs) == []


def test_an_unknown_label_in_validation(runs, tmp_path, capsys):
    write(tmp_path / "own.jsonl", labelled())
    write(tmp_path / "v.jsonl", [*labelled(6), {"text": "好的", "label": "投拆"}])
    code = train(runs, *own(tmp_path / "own.jsonl", f"data.validation={tmp_path}/v.jsonl"))
    error = check_refusal(capsys, code, "v.jsonl", "'投拆' in 1 row(s): row 7", "'data.map.intent={投拆: LABEL}'")
    assert left(runs) == []
    # The remedy works as it is written, in a shell.
    (remedy,) = shlex.split(re.search(r"set (\S*data\.map\.intent=.*) \(", error).group(1).replace("LABEL", "投诉"))
    validation = f"data.validation={tmp_path}/v.jsonl"
    quiet = ["checks=none", f"checks.folder={tmp_path}/check"]
    assert cli.main(["data", "check", *own(tmp_path / "own.jsonl", validation, remedy), *quiet]) == 0


def test_a_folder_that_cannot_be_written_to(tmp_path, capsys):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    check_refusal(capsys, train(tmp_path / "file" / "runs"), "runs: expected a folder to write to", "runs=DIR")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a file system where nothing can be made")
def test_a_folder_where_the_system_makes_none(capsys):
    check_refusal(capsys, train(Path("/proc/xinyi/runs")), "runs: expected a folder to write to", "runs=DIR")


def test_a_tracking_server_that_does_not_answer(runs, capsys):
    uri = "tracking.uri=http://127.0.0.1:9"  # the port of `discard`: nothing listens
    started = time.monotonic()
    code = train(runs, "tracking=server", uri, "tracking.timeout=1")
    assert time.monotonic() - started < 20
    check_refusal(
        capsys, code, "tracking.uri http://127.0.0.1:9", "an MLflow server that answers within 1 s", "tracking=none"
    )
    assert left(runs) == []


def test_a_backbone_that_does_not_fit(runs, capsys):
    """The folder exists, its weights do not: found before a step is trained, in the house's words."""
    folder = runs.parent / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
    code = cli.main(
        ["train", *SMALL, f"runs={runs}", "backbone=local", "backbone.config={}", f"backbone.path={folder}"]
    )
    check_refusal(capsys, code, "a Hugging Face encoder", str(folder))


def test_a_full_disk_at_the_second_checkpoint(runs, capsys, monkeypatch):
    saved, real = [], checkpoint_io.save_file

    def save(tensors, path, metadata=None):
        if saved:
            Path(path).write_bytes(b"half a check")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        saved.append(path)
        real(tensors, path, metadata)

    monkeypatch.setattr(checkpoint_io, "save_file", save)
    code = train(runs, "data.limit=40", "trainer.epochs=3", "trainer.max_steps=6", "trainer.batch_rows=20")
    captured = capsys.readouterr()
    assert code == 2
    assert "expected a checkpoint on disk, got [Errno 28] No space left on device" in captured.err
    assert "free space, or choose another folder with runs=DIR" in captured.err
    assert "The former checkpoint is untouched" in captured.err
    assert "Traceback" not in captured.err
    (run,) = runs.glob("[!.]*")  # beside it lies the token store
    (kept,) = (run / "checkpoints").iterdir()
    assert load_checkpoint(kept)["global_step"] > 0
    assert not (run / "report").exists()


def test_ctrl_c_in_mid_epoch_and_on_again(runs, capfd):
    """The real program, stopped by the real signal in its second epoch; the run then goes on to its end."""
    size = ["task=sentiment", "data.limit=160", "trainer.epochs=4", "trainer.max_steps=null", "trainer.batch_rows=2"]
    overrides = [*SMALL, f"runs={runs}", *size]
    command = [sys.executable, "-m", "xinyi.cli", "train", *overrides]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        lines = []
        while not (lines and lines[-1].startswith("epoch 1/4")):
            lines.append(process.stderr.readline())
            assert lines[-1], "".join(lines)
        process.send_signal(signal.SIGINT)
        asked = time.monotonic()
        _, rest = process.communicate(timeout=120)
        assert time.monotonic() - asked < 30  # a second or two, where nothing else is at work
    finally:
        process.kill()
    (run,) = runs.glob("[!.]*")  # beside it lies the token store
    assert process.returncode == 130, rest
    assert "stopped by SIGINT at step " in rest
    assert f"go on with: xinyi resume {run}" in rest
    assert "Traceback" not in rest
    stopped = load_checkpoint(run / "checkpoints" / "last.ckpt")["global_step"]
    assert f"at step {stopped}" in rest
    assert not (run / "report").exists()

    capfd.readouterr()
    assert cli.main(["resume", str(run)]) == 0
    shown = capfd.readouterr().err
    assert "epoch 1/4" not in shown
    assert "epoch 4/4" in shown
    assert load_checkpoint(run / "checkpoints" / "last.ckpt")["global_step"] > stopped
    assert json.loads((run / "report" / "report.json").read_text(encoding="utf-8"))["run"]["steps"] > stopped


@pytest.mark.parametrize("damage", ["missing", "cut", "pickle"])
def test_a_checkpoint_that_cannot_be_read(tmp_path, damage):
    path = tmp_path / "last.ckpt"
    if damage == "cut":
        checkpoint_io.SafetensorsCheckpointIO().save_checkpoint({"state_dict": {"a": torch.ones(100)}}, path)
        path.write_bytes(path.read_bytes()[:-50])
    elif damage == "pickle":
        torch.save({"state_dict": {}}, path)
    with pytest.raises(BundleError, match="expected a checkpoint of Xinyi"):
        load_checkpoint(path)


@pytest.mark.parametrize("content", [None, "", "- a\n", "nope: 1\n", "name: [a\n"])
def test_resuming_what_is_no_run(tmp_path, capsys, content):
    if content is not None:
        (tmp_path / "config.yaml").write_text(content, encoding="utf-8")
    assert cli.main(["resume", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "expected " in error
    assert "Traceback" not in error
