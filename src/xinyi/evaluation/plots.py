"""Confusion matrices as PNG files, for places that show images and not pages (an MLflow run, a chat)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from xinyi.evaluation.report.words import main_split
from xinyi.evaluation.storage import write_whole

CJK_FONTS = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN")
CJK_FONTS += ("PingFang SC", "Microsoft YaHei", "SimHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Heiti SC")
WIDEST_WITH_NUMBERS = 25


def cjk_font() -> str | None:
    """The first installed font that has Chinese, or None: labels then show their English names or ids."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in CJK_FONTS if name in installed), None)


def write_confusion_plots(report: Mapping[str, Any], folder: Path) -> list[Path]:
    """One confusion_<task>.png a task (its main split), each written beside first, then renamed."""
    font, paths = cjk_font(), []
    for task, splits in report["tasks"].items():
        split = main_split(splits)
        if split is None or not splits[split]["confusion"]["labels"]:
            continue
        spec = report["task_specs"][task]
        path = Path(folder) / f"confusion_{task}.png"
        figure = _figure(spec, splits[split]["confusion"], split, font)
        paths.append(write_whole(path, partial(figure.savefig, format="png", dpi=120), "plots cannot be written"))
    return paths


def _figure(spec: Mapping[str, Any], confusion: Mapping[str, Any], split: str, font: str | None) -> Figure:
    names = label_names(spec, font is not None)
    matrix = np.asarray(confusion["matrix"], dtype=float)
    multi = spec["kind"] == "multi"
    if multi:
        # One row a label: rightly given, missed, wrongly given.
        matrix, columns = (
            np.stack([matrix[:, 1, 1], matrix[:, 1, 0], matrix[:, 0, 1]], axis=1),
            ["right", "missed", "wrong"],
        )
    else:
        columns = names
    figure = Figure(figsize=(2.4 + 0.36 * len(columns), 2.0 + 0.36 * len(names)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.imshow(matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    style = {"fontfamily": font, "fontsize": 9} if font else {"fontsize": 9}
    axes.set_xticks(range(len(columns)), columns, rotation=0 if multi else 90, **style)
    axes.set_yticks(range(len(names)), names, **style)
    axes.set_title(f"{spec['id']} ({split})", fontsize=10)
    axes.set_xlabel("" if multi else "predicted")
    axes.set_ylabel("label" if multi else "gold")
    if len(names) <= WIDEST_WITH_NUMBERS:
        _numbers(axes, matrix)
    return figure


def _numbers(axes: Any, matrix: np.ndarray) -> None:
    """Counts in the cells, light on dark cells."""
    totals = np.maximum(matrix.sum(axis=1), 1)
    for (i, j), n in np.ndenumerate(matrix):
        if n:
            axes.text(
                j, i, f"{n:g}", ha="center", va="center", fontsize=8, color="white" if n > totals[i] / 2 else "black"
            )


def label_names(spec: Mapping[str, Any], chinese: bool) -> Sequence[str]:
    """Chinese names where they can be drawn, else English ones, else ids; ASCII only where they cannot."""
    if chinese:
        return [label["zh"] or label["id"] for label in spec["labels"]]
    names = [label["en"] or label["id"] for label in spec["labels"]]
    # Without a font even an id may be undrawable: number those.
    return [name if name.isascii() else f"label {number}" for number, name in enumerate(names)]
