"""Slices: parts of a split by what is known of a row, and the parts in which a model is worst."""

from xinyi.evaluation.slices.attributes import attributes, split_slices
from xinyi.evaluation.slices.table import slice_table
from xinyi.evaluation.slices.worst import worst_slices

__all__ = ["attributes", "slice_table", "split_slices", "worst_slices"]
