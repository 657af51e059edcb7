"""A small report with the parts that rules read, and ways to spoil it."""

from __future__ import annotations

from typing import Any


def make_report(name: str = "candidate", shift: float = 0.0) -> dict[str, Any]:
    """Two tasks; `shift` moves every metric's value and interval."""
    return {
        "schema_version": 1,
        "run": {"name": name, "created": f"2025-01-02 {name}"},
        "data": {"fingerprint": "f", "splits": {"test": {"rows": 400, "fingerprint": "e" * 64}}},
        "primary": {"stars": "macro_f1", "wish": "macro_f1"},
        "task_specs": {task: {"labels": [{"id": label} for label in "abc"]} for task in ("stars", "wish")},
        "tasks": {
            "stars": {"test": _entry(shift, {"mae": [0.40, 0.34, 0.46]}, {"mae": 1.1})},
            "wish": {"test": _entry(shift, {}, {})},
        },
        "decoding": {},
    }


def _entry(shift: float, metrics: dict[str, list[float]], baseline: dict[str, float]) -> dict[str, Any]:
    metrics = {"macro_f1": [0.70, 0.66, 0.74], "accuracy": [0.75, 0.71, 0.79], **metrics}
    found = {name: [number + shift for number in numbers] for name, numbers in metrics.items()}
    return {
        "metrics": {name: {"value": v, "low": low, "high": high, "n": 400} for name, (v, low, high) in found.items()},
        "baseline": {"macro_f1": 0.2, "accuracy": 0.4, **baseline},
        "per_label": [
            {"id": label, "recall": value, "recall_low": low, "recall_high": high, "support": n}
            for label, value, low, high, n in (
                ("a", 0.80, 0.72, 0.86, 120),
                ("b", 0.60, 0.50, 0.69, 90),
                ("c", 0.00, 0.00, 0.56, 3),
            )
        ],
        "calibration": {"ece": 0.04, "low": 0.02, "high": 0.06, "n": 400},
    }


def make_parity() -> dict[str, Any]:
    """The export's record of two formats."""
    record = {"max_difference": 2e-6, "argmax_equal": True, "rows": 64}
    loss = {"metric": "macro_f1", "loss": 0.002, "low": -0.001, "high": 0.004, "n": 300, "changed": 2}
    int8 = {"kept": True, "settings": "dynamic", "tasks": {"stars": dict(loss), "wish": dict(loss)}}
    return {"formats": {"onnx": dict(record), "safetensors": dict(record)}, "max_difference": 2e-6, "int8": int8}
