"""The generated part of a document: what stands between its two markers."""

from __future__ import annotations

from pathlib import Path

BEGIN, END = "<!-- generated: begin -->", "<!-- generated: end -->"


def read(path: Path) -> str:
    """The generated part of a document. Raises ValueError where it has no markers."""
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    inside, found, _ = rest.partition(END)
    if not found:
        raise ValueError(f"{path}: expected {BEGIN} and {END}, got {len(before)} characters without them")
    return inside.strip("\n")


def rewrite(part: str, path: Path | None) -> None:
    """Print `part`, or put it between the markers of a document."""
    if path is None:
        print(part)
        return
    text = path.read_text(encoding="utf-8")
    former = f"{BEGIN}{text.partition(BEGIN)[2].partition(END)[0]}{END}"
    read(path)
    path.write_text(text.replace(former, f"{BEGIN}\n\n{part}\n\n{END}"), encoding="utf-8")
