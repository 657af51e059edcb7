"""Group `backbone`: the encoder under the heads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xinyi.config.schema.fields import setting
from xinyi.models.pooling_names import POOLING_NAMES


@dataclass
class BackboneConfig:
    """Where the encoder comes from and how its output is pooled."""

    kind: str = setting(
        "embedded", "inside the package, a local folder, or a hub name", choices=("embedded", "local", "hub")
    )
    path: str | None = setting(
        None, "kind=local: a Hugging Face folder (config.json, model.safetensors, tokenizer.json)"
    )
    name: str | None = setting(None, "kind=hub: repository name, such as google-bert/bert-base-chinese")
    revision: str | None = setting(None, "kind=hub: commit or tag, so that a run can be repeated")
    config: dict[str, Any] = setting({}, "kind=embedded: sizes that differ from the packaged config.json")
    random: bool = setting(
        False, "kind=embedded: random weights instead of the trained ones, to see what those are worth"
    )
    trust_remote_code: bool = setting(False, "run code from the hub repository; leave off unless you have read it")
    attention: str = setting("auto", "attention implementation", choices=("auto", "eager", "sdpa"))
    placeholders: bool = setting(
        True, "kind=local or hub: the marks of masked personal data, such as [手机号], become single tokens"
    )
    pooling: str = setting("mean", "how token vectors become one", choices=POOLING_NAMES)
    dropout: float = setting(0.1, "dropout before the heads", least=0.0, most=0.9)
    lexical: bool = setting(False, "single tokens and pairs of tokens answer too, beside the encoder (wide and deep)")
    standardise: bool = setting(
        False, "heads see pooled vectors in standard units, measured on some training texts before the first step"
    )
