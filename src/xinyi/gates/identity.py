"""Whether two reports are about one and the same model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def same_model(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """Whether two reports come from one run, hold exactly the same results, or were made from the same answers."""
    names = [tuple((report.get("run") or {}).get(key) for key in ("name", "created")) for report in (left, right)]
    if names[0] == names[1] and None not in names[0]:
        return True
    answers = [report.get("answers") for report in (left, right)]
    if answers[0] and answers[0] == answers[1] and left.get("decoding") == right.get("decoding"):
        return True
    results = [json.dumps(report.get("tasks"), sort_keys=True, default=str) for report in (left, right)]
    return results[0] == results[1]
