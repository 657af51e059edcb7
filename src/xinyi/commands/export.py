"""`xinyi export RUN`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xinyi.cli import parser


def main(arguments: Sequence[str]) -> int:
    """Exit code 0; 2 when the run cannot be exported."""
    p = parser("export", "Write the bundle of a finished run; an older one is replaced when the new one is proved.")
    p.add_argument("run", type=Path, help="the run folder, under runs/")
    args = p.parse_args(arguments)
    from xinyi.pipeline.export import export_run

    record = export_run(args.run)
    for name, found in record["formats"].items():
        print(f"{name:12} largest difference {found['max_difference']:.1e} over {found['rows']} rows")
    print(f"{'onnx_int8':12} {_int8_line(record['int8'])}")
    print(f"bundle       {args.run / 'bundle'}")
    return 0


def _int8_line(record: dict[str, Any]) -> str:
    """What int8 costs, or why there is none."""
    if not record["kept"]:
        return f"left out: {record['why']}"
    parts = [f"{task} {r['loss']:+.4f} ({r['low']:+.4f} to {r['high']:+.4f})" for task, r in record["tasks"].items()]
    return f"{record['settings']}; loses of the primary metric: {', '.join(parts)}"
