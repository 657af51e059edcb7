"""`xinyi pretrain`: text files → token store → masked-language-model training → a Hugging Face folder."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from xinyi.config import builders
from xinyi.config.schema.pretrain import PretrainConfig
from xinyi.errors import ConfigError, Interrupted, describe
from xinyi.models.fast_modernbert import fits
from xinyi.models.masked_lm import MaskedLM
from xinyi.pipeline.facts import device_name, git_commit, run_facts
from xinyi.pipeline.folder import RunFolder, read_json, write_json, write_yaml
from xinyi.pipeline.guard import guarded, handlers_kept, remedy
from xinyi.pipeline.pretrain_parts import build_loop, group, on_gpu, processes, run_tokenizer
from xinyi.pipeline.pretrain_surviving import run_through, same_files
from xinyi.pretraining import store
from xinyi.pretraining.loop import State
from xinyi.pretraining.output import write_model
from xinyi.pretraining.settings import CorpusSettings
from xinyi.tracking import RUN_KEY, Tracker, open_tracker
from xinyi.training.processes import joined

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pretrained:
    """What a run left: the Hugging Face folder, the last row of its held-out curve, and where to look at it.

    backbone: the option of the group `backbone` that suits its layout.
    """

    model: Path
    backbone: str
    held_out: dict[str, float]
    tokens: int
    link: str


def pretrain(
    config: PretrainConfig, root: Path, command: str, resume: bool = False, named: Path | None = None
) -> Pretrained:
    """Walk a pretraining run.

    Args:
        config: checked configuration.
        root: the run folder; new, or with `resume` that of a run that was stopped.
        command: as typed, for the model card.
        named: the run folder to go on with, where this one is a part of it.

    Raises:
        XinyiError: files that cannot be read or that changed since the run began, a folder that holds a run, a loss
            that is not finite, too little memory, no space, interrupted; the message says what to do.
    """
    folder = RunFolder(root)
    if folder.state.is_file() and not resume:
        advice = f"go on with it by xinyi resume {root}, or choose another name"
        raise ConfigError([describe("a new run folder", "one that holds a run", advice, str(root))])
    folder.create()
    with guarded(folder, named):
        return _begun(config, folder, command, named or root)


def _begun(config: PretrainConfig, folder: RunFolder, command: str, named: Path) -> Pretrained:
    """The walk, in a folder that is this process's own."""
    former = read_json(folder.state) if folder.state.is_file() else {}
    tracker = open_tracker(builders.tracking_settings(config), folder.root)
    corpus = builders.corpus_settings(config, folder.root)
    files = store.hashes(corpus)
    same_files(former.get("files", files), files)
    write_yaml(folder.config, asdict(config))
    # A name of our own, kept first: killed before MLflow's id is kept, the run still finds what it began there.
    state = {"command": command, "key": uuid4().hex, **former, "files": files}
    known = state.get("mlflow_run") or (tracker.find(state["key"]) if former else None)
    write_json(folder.state, state)
    store.build(corpus, run_tokenizer(config, folder), processes(config), files)
    tags = {"backbone": config.backbone.kind, "data": config.data.name, "kind": "pretraining", RUN_KEY: state["key"]}
    tags["git_commit"] = git_commit() or "none"
    tracker.start(config.name, asdict(config), tags, None, known)
    write_json(folder.state, {**state, "mlflow_run": tracker.run_id})
    try:
        done = _trained(config, folder, corpus, tracker, state["command"])
    except BaseException as error:
        tracker.finish("KILLED" if isinstance(error, Interrupted | KeyboardInterrupt) else "FAILED")
        if isinstance(error, Interrupted):  # by the loop, which does not know where it stands
            raise Interrupted(f"{error}\n  {remedy(folder, named)}") from error
        raise
    tracker.finish("FINISHED")
    return done


def take_part(root: Path, config: PretrainConfig) -> None:
    """A further process of the run in this folder: the same steps, nothing written."""
    folder = RunFolder(root)
    try:
        with joined(group(config, folder)):
            build_loop(config, folder, builders.corpus_settings(config, root), lambda values, step: None)[0].run()
    except Interrupted:
        pass  # the first process says so


def _trained(
    config: PretrainConfig, folder: RunFolder, corpus: CorpusSettings, tracker: Tracker, command: str
) -> Pretrained:
    logger = tracker.logger()

    def report(values: Mapping[str, float], step: int) -> None:
        if logger:
            logger.log_metrics(values, step)
        shown = " · ".join(
            f"{name.split('/')[-1]} {value:,.4g}" for name, value in values.items() if name.count("/") == 1
        )
        log.info("step %-7s %s", f"{step:,}", shown)

    with handlers_kept():  # the loop takes Ctrl-C and SIGTERM
        state, start = run_through(config, folder, corpus, report)
    if logger:
        logger.finalize("success")
    _write(config, folder, corpus, start, state, command)
    tracker.report(folder.root / "model")
    final = state.curve[-1]["mean"] if state.curve else {}
    backbone = "own" if fits(start.model.config) else "local"
    return Pretrained(folder.root / "model", backbone, final, state.tokens, tracker.link())


def _write(
    config: PretrainConfig, folder: RunFolder, corpus: CorpusSettings, start: MaskedLM, state: State, command: str
) -> None:
    facts = run_facts(
        config.name, config.seed, origin=start.origin, command=command, tokens=state.tokens, steps=state.step,
        seconds=state.seconds, device=f"{device_name(on_gpu(config))} × {processes(config)}",
        precision=builders.pretrain_settings(config, on_gpu(config)).precision, masking=config.data.mask,
    )  # fmt: skip
    sources = [
        {
            **fact,
            "weight": config.data.weights.get(fact["source"], 1.0),
            "licence": config.data.licences.get(fact["source"]),
        }
        for fact in store.facts(corpus)
    ]
    half = config.pretraining.half
    write_model(folder.root / "model", start.model, start.tokenizer, facts, sources, state.curve, half)
