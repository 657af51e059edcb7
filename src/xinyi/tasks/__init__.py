"""Tasks: what is asked of a text. Specifications and decoding (numpy only), losses (torch)."""

from xinyi.tasks.spec import Derivation, Label, TaskSpec

__all__ = ["Derivation", "Label", "TaskSpec"]
