"""Xinyi 心意: Chinese customer messages to sentiment, emotion and intent, with evidence."""

__version__ = "0.1.0"
