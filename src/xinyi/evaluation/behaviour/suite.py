"""A suite of behaviour tests: one YAML file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from xinyi.errors import ConfigError, describe
from xinyi.evaluation.behaviour.checks import TYPES, problems

SHIPPED = Path(__file__).parent / "suites"
ALL = "default"


@dataclass(frozen=True)
class Test:
    """One test.

    type: `minimum_functionality`, `invariance` or `directional`. zh, en: what it says, for people.
    texts: what is asked; pairs: [text, changed text], where no perturbation makes the change.
    perturb: names in `text.perturb.PERTURBATIONS`, tried on every text. rows: also on rows of the evaluated data.
    expect: task id, or `polarity` for every task that tells good from bad → what must come out: a label or several
    (minimum_functionality; for polarity negative, neutral, positive), or a direction: up, down, not_up, not_down
    (directional; for a task {label: direction}).
    tasks: the tasks an invariance test is for; none means all.
    """

    __test__ = False  # pytest takes it for one of its own

    name: str
    type: str
    zh: str = ""
    en: str = ""
    texts: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    perturb: tuple[str, ...] = ()
    rows: bool = False
    expect: Mapping[str, Any] = field(default_factory=dict)
    tasks: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, name: str, raw: Mapping[str, Any]) -> Test:
        """A test from its YAML, which `checks.problems` found to be sound, or from `to_dict`."""
        fields = {**raw, "name": name}
        fields["texts"] = tuple(fields.get("texts") or ())
        fields["pairs"] = tuple((first, second) for first, second in fields.get("pairs") or ())
        given = fields.get("perturb") or ()
        fields["perturb"] = (given,) if isinstance(given, str) else tuple(given)
        fields["tasks"] = tuple(fields.get("tasks") or ())
        fields["expect"] = dict(fields.get("expect") or {})
        return cls(**fields)


@dataclass(frozen=True)
class Suite:
    """Tests that belong together."""

    name: str
    tests: tuple[Test, ...]
    zh: str = ""
    en: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain primitives, as they stand beside the answers."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Suite:
        """The inverse of `to_dict`."""
        tests = tuple(Test.from_dict(test["name"], test) for test in raw["tests"])
        return cls(raw["name"], tests, raw["zh"], raw["en"])


def load_suites(names: Sequence[str]) -> list[Suite]:
    """Suites by name (`default`: all that ship) or by path, each once.

    Raises ConfigError with every problem of every file.
    """
    paths = [path for name in names for path in _paths(name)]
    found: list[str] = []
    suites = [_read(path, found) for path in dict.fromkeys(paths)]
    known = [suite.name for suite in suites if suite]
    found += [
        describe("each suite's name once", f"{name!r} twice", "rename one", "evaluation.suites")
        for name in sorted({name for name in known if known.count(name) > 1})
    ]
    if found:
        raise ConfigError(found, title="behaviour suites cannot be used")
    return [suite for suite in suites if suite]


def shipped() -> list[str]:
    """Names of the suites that ship."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def _paths(name: str) -> Iterator[Path]:
    if name == ALL:
        yield from (SHIPPED / f"{stem}.yaml" for stem in shipped())
    else:
        yield SHIPPED / f"{name}.yaml" if name in shipped() else Path(name)


def _read(path: Path, found: list[str]) -> Suite | None:
    """A suite, or None with what is wrong in `found`."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        remedy = f"name a YAML file or one of {ALL}, {', '.join(shipped())}"
        found.append(describe("a behaviour suite", " ".join(str(error).split())[:200], remedy, str(path)))
        return None
    if wrong := list(problems(raw, path.name)):
        found += wrong
        return None
    tests = tuple(Test.from_dict(name, test) for name, test in raw["tests"].items())
    return Suite(str(raw["suite"]), tests, str(raw.get("zh", "")), str(raw.get("en", "")))


__all__ = ["ALL", "TYPES", "Suite", "Test", "load_suites", "shipped"]
