"""The served side: load a bundle, put texts in, get labels out, and prove that the bundle is what was exported.

Needs numpy, onnxruntime and tokenizers only.
"""

from __future__ import annotations

from xinyi.runtime.classifier import Classifier
from xinyi.runtime.inputs import InputError
from xinyi.runtime.loading import load
from xinyi.runtime.predict_file import Summary, predict_file
from xinyi.runtime.verify import verify

__all__ = ["Classifier", "InputError", "Summary", "load", "predict_file", "verify"]
