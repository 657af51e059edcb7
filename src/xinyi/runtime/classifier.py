"""Texts in, labels out: the same cleaning, masking, tokens and decoding as in training."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinyi.encoding import Encoded, TextEncoder
from xinyi.errors import BundleError, describe
from xinyi.runtime.batches import batches, chunks, feed
from xinyi.runtime.engines import Session
from xinyi.runtime.inputs import check_texts
from xinyi.tasks.decode import Decoding, answers
from xinyi.tasks.spec import TaskSpec
from xinyi.text import prepare

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OUTPUT = "logits."


@dataclass(frozen=True)
class Classifier:
    """A loaded bundle. Holds no state between calls, so any number of threads may share it.

    Args:
        session: the graph; its outputs are named `logits.<task>`.
        encoder: prepared text → token ids.
        tasks: in the order of labels.json.
        decodings: task id → temperature, thresholds.
        masking: whether personal data is replaced before encoding, as it was in training.
        name, version: the bundle's.
        format: which of the bundle's formats answers.
        seal: the SHA-256 of the manifest, which stands for all of the bundle.
    """

    session: Session
    encoder: TextEncoder
    tasks: tuple[TaskSpec, ...]
    decodings: Mapping[str, Decoding]
    masking: bool = True
    name: str = ""
    version: str = ""
    format: str = "onnx"
    seal: str = ""

    def predict(self, texts: Sequence[str], contexts: Sequence[str | None] | None = None) -> list[dict[str, Any]]:
        """One answer a text, in order: {task: {label, name, probability, all, abstained}}.

        texts: raw messages of any length; they are cleaned and masked here. contexts: the turns before each
        text, or None. For a multi task `label`, `name` and `probability` are lists.

        Raises:
            InputError: something that is not a string; names the position, never the text.
            BundleError: the graph does not take what the tokenizer makes.
        """
        logits = self.logits(texts, contexts)
        columns = {task.id: answers(logits[task.id], task, self.decodings[task.id]) for task in self.tasks}
        count = len(next(iter(columns.values())))
        return [{task: column[i] for task, column in columns.items()} for i in range(count)]

    def logits(
        self, texts: Sequence[str], contexts: Sequence[str | None] | None = None
    ) -> dict[str, NDArray[np.float32]]:
        """Task id → logits (N, C), before temperature; rows in the order of the texts. Raises as `predict`."""
        rows, turns = check_texts(texts, contexts)
        out = {task.id: np.empty((len(rows), len(task.labels)), dtype=np.float32) for task in self.tasks}
        for part in chunks(rows, turns):
            encoded = self.encode(rows[part], turns[part])
            for batch in batches(encoded.lengths):
                for task, logits_BC in self._run(encoded, batch).items():
                    out[task][part.start + batch] = logits_BC
        return out

    def encode(self, texts: Sequence[str], contexts: Sequence[str]) -> Encoded:
        """Raw texts and contexts to token ids."""
        clean = functools.partial(prepare, masking=self.masking, simplify=self.encoder.settings.simplify)
        return self.encoder.encode(list(map(clean, texts)), list(map(clean, contexts)))

    def _run(self, encoded: Encoded, batch: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
        inputs = feed(encoded, batch, self.encoder.pad_id)
        wanted = {node.name: inputs[node.name] for node in self.session.get_inputs()}
        names = [task.id for task in self.tasks]
        try:
            arrays = self.session.run([OUTPUT + name for name in names], wanted)
        except Exception as error:  # onnxruntime's own errors share no base class
            expected = "a graph that takes the tokenizer's ids"
            problem = describe(expected, type(error).__name__, "export the bundle again", self.name or "bundle")
            raise BundleError([problem], "the graph failed") from error
        return dict(zip(names, arrays, strict=True))
