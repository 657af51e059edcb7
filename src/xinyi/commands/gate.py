"""`xinyi gate REPORT [--champion REPORT] [--rules FILE]`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xinyi.cli import parser


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 pass, 1 fail, 3 undecided, 2 unusable input."""
    p = parser("gate", "Judge a report by rules; write gate.json, gate.xml (JUnit) and gate.md, and renew its pages.")
    p.add_argument("report", type=Path, help="report.json, run folder or bundle")
    p.add_argument("--champion", help="the model in use: report.json, run folder, bundle or models:/name@champion")
    p.add_argument("--rules", type=Path, help="YAML file with `rules:`; default: conf/gate/default.yaml")
    p.add_argument("--bundle", type=Path, help="the bundle that the report is about; default: the run folder's")
    p.add_argument("--tracking-uri", help="MLflow store of models:/…; default: mlflow.db in the working folder")
    p.add_argument("--output", type=Path, help="folder for its files; default: the run folder, or beside a bundle")
    args = p.parse_args(arguments)
    from xinyi.pipeline.gate import gate_report

    text, code = gate_report(args.report, args.champion, args.rules, args.output, args.bundle, args.tracking_uri)
    print(text)
    return code
