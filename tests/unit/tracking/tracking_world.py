"""What the pipeline hands to a tracker, in small."""

from __future__ import annotations

from typing import Any

SECRET = "我的电话是13912345678"
PARAMS = {"seed": 1, "optim": {"lr": 0.001, "name": "adamw"}, "data": {"labels": {"intent": "意图"}, "limit": None}}
TAGS = {"backbone": "embedded", "tasks": "sentiment,intent", "data_fingerprint": "ab" * 32}


def make_summary() -> dict[str, Any]:
    """data.json of three splits."""
    counts = {"train": 60, "validation": 20, "test": 20}
    splits = {
        split: {
            "rows": rows,
            "fingerprint": f"{rows:064x}",
            "labels": {"intent": {"退款": rows - 1, "物流": 1}},
            "missing": {"intent": 0},
            "characters": {"p50": 12, "p90": 40, "p99": 90, "max": 120},
        }
        for split, rows in counts.items()
    }
    sources = [{"file": "/home/zhangsan/secret/train.csv", "sha256": "1" * 64, "rows": 100}]
    return {"schema_version": 1, "name": "orders", "sources": sources, "fingerprint": "ab" * 32, "splits": splits}


def make_report(**more: float | None) -> dict[str, Any]:
    """Two tasks on two splits; `more` are further metrics of sentiment on test rows."""
    summary = make_summary()
    return {
        "schema_version": 1,
        "run": {"name": "first", "train_seconds": 12.5, "parameters": 1000},
        "data": {"name": summary["name"], "splits": {key: summary["splits"][key] for key in ("validation", "test")}},
        "primary": {"sentiment": "macro_f1", "intent": "accuracy"},
        "tasks": {
            "sentiment": {
                "validation": _split({"macro_f1": 0.61}),
                "test": _split({"accuracy": 0.7, "macro_f1": 0.6, **more}),
            },
            "intent": {"test": _split({"macro_f1": 0.5, "accuracy": 0.8})},
        },
    }


def _split(values: dict[str, float | None]) -> dict[str, Any]:
    metrics = {
        name: {"value": value, "low": value and value - 0.1, "high": value and value + 0.1, "n": 20}
        for name, value in values.items()
    }
    errors = [{"id": "x", "text": SECRET, "gold": "退款", "predicted": "物流", "probability": 0.9}]
    return {"metrics": metrics, "baseline": {"macro_f1": 0.2}, "errors": errors}
