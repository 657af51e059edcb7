"""The schema of every configuration group: one dataclass a file, one line a field, each with its help text."""

from xinyi.config.schema.root import GROUPS, TrainConfig

__all__ = ["GROUPS", "TrainConfig"]
