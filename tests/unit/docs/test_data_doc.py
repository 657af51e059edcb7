"""docs/data.md lists the data checks as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from xinyi.config import compose
from xinyi.data.checks import CHECKS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "data.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_stands_in_the_table_with_its_severity_and_limit(name: str) -> None:
    check = CHECKS[name]
    limit = f"{'at least ' if check.least else ''}{check.limit:g}"
    assert f"| `{name}` {check.title} | {check.severity} | {limit} | " in PAGE


def test_the_table_lists_no_other_check() -> None:
    rows = [
        line
        for line in PAGE.splitlines()
        if line.count("|") == 5 and line.split("|")[2].strip() in ("info", "warning", "error")
    ]
    assert len(rows) == len(CHECKS)


def test_the_allow_list_works_where_the_page_puts_it(tmp_path: Path) -> None:
    place = r"`mine/(checks/\S+)`.*?`--config-dir mine (\S+)`:\n\n```yaml\n(.*?)```"
    name, chosen, content = re.search(place, PAGE, re.S).groups()
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(content, encoding="utf-8")
    config = compose.load([chosen], tmp_path)
    assert [entry["check"] for entry in config.checks.allow] == ["rare_labels", "leaks"]
    assert config.checks.run == compose.load([]).checks.run
