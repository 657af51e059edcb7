"""Data checks: what is wrong with a data set, before it is trained on. One file a check; `table.py` lists them."""

from __future__ import annotations

from xinyi.data.checks.finding import Check, Example, Finding, Measured
from xinyi.data.checks.material import Material
from xinyi.data.checks.run import CheckSettings, Outcome, run_checks
from xinyi.data.checks.table import CHECKS

__all__ = ["CHECKS", "Check", "CheckSettings", "Example", "Finding", "Material", "Measured", "Outcome", "run_checks"]
