"""Look for known vulnerabilities in what requirements.lock pins.

python scripts/audit.py                        ask PyPI's advisories by pip-audit (needs the internet; extra `audit`)
python scripts/audit.py --database all.zip     no network: a copy of OSV's PyPI advisories, carried over from
                                               https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip

Exit codes: 0 none known, 1 found, 3 not checked, or not all of it. Not being able to look is never a pass.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from licences import LOCK, locked
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

FOUND, UNCHECKED = 1, 3


def advisories(database: Path) -> Iterator[dict[str, Any]]:
    """The advisories in OSV's archive, those taken back left out. Raises OSError, BadZipFile, ValueError."""
    with zipfile.ZipFile(database) as archive:
        for name in archive.namelist():
            if name.endswith(".json"):
                advisory = json.loads(archive.read(name))
                if "withdrawn" not in advisory:
                    yield advisory


def affects(affected: Mapping[str, Any], version: str) -> bool:
    """Whether an entry of an advisory is about this version: by its list of versions, or by its ranges."""
    if version in affected.get("versions", ()):
        return True
    ranges = [part for part in affected.get("ranges", ()) if part.get("type") == "ECOSYSTEM"]
    return any(_inside(part["events"], Version(version)) for part in ranges)


def _inside(events: list[Mapping[str, str]], version: Version) -> bool:
    """OSV's own rule: the last event at or before a version says whether it is affected."""
    inside = False
    marks = [(Version(text), kind) for event in events for kind, text in event.items() if _is_version(text)]
    for mark, kind in sorted(marks):
        if kind == "introduced" and mark <= version:
            inside = True
        elif (kind == "fixed" and mark <= version) or (kind == "last_affected" and mark < version):
            inside = False
    return inside


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def offline(database: Path, pinned: Mapping[str, str]) -> list[str]:
    """One line for each advisory about a pinned version. Raises as `advisories`."""
    versions = {canonicalize_name(name): (name, version) for name, version in pinned.items()}
    found = []
    for advisory in advisories(database):
        for part in advisory.get("affected", ()):
            package = part.get("package", {})
            name, version = versions.get(canonicalize_name(package.get("name", "")), ("", ""))
            if name and package.get("ecosystem") == "PyPI" and affects(part, version):
                known = ", ".join([advisory["id"], *advisory.get("aliases", ())])
                found.append(f"{name} {version}: {known}: {advisory.get('summary', '')}".rstrip(": "))
    return sorted(set(found))


def online() -> tuple[list[str], list[str]]:
    """What pip-audit finds, and what it could not look up."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--no-deps", "--disable-pip"]
    done = subprocess.run([*command, "--format", "json", "--progress-spinner", "off"], capture_output=True, text=True)
    try:
        listed = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return [], [f"pip-audit: {(done.stderr.strip().splitlines() or ['no answer'])[-1]}"]
    found = [f"{one['name']} {one['version']}: {bad['id']}" for one in listed for bad in one.get("vulns", ())]
    return found, [f"{one['name']}: {one['skip_reason']}" for one in listed if "skip_reason" in one]


def main() -> int:
    """Print what is known; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", type=Path, help="OSV's PyPI/all.zip; nothing is then asked of the network")
    database, pinned = parser.parse_args().database, locked()
    if database is not None:
        try:
            found, missed = offline(database, pinned), []
        except (OSError, zipfile.BadZipFile, ValueError) as error:
            found, missed = [], [f"{database}: {error}"]
    elif importlib.util.find_spec("pip_audit") is None:
        found, missed = [], ["expected pip-audit; pip install 'xinyi[audit]', or name a database with --database"]
    else:
        found, missed = online()
    for line in found:
        print(f"vulnerable   {line}")
    for line in missed:
        print(f"not checked  {line}", file=sys.stderr)
    print(f"{len(pinned)} packages, {len(found)} known vulnerabilities, {len(missed)} not checked")
    return FOUND if found else UNCHECKED if missed else 0


if __name__ == "__main__":
    sys.exit(main())
