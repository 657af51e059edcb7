"""scripts/licences.py and scripts/audit.py: what is pinned, under which licence, with which known vulnerabilities."""

from __future__ import annotations

import importlib
import json
import sys
import zipfile
from email.message import Message
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "scripts"))  # as when a script is run

audit, licences, marked_part = (importlib.import_module(name) for name in ("audit", "licences", "marked_part"))


def stated(**fields: str) -> Message:
    """Metadata with these fields."""
    message = Message()
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    return message


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"License_Expression": "MIT OR GPL-2.0-only", "License": "x"}, "MIT OR GPL-2.0-only"),
        ({"Classifier": "License :: OSI Approved :: MIT License", "License": "UNKNOWN"}, "MIT"),
        ({"Classifier": "License :: OSI Approved"}, "unknown"),
        ({"License": "Apache 2.0 License"}, "Apache-2.0"),
        ({"License": "Copyright 2020\nAll rights reserved"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_licence_is_read_off_metadata(fields, expected):
    assert licences.licence(stated(**fields)) == expected


def test_a_field_that_is_not_stated_is_unknown_to_a_message_that_raises():
    """As importlib_metadata's does, which answers in place of the standard library's once it was imported."""

    class Raising(Message):
        def __getitem__(self, name):
            if name not in self:
                raise KeyError(name)
            return super().__getitem__(name)

    assert licences.licence(Raising()) == "unknown"


def test_every_pinned_package_is_listed_with_the_pinned_version():
    lines = marked_part.read(ROOT / "docs" / "licences.md").splitlines()[2:]
    listed = {name: version for name, version in ([cell.strip() for cell in line.split("|")[1:3]] for line in lines)}
    assert listed == licences.locked()


def test_no_pinned_licence_is_unknown_or_not_to_be_shipped():
    lines = marked_part.read(ROOT / "docs" / "licences.md").splitlines()[2:]
    rows = [tuple(cell.strip() for cell in line.split("|")[1:5]) for line in lines]
    assert licences.refused(iter(rows)) == []
    assert {name for name, _, _, note in rows if note} == set(licences.NOTES)


@pytest.mark.parametrize("own", ["AGPL-3.0", "GNU General Public License v3 (GPLv3)", "GPL-3.0-only", "unknown"])
def test_a_licence_not_to_be_shipped_needs_a_note(own):
    assert licences.refused(iter([("a", "1", own, "")])) == [f"a: {own}"]
    assert licences.refused(iter([("a", "1", own, "a build tool, not shipped")])) == []
    assert licences.refused(iter([("b", "1", "MIT", "")])) == []


def test_the_page_says_what_the_installed_packages_state():
    missing = []
    for name, version in licences.locked().items():
        try:
            if metadata.version(name).partition("+")[0] != version:  # torch 2.13.0+cpu
                missing.append(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        pytest.skip(f"other packages are installed than requirements.lock pins: {missing}")
    assert marked_part.read(ROOT / "docs" / "licences.md") == licences.document()


def archive(folder: Path, *affected: dict, **more: object) -> Path:
    """A database with one advisory."""
    path = folder / "all.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("X-1.json", json.dumps({"id": "X-1", "aliases": ["CVE-1"], "affected": affected, **more}))
    return path


def entry(name: str, versions: tuple[str, ...] = (), *events: dict, ecosystem: str = "PyPI") -> dict:
    """What an advisory says of a package."""
    ranges = [{"type": "ECOSYSTEM", "events": list(events)}] if events else []
    return {"package": {"name": name, "ecosystem": ecosystem}, "versions": list(versions), "ranges": ranges}


@pytest.mark.parametrize(
    ("affected", "hit"),
    [
        (entry("foo-bar", ("1.5",)), True),
        (entry("foo-bar", ("1.4",)), False),
        (entry("foo-bar", (), {"introduced": "0"}), True),
        (entry("foo-bar", (), {"introduced": "0"}, {"fixed": "1.5"}), False),
        (entry("foo-bar", (), {"introduced": "0"}, {"fixed": "1.10"}), True),
        (entry("foo-bar", (), {"introduced": "1.6"}), False),
        (entry("foo-bar", (), {"introduced": "0"}, {"last_affected": "1.5"}), True),
        (entry("foo-bar", (), {"introduced": "0"}, {"last_affected": "1.4"}), False),
        (entry("foo-bar", (), {"introduced": "0"}, {"fixed": "1.0"}, {"introduced": "1.4"}, {"fixed": "2"}), True),
        (entry("other", (), {"introduced": "0"}), False),
        (entry("foo-bar", ("1.5",), ecosystem="npm"), False),
    ],
)
def test_an_advisory_is_about_the_versions_it_names(tmp_path, affected, hit):
    found = audit.offline(archive(tmp_path, affected, summary="reads too far"), {"Foo_Bar": "1.5"})
    assert found == (["Foo_Bar 1.5: X-1, CVE-1: reads too far"] if hit else [])


def test_an_advisory_that_was_taken_back_counts_no_more(tmp_path):
    path = archive(tmp_path, entry("foo", ("1",)), withdrawn="2025-01-01T00:00:00Z")
    assert audit.offline(path, {"foo": "1"}) == []


def test_exit_codes(tmp_path, monkeypatch, capsys):
    def code(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["audit.py", *arguments])
        return audit.main()

    monkeypatch.setattr(audit, "locked", lambda: {"foo": "1"})
    assert code("--database", str(archive(tmp_path, entry("foo", ("2",))))) == 0
    assert code("--database", str(archive(tmp_path, entry("foo", ("1",))))) == 1
    assert code("--database", str(tmp_path / "none.zip")) == 3
    monkeypatch.setattr(audit.importlib.util, "find_spec", lambda name: None)
    assert code() == 3
    assert "pip install 'xinyi[audit]'" in capsys.readouterr().err


def test_what_pip_audit_could_not_look_up_is_not_clean(monkeypatch):
    answer = {"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "not found"}]}
    done = audit.subprocess.CompletedProcess([], 0, json.dumps(answer), "")
    monkeypatch.setattr(audit.subprocess, "run", lambda *_, **__: done)
    assert audit.online() == ([], ["b: not found"])
    done.stdout, done.stderr = "", "Traceback\nConnectionError: no network"
    assert audit.online() == ([], ["pip-audit: ConnectionError: no network"])
