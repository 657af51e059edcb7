"""A tiny random classifier and its bundle, made once a process for the tests of export and runtime."""

from __future__ import annotations

import functools
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import BertConfig, BertModel, ModernBertConfig, ModernBertModel, PretrainedConfig

from xinyi.encoding import EncodingSettings
from xinyi.export import ExportSettings, export_bundle
from xinyi.models.classifier import MultiTaskClassifier
from xinyi.tasks.decode import Decoding
from xinyi.tasks.spec import Label, TaskSpec

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PLACEHOLDERS = ["[手机号]", "[订单号]", "[网址]", "[用户名]"]
TASKS = (
    TaskSpec("sentiment", "ordinal", (Label("neg", "消极"), Label("neutral", "中性"), Label("pos", "积极"))),
    TaskSpec("emotion", "multi", (Label("anger", "愤怒"), Label("joy", "喜悦"), Label("worry", "焦虑"))),
    TaskSpec("intent", "single", (Label("refund", "退款"), Label("logistics", "物流"), Label("praise", "表扬"))),
)
DECODINGS = {
    "sentiment": Decoding(temperature=1.5, abstain_below=0.4),
    "emotion": Decoding(temperature=0.8, thresholds=(0.45, 0.5, 0.55)),
    "intent": Decoding(),
}
ENCODING = EncodingSettings(max_length=48)
# Sixteen rows cannot show half a point: whatever int8 loses here is within the margin.
SETTINGS = ExportSettings(formats=("safetensors", "onnx", "onnx_int8"), int8_margin=1.0)
TEXTS = [
    "快递三天没动了，催了也没人理", "客服态度很好，问题马上解决了", "我要退货退款，尺码不对", "物流太慢了", "一般般吧",
    "这个月话费怎么多扣了三十元", "谢谢，已经收到了", "又断网了，第四次报修",
    "能不能便宜一点", "电话13912345678，请回电",
    "不错，下次还来", "包装破了，里面的杯子也碎了，你们怎么发的货", "请转人工", "好", "发票什么时候开", "质量差得离谱",
]  # fmt: skip


def tiny_tokenizer() -> Tokenizer:
    """Characters of the texts above and some more, as BERT's Chinese vocabulary has them."""
    chars = sorted(
        {char for text in TEXTS for char in text} | set("第次打电话你们说天内处理，到现在了还没人管。0123456789")
    )
    words = [*SPECIALS, *PLACEHOLDERS, *chars, *(f"##{digit}" for digit in range(10)), "a", "##a", "app"]
    vocab = {word: i for i, word in enumerate(dict.fromkeys(words))}
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(SPECIALS)
    tokenizer.add_tokens(PLACEHOLDERS)
    return tokenizer


def tiny_config(kind: str, vocabulary: int) -> PretrainedConfig:
    """BERT or ModernBERT with one layer of 32 units."""
    common: dict[str, Any] = {
        "vocab_size": vocabulary, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 64, "max_position_embeddings": 64, "pad_token_id": 0,
    }  # fmt: skip
    if kind == "bert":
        return BertConfig(**common)
    marks = {"cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3}
    return ModernBertConfig(**common, **marks, global_attn_every_n_layers=1)


@dataclass(frozen=True)
class Tiny:
    """What `export_bundle` takes."""

    model: MultiTaskClassifier
    tokenizer: Tokenizer
    config: PretrainedConfig
    table: pa.Table


def tiny_model(kind: str = "bert", pooling: str = "mean", seed: int = 0, lexical: bool = False) -> Tiny:
    """A random classifier with heads large enough that its decisions differ between texts."""
    torch.manual_seed(seed)
    tokenizer = tiny_tokenizer()
    config = tiny_config(kind, tokenizer.get_vocab_size())
    encoder = BertModel(config, add_pooling_layer=False) if kind == "bert" else ModernBertModel(config)
    model = MultiTaskClassifier(encoder, {task.id: len(task.labels) for task in TASKS}, 32, pooling, lexical=lexical)
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.mul_(3.0)
        for head in model.heads.values():
            head.weight.normal_(std=0.3)
        for part in (model.pool, model.lexical):
            for parameter in part.parameters() if isinstance(part, torch.nn.Module) else ():
                parameter.normal_(std=2.0 if part is model.pool else 0.3)
    model.fold()  # as a trained one is when it is exported
    return Tiny(model.train(), tokenizer, config, tiny_table())


def tiny_table() -> pa.Table:
    """A validation set: the texts with a context for every third, and a label of each task, one missing."""
    rows = range(len(TEXTS))
    labels: dict[str, list[Any]] = {
        "sentiment": [["neg", "neutral", "pos"][i % 3] for i in rows],
        "emotion": [[["anger"], [], ["joy", "worry"]][i % 3] for i in rows],
        "intent": [None if i == 4 else ["refund", "logistics", "praise"][i % 3] for i in rows],
    }
    contexts = ["" if i % 3 else "客服：您好，请问有什么可以帮您？" for i in rows]
    return pa.table({"text": TEXTS, "context": contexts, **{f"label.{task}": own for task, own in labels.items()}})


def write_report(folder: Path) -> Path:
    """A report folder as evaluation leaves it, as far as export reads it."""
    folder.mkdir(parents=True)
    metric = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 16}
    content = {"metrics": {"macro_f1": metric}, "baseline": {"macro_f1": 0.2}, "per_label": [{"id": "neg", "f1": 0.1}]}
    report = {
        "schema_version": 1,
        "run": {"name": "tiny", "git_commit": "0" * 40, "seed": 0, "backbone": "random", "embedded_random": True},
        "data": {"name": "invented", "fingerprint": "f" * 64, "splits": {"validation": {"rows": 16}}},
        "primary": {"sentiment": "macro_f1"},
        "tasks": {"sentiment": {"validation": content}},
    }
    (folder / "report.json").write_text(json.dumps(report, ensure_ascii=False), encoding="utf-8")
    (folder / "report.html").write_text("<meta charset='utf-8'><p>报告</p>", encoding="utf-8")
    return folder


def export_tiny(folder: Path, tiny: Tiny, **changes: Any) -> dict[str, Any]:
    """`export_bundle` with the tasks of this module."""
    arguments = {
        "tasks": TASKS, "decodings": DECODINGS, "encoding": ENCODING, "golden_table": tiny.table, "report_dir": None,
        "facts": {"data": {"personal_data": {"手机号": 1}}}, "settings": SETTINGS,
    }  # fmt: skip
    return export_bundle(folder, tiny.model, tiny.tokenizer, tiny.config, **(arguments | changes))


_KEPT: list[tempfile.TemporaryDirectory] = []  # removed when the process ends


@functools.cache
def shared_bundle() -> Path:
    """One complete bundle for every test of this process; copy it before changing it."""
    torch.set_num_threads(1)
    _KEPT.append(tempfile.TemporaryDirectory(prefix="xinyi-bundle-"))
    root = Path(_KEPT[-1].name)
    export_tiny(root / "bundle", tiny_model(), report_dir=write_report(root / "report"))
    return root / "bundle"
