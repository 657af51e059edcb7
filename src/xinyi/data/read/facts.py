"""What is learnt about a file while it is read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Facts:
    """encoding: of a text file, as it is called in reports, known once reading began; None for binary formats.

    sha256: over the rows, of a table that is no single file, known once all were read.
    """

    encoding: str | None = None
    sha256: str | None = None
