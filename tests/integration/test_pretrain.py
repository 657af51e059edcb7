"""`xinyi pretrain` as its user runs it: on text files, stopped and resumed, and its result fine-tuned."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from safetensors.torch import load_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import RobertaConfig, RobertaForMaskedLM

from xinyi.cli import main
from xinyi.config.compose import load
from xinyi.config.paths import sample_dir
from xinyi.config.roots import PRETRAIN
from xinyi.errors import ConfigError
from xinyi.pipeline.guard import alone
from xinyi.pipeline.pretrain import pretrain

pytestmark = pytest.mark.integration
TINY = "backbone.config={hidden_size: 32, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 48}"


@pytest.fixture
def text(tmp_path, monkeypatch) -> Path:
    """The sample corpus's messages as a file without labels."""
    monkeypatch.chdir(tmp_path)
    rows = (json.loads(line) for line in (sample_dir() / "train.jsonl").read_text(encoding="utf-8").splitlines())
    path = tmp_path / "messages.txt"
    path.write_text("".join(row["text"].replace("\n", " ") + "\n" for row in rows), encoding="utf-8")
    return path


def _arguments(text: Path, name: str, *more: str) -> list[str]:
    plain = [f"data.files=[{text}]", f"name={name}", "pretraining=smoke", TINY, "pretraining.precision=32"]
    return ["pretrain", *plain, "tracking=none", f"runs={text.parent / 'runs'}", "data.held_out=0.05", *more]


def _run(text: Path, name: str) -> Path:
    (folder,) = (text.parent / "runs").glob(f"*_{name}")
    return folder


def test_pretrained_folder_is_fine_tuned(text, capsys):
    assert main(_arguments(text, "first", "pretraining.tokens=8000")) == 0
    folder = _run(text, "first")
    out = capsys.readouterr().out
    assert f"xinyi train backbone=own backbone.path={folder / 'model'}" in out
    card = (folder / "model" / "README.md").read_text(encoding="utf-8")
    assert "xinyi pretrain" in card
    assert "messages" in card
    assert not any(line in card for line in text.read_text(encoding="utf-8").splitlines() if len(line) > 8)
    backbone = ["backbone=own", f"backbone.path={folder / 'model'}"]
    assert main(["train", "task=need", "trainer=smoke", "tracking=none", "gate=none", *backbone]) == 0
    more = _arguments(text, "second", "pretraining.scratch=false", *backbone)
    more.remove(TINY)
    assert main(more) == 0
    start = yaml.safe_load((_run(text, "second") / "config.yaml").read_text(encoding="utf-8"))
    assert start["backbone"]["path"] == str(folder / "model")


def test_resume_after_the_end_changes_nothing(text):
    assert main(_arguments(text, "whole")) == 0
    folder = _run(text, "whole")
    before = load_file(folder / "model" / "model.safetensors")
    assert main(["resume", str(folder)]) == 0
    after = load_file(folder / "model" / "model.safetensors")
    assert before.keys() == after.keys()
    assert all((before[name] == after[name]).all() for name in before)


def test_two_processes_give_the_same_encoder_as_one(text):
    found = []
    for processes in (1, 2):
        name = f"by{processes}"
        # In a process of its own: the process group belongs to a whole process.
        arguments = _arguments(text, name, f"pretraining.processes={processes}", "pretraining.micro_tokens=256")
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run([sys.executable, "-m", "xinyi.cli", *arguments], check=True, env=environment, timeout=240)
        found.append(load_file(_run(text, name) / "model" / "model.safetensors"))
    one, two = found
    for name, tensor in one.items():
        assert (tensor.float() - two[name].float()).abs().max() < 2e-3, name


def test_wrong_settings_are_all_named_before_anything_starts(text, capsys):
    wrong = ["data.files=[nowhere.txt]", "pretraining.tokens=null", "pretraining.vocabulary=corpus", "data.longst=3"]
    assert main(["pretrain", *wrong, "pretraining.minutes=null"]) == 2
    told = capsys.readouterr().err
    assert all(word in told for word in ("nowhere.txt", "a budget", "scratch=true", "did you mean longest?"))
    assert not list(text.parent.glob("runs*"))


def test_beginnings_that_contradict_each_other_are_refused(text, capsys):
    assert main([*_arguments(text, "both"), "pretraining.grow=true"]) == 2
    assert "expected one beginning, got grow and scratch" in capsys.readouterr().err
    assert main(["pretrain", f"data.files=[{text}]", "pretraining=grow"]) == 2
    assert "expected sizes to grow to" in capsys.readouterr().err


def test_an_encoder_grows(text):
    more = _arguments(text, "grown", "pretraining.scratch=false", "pretraining.grow=true")
    more[more.index(TINY)] = "backbone.config={num_hidden_layers: 5}"
    assert main(more) == 0
    folder = _run(text, "grown") / "model"
    assert "5 layers × 256" in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "option", ["pretraining/adapt", "pretraining/embedded", "pretraining/grow", "pretraining/smoke", "corpus/embedded"]
)
def test_every_option_composes(option, text):
    group, name = option.split("/")
    more = ["backbone.config={num_hidden_layers: 6}"] if name == "grow" else []
    config = load([f"{group}={name}", f"data.files=[{text}]", "pretraining.minutes=1", *more], None, PRETRAIN)
    said = config.data.name if group == "corpus" else config.pretraining.step_tokens
    assert said


def test_one_process_a_run(text):
    config = load([f"data.files=[{text}]", "pretraining=smoke", "tracking=none"], root=PRETRAIN)
    with alone(text.parent), pytest.raises(ConfigError, match="another process is at work"):
        pretrain(config, text.parent, "xinyi pretrain")


def test_goes_on_from_an_encoder_that_marks_texts_as_roberta_does(text):
    folder = text.parent / "roberta"
    vocabulary = [
        "<s>",
        "<pad>",
        "</s>",
        "<unk>",
        "<mask>",
        *sorted(set(text.read_text(encoding="utf-8")) - {"\n", " "}),
    ]
    tokenizer = Tokenizer(models.WordPiece({entry: i for i, entry in enumerate(vocabulary)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(vocabulary[:5])
    config = RobertaConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=48,
        max_position_embeddings=300, type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2,
    )  # fmt: skip
    RobertaForMaskedLM(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    more = _arguments(text, "more", "pretraining.scratch=false", "pretraining.tokens=4000", "backbone=local")
    more.remove(TINY)
    assert main([*more, f"backbone.path={folder}"]) == 0
    assert (_run(text, "more") / "model" / "model.safetensors").is_file()
