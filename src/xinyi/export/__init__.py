"""Write a bundle that proves itself: weights, graph, tokenizer, labels, golden rows, card and manifest."""

from __future__ import annotations

from xinyi.export.bundle import export_bundle
from xinyi.export.settings import ExportError, ExportSettings
from xinyi.export.weights import load_model

__all__ = ["ExportError", "ExportSettings", "export_bundle", "load_model"]
