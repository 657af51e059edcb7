"""`make ui`: MLflow's pages over the local store, on this machine's loopback only."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from xinyi.errors import TrackingError, XinyiError, describe
from xinyi.tracking.settings import TrackingSettings
from xinyi.tracking.store import artifact_root, is_served, open_store, run_list, store_uri

HOST = "127.0.0.1"
START_SECONDS = 120.0


def serve_ui(uri: str | None = None, artifacts: str | None = None, port: int = 5000, experiment: str = "xinyi") -> int:
    """Run MLflow's server until Ctrl-C; prints the link as soon as it answers. Returns the exit code.

    Args:
        uri: the store; None is mlflow.db in the working folder.
        artifacts: folder of new experiments; None is mlartifacts in the working folder.
        port: on 127.0.0.1.
        experiment: the one that the link shows; made where it is missing.

    Raises:
        TrackingError: the port is taken, the store cannot be opened, or is a server already.
    """
    uri = store_uri(uri)
    if is_served(uri):
        raise TrackingError(describe("a database", "a server", "open its address in a browser", "tracking.uri"))
    _check_free(port)
    # Makes the tables first, so that the server does not do it noisily.
    store = open_store(TrackingSettings(uri=uri, artifacts=artifacts, experiment=experiment))
    print("starting MLflow, which takes 10 to 50 s …", flush=True)
    with _server(server_command(uri, artifact_root(uri, artifacts), port)) as process:
        if _answers(process, port):
            link = run_list(f"http://{HOST}:{port}", store.experiment_id)
            print(f"\n  runs: {link}\n  Ctrl-C stops it", flush=True)
        return process.wait()


@contextmanager
def _server(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """The server and all it starts, ended together by Ctrl-C or SIGTERM, which leave with exit code 0."""
    # Its background jobs (judges, scheduled scoring of language models) would be seven processes and 2 GB for nothing.
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield process
    except KeyboardInterrupt:
        raise SystemExit(0) from None
    finally:
        _stop(process)
        signal.signal(signal.SIGTERM, former)


def server_command(uri: str, artifacts: str | None, port: int) -> list[str]:
    """The command line of the server: one worker, loopback only, files read from where they lie."""
    address = ["--host", HOST, "--port", str(port), "--workers", "1"]
    stores = ["--backend-store-uri", uri, "--registry-store-uri", uri, "--no-serve-artifacts"]
    root = ["--default-artifact-root", artifacts] if artifacts else []
    return [sys.executable, "-m", "mlflow", "server", *address, *stores, *root]


def _check_free(port: int) -> None:
    with socket.socket() as knock:
        knock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            knock.bind((HOST, port))
        except OSError as error:
            remedy = "stop what runs there, or give another port"
            raise TrackingError(describe(f"port {port} to be free", error.strerror or error, remedy, "ui")) from error


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """True once /health answers; False when the server ended or took too long."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=2) as response:
                return response.status == 200
        except OSError:
            time.sleep(0.5)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the whole process group: the server does not take its workers with it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)


def main(arguments: list[str] | None = None) -> int:
    """`python -m xinyi.tracking.ui [--uri U] [--artifacts A] [--port P] [--experiment E]`."""
    parser = argparse.ArgumentParser(prog="xinyi ui", description="MLflow's pages on 127.0.0.1")
    parser.add_argument("--uri", help="store; default: sqlite:///mlflow.db in the working folder")
    parser.add_argument("--artifacts", help="artifact folder; default: mlartifacts")
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--experiment", default="xinyi")
    given = parser.parse_args(arguments)
    try:
        return serve_ui(given.uri, given.artifacts, given.port, given.experiment)
    except XinyiError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
