"""Bundles behind other people's servers, each really run on this machine's loopback."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tiny_bundle import shared_bundle

from xinyi import cli
from xinyi.runtime.golden import read_golden

pytestmark = pytest.mark.slow

SERVING = Path(__file__).parents[2] / "serving"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle as an MLflow model."""
    folder = tmp_path_factory.mktemp("mlflow") / "model"
    assert cli.main(["export", str(shared_bundle()), "--mlflow", str(folder)]) == 0
    return folder


def environment() -> dict[str, str]:
    """Without this checkout: the model brings its own code."""
    found = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{found['PATH']}"
    return {**found, "PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true", "PYSPARK_PYTHON": sys.executable}


@pytest.fixture(scope="module")
def address(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(model), "--env-manager", "local"]
    log = tmp_path_factory.mktemp("serve") / "log"
    with log.open("wb") as file:
        server = subprocess.Popen(
            [*command, "-h", "127.0.0.1", "-p", str(port)], stdout=file, stderr=file, env=environment(),
            cwd=log.parent, start_new_session=True,
        )  # fmt: skip
        try:
            _wait(f"http://127.0.0.1:{port}/ping", server, log)
            yield f"http://127.0.0.1:{port}/invocations"
        finally:
            os.killpg(server.pid, 15)
            server.wait(30)


def _wait(url: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(240):
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise AssertionError(log.read_text())


def ask(address: str, body: dict) -> tuple[int, dict]:
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_mlflow_serves_the_golden_answers(address: str) -> None:
    rows = read_golden(shared_bundle())
    records = [{"text": row.text, **({"context": row.context} if row.context else {"context": None})} for row in rows]
    status, reply = ask(address, {"dataframe_records": records})
    assert status == 200
    for row, found in zip(rows, reply["predictions"], strict=True):
        assert found["intent.label"] == row.tasks["intent"]["label"]
        best = max(row.tasks["intent"]["probabilities"].values())
        assert found["intent.probability"] == pytest.approx(best, abs=1e-5)
        assert sorted(found["emotion.label"]) == sorted(row.tasks["emotion"]["label"])


@pytest.mark.parametrize("text", [12, None, ["a"], {"a": 1}])
def test_what_is_no_text_is_refused_with_400(address: str, text: object) -> None:
    status, reply = ask(address, {"dataframe_records": [{"text": text}]})
    assert status == 400
    assert "expected a string" in reply["message"]


def test_a_missing_column_is_refused_with_400(address: str) -> None:
    status, reply = ask(address, {"dataframe_records": [{"message": "好"}]})
    assert status == 400
    assert "missing inputs ['text']" in reply["message"]


def test_the_model_folder_has_no_path_of_this_machine(model: Path) -> None:
    for path in (model / "MLmodel", *model.glob("*.y*ml")):
        text = path.read_text(encoding="utf-8")
        assert str(Path.home()) not in text
        assert str(model.parent) not in text
        assert str(SERVING.parent) not in text


def test_spark_scores_a_table(model: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    rows = [row for row in read_golden(shared_bundle()) if "\x00" not in row.text][:24]
    table = pa.table({"text": [row.text for row in rows], "context": [row.context or None for row in rows]})
    pq.write_table(table, tmp_path / "in.parquet")
    command = [sys.executable, str(SERVING / "spark_score.py"), str(model), str(tmp_path / "in.parquet")]
    done = subprocess.run(
        [*command, str(tmp_path / "out.parquet")], capture_output=True, text=True, cwd=tmp_path,
        env={**environment(), "SPARK_LOCAL_IP": "127.0.0.1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    by_text = {
        (row["text"], row["context"]): row["xinyi"] for row in pq.read_table(tmp_path / "out.parquet").to_pylist()
    }
    for row in rows:
        assert by_text[row.text, row.context or None]["intent.label"] == row.tasks["intent"]["label"]


def test_node_gives_the_golden_answers() -> None:
    if shutil.which("node") is None or not (SERVING / "node" / "node_modules").is_dir():
        pytest.skip("needs Node.js and `npm install --ignore-scripts` in serving/node")
    command = ["node", "predict.mjs", str(shared_bundle())]
    done = subprocess.run(command, capture_output=True, text=True, cwd=SERVING / "node", timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "64 golden rows: 0 with other token ids" in done.stdout
