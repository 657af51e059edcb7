"""Data room: files in; checked, prepared and split tables, token ids and batches out."""

from xinyi.data.load import Dataset, load
from xinyi.data.settings import DataSettings, SourceSettings
from xinyi.data.single import load_split

__all__ = ["DataSettings", "Dataset", "SourceSettings", "load", "load_split"]
