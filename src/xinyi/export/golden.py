"""Which inputs prove a bundle: hand-written edge cases, then texts of the validation split.

Everything here was written for this purpose; names, numbers and addresses are invented.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xinyi.encoding import Encoded
from xinyi.export.settings import Recipe
from xinyi.runtime.golden import NAME, decide
from xinyi.tasks.decode import probabilities
from xinyi.text import prepare


@dataclass(frozen=True)
class Sample:
    """An input as a caller would send it; `note` says what it is for."""

    note: str
    text: str
    context: str = ""

    def prepared(self, recipe: Recipe) -> tuple[str, str]:
        """Cleaned text and context, as the encoder takes them."""
        clean = functools.partial(prepare, masking=recipe.masking, simplify=recipe.encoding.simplify)
        return clean(self.text), clean(self.context)


def _story(turns: int) -> str:
    """A rambling message whose sentences differ, so that cutting it at another place shows."""
    return "".join(
        f"第{i}次打电话你们说{i % 7 + 1}天内处理，到现在第{i * 3}天了还没人管。" for i in range(1, turns + 1)
    )


EDGES = (
    Sample("empty", ""),
    Sample("empty after cleaning: spaces", " \t\n　 "),
    Sample("empty after cleaning: invisible characters", "\u200b\u200e\ufeff"),
    Sample("one character", "差"),
    Sample("one full stop", "。"),
    Sample("one emoji", "😡"),
    Sample("two characters", "谢谢"),
    Sample("short", "快递到哪了"),
    Sample("about 64 characters", _story(3)[:64]),
    Sample("about 128 characters", _story(6)[:128]),
    Sample("about the maximum length", _story(12)[:256]),
    Sample("over the maximum length", _story(60)),
    Sample("far over the maximum length", _story(250)),
    Sample("emoji with joiner, skin tone and flag", "客服小姐姐👩‍💻👍🏽太棒了🇨🇳❤️"),
    Sample("weibo emoticons", "等了一个月[怒][怒骂]，又说没货[允悲][doge]"),
    Sample("kaomoji", "呜呜呜(╥﹏╥)又断网了 orz"),
    Sample("traditional", "請問這個訂單甚麼時候發貨？等了兩個禮拜還沒收到，很失望。"),
    Sample("Cantonese", "唔該幫我查下件貨去咗邊，等咗成個禮拜喇"),
    Sample("mixed script", "你们APP的Wi‑Fi设置page一直loading，restart了3次还是error code 502"),
    Sample("English only", "Where is my refund? I have been waiting for 2 weeks."),
    Sample("Japanese and Korean", "返品したいです。환불해 주세요"),
    Sample("full-width forms", "ＶＩＰ会员１２３元，请退款！！！！！！"),
    Sample("quotes and punctuation", "客服说“马上处理”，结果……呵呵，《三包》算什么？！"),
    Sample("elongation", "太太太太太太太太慢了啊啊啊啊啊啊啊"),
    Sample("digits", "1234567890 9.9元 100% 2024-06-18 3:45"),
    Sample("literal special tokens", "[CLS]这个[SEP]是[MASK]什么[PAD]意思[UNK]"),
    Sample("literal special tokens in both", "[SEP]不对", "[CLS]您好[SEP]请问"),
    Sample("placeholders already there", "我的号码是[手机号]，订单[订单号]一直没发货"),
    Sample("a phone number", "打我电话13800138000，别再发短信了"),
    Sample("e-mail and link", "发到zhangsan@example.com，或者看https://example.com/a?b=1"),
    Sample("identity card", "身份证110101199003077758，麻烦改一下实名"),
    Sample("address and name", "我叫张三丰，住在北京市朝阳区幸福路88号3单元502，还没送到"),
    Sample("markup", "<b>退款</b>&nbsp;&lt;script&gt;alert(1)&lt;/script&gt;"),
    Sample("right-to-left marks and NUL", "退\u202e款\u202c\x00快点"),
    Sample("rare characters", "𠮷野家的龘䶮菜真难吃㊙️"),
    Sample("a long word", "a" * 300 + "是什么意思"),
    Sample("context", "还是不行", "客服：请您重启一下路由器再试试。"),
    Sample("long context", "那我要退货", _story(80)),
    Sample("long context and long text", _story(70), _story(90)),
    Sample("context empty after cleaning", "还是不行", "\u200b  "),
    Sample("text empty, context given", "", "客服：请问还有什么可以帮您？"),
)


def golden_samples(table: pa.Table, count: int) -> list[Sample]:
    """At least `count` inputs: the edge cases, then rows of the table from short to long.

    Where the table is too small, edge cases in the context of others fill up.
    """
    samples = dict.fromkeys([*EDGES, *spread(table, max(0, count - len(EDGES)), "validation row")])
    pairs = (
        Sample(f"{text.note}, after: {turn.note}", text.text, turn.text)
        for turn in EDGES
        for text in EDGES
        if turn.text and not text.context
    )
    while len(samples) < count and (extra := next(pairs, None)):
        samples[extra] = None
    return list(samples)


def spread(table: pa.Table, count: int, note: str) -> list[Sample]:
    """`count` different rows of a data table (or all), evenly over the lengths, with personal data masked."""
    pairs = set(zip(table["text"].to_pylist(), table["context"].to_pylist(), strict=True))
    # By the text too: the choice must not depend on the set's order.
    ordered = sorted(pairs, key=lambda pair: (len(pair[0]) + len(pair[1]), pair))
    picked = np.unique(np.linspace(0, len(ordered) - 1, num=min(count, len(ordered))).round().astype(int))
    # Masked whatever the run's setting: these texts leave the house.
    return [Sample(note, *(prepare(part) for part in ordered[i])) for i in picked]


def write_golden(
    samples: Sequence[Sample], encoded: Encoded, logits: Mapping[str, NDArray[np.floating]], recipe: Recipe, path: Path
) -> None:
    """Write one line a sample: note, text and context (raw and prepared), token ids; label, name, probabilities of each
    task.
    """
    probs = {task.id: probabilities(logits[task.id], task.kind, recipe.decodings[task.id].temperature)
             for task in recipe.tasks}  # fmt: skip
    decided = {task.id: decide(probs[task.id], task, recipe.decodings[task.id].thresholds) for task in recipe.tasks}
    ids = np.split(encoded.ids, encoded.offsets[1:-1])
    with path.open("w", encoding="utf-8") as file:
        for i, sample in enumerate(samples):
            tasks = {
                task.id: {
                    "label": decided[task.id][i][0],
                    "name": decided[task.id][i][1],
                    "probabilities": dict(zip(task.label_ids, map(float, probs[task.id][i]), strict=True)),
                }
                for task in recipe.tasks
            }
            row = {"note": sample.note, "text": sample.text, "context": sample.context}
            row |= {"prepared": sample.prepared(recipe), "ids": ids[i].tolist(), "tasks": tasks}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


__all__ = ["EDGES", "NAME", "Sample", "golden_samples", "spread", "write_golden"]
