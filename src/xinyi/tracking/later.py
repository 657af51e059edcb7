"""Do now what can be done now, keep the rest for later, and tell people once."""

from __future__ import annotations

import logging
from collections.abc import Callable

from xinyi.tracking.store import failures, reason

log = logging.getLogger(__name__)


class Later:
    """Actions that MLflow refused, in order. Tracking must not cost a trained model, so nothing here raises."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, Callable[[], None]]] = []

    def attempt(self, what: str, action: Callable[[], None]) -> None:
        """Run an action; when MLflow or the system refuses, warn and keep it."""
        if error := _refusal(action):
            log.warning("MLflow did not take %s (%s); tried again at the end of the run", what, error)
            self.add(what, action)

    def add(self, what: str, action: Callable[[], None]) -> None:
        """Keep an action for `settle`."""
        self._waiting.append((what, action))

    def settle(self) -> list[str]:
        """Try what waits once more; returns the names of what is still refused, which goes on waiting."""
        self._waiting = [(what, action) for what, action in self._waiting if _refusal(action)]
        return [what for what, _ in self._waiting]


def _refusal(action: Callable[[], None]) -> str | None:
    try:
        action()
    except failures() as error:
        return reason(error)
    return None
