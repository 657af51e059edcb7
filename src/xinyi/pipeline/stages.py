"""The stages of a run. Each reads the file of the stage before and leaves its own."""

from __future__ import annotations

import copy
import math
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from xinyi import gates
from xinyi.config import builders
from xinyi.config.schema import TrainConfig
from xinyi.config.schema.trainer import SEVERAL
from xinyi.data import Dataset
from xinyi.data.tokens import EncodedSplit
from xinyi.errors import ConfigError, DataError, describe
from xinyi.evaluation import report as reports
from xinyi.evaluation.answers import store_answers
from xinyi.evaluation.decoding import fit_decoding, read_decodings, write_decodings
from xinyi.evaluation.plots import write_confusion_plots
from xinyi.evaluation.predictions import read_predictions, write_predictions
from xinyi.models.lora import is_adapter
from xinyi.pipeline import self_training
from xinyi.pipeline.adapt import assembled
from xinyi.pipeline.facts import device_name, run_facts
from xinyi.pipeline.folder import RunFolder, read_json, write_json
from xinyi.pipeline.judging import Champion, judged
from xinyi.pipeline.measure import answers_of, ask_suites, latency
from xinyi.pipeline.nearness import mahalanobis
from xinyi.pipeline.parts import Parts
from xinyi.pipeline.predicting import logits_of, vectors_of
from xinyi.pipeline.soup import ingredients, stir
from xinyi.pipeline.surviving import fit_through
from xinyi.tasks.decode import Decoding
from xinyi.training.checkpoint_io import weights_sha256
from xinyi.training.crew import current
from xinyi.training.fit import FitResult, fit, load_weights
from xinyi.training.processes import Group, joined

# The splits that are answered and measured.
SPLITS = ("validation", "test")
# Training rows that mean and spread of the pooled vectors are measured on.
STANDARD_ROWS = 512


def encoding_summary(splits: Mapping[str, EncodedSplit]) -> dict[str, Any]:
    """How texts became tokens: rows cut, share of unknown tokens, tokens."""
    return {
        name: {
            "cut": int(split.encoded.cut.sum()),
            "unknown_share": float(split.encoded.unknown.sum() / max(1, len(split.encoded.ids))),
            "tokens": len(split.encoded.ids),
        }
        for name, split in splits.items()
    }


def same_data(state: Mapping[str, Any], dataset: Dataset) -> None:
    """Refuse to go on with other data than the run began with. Raises DataError."""
    before, after = state.get("fingerprint"), dataset.summary["fingerprint"]
    if before != after:
        remedy = "put the former files back, or start a new run with xinyi train"
        raise DataError([describe(f"data with fingerprint {str(before)[:12]}", str(after)[:12], remedy, "resume")])


def same_order(state: Mapping[str, Any], order: str) -> None:
    """Refuse to train on with the training rows in another order: some would be seen twice. Raises DataError."""
    if state.get("order", order) != order and not state.get("trained"):
        remedy = "put the former files back, or start a new run with xinyi train"
        raise DataError([describe("the training rows in their former order", "another order", remedy, "resume")])


def fit_stage(config: TrainConfig, folder: RunFolder, dataset: Dataset, parts: Parts, logger: Any) -> dict[str, Any]:
    """Train, put the best weights into the model, and return the `run` facts of the report.

    A run that was stopped after its training is not trained again. Raises as `fit_through`.
    """
    state = read_json(folder.state)
    if not (state.get("trained") and folder.best.is_file()):
        grown = self_training.grown(config, folder, dataset)[0] if config.recipe.unlabelled else dataset
        result = fit_through(config, folder, grown, parts, lambda: _fit(config, folder, parts, logger))
        if config.recipe.soup:
            parts.notes["soup"] = stir(folder, parts)
        state = read_json(folder.state)
        facts = _facts(config, parts, result, state.get("out_of_memory", []))
        state |= {"trained": True, "facts": facts}
        write_json(folder.state, state)
        for path in ingredients(folder):
            path.unlink()
    load_weights(parts.module, folder.best)
    # Evaluation and export work in fp32 on the CPU's or GPU's plain kernels: what is measured is what is served.
    parts.model.float().eval().to("cuda" if parts.on_gpu else "cpu")
    return state["facts"]


def first_stage(config: TrainConfig, folder: RunFolder, dataset: Dataset, parts: Parts) -> Parts:
    """For self-training: train a first model, let it label rows, and put the run together anew with them."""
    if not config.recipe.unlabelled:
        return parts
    if not self_training.is_labelled(folder):
        fit_through(config, folder, dataset, parts, lambda: _fit(config, folder, parts, None, self_training.FIRST))
        load_weights(parts.module, RunFolder(folder.root / self_training.FIRST).best)
        parts.model.float().eval().to("cuda" if parts.on_gpu else "cpu")
        self_training.label(config, folder, dataset, parts)
    return grown_parts(config, folder, dataset)


def grown_parts(config: TrainConfig, folder: RunFolder, dataset: Dataset) -> Parts:
    """The parts of the second training of self-training."""
    grown, facts = self_training.grown(config, folder, dataset)
    parts = assembled(config, folder, grown)
    parts.notes["self_training"] = facts
    return parts


def _fit(config: TrainConfig, folder: RunFolder, parts: Parts, logger: Any, part: str = "") -> FitResult:
    """Train; data-parallel with further processes that run `xinyi worker RUN`, or with those of a launcher."""
    if config.trainer.strategy not in SEVERAL:
        return fit_parts(config, folder, parts, [logger] if logger else [], part)
    if "LOCAL_RANK" in os.environ and current() is None:
        remedy = "start xinyi train without it, or by torchrun or srun: docs/scaling.md"
        raise ConfigError([describe("no LOCAL_RANK in the environment", os.environ["LOCAL_RANK"], remedy, "trainer")])
    with joined(group(config, folder, parts.on_gpu)):
        return fit_parts(config, folder, parts, [logger] if logger else [], part)


def group(config: TrainConfig, folder: RunFolder, on_gpu: bool) -> Group:
    """The processes of data-parallel training."""
    command = [sys.executable, "-m", "xinyi.cli", "worker", str(folder.root.resolve())]
    backend = "nccl" if on_gpu else "gloo"
    return Group(command, config.trainer.devices, config.trainer.nodes, backend, folder.root.resolve())


def fit_parts(
    config: TrainConfig, folder: RunFolder, parts: Parts, loggers: Sequence[Any] = (), part: str = ""
) -> FitResult:
    """Train in this process, from the last checkpoint if there is one. part: see `fit`."""
    train, validation = parts.loader(config, "train"), parts.loader(config, "validation")
    last = RunFolder(folder.root / part).last
    resume = last if last.is_file() else None
    if resume is None:
        _measure(parts)
    parts.model.train()  # encoders come in evaluation mode, and Lightning leaves modes as they are
    return fit(parts.module, train, validation, folder.root, parts.fit, loggers, resume, part)


def _measure(parts: Parts) -> None:
    """What the model has to know of the training texts before its first step."""
    model, train = parts.model, parts.splits["train"]
    if model.standard is not None:
        some = train.spread(STANDARD_ROWS)
        model.standard.measure(torch.from_numpy(vectors_of(parts, some)))
    if model.lexical is not None:
        model.lexical.measure(train.encoded.ids, train.encoded.types, train.encoded.offsets)


def _facts(config: TrainConfig, parts: Parts, result: FitResult, shortages: Sequence[Any]) -> dict[str, Any]:
    return run_facts(
        config.name,
        config.seed,
        backbone=parts.backbone.name,
        embedded_random=parts.backbone.random,
        tasks=[task.id for task in parts.tasks],
        parameters=sum(p.numel() for name, p in parts.model.named_parameters() if not is_adapter(name)),
        train_seconds=round(result.seconds, 2),
        tokens_per_second=round(result.tokens / max(result.seconds, 1e-9)),
        epochs=result.epochs,
        steps=result.steps,
        best_validation=result.best_score if math.isfinite(result.best_score) else None,
        device=device_name(parts.on_gpu),
        threads=torch.get_num_threads(),
        precision=parts.fit.precision,
        weights_sha256=weights_sha256(result.best),
        **({"recipe": parts.notes} if parts.notes else {}),
        **({"out_of_memory": list(shortages)} if shortages else {}),
    )


def predict_stage(config: TrainConfig, folder: RunFolder, dataset: Dataset, parts: Parts) -> dict[str, Any]:
    """Store the logits of validation and test rows and the answers to the behaviour suites; returns what it costs."""
    near = mahalanobis(dataset, parts, SPLITS)
    for split in SPLITS:
        logits = logits_of(parts, parts.splits[split])
        scores = {"mahalanobis": near[split]} if near else None
        write_predictions(folder.predictions(split), dataset.splits[split], logits, dataset.tasks, split, scores)
    answer = answers_of(parts, config.data.mask)
    ask_suites(config.evaluation, folder, answer, dataset.tasks, dataset.splits["test"])
    sizes = {"weights": 4 * sum(p.numel() for p in parts.model.parameters())}
    timed = latency(answer, dataset.splits["validation"])
    return {"bytes": sizes, "latency_ms": {**timed, "on": f"the trained model, {device_name(parts.on_gpu)}"}}


def report_stage(
    config: TrainConfig,
    folder: RunFolder,
    facts: Mapping[str, Any],
    summary: Mapping[str, Any],
    cost: Mapping[str, Any],
) -> dict[str, Any]:
    """Fit temperatures and thresholds on validation rows, then measure every split."""
    settings = builders.evaluation_settings(config)
    decodings: dict[str, Decoding] = {}
    if config.evaluation.calibrate:
        decodings = fit_decoding(read_predictions(folder.predictions("validation")), settings.abstain)
    write_decodings(decodings, folder.decoding)
    paths = {split: folder.predictions(split) for split in SPLITS}
    cost = {**{key: facts.get(key) for key in ("train_seconds", "parameters")}, **cost}
    asked = folder.predictions("behaviour") if config.evaluation.suites else None
    report = reports.build(paths, decodings, facts, summary, settings, asked, cost)
    reports.write(report, folder.report)
    store_answers(paths, folder.report)
    write_confusion_plots(report, folder.report)
    return report


def export_stage(
    config: TrainConfig, folder: RunFolder, dataset: Dataset, parts: Parts, report: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the bundle and return the parity record."""
    from xinyi.export import export_bundle

    model = copy.deepcopy(parts.model).to("cpu") if parts.on_gpu else parts.model
    decodings = read_decodings(folder.decoding)
    with torch.inference_mode(False):
        return export_bundle(
            folder.bundle,
            model,
            parts.backbone.tokenizer,
            parts.backbone.config,
            dataset.tasks,
            {task.id: decodings.get(task.id, Decoding()) for task in dataset.tasks},
            parts.encoder.settings,
            dataset.splits["validation"],
            folder.report,
            dict(report),
            builders.export_settings(config),
            masking=config.data.mask,
            calibration=dataset.splits.get("train"),
        )


def gate_stage(
    config: TrainConfig, folder: RunFolder, report: Mapping[str, Any], champion: Champion | None
) -> dict[str, Any] | None:
    """Judge the report by the rules, write gate.json and its summaries, and put the verdict on the report's pages."""
    if not config.gate.rules:
        return None
    bundle = folder.bundle if config.export.enabled else None
    gate = judged(folder.report, gates.parse_rules(config.gate.rules), champion, bundle)
    gates.write(gate, folder.root)
    reports.write(report, folder.report, gate)
    return gate
