"""The whole configuration of `xinyi pretrain`."""

from __future__ import annotations

from dataclasses import dataclass, field

from xinyi.config.schema.backbone import BackboneConfig
from xinyi.config.schema.corpus import CorpusConfig
from xinyi.config.schema.fields import setting
from xinyi.config.schema.pretraining import PretrainingConfig
from xinyi.config.schema.tracking import TrackingConfig

PRETRAIN_GROUPS = ("corpus", "backbone", "pretraining", "tracking")


@dataclass
class PretrainConfig:
    """One field a group; `data` is what the group `corpus` chose."""

    name: str = setting("pretrain", "name of the run; part of its folder's name")
    seed: int = setting(7, "seed of everything random", least=0, most=2**32 - 1)
    runs: str = setting("runs", "folder that run folders are made in")
    data: CorpusConfig = field(default_factory=CorpusConfig)
    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    pretraining: PretrainingConfig = field(default_factory=PretrainingConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
