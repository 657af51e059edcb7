"""`xinyi ui`: MLflow's pages on 127.0.0.1."""

from __future__ import annotations

from collections.abc import Sequence

from xinyi.cli import parser


def main(arguments: Sequence[str]) -> int:
    """Serves until Ctrl-C."""
    p = parser("ui", "Open MLflow's pages on 127.0.0.1; stop with Ctrl-C.")
    p.add_argument("--uri", help="store; default: sqlite:///mlflow.db in the working folder")
    p.add_argument("--artifacts", help="artifact folder or address; default: mlartifacts")
    p.add_argument("--port", type=int, default=5000)
    args = p.parse_args(arguments)
    from xinyi.tracking.ui import serve_ui

    return serve_ui(args.uri, args.artifacts, args.port) or 0
