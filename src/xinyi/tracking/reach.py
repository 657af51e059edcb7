"""Does the tracking server answer? Found out before anything slow, and within the time allowed."""

from __future__ import annotations

import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from urllib.parse import urlsplit

from xinyi.errors import TrackingError, describe
from xinyi.tracking.flatten import without_credentials

_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433, "mariadb": 3306}
REMEDY = "start the server, correct tracking.uri=…, or go without: tracking=none"


def check_reachable(uri: str, timeout: float) -> None:
    """Knock at a server; local stores always pass.

    Raises:
        TrackingError: no MLflow server answers there within `timeout` seconds.
    """
    scheme = urlsplit(uri).scheme.split("+")[0]
    if scheme in ("http", "https"):
        problem = _within(timeout, lambda: _ask_server(uri, timeout))
    elif scheme in _PORTS:
        problem = _within(timeout, lambda: _ask_port(uri, _PORTS[scheme], timeout))
    else:
        return
    if problem:
        where = f"tracking.uri {without_credentials(uri)}"
        raise TrackingError(describe(f"an MLflow server that answers within {timeout:g} s", problem, REMEDY, where))


def _within(timeout: float, ask: Callable[[], str | None]) -> str | None:
    """The problem that `ask` finds. Looking up a name has no timeout of its own, so a thread does the asking."""
    answer: list[str | None] = []
    thread = threading.Thread(target=lambda: answer.append(ask()), daemon=True)
    thread.start()
    thread.join(timeout)
    return answer[0] if answer else "no answer"


def _ask_server(uri: str, timeout: float) -> str | None:
    """None when /health says so, else what went wrong."""
    # The library does not take credentials out of the address; /health needs none.
    request = urllib.request.Request(f"{without_credentials(uri).rstrip('/')}/health")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            body = response.read(200).strip()
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code} at /health"
    except (OSError, ValueError) as error:
        return f"{getattr(error, 'reason', error) or type(error).__name__}"
    return None if body == b"OK" else "something else that serves HTTP"


def _ask_port(uri: str, port: int, timeout: float) -> str | None:
    try:
        parts = urlsplit(uri)
        socket.create_connection((parts.hostname or "localhost", parts.port or port), timeout).close()
    except (OSError, ValueError) as error:
        return str(error) or type(error).__name__
    return None
