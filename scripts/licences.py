"""List name, version and licence of every distribution in requirements.lock as Markdown, read off installed metadata.

python scripts/licences.py                            print
python scripts/licences.py --into docs/licences.md    rewrite the part between the document's markers

Exit code 1 when a licence is unknown or not to be shipped, and NOTES does not say why it is used all the same.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from email.message import Message
from importlib import metadata
from pathlib import Path

from marked_part import rewrite

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"
UNKNOWN = "unknown"
# Names of classifiers and of free text, as SPDX has them. "BSD" alone does not say which of them.
_SPDX = {
    "apache": "Apache-2.0", "apache 2.0": "Apache-2.0", "apache software license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0", "apache 2.0 license": "Apache-2.0", "mit license": "MIT", "mit": "MIT",
    "bsd license": "BSD", "3-clause bsd license": "BSD-3-Clause", "isc license (iscl)": "ISC",
    "python software foundation license": "PSF-2.0", "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
}  # fmt: skip
_VAGUE = ("OSI Approved", "DFSG approved")
# Not to be shipped with, or linked into, what users distribute under terms of their own.
_REFUSED = re.compile(r"\b(AGPL|GPL|SSPL|BUSL|CC-BY-NC|Affero|GNU General|Proprietary|unknown)", re.IGNORECASE)
# What the metadata does not say, looked up in the distribution's own licence file; or why a licence is acceptable.
NOTES = {
    "cleanlab": ("Apache-2.0", "from its LICENSE file; before 2.8 it was AGPL-3.0"),
    "huey": ("MIT", "from its LICENSE file"),
    "skops": ("MIT", "from its LICENSE file"),
}


def locked(path: Path = LOCK) -> dict[str, str]:
    """Name → version of what is pinned."""
    lines = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return dict(line.split("==") for line in lines if line)


def licence(found: Message) -> str:
    """The licence that a distribution states: License-Expression, else classifiers, else a License of one line."""
    if expression := found.get("License-Expression"):  # importlib_metadata's message raises where email's gives None
        return expression
    ends = [text.rpartition(" :: ")[2] for text in found.get_all("Classifier") or () if text.startswith("License")]
    named = [spdx(text) for text in ends if text not in _VAGUE]
    if named:
        return " OR ".join(sorted(set(named)))
    text = found.get("License", "").strip()
    return spdx(text) if text and "\n" not in text and text.upper() != "UNKNOWN" else UNKNOWN


def spdx(text: str) -> str:
    """A licence's name as SPDX writes it, where this file knows that."""
    return _SPDX.get(text.lower(), text)


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Name, version, licence and note of what requirements.lock pins. Raises PackageNotFoundError: not installed."""
    for name, version in sorted(locked().items(), key=lambda item: item[0].lower()):
        stated = licence(metadata.metadata(name))
        own, note = NOTES.get(name, (stated, ""))
        yield name, version, own, note


def refused(licences: Iterator[tuple[str, str, str, str]]) -> list[str]:
    """Names whose licence is unknown or not to be shipped, without a note."""
    return [f"{name}: {own}" for name, _, own, note in licences if _REFUSED.search(own) and not note]


def document() -> str:
    """The table."""
    head = "| package | version | licence | note |\n|---|---|---|---|\n"
    return head + "\n".join(f"| {name} | {version} | {own} | {note} |" for name, version, own, note in rows())


def main() -> int:
    """Print, or rewrite a document; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--into", type=Path, help="document to rewrite between its markers")
    rewrite(document(), parser.parse_args().into)
    if found := refused(rows()):
        print("expected licences that can be shipped, got " + "; ".join(found), file=sys.stderr)
        print(
            "look at the package's own licence file, then add a line to NOTES or use another package", file=sys.stderr
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
