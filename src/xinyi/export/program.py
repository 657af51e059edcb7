"""model.pt2: the classifier as a torch.export program, for those who serve with torch or compile it further."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.export.pt2_archive._package import PT2ArchiveReader, PT2ArchiveWriter

from xinyi.encoding import Encoded
from xinyi.errors import BundleError, describe
from xinyi.export.graph import Positional, example, quiet_exporter
from xinyi.export.scoring import score_batches
from xinyi.export.settings import ExportError, Recipe
from xinyi.models.classifier import MultiTaskClassifier

FILE = "model.pt2"
TASKS = "xinyi.tasks"
# What the archive's writer puts there by itself.
_OWN = ("archive_format", "archive_version", "byteorder", ".data/")
_PICKLED = "data/sample_inputs/"
# All that `write_program` leaves; torch would unpickle what else may stand there.
_PLAIN = re.compile(
    r"archive_format|archive_version|byteorder|\.data/.*|models/[^/]+\.json|extra/[^/]+"
    r"|data/(weights/weight|constants/tensor)_\d+|data/(weights|constants)/[^/]+_config\.json|data/sample_inputs/[^/]+"
)


def write_program(model: MultiTaskClassifier, recipe: Recipe, folder: Path) -> str:
    """Write the program: inputs as the graph's, a tuple of logits (B, C) in the order of the tasks.

    Raises:
        ExportError: torch.export cannot follow the model, or would pickle a tensor.
    """
    inputs, shapes = example(model)
    scratch = folder / f".{FILE}"
    try:
        with quiet_exporter(), torch.no_grad():
            program = torch.export.export(Positional(model).eval(), inputs, dynamic_shapes=shapes)
            for node in program.graph.nodes:
                node.meta.pop("stack_trace", None)  # paths of this machine
            torch.export.save(program, scratch.with_suffix(".whole.pt2"), extra_files={TASKS: "\n".join(model.heads)})
            _without_pickle(scratch.with_suffix(".whole.pt2"), folder / FILE)
    except ExportError:
        raise
    except Exception as error:  # the exporter's errors share no base class
        found = " ".join(str(error).split())[:300]
        raise ExportError([describe("a model that torch.export can follow", found, "leave pt2 out", FILE)]) from error
    finally:
        scratch.with_suffix(".whole.pt2").unlink(missing_ok=True)
    return FILE


def _without_pickle(source: Path, target: Path) -> None:
    """The archive with its example inputs emptied: torch pickles them, and nothing reads them."""
    reader = PT2ArchiveReader(str(source))
    with PT2ArchiveWriter(str(target)) as writer:
        for name in reader.get_file_names():
            content = reader.read_bytes(name)
            if name.startswith(_OWN):
                continue
            if name.endswith("_config.json") and b'"use_pickle": true' in content:
                raise ExportError([describe("plain tensors", f"pickled ones in {name}", "leave pt2 out", FILE)])
            writer.write_bytes(name, b"" if name.startswith(_PICKLED) else content)


def score_program(path: Path, encoded: Encoded, pad_id: int) -> dict[str, NDArray[np.float32]]:
    """Task id → logits (N, C).

    Loading a program runs what it says, also where nothing in it is a pickle: only for bundles of one's own, or
    signed ones.

    Raises:
        BundleError: the program cannot be read, or holds pickles.
    """
    extra = {TASKS: ""}
    try:
        _refuse_pickles(path)
        program = torch.export.load(path, extra_files=extra)
    except BundleError:
        raise
    except Exception as error:  # torch's errors for a damaged archive share no base class
        problem = describe("a torch.export program", type(error).__name__, "copy or export the bundle again", FILE)
        raise BundleError([problem]) from error
    names = extra[TASKS].split("\n")
    return score_batches(_named(program.module(), names), names, encoded, pad_id)


def _refuse_pickles(path: Path) -> None:
    """Raise BundleError when anything in the archive would be unpickled by torch.export.load."""
    reader = PT2ArchiveReader(str(path))
    for name in reader.get_file_names():
        content = reader.read_bytes(name) if name.endswith("_config.json") or name.startswith(_PICKLED) else b""
        config = json.loads(content)["config"].values() if name.endswith("_config.json") else ()
        pickled = name.startswith(_PICKLED) and content
        if not _PLAIN.fullmatch(name) or pickled or any(_needs_pickle(entry) for entry in config):
            remedy = "do not use this bundle: what exported it was not xinyi"
            raise BundleError([describe("a torch.export program without pickles", name, remedy, FILE)])


def _needs_pickle(entry: Mapping[str, Any]) -> bool:
    """Whether a weight or constant is no plain tensor."""
    return entry.get("use_pickle") is not False or not str(entry.get("path_name")).startswith(("weight_", "tensor_"))


def _named(module: nn.Module, names: list[str]):
    return lambda *inputs: dict(zip(names, module(*inputs), strict=True))
