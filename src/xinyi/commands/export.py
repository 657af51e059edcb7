"""`xinyi export SOURCE`: the bundle of a run, a checkpoint or a registered model, and its forms for other servers."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xinyi.cli import parser

MODELS = "models:/"


def main(arguments: Sequence[str]) -> int:
    """Exit code 0; 2 when the source cannot be exported."""
    p = parser("export", "Write a bundle; an older one is replaced when the new one is proved.")
    p.add_argument("source", help="run folder, checkpoint of a run, models:/NAME@ALIAS, or a bundle (for the options)")
    p.add_argument("--output", type=Path, help="folder of the bundle, for a checkpoint or a registered model")
    p.add_argument("--tracking-uri", help="store of a registered model; default: mlflow.db in the working folder")
    p.add_argument("--sign", type=Path, metavar="KEY", help="sign the manifest with this private key (PEM)")
    p.add_argument("--mlflow", type=Path, metavar="DIR", help="also write an MLflow model to this new folder")
    p.add_argument("--triton", type=Path, metavar="DIR", help="also add it to this Triton / KServe v2 model repository")
    p.add_argument("--trust-remote-code", action="store_true", help="run code from the hub if the run asks for it")
    args = p.parse_args(arguments)
    bundle = _bundle(args)
    print(f"bundle       {bundle}")
    if args.sign:
        from xinyi.export.signing import sign

        print(f"signature    {sign(bundle, args.sign)}")
    if args.mlflow:
        from xinyi.tracking.model import save_model_folder

        save_model_folder(bundle, args.mlflow)
        print(f"mlflow       {args.mlflow}")
    if args.triton:
        from xinyi.export.triton import write_triton

        print(f"triton       {write_triton(bundle, args.triton)}")
    return 0


def _bundle(args: Namespace) -> Path:
    """Where the bundle lies, after it was written."""
    source = Path(args.source)
    if (source / "manifest.json").is_file():
        return source
    from xinyi.pipeline import export

    if args.source.startswith(MODELS):
        name = args.source.removeprefix(MODELS).replace("@", "_").replace("/", "_")
        return export.fetch(args.source, args.tracking_uri, args.output or Path(f"{name}.bundle"))
    if source.suffix == ".ckpt":
        target = args.output or source.parent.parent / f"bundle_{source.stem}"
        _show(export.export_checkpoint(source, target, args.trust_remote_code))
        return target
    _show(export.export_run(source, args.trust_remote_code))
    return source / "bundle"


def _show(record: dict[str, Any]) -> None:
    for name, found in record["formats"].items():
        print(f"{name:12} largest difference {found['max_difference']:.1e} over {found['rows']} rows")
    print(f"{'onnx_int8':12} {_int8_line(record['int8'])}")


def _int8_line(record: dict[str, Any]) -> str:
    """What int8 costs, or why there is none."""
    if not record["kept"]:
        return f"left out: {record['why']}"
    parts = [f"{task} {r['loss']:+.4f} ({r['low']:+.4f} to {r['high']:+.4f})" for task, r in record["tasks"].items()]
    return f"{record['settings']}; loses of the primary metric: {', '.join(parts)}"
