"""How dates are written: 2026-08-01, 2026/8/1 as spreadsheets do, 2026.8.1, 2026年8月1日."""

from __future__ import annotations

import re

# Year, month and day; a time of day may follow.
DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
