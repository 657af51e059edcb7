"""Checks of `xinyi pretrain` that look at several settings together."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping
from typing import Any

from xinyi.config.cross import backbone_problems, folder_problems, name_problems
from xinyi.errors import describe


def pretrain_problems(config: Mapping[str, Any]) -> list[str]:
    """Every problem between settings, and files and folders that cannot be used."""
    checks = (_corpus_problems, _budget_problems, _start_problems, backbone_problems, name_problems, folder_problems)
    return [text for check in checks for text in check(config)]


def _corpus_problems(config: Mapping[str, Any]) -> Iterator[str]:
    data = config["data"]
    if not data["files"]:
        yield describe("text files", "none", "set data.files=[PATH,…]; globs are allowed", "data.files")
    for pattern in data["files"]:
        if not glob.glob(pattern, recursive=True):
            yield describe("a text file", "none", "check the path or glob", f"data.files: {pattern}")
    for source, weight in data["weights"].items():
        if weight < 0:
            yield describe("a weight of at least 0", weight, "raise it", f"data.weights.{source}")
    if data["shortest"] > data["longest"]:
        expected = f"at most data.longest ({data['longest']})"
        yield describe(expected, data["shortest"], "lower one or raise the other", "data.shortest")


def _budget_problems(config: Mapping[str, Any]) -> Iterator[str]:
    pretraining = config["pretraining"]
    if not pretraining["tokens"] and not pretraining["minutes"]:
        remedy = "set pretraining.tokens=170_000_000 or pretraining.minutes=10"
        yield describe("a budget", "none", remedy, "pretraining")
    if pretraining["micro_tokens"] < config["data"]["longest"]:
        expected = f"at least data.longest ({config['data']['longest']})"
        yield describe(expected, pretraining["micro_tokens"], "raise it", "pretraining.micro_tokens")


def _start_problems(config: Mapping[str, Any]) -> Iterator[str]:
    pretraining = config["pretraining"]
    if pretraining["vocabulary"] == "corpus" and not pretraining["scratch"]:
        remedy = "set pretraining.scratch=true: weights belong to the vocabulary that they were trained with"
        yield describe("the backbone's vocabulary", "corpus", remedy, "pretraining.vocabulary")
    if pretraining["grow"] and pretraining["scratch"]:
        yield describe("one beginning", "grow and scratch", "switch one of them off", "pretraining.grow")
    if pretraining["grow"] and not config["backbone"]["config"]:
        remedy = "set backbone.config.num_hidden_layers=6, hidden_size or intermediate_size"
        yield describe("sizes to grow to", "none", remedy, "backbone.config")
    if config["backbone"]["config"] and not (pretraining["scratch"] or pretraining["grow"]):
        remedy = "set pretraining.scratch=true or pretraining.grow=true, or leave the sizes as they are"
        yield describe("no other sizes for trained weights", config["backbone"]["config"], remedy, "backbone.config")
