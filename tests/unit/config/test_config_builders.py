"""Every setting reaches the room it is for, in the field of its name."""

from __future__ import annotations

import dataclasses

import pytest

from xinyi.config import builders
from xinyi.config.schema import TrainConfig
from xinyi.config.schema.task import TaskConfig
from xinyi.evaluation.settings import AbstainSettings
from xinyi.tasks.spec import Derivation, Label


def marked(section):
    """A section whose numbers and texts are all different, so that a swapped pair shows."""
    values = {}
    for i, f in enumerate(dataclasses.fields(section)):
        value = getattr(section, f.name)
        if isinstance(value, bool):
            values[f.name] = not value
        elif isinstance(value, int):
            values[f.name] = 100 + i
        elif isinstance(value, float):
            values[f.name] = 0.6 + i / 1000
        elif f.name in ("path", "name", "revision", "uri", "artifacts", "experiment", "version"):
            values[f.name] = f"value of {f.name}"
    return dataclasses.replace(section, **values)


ABSTAIN = AbstainSettings({}, 0.61, promise=False)
PAIRS = [
    ("backbone", builders.backbone_settings, {}),
    (
        "evaluation",
        builders.evaluation_settings,
        {"seed": 23, "texts": True, "abstain": AbstainSettings({}, 0.61, promise=False)},
    ),
    ("export", builders.export_settings, {"formats": ("safetensors", "onnx", "onnx_int8")}),
    ("tracking", builders.tracking_settings, {}),
    ("data", lambda config: builders.encoding_settings(config.data), {"strategy": "head_tail"}),
]


@pytest.mark.parametrize(("section", "builder", "apart"), PAIRS, ids=[pair[0] for pair in PAIRS])
def test_settings_keep_their_names(section, builder, apart):
    config = TrainConfig(seed=23)
    setattr(config, section, marked(getattr(config, section)))
    config.data.mask = True
    settings = builder(config)
    for f in dataclasses.fields(settings):
        expected = apart[f.name] if f.name in apart else getattr(getattr(config, section), f.name)
        assert getattr(settings, f.name) == expected, f.name


def test_texts_are_shown_in_reports_only_when_masked():
    config = TrainConfig()
    config.data.mask = False
    assert builders.evaluation_settings(config).texts is False


def test_data_settings_of_one_origin():
    config = TrainConfig()
    config.data = dataclasses.replace(
        config.data, name="n", root="r", train="a.csv", validation=["b.csv", "c.csv"], text="t", context="c",
        labels={"x": "l"}, kinds={"x": "ordinal"}, order={"x": ["1", "2"]}, map={"x": {"3": "2"}}, separator="/",
        meta=["m"], group="g", mask=False, validation_share=0.2, test_share=0.3, seed=5, limit=9,
    )  # fmt: skip
    settings = builders.data_settings(config)
    (source,) = settings.sources
    assert (source.train, source.validation, source.test) == (("a.csv",), ("b.csv", "c.csv"), ())
    for name in ("root", "text", "context", "labels", "kinds", "order", "map", "separator", "group"):
        assert getattr(source, name) == getattr(config.data, name), name
    assert tuple(source.meta) == ("m",)
    for name in ("name", "mask", "validation_share", "test_share", "seed", "limit"):
        assert getattr(settings, name) == getattr(config.data, name), name


def test_origins_inherit_what_they_do_not_say():
    config = TrainConfig()
    own = {"train": ["b"], "root": "own", "text": "own", "context": None, "meta": []}
    config.data = dataclasses.replace(
        config.data, root="r", text="t", context="c", meta=["m"], group="g", separator="/", labels={"no": "no"},
        sources=[{"train": 1, "labels": {"x": 2}}, own],
    )  # fmt: skip
    first, second = builders.data_settings(config).sources
    assert (first.root, first.text, first.context, first.group, first.separator) == ("r", "t", "c", "g", "/")
    assert (first.train, dict(first.labels), tuple(first.meta)) == (("1",), {"x": "2"}, ("m",))
    assert (second.root, second.text, second.context) == ("own", "own", None)
    assert (second.labels, tuple(second.meta)) == ({}, ())


def test_task_specs_keep_order_and_every_field():
    task = TaskConfig(
        kind="multi", zh="情绪", en="emotion", labels=[{"id": "a", "zh": "甲", "en": "A", "group": "g"}, {"id": "b"}],
        empty={"id": "calm", "zh": "平静"}, derive={"source": "s", "mapping": {"x": "a"}}, primary="micro_f1",
        weight=0.5,
    )  # fmt: skip
    config = TrainConfig(tasks={"z": task, "a": TaskConfig(labels=[{"id": "1"}, {"id": "2"}])})
    first, second = builders.task_specs(config)
    assert (first.id, first.kind, first.zh, first.en, first.primary, first.weight) == (
        "z", "multi", "情绪", "emotion", "micro_f1", 0.5,
    )  # fmt: skip
    assert first.labels == (Label("a", "甲", "A", "g"), Label("b"))
    assert (first.empty, first.derive) == (Label("calm", "平静"), Derivation("s", {"x": "a"}))
    assert (second.id, second.kind, second.label_ids) == ("a", "single", ("1", "2"))
