from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from xinyi.errors import TrackingError
from xinyi.tracking.ui import main, serve_ui, server_command


def test_the_server_listens_on_loopback_only():
    command = server_command("sqlite:///x.db", "file:///x", 5123)
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[command.index("--port") + 1] == "5123"
    assert command[command.index("--default-artifact-root") + 1] == "file:///x"


def test_a_taken_port_is_told_before_anything_is_started(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        arguments = ["--uri", f"sqlite:///{tmp_path / 'mlflow.db'}", "--port", str(port)]
        assert main(arguments) == 2
    assert f"expected port {port} to be free" in capsys.readouterr().err
    assert not (tmp_path / "mlflow.db").exists()


def test_a_server_is_not_served_again():
    with pytest.raises(TrackingError, match="open its address in a browser"):
        serve_ui("http://127.0.0.1:5000")


@pytest.mark.slow
def test_it_serves_the_pages_and_leaves_no_process_behind(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "xinyi.tracking.ui", "--port", str(port)]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        line = next(line for line in process.stdout if "runs:" in line)
        assert f"http://127.0.0.1:{port}/#/experiments/" in line
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).read()
        assert b"MLflow" in page
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
    assert not _processes_naming(str(port))
    assert (tmp_path / "mlflow.db").is_file()


def _processes_naming(words: str) -> list[str]:
    time.sleep(0.5)
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if words in line and int(folder.name) != os.getpid():
            found.append(line)
    return found
