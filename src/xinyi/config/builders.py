"""From configuration to the plain arguments that the rooms take. The only place that knows both."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from xinyi.config.schema.checks import ChecksConfig
from xinyi.config.schema.data import DataConfig, SourceConfig
from xinyi.config.schema.evaluation import EvaluationConfig
from xinyi.config.schema.pretrain import PretrainConfig
from xinyi.config.schema.root import TrainConfig
from xinyi.encoding import EncodingSettings
from xinyi.tasks.spec import Derivation, Label, TaskSpec


def task_spec(name: str, raw: Mapping[str, Any]) -> TaskSpec:
    """A task from its YAML. Raises ConfigError when it cannot be used."""
    return TaskSpec(
        id=name,
        kind=raw.get("kind", "single"),
        labels=tuple(_label(label) for label in raw.get("labels", [])),
        zh=raw.get("zh", ""),
        en=raw.get("en", ""),
        primary=raw.get("primary", "macro_f1"),
        weight=float(raw.get("weight", 1.0)),
        empty=_label(raw["empty"]) if raw.get("empty") else None,
        derive=Derivation(**raw["derive"]) if raw.get("derive") else None,
    )


def _label(raw: Mapping[str, Any]) -> Label:
    return Label(**{key: str(value) for key, value in raw.items()})


def task_specs(config: TrainConfig) -> list[TaskSpec]:
    """The declared tasks, in the order of the configuration."""
    return [task_spec(name, vars(task)) for name, task in config.tasks.items()]


def encoding_settings(data: DataConfig) -> EncodingSettings:
    """How texts are cut."""
    return EncodingSettings(data.max_length, data.truncation, data.context_share, data.simplify)


def data_settings(config: TrainConfig) -> Any:
    """The data room's settings."""
    from xinyi.data import DataSettings

    data = config.data
    sources = [_merged(data, raw) for raw in data.sources] or [data]
    return DataSettings(
        name=data.name,
        sources=tuple(source_settings(source, data.time) for source in sources),
        mask=data.mask,
        validation_share=data.validation_share,
        test_share=data.test_share,
        seed=data.seed,
        limit=data.limit,
        train_limit=data.train_limit,
        repair=data.repair,
        simplify=data.simplify,
        workers=data.workers or os.cpu_count() or 1,
        card=data.card,
        split=data.split,
        time=data.time,
        cuts={name: cut for name in ("validation", "test") if (cut := getattr(data, f"{name}_from"))},
        corrections=(data.corrections,) if isinstance(data.corrections, str) else tuple(data.corrections or ()),
    )


def check_settings(c: ChecksConfig, auto: str) -> Any:
    """The data checks' settings. auto: what checks.run=auto means here."""
    from xinyi.data.checks import CheckSettings
    from xinyi.data.checks.allow import parse_allowances

    run = auto if c.run == "auto" else c.run
    return CheckSettings(run, c.severity, c.limit, tuple(parse_allowances(c.allow)), c.fail_on, tuple(c.skip))


def _merged(data: DataConfig, raw: Mapping[str, Any]) -> SourceConfig:
    """One of several origins; text column, context and root default to those of the whole."""
    from xinyi.config import check

    source = check.build(raw, SourceConfig)
    for name in ("root", "text", "context", "meta", "outside", "group", "separator"):
        if name not in raw:
            setattr(source, name, getattr(data, name))
    return source


def source_settings(config: SourceConfig, time: str | None = None) -> Any:
    """The data room's settings of one origin. time: a column that is kept whatever `meta` says."""
    from xinyi.data import SourceSettings

    plain = {f.name: getattr(config, f.name) for f in fields(SourceConfig)}
    for split in ("train", "validation", "test"):
        names = plain[split]
        plain[split] = (names,) if isinstance(names, str) else tuple(names or ())
    plain["meta"] = tuple(dict.fromkeys([*plain["meta"], *([time] if time else [])]))
    return SourceSettings(**plain)


def backbone_settings(config: TrainConfig | PretrainConfig) -> Any:
    """The backbone's settings."""
    from xinyi.models.backbone import BackboneSettings

    names = [f.name for f in fields(BackboneSettings)]
    return BackboneSettings(**{name: getattr(config.backbone, name) for name in names})


def evaluation_settings(config: TrainConfig) -> Any:
    """The evaluation room's settings."""
    return evaluation(config.evaluation, config.seed, texts=config.data.mask)


def evaluation(e: EvaluationConfig, seed: int, texts: bool) -> Any:
    """The evaluation room's settings from its group alone. Raises ConfigError."""
    from xinyi.evaluation.settings import AbstainSettings, EvaluationSettings

    abstain = AbstainSettings(dict(e.abstain_risk), e.abstain_coverage, e.abstain_score, e.abstain_promise)
    return EvaluationSettings(
        e.resamples, e.confidence, seed, e.errors, e.bins, texts, e.least_slice, e.language, abstain
    )


def export_settings(config: TrainConfig) -> Any:
    """The export room's settings."""
    from xinyi.export import ExportSettings

    e = config.export
    return ExportSettings(tuple(e.formats), e.tolerance, e.golden, e.opset, e.name, e.version, e.int8_margin)


def tracking_settings(config: TrainConfig | PretrainConfig) -> Any:
    """The tracking room's settings."""
    from xinyi.tracking import TrackingSettings

    return TrackingSettings(**vars(config.tracking))


def corpus_settings(config: PretrainConfig, run: Path) -> Any:
    """What pretraining reads."""
    from xinyi.pretraining.settings import CorpusSettings

    d = config.data
    store = Path(d.store) if d.store else run / "tokens"
    return CorpusSettings(tuple(d.files), store, dict(d.weights), d.column, d.mask, d.shortest, d.longest, d.held_out)


def pretrain_settings(config: PretrainConfig, on_gpu: bool) -> Any:
    """How pretraining trains."""
    from xinyi.pretraining.settings import PretrainSettings
    from xinyi.training import precision

    p = config.pretraining
    flag, _ = precision.choose(p.precision, on_gpu)
    names = {f.name for f in fields(PretrainSettings)} - {"seed", "precision"}
    plain = {name: getattr(p, name) for name in names}
    return PretrainSettings(**plain, seed=config.seed, precision="bf16" if flag.startswith("bf16") else "32")
