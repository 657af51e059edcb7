"""Data room: files in; checked, prepared and split tables, token ids and batches out."""

from xinyi.data.load import Dataset, load
from xinyi.data.settings import DataSettings, SourceSettings

__all__ = ["DataSettings", "Dataset", "SourceSettings", "load"]
