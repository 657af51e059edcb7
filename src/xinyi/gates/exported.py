"""Rules about the exported files: do they answer as the model was trained, how large are they, how fast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from xinyi.gates.base import ON_VALUE, Decision, Evidence, Rule, weigh
from xinyi.gates.lookup import Unusable, estimate_of, mapping, number
from xinyi.gates.outcome import FAIL, PASS, Outcome, at_most

MEGABYTE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Parity(Rule):
    """Every exported format gives the trained model's probabilities to within `maximum` and decides alike.

    format: the one that must be in the record, or `*` for whichever are.
    Reads the export's record: {"formats": {format: {"max_difference", "argmax_equal", "rows"}}}.
    """

    name: ClassVar[str] = "parity"
    maximum: float = 1e-3
    format: str = "*"

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        return f"largest absolute difference <= {self.maximum:g}, same decisions"

    def check(self, evidence: Evidence) -> list[Outcome]:
        """One outcome a format; the record is about the whole model, so that `task` does not matter."""
        try:
            formats = mapping(mapping(evidence.parity, "the export's parity record").get("formats"), "parity.formats")
        except Unusable as error:
            return [self.failure("*", str(error))]
        if not formats:
            return [self.failure("*", "the parity record names no format")]
        chosen = formats if self.format == "*" else {self.format: formats.get(self.format)}
        return [self._judged(name, raw) for name, raw in chosen.items()]

    def _judged(self, name: str, raw: Any) -> Outcome:
        try:
            record = mapping(raw, f"parity of {name}")
            found = number(record.get("max_difference"), f"{name}.max_difference")
            rows = number(record.get("rows"), f"{name}.rows")
        except Unusable as error:
            return self.failure("*", str(error))
        if found < 0 or rows < 1:
            return self.failure("*", f"parity of {name} was not measured on any row")
        # Anything but a plain true is a failure, a missing entry too.
        alike = record.get("argmax_equal") is True
        answer = PASS if found <= self.maximum and alike else FAIL
        decided = "same decisions" if alike else "decisions differ or were not compared"
        got = f"{found:.3g}, {decided}"
        decision = Decision(answer, self.expectation(), got, f"{name} on {rows:g} rows")
        return self.outcome("*", name, decision, name)


@dataclass(frozen=True, kw_only=True)
class Size(Rule):
    """The files of a format take at most `maximum` megabytes (10^6 bytes), as the bundle's manifest has them.

    format: the one that must be there, or `*` for the whole bundle.
    """

    name: ClassVar[str] = "size"
    maximum: float
    format: str = "*"

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        return f"at most {self.maximum:g} MB"

    def check(self, evidence: Evidence) -> list[Outcome]:
        """One outcome: a bundle is one, whatever its tasks."""
        try:
            size = self._bytes(mapping(evidence.bundle, "the bundle's manifest")) / MEGABYTE
        except Unusable as error:
            return [self.failure("*", str(error))]
        answer = PASS if size <= self.maximum else FAIL
        what = "the whole bundle" if self.format == "*" else f"format {self.format}"
        return [self.outcome("*", "size", Decision(answer, self.expectation(), f"{size:.1f} MB", what))]

    def _bytes(self, manifest: Mapping[str, Any]) -> float:
        files = mapping(manifest.get("files"), "files of the manifest")
        if not files:
            raise Unusable("the manifest names no file")
        names = list(files)
        if self.format != "*":
            formats = mapping(manifest.get("formats"), "formats of the manifest")
            names = [mapping(formats.get(self.format), f"format {self.format}").get("file")]
        records = [mapping(files.get(name), f"file {name}") for name in names]
        sizes = [number(record.get("bytes"), "the size of a file") for record in records]
        if any(size < 1 for size in sizes):
            raise Unusable("the manifest has a file without content")
        return sum(sizes)


@dataclass(frozen=True, kw_only=True)
class Latency(Rule):
    """One message at a time, the bundle answers within `maximum` milliseconds, measured on the gate's own machine.

    at: the median or the 95th percentile, each with its distribution-free interval; on `high`: by the interval's end.
    """

    name: ClassVar[str] = "latency"
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"on": ("high", ON_VALUE), "at": ("p50", "p95")}
    maximum: float
    at: str = "p95"
    on: str = "high"

    def expectation(self, metric: str | None = None) -> str:
        """See Rule."""
        return f"{self.at} of one message at a time ({self.on}) <= {self.maximum:g} ms"

    def check(self, evidence: Evidence) -> list[Outcome]:
        """One outcome: all tasks are answered at once."""
        try:
            raw = mapping(evidence.latency, "the bundle's latency").get(self.at)
            found = estimate_of(raw, f"latency {self.at}", 0.0, float("inf"))
        except Unusable as error:
            return [self.failure("*", str(error))]
        decision = weigh(found, self.maximum, self.on, at_most, self.expectation(), "calls")
        return [self.outcome("*", "latency", decision)]
