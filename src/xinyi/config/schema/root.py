"""The whole configuration of `xinyi train`."""

from __future__ import annotations

from dataclasses import dataclass, field

from xinyi.config.schema.backbone import BackboneConfig
from xinyi.config.schema.checks import ChecksConfig
from xinyi.config.schema.data import DataConfig
from xinyi.config.schema.evaluation import EvaluationConfig
from xinyi.config.schema.export import ExportConfig
from xinyi.config.schema.fields import setting
from xinyi.config.schema.gate import GateConfig
from xinyi.config.schema.optim import OptimConfig
from xinyi.config.schema.recipe import RecipeConfig
from xinyi.config.schema.task import TaskConfig
from xinyi.config.schema.tracking import TrackingConfig
from xinyi.config.schema.trainer import TrainerConfig

GROUPS = (
    "task", "data", "checks", "backbone", "recipe", "optim", "trainer", "evaluation", "gate", "export", "tracking",
    "experiment",
)  # fmt: skip


@dataclass
class TrainConfig:
    """One field a group; `tasks` gathers what the group `task` chose."""

    name: str = setting("run", "name of the run; part of its folder's name")
    seed: int = setting(7, "seed of everything random", least=0, most=2**32 - 1)
    runs: str = setting("runs", "folder that run folders are made in")
    tasks: dict[str, TaskConfig] = field(default_factory=dict, metadata={"help": "the tasks, by id"})
    data: DataConfig = field(default_factory=DataConfig)
    checks: ChecksConfig = field(default_factory=ChecksConfig)
    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    recipe: RecipeConfig = field(default_factory=RecipeConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    gate: GateConfig = field(default_factory=GateConfig)
    export: ExportConfig = field(default_factory=ExportConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
