"""Limits, severities, the allow-list and what becomes of the findings."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from check_world import LABELS, in_order, material

from xinyi.data.checks import CHECKS, CheckSettings, Outcome, run_checks
from xinyi.data.checks.allow import Allowance, allowance_problems, parse_allowances
from xinyi.data.checks.console import lines
from xinyi.data.checks.page import render_page
from xinyi.data.checks.run import problems, to_dict

TODAY = date(2026, 9, 1)
SUMMARY = {"name": "<b>set", "fingerprint": "0" * 64, "splits": {}, "split_made": [], "problems": []}


def _leaky(**settings: object) -> Outcome:
    data = in_order()
    data["test"] += [data["train"][0] | {"text": "我叫张伟，电话13812345678，快点<script>", "label": LABELS[0]}] * 5
    data["train"].append(data["test"][-1])
    return run_checks(material(data), CheckSettings(**settings), TODAY)


def _allowed(**fields: object) -> list[Allowance]:
    return [Allowance("leaks", date(2026, 12, 31), "known", **fields)]


def test_cheap_checks_train_nothing():
    outcome = _leaky()
    assert (
        {name for name, check in CHECKS.items() if check.slow} == set(outcome.skipped) == {"label_errors", "collisions"}
    )
    assert _leaky(run="none").ran == {}


def test_a_limit_decides_and_can_be_moved():
    assert _leaky().failed
    assert not any(f.over for f in _leaky(limit={"leaks": 0.5}).of("leaks"))


def test_severity_decides_about_failing():
    settings = {"skip": [name for name in CHECKS if name != "leaks"]}
    assert _leaky(**settings).failed
    assert not _leaky(**settings, severity={"leaks": "info"}).failed
    assert not _leaky(**settings, severity={"leaks": "warning"}, fail_on="error").failed


@pytest.mark.parametrize(
    ("fields", "accepted"),
    [
        ({}, True),
        ({"split": "test"}, True),
        ({"split": "train"}, False),
        ({"upto": 0.5}, True),
        ({"upto": 0.001}, False),
    ],
)
def test_the_allow_list_accepts_what_it_names(fields: dict[str, object], accepted: bool):
    (finding,) = _leaky(allow=_allowed(**fields)).of("leaks")
    assert finding.over
    assert finding.counts is not accepted
    assert bool(finding.allowed) is accepted


def test_an_entry_expires_by_itself():
    old = [Allowance("leaks", date(2026, 8, 31), "known")]
    outcome = _leaky(allow=old)
    assert outcome.failed
    assert list(outcome.expired) == old
    assert any(line.startswith("expired") for line in lines(outcome))
    assert not _leaky(
        allow=[Allowance("leaks", TODAY, "known")], skip=["contradictions", "duplicates", "near_leaks", "personal_data"]
    ).expired


def test_an_entry_that_accepts_nothing_is_named():
    (entry,) = _leaky(allow=[Allowance("cut_texts", date(2027, 1, 1), "once")]).unused
    assert entry.check == "cut_texts"


def test_an_allowance_needs_a_check_a_day_and_a_reason():
    found = list(allowance_problems([{"check": "leak", "until": "soon", "upto": "x", "why": 1}], list(CHECKS)))
    assert len(found) == 5
    good = {"check": "leaks", "until": "2027-01-31", "reason": "known", "upto": 1}
    assert list(allowance_problems([good], list(CHECKS))) == []
    assert parse_allowances([good]) == [Allowance("leaks", date(2027, 1, 31), "known", upto=1.0)]


def test_every_check_says_what_to_do():
    assert all(check.name == name and check.title and check.remedy for name, check in CHECKS.items())
    assert all(check.severity in ("info", "warning", "error") for check in CHECKS.values())


def test_no_text_in_json_console_or_problems():
    outcome = _leaky()
    told = json.dumps(to_dict(outcome), ensure_ascii=False) + "".join(lines(outcome)) + "".join(problems(outcome))
    assert "快点" not in told
    assert "repeat a row of train exactly" in told


def test_the_page_is_masked_and_escaped():
    page = render_page(_leaky(), SUMMARY)
    assert "13812345678" not in page
    assert "张伟" not in page
    assert "[手机号]" in page
    assert "<script>" not in page
    assert "快点&lt;script&gt;" in page
    assert "&lt;b&gt;set" in page


def test_the_page_asks_nothing_of_the_network():
    page = render_page(_leaky(), SUMMARY, "label_errors.csv")
    assert "http" not in page.replace('http-equiv="Content', "")
    assert 'href="label_errors.csv"' in page


def test_templates_ship(tmp_path: Path):
    from importlib.resources import files

    names = {entry.name for entry in (files("xinyi.data.checks") / "templates").iterdir()}
    assert names >= {"checks.html.j2", "checks.css"}


def test_many_rows_are_read_in_part(monkeypatch: pytest.MonkeyPatch):
    from xinyi.data.checks import material as module

    monkeypatch.setattr(module, "MOST_READ", 50)
    data = material(in_order())
    rows, texts = data.sample("train")
    assert len(rows) == 50
    assert texts == data.texts("train").take(rows.tolist()).to_pylist()
    assert len(data.sample("test")[0]) == 50
