"""`xinyi promote RUN --why TEXT` and `xinyi promote --rollback --why TEXT`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xinyi.cli import parser
from xinyi.errors import ConfigError, describe


def main(arguments: Sequence[str]) -> int:
    """Exit code 0; 2 when the run may not be promoted or the registry cannot be used."""
    p = parser("promote", "Make a run the model in use: alias champion in the registry. Needs a passing gate.json.")
    p.add_argument("run", type=Path, nargs="?", help="run folder with report, bundle and gate.json")
    p.add_argument("--why", required=True, help="the reason, kept in the registry")
    p.add_argument("--rollback", action="store_true", help="go back to the champion before the present one")
    p.add_argument("--model", help="registered model; default: export.name of the run")
    p.add_argument("--gate", type=Path, help="the verdict; default: gate.json of the run")
    p.add_argument("--uncompared", action="store_true", help="allow a verdict that is not against the present champion")
    p.add_argument("--tracking-uri", help="MLflow store; default: the run's, else mlflow.db in the working folder")
    args = p.parse_args(arguments)
    if not args.why.strip():
        raise ConfigError([describe("a reason", "none", 'say why: --why "…"', "--why")])
    from xinyi.pipeline.promote import promote_run, target_of

    if args.run is None and not args.rollback:
        raise ConfigError([describe("a run folder", "none", "xinyi promote RUN --why TEXT", "promote")])
    target = target_of(args.run, args.model, args.tracking_uri)
    if args.rollback:
        from xinyi.tracking.champion import rollback
        from xinyi.tracking.registry import open_registry

        change = rollback(open_registry(target.uri, target.timeout), target.model, args.why)
    else:
        change = promote_run(args.run, target, args.why, args.gate, args.uncompared)
    former = f"version {change.former}" if change.former else "none"
    print(f"champion  {target.model} version {change.version} (before: {former})")
    print(f"kept      {change.action} by {change.by} at {change.at}: {change.why}")
    return 0
