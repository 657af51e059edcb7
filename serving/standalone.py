"""A bundle served by numpy, onnxruntime and tokenizers, with nothing of xinyi: copy this and change what you like.

python standalone.py BUNDLE < messages: a JSON answer a line; a tab parts a context from its message. Without messages
it replays golden.jsonl. Messages must be cleaned as in training: see `prepared` there, and `xinyi.text.prepare`."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

folder = Path(sys.argv[1])
manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
settings, graph, tasks = manifest["encoding"], manifest["formats"]["onnx"], manifest["tasks"]
session = onnxruntime.InferenceSession(str(folder / graph["file"]))
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
tokenizer.encode_special_tokens = True  # a typed "[SEP]" stays text
ids_of = tokenizer.get_vocab()
CLS, SEP = ids_of.get("[CLS]", ids_of.get("<s>")), ids_of.get("[SEP]", ids_of.get("</s>"))


def encode(text, context):
    """Token ids and segment types of [CLS] context [SEP] text [SEP]."""
    ids, turns = (tokenizer.encode(part, add_special_tokens=False).ids for part in (text, context))
    room = settings["max_length"] - (3 if turns else 2)
    free = min(room, max(int(room * settings["context_share"]), room - len(ids)))
    turns = turns[-free:] if free > 0 else []
    room -= len(turns)
    head = {"head": room, "tail": 0, "head_tail": (room + 1) // 2}[settings["truncation"]]
    ids = ids if len(ids) <= room else ids[:head] + ids[len(ids) - (room - head) :]
    first = [CLS, *turns, SEP] if turns else [CLS]
    return [*first, *ids, SEP], [0] * len(first) + [int(bool(turns))] * (len(ids) + 1)


def answer(text, context=""):
    """{task: {label: probability}}; a multi task gives the labels that reach their thresholds in labels.json."""
    ids, types = encode(text, context)
    rows = {"input_ids": ids, "attention_mask": [1] * len(ids), "token_type_ids": types}
    feed = {node.name: np.array([rows[node.name]], np.int64) for node in session.get_inputs()}
    logits = session.run([f"logits.{task['id']}" for task in tasks], feed)
    return {task["id"]: probabilities(row[0].astype(float), task) for row, task in zip(logits, tasks, strict=True)}


def probabilities(logits, task):
    """A sigmoid each for a multi task, else softmax."""
    odds = np.exp(logits / task["decoding"]["temperature"])
    found = odds / (1 + odds if task["kind"] == "multi" else odds.sum())
    return {label["id"]: float(p) for label, p in zip(task["labels"], found, strict=True)}


for line in (lines := [] if sys.stdin.isatty() else sys.stdin.read().splitlines()):
    print(json.dumps(answer(*reversed(line.split("\t", 1))), ensure_ascii=False))
if not lines:
    rows = map(json.loads, (folder / "golden.jsonl").read_text("utf-8").splitlines())
    worst = max(abs(p - said[t][k]) for row in rows for said in [answer(*row["prepared"])]
                for t, wanted in row["tasks"].items() for k, p in wanted["probabilities"].items())  # fmt: skip
    print(f"largest difference {worst:.1e}")
    sys.exit(not worst <= graph["tolerance"])
