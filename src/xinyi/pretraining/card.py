"""The model card of a pretrained encoder, filled from the run's own record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from transformers import PreTrainedModel

_FRONT = "---\nlanguage: zh\nlibrary_name: transformers\npipeline_tag: fill-mask\ntags: [xinyi, {tag}]\n---\n"


def model_card(
    model: PreTrainedModel,
    facts: Mapping[str, Any],
    sources: Sequence[Mapping[str, Any]],
    curve: Sequence[Mapping[str, Any]],
) -> str:
    """Markdown.

    Args:
        facts: name, origin, command, created, tokens, steps, seconds, device, precision, seed, versions, masking.
        sources: source, licence, weight, sha256, train and held_out ({lines, tokens}).
        curve: rows with step, tokens, mean ({loss, accuracy}) and sources.
    """
    parts = (_about(model, facts), _data(facts, sources), _training(facts), _curve(curve), _limits(facts))
    head = _FRONT.format(tag=model.config.model_type)
    return head + "\n".join(line for part in parts for line in part) + "\n"


def _about(model: PreTrainedModel, facts: Mapping[str, Any]) -> Iterator[str]:
    config, parameters = model.config, sum(p.numel() for p in model.parameters())
    yield f"# {facts['name']}"
    yield ""
    yield (
        f"A Chinese encoder for fine-tuning: {config.model_type}, {config.num_hidden_layers} layers × "
        f"{config.hidden_size}, {config.vocab_size:,} vocabulary entries, {parameters / 1e6:.2f} million parameters."
    )
    yield f"Made on {facts['created']} from: {facts['origin']}."
    yield ""


def _data(facts: Mapping[str, Any], sources: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "## Text it was trained on"
    yield ""
    personal = "personal data became placeholders" if facts["masking"] else "personal data was not masked"
    yield f"No line of this text is shipped. Before training it was normalised, and {personal}."
    yield ""
    yield "| source | licence as its origin states it | weight | lines | tokens | SHA-256 of the file |"
    yield "|---|---|---|---|---|---|"
    for source in sources:
        yield (
            f"| {source['source']} | {source.get('licence') or 'not stated here'} | {source.get('weight', 1.0):g} | "
            f"{source['train']['lines']:,} | {source['train']['tokens']:,} | {source['sha256'][:16]}… |"
        )
    yield ""


def _training(facts: Mapping[str, Any]) -> Iterator[str]:
    yield "## Training"
    yield ""
    yield f"    {facts['command']}"
    yield ""
    speed = facts["tokens"] / max(facts["seconds"], 1e-9)
    yield (
        f"{facts['tokens']:,} tokens in {facts['steps']:,} steps and {facts['seconds'] / 60:.0f} minutes "
        f"({speed:,.0f} tokens a second) on {facts['device']}, {facts['precision']}, seed {facts['seed']}."
    )
    versions = ", ".join(f"{name} {value}" for name, value in facts["versions"].items())
    yield f"Versions: {versions}."
    yield ""


def _curve(curve: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not curve:
        return
    yield "## Held-out lines"
    yield ""
    yield "Loss (nats a masked token) and share of masked tokens that were right, mean over the sources."
    yield ""
    yield "| tokens seen | loss | right |"
    yield "|---|---|---|"
    thinned = [*curve[:: max(1, len(curve) // 12)], curve[-1]]
    for row in {row["step"]: row for row in thinned}.values():
        yield f"| {row['tokens']:,} | {row['mean']['loss']:.3f} | {row['mean']['accuracy']:.1%} |"
    yield ""
    yield "At the end, by source:"
    yield ""
    yield "| source | loss | right | masked tokens |"
    yield "|---|---|---|---|"
    for name, row in curve[-1]["sources"].items():
        yield f"| {name} | {row['loss']:.3f} | {row['accuracy']:.1%} | {row['masked']:,} |"
    yield ""


def _limits(facts: Mapping[str, Any]) -> Iterator[str]:
    yield "## Limits"
    yield ""
    yield (
        "Small, and trained on far less text than published Chinese BERT models: fine-tune it, do not use it as it is. "
        "It repeats the views, the prejudice and the rudeness of its sources, news and social media among them. "
        "Traditional characters are known to the vocabulary but rare in the text."
    )
