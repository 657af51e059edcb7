"""Group `gate`: the rules that decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xinyi.config.schema.fields import setting


@dataclass
class GateConfig:
    """Rules over the report, and whether the verdict is the command's exit code."""

    enforce: bool = setting(False, "exit with the verdict's code: 0 pass, 1 fail, 3 undecided")
    champion: str | None = setting(None, "the model in use: report.json, run folder, bundle or models:/name@champion")
    rules: list[dict[str, Any]] = setting([], "rules in order: {rule: name, ...its settings}")
