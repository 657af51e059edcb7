"""`xinyi study KEY=[a,b,…] seeds=N [split=validation] [parallel=1] [output=DIR] [overrides]`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from xinyi.errors import ConfigError, describe

_USAGE = """usage: xinyi study KEY=[a,b,…] seeds=N [split=validation|test] [parallel=N] [output=DIR] [overrides]

Train each value with the same seeds and show the paired differences to the first value.

  xinyi study recipe=[plain,fgm,rdrop] seeds=5 task=sentiment
  xinyi study optim.lr=[3e-4,1e-3] seeds=3 experiment=massive_zh_cn data.root=FOLDER parallel=2

A study that was stopped goes on with the same command and output=DIR."""
_COMPARED = re.compile(r"(?P<key>[\w.]+)=\[(?P<values>[^\[\]]*)\]")
_OWN = ("seeds", "split", "parallel", "output")


def main(arguments: Sequence[str]) -> int:
    """Exit code 0; 2 when a run cannot be configured or failed; 130 when it was stopped."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_USAGE)
        return 0 if arguments else 2
    from xinyi.commands.going_on import going_on
    from xinyi.config.arguments import split_arguments
    from xinyi.pipeline.study import run

    given = split_arguments(arguments)
    study = _parsed(given.overrides, given.config_dir)
    with going_on("study", arguments, study.folder):
        result = run(study)
    print(*lines(result), f"\nstudy    {study.folder / 'study.json'}", sep="\n")
    return 0


def _parsed(overrides: Sequence[str], config_dir: Path | None) -> Any:
    """A Study. Raises ConfigError with everything that is wrong with its own arguments."""
    from xinyi.pipeline.study import Study

    own = dict(item.split("=", 1) for item in overrides if item.split("=", 1)[0] in _OWN)
    rest = [item for item in overrides if item.split("=", 1)[0] not in _OWN]
    # A list of tasks, files or columns is one setting, not several.
    matches = [m for item in rest if (m := _COMPARED.fullmatch(item))]
    compared = [m for m in matches if m["key"] != "task" and not m["key"].startswith("data.")]
    problems = list(_problems(own, len(compared)))
    if problems:
        raise ConfigError(problems)
    key, values = compared[0]["key"], tuple(value.strip() for value in compared[0]["values"].split(","))
    first = next((int(item[5:]) for item in rest if re.fullmatch(r"seed=\d+", item)), 7)
    folder = Path(own.get("output") or f"runs/{datetime.now():%Y-%m-%d_%H%M%S}_study")
    others = tuple(item for item in rest if item != compared[0].group(0) and not item.startswith("seed="))
    seeds = tuple(range(first, first + int(own["seeds"])))
    split, parallel = own.get("split", "validation"), int(own.get("parallel", 1))
    return Study(key, values, seeds, folder, split, parallel, others, config_dir)


def _problems(own: Mapping[str, str], compared: int) -> Iterator[str]:
    if compared != 1:
        yield describe("one KEY=[a,b,…]", compared, "name what is to be compared, the base first", "study")
    for name, least in (("seeds", 2), ("parallel", 1)):
        value = own.get(name, "1" if name == "parallel" else "none")
        if not value.isdecimal() or int(value) < least:
            yield describe(f"a whole number of at least {least}", value, f"set {name}={least + 1}", name)
    if own.get("split", "validation") not in ("validation", "test"):
        yield describe("validation or test", repr(own["split"]), "choose one of them", "split")


def lines(result: Mapping[str, Any]) -> Iterator[str]:
    """The study on the screen."""
    from xinyi.pipeline.study import said

    base = result["values"][0]
    yield f"{result['key']}: against {base}, {len(result['seeds'])} seeds, {result['split']} rows"
    for task, found in result["tasks"].items():
        known = [value for value in found["values"][base] if value is not None]
        yield f"\n{task} · {found['metric']} · {base} " + (f"{sum(known) / len(known):.4f}" if known else "none")
        for value, d in found["differences"].items():
            yield f"  {value:24} {said(d)}{_verdict(d)}"


def _verdict(difference: Mapping[str, Any]) -> str:
    if difference["low"] is None:
        return ""
    found = "better" if difference["low"] > 0 else "worse" if difference["high"] < 0 else "no difference shown"
    return f"  p {difference['p_holm']:.3f}  {found}"
