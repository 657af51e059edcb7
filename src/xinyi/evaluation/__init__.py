"""Evaluation: stored predictions in, numbers with intervals and a report out. Never imports torch or lightning.

This file imports nothing heavy, so that `xinyi.gates` can read the metric table with numpy alone.
"""
