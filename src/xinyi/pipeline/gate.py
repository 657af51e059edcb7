"""`xinyi gate`: judge a report that lies on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from xinyi import gates
from xinyi.config.paths import conf_dir
from xinyi.errors import BundleError, ConfigError, describe


def gate_report(
    report: Path, champion: Path | None = None, rules: Path | None = None, output: Path | None = None
) -> tuple[str, int]:
    """Judge, write the verdict's files, and return the screen's text and the exit code.

    Raises:
        BundleError, ConfigError: report, champion or rules cannot be used.
    """
    path = gates.report_file(report)
    found = gates.read_report(report)
    other = gates.read_report(champion) if champion else None
    run = path.parent.parent if path.parent.name == "report" else path.parent
    verdict = gates.judge(found, read_rules(rules), other, parity_record(run), gates.report_sha256(report))
    # A bundle is sealed: a verdict on its report goes beside it.
    beside = run.parent if (run / "manifest.json").is_file() else run
    gates.write(verdict, output or beside)
    return gates.render_console(verdict), verdict["exit_code"]


def read_rules(path: Path | None) -> list[gates.Rule]:
    """Rules of a YAML file: a list, or a mapping with `rules`. Raises ConfigError."""
    path = path or conf_dir() / "gate" / "default.yaml"
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError([describe("a YAML file with rules", error, "check the path", "--rules")]) from error
    rules = raw.get("rules") if isinstance(raw, Mapping) else raw
    if not isinstance(rules, list):
        raise ConfigError([describe("a list under `rules:`", type(rules).__name__, "see conf/gate", str(path))])
    return gates.parse_rules(rules)


def parity_record(run: Path) -> dict[str, Any] | None:
    """The parity record of the bundle in or above a report; None when there is no bundle."""
    from xinyi.runtime.manifest import read_manifest

    for folder in (run / "bundle", run):
        if (folder / "manifest.json").is_file():
            try:
                return read_manifest(folder).raw["parity"]
            except KeyError as error:
                raise BundleError([describe("a parity record", "none", "export again", str(folder))]) from error
    return None
