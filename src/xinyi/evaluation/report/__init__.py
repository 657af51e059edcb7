"""The report: built from stored predictions, written as JSON, Markdown and one HTML page."""

from xinyi.evaluation.report.assemble import build
from xinyi.evaluation.report.files import write, write_pages
from xinyi.evaluation.schema import validate

__all__ = ["build", "validate", "write", "write_pages"]
