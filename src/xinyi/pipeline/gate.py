"""`xinyi gate`: judge a report that lies on disk."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from xinyi import gates
from xinyi.config.paths import conf_dir
from xinyi.errors import ConfigError, describe
from xinyi.pipeline.judging import find_champion, judged

log = logging.getLogger(__name__)


def gate_report(
    report: Path,
    champion: str | None = None,
    rules: Path | None = None,
    output: Path | None = None,
    bundle: Path | None = None,
    uri: str | None = None,
) -> tuple[str, int]:
    """Judge, write the verdict's files and pages, and return the screen's text and the exit code.

    Args:
        champion: report.json, run folder, bundle or `models:/name@alias`; uri: the tracking store of such a name.
        bundle: what the report is about; default: the bundle in or around the report's folder.
        output: gets the verdict's files, and the report's pages with the verdict on them. None: the run folder, whose
            pages are renewed; for a bundle, which is sealed, the files go beside it.

    Raises:
        BundleError, ConfigError, TrackingError: report, champion or rules cannot be used.
    """
    path = gates.report_file(report)
    run = path.parent.parent if path.parent.name == "report" else path.parent
    wanted = read_rules(rules)
    verdict = judged(path, wanted, find_champion(champion, uri), bundle or find_bundle(run))
    # A bundle is sealed: a verdict on its report goes beside it.
    sealed = (run / "manifest.json").is_file()
    gates.write(verdict, output or (run.parent if sealed else run))
    if output or (not sealed and path.with_name("report.html").is_file()):
        _write_pages(path, verdict, output or path.parent)
    return gates.render_console(verdict), verdict["exit_code"]


def _write_pages(report: Path, verdict: Mapping[str, Any], folder: Path) -> None:
    """The report's pages, opening with the verdict."""
    from xinyi.evaluation.report import write_pages  # loads what only pages need

    try:
        write_pages(gates.read_report(report), folder, verdict)
    except Exception as error:  # a report that no page can show must still get its verdict
        log.warning("no page shows the verdict on %s: %s", report, type(error).__name__)


def find_bundle(run: Path) -> Path | None:
    """The bundle in or around a report's folder; None when there is none."""
    return next((folder for folder in (run / "bundle", run) if (folder / "manifest.json").is_file()), None)


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
