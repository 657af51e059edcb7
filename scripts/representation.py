"""What a backbone's vectors say without any label: nearest neighbours of messages, and how evenly vectors point.

    python scripts/representation.py --into docs/representation.md    the embedded encoder, the sample corpus
    python scripts/representation.py backbone=local backbone.path=DIR

A message's vector is the mean over its tokens, centred on the mean of all messages. Anisotropy is the mean cosine of
random pairs (Ethayarajh 2019): 0 when vectors point everywhere, near 1 when all lie in one narrow cone. The effective
dimension is the participation ratio of the covariance's eigenvalues.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from marked_part import rewrite
from numpy.typing import NDArray

from xinyi.config import builders
from xinyi.config.compose import load as load_config
from xinyi.data import load
from xinyi.encoding import TextEncoder, pad
from xinyi.models.backbone import load_backbone
from xinyi.models.pooling import mean

SHOWN = 20
PAIRS = 20_000


def vectors(texts: list[str], overrides: list[str]) -> NDArray[np.float32]:
    """Mean-pooled vectors (N, D) of texts."""
    config = load_config(overrides)
    backbone = load_backbone(builders.backbone_settings(config))
    encoded = TextEncoder(backbone.tokenizer, builders.encoding_settings(config.data)).encode(texts)
    rows = [encoded.ids[a:b] for a, b in zip(encoded.offsets[:-1], encoded.offsets[1:], strict=True)]
    out = np.empty((len(rows), backbone.hidden_size), np.float32)
    order = np.argsort(encoded.lengths, kind="stable")
    with torch.inference_mode():
        for start in range(0, len(order), 64):
            chosen = order[start : start + 64]
            ids_BL = torch.from_numpy(pad([rows[i] for i in chosen], 0))
            mask_BL = torch.from_numpy(pad([np.ones(len(rows[i])) for i in chosen], 0))
            hidden_BLD = backbone.encoder(input_ids=ids_BL, attention_mask=mask_BL).last_hidden_state
            out[chosen] = mean(hidden_BLD, mask_BL).numpy()
    return out


def unit(vectors_ND: NDArray) -> NDArray:
    """Rows of length 1."""
    return vectors_ND / np.linalg.norm(vectors_ND, axis=1, keepdims=True)


def anisotropy(vectors_ND: NDArray) -> float:
    """Mean cosine of random pairs."""
    rng, directions = np.random.default_rng(0), unit(vectors_ND)
    first, second = rng.integers(0, len(directions), (2, PAIRS))
    different = first != second
    return float((directions[first] * directions[second]).sum(1)[different].mean())


def effective_dimension(vectors_ND: NDArray) -> float:
    """(Σ λ)² / Σ λ² over the eigenvalues of the covariance."""
    values = np.linalg.eigvalsh(np.cov(vectors_ND.T))
    return float(values.sum() ** 2 / (values**2).sum())


def document(overrides: list[str]) -> Iterator[str]:
    """The measured part of the page."""
    dataset = load(*_sample())
    train, test = (dataset.splits[name]["text"].to_pylist() for name in ("train", "test"))
    both = vectors(train + test, overrides)
    random = vectors(train + test, ["backbone=embedded", "backbone.random=true"])
    yield "| encoder | mean cosine of random pairs | the same, centred | effective dimension |"
    yield "|---|---|---|---|"
    for name, found in (("trained", both), ("random weights", random)):
        centred = found - found.mean(0)
        figures = f"{anisotropy(found):.3f} | {anisotropy(centred):.3f} | {effective_dimension(found):.1f}"
        yield f"| {name} | {figures} of {found.shape[1]} |"
    yield ""
    yield "| message (test split) | nearest message (training split) | cosine | nearest with random weights |"
    yield "|---|---|---|---|"
    trained_near, random_near = nearest(both, len(train)), nearest(random, len(train))
    step = len(test) // SHOWN
    for i in range(0, step * SHOWN, step):
        (best, cosine), (other, _) = trained_near[i], random_near[i]
        yield f"| {test[i]} | {train[best]} | {cosine:.2f} | {train[other]} |".replace("\n", " ")


def nearest(vectors_ND: NDArray, split: int) -> list[tuple[int, float]]:
    """For each row from `split` on the nearest row before it, with its cosine."""
    directions = unit(vectors_ND - vectors_ND.mean(0))
    cosines = directions[split:] @ directions[:split].T
    return [(int(row.argmax()), float(row.max())) for row in cosines]


def _sample() -> tuple[object, object]:
    config = load_config([])
    return builders.data_settings(config), builders.task_specs(config)


def main() -> None:
    """Print, or rewrite a document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--into", type=Path, help="document to rewrite between its markers")
    parser.add_argument("overrides", nargs="*", help="which backbone: Hydra overrides")
    args = parser.parse_args()
    rewrite("\n".join(document(args.overrides)), args.into)


if __name__ == "__main__":
    main()
