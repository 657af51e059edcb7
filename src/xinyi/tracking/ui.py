"""`make ui`: MLflow's pages over the local store, on this machine's loopback only."""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import time
import urllib.request

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
    process = subprocess.Popen(server_command(uri, artifact_root(uri, artifacts), port))
    try:
        if _answers(process, port):
            link = run_list(f"http://{HOST}:{port}", store.experiment_id)
            print(f"\n  runs: {link}\n  Ctrl-C stops it", flush=True)
        return process.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(process)


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
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


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
