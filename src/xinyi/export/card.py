"""MODEL_CARD.md, filled from the run's own records (Mitchell et al. 2019, Model Cards for Model Reporting)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xinyi.export.card_results import behaviour_lines, cell, limit_lines, metric_lines, slice_lines
from xinyi.export.manifest import versions
from xinyi.export.settings import Recipe
from xinyi.text import MASKER_VERSION, NORMALIZER_VERSION

UNKNOWN = "not recorded"


def write_card(
    folder: Path, recipe: Recipe, parity: Mapping[str, Any], report: Mapping[str, Any], facts: Mapping[str, Any]
) -> None:
    """Write the card. What was not recorded is said to be so, never left out."""
    run = {**report.get("run", {}), **facts.get("run", {})}
    data = {**report.get("data", {}), **facts.get("data", {})}
    parts = (
        [f"# {recipe.settings.name} {recipe.settings.version}", ""],
        _use(recipe, run),
        _data(data),
        metric_lines(report),
        slice_lines(report),
        behaviour_lines(report),
        limit_lines(recipe, run, report),
        _personal_data(recipe, data),
        _cost(folder, run),
        _citation(recipe, run, data),
        _technical(recipe, run, parity),
    )
    text = "\n".join(line for part in parts for line in part)
    (folder / "MODEL_CARD.md").write_text(text + "\n", encoding="utf-8")


def _use(recipe: Recipe, run: Mapping[str, Any]) -> Iterator[str]:
    if run.get("embedded_random"):
        yield "> **The encoder of this model started from random weights.** Use it to try the pipeline, not to decide."
        yield ""
    yield "## Intended use"
    yield ""
    yield "Classifies single Chinese customer messages, with the turns before them where given:"
    yield ""
    yield "| task | kind | labels |"
    yield "|---|---|---|"
    for task in recipe.tasks:
        labels = "、".join(f"{label.id} ({label.zh})" if label.zh else label.id for label in task.labels)
        none = f"; none = {task.empty.zh or task.empty.id}" if task.empty else ""
        yield f"| {cell(task.id)}{f' ({task.zh})' if task.zh else ''} | {task.kind} | {cell(labels + none)} |"
    yield ""
    yield "For routing, reporting and finding messages that need a person. Not for decisions about single people"
    yield "(credit, employment, penalties) and not for judging a customer's character or health."
    yield ""


def _data(data: Mapping[str, Any]) -> Iterator[str]:
    yield "## Data"
    yield ""
    card = data.get("card") or {}
    yield f"- name: {data.get('name') or UNKNOWN}"
    yield f"- licence, as its origin states it: {card.get('licence') or UNKNOWN}"
    for key in ("source", "task", "trouble"):
        for text in card[key] if isinstance(card.get(key), list) else filter(None, [card.get(key)]):
            yield f"- {key}: {' '.join(str(text).split())}"
    yield f"- fingerprint (SHA-256): `{data.get('fingerprint') or UNKNOWN}`"
    for split, content in (data.get("splits") or {}).items():
        yield f"- {split}: {content.get('rows', UNKNOWN)} rows"
    for source in data.get("sources") or []:
        yield f"- source {Path(str(source.get('file'))).name}: {source.get('rows')} rows, `{source.get('sha256')}`"
    for problem in data.get("problems") or []:
        yield f"- noted: {problem}"
    yield ""


def _personal_data(recipe: Recipe, data: Mapping[str, Any]) -> Iterator[str]:
    yield "## Personal data"
    yield ""
    if recipe.masking:
        yield "Phone numbers, identity cards, addresses and the like are replaced by placeholders such as [手机号]"
        yield f"before training and before each prediction (masker {MASKER_VERSION}, by rules: it can miss some)."
    else:
        yield "**Personal data was not masked in training and is not masked in prediction.**"
    yield "The golden rows are invented or masked. No customer text is stored at prediction."
    if found := data.get("personal_data"):
        yield ""
        yield f"Replaced in the data: {', '.join(f'{kind} {count}' for kind, count in found.items())}."
    yield ""


def _cost(folder: Path, run: Mapping[str, Any]) -> Iterator[str]:
    yield "## Carbon and cost"
    yield ""
    seconds, device = run.get("train_seconds"), run.get("device") or UNKNOWN
    hours = f"{seconds / 3600:.3f} hours" if isinstance(seconds, int | float) else UNKNOWN
    yield f"- training: {hours} on {device}; {run.get('parameters') or UNKNOWN} parameters"
    yield "- energy: not metered. Hours x watts of the machine / 1000 = kWh; kWh x the grid's grams a kWh = CO2e."
    sizes = {path.name: path.stat().st_size for path in sorted(folder.glob("model.*"))}
    yield f"- size: {', '.join(f'{name} {size / 1e6:.1f} MB' for name, size in sizes.items())}"
    yield ""


def _citation(recipe: Recipe, run: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[str]:
    yield "## How to cite"
    yield ""
    yield "```bibtex"
    name, version = recipe.settings.name, recipe.settings.version
    yield f"@software{{{name}_{version.replace('.', '_')},"
    tasks = ", ".join(task.id for task in recipe.tasks)
    yield f"  title   = {{{name} {version}: {tasks} of Chinese customer messages}},"
    yield f"  version = {{{version}}},"
    yield f"  year    = {{{str(run.get('created') or UNKNOWN)[:4]}}},"
    yield f"  note    = {{Xinyi {versions()['xinyi']}; commit {run.get('git_commit') or UNKNOWN};"
    yield f"             data {str(data.get('fingerprint') or UNKNOWN)[:16]}}}"
    yield "}"
    yield "```"
    yield ""


def _technical(recipe: Recipe, run: Mapping[str, Any], parity: Mapping[str, Any]) -> Iterator[str]:
    yield "## Making and versions"
    yield ""
    for key in ("name", "created", "backbone", "parameters", "seed", "device", "precision", "train_seconds"):
        yield f"- {key.replace('_', ' ')}: {UNKNOWN if run.get(key) is None else run[key]}"
    yield f"- git commit: {run.get('git_commit') or UNKNOWN}"
    yield f"- normaliser {NORMALIZER_VERSION}, masker {MASKER_VERSION}"
    yield f"- {', '.join(f'{name} {version}' for name, version in versions().items())}"
    for name, record in parity["formats"].items():
        gap, rows = record["max_difference"], record["rows"]
        yield f"- {name}: differs from the trained model by at most {gap:.2g} in {rows} rows"
    if int8 := parity.get("int8"):
        yield f"- int8: {_int8(int8)}"
    yield ""
    yield "Prove it with `xinyi verify` on this folder."


def _int8(record: Mapping[str, Any]) -> str:
    if not record["kept"]:
        return f"left out: {record['why']}"
    parts = (
        f"{task} {found['metric']} {found['loss']:+.4f} ({found['low']:+.4f} to {found['high']:+.4f}, n={found['n']})"
        for task, found in record["tasks"].items()
    )
    return f"{record['settings']}; loses on the validation set: {', '.join(parts)}"
