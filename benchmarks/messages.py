"""Many different messages, made by putting parts of the sample corpus together anew."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

_PARTS = re.compile(r"[^，。！？!?；\n]+[，。！？!?；]*")


def write_messages(path: Path, rows: int, sample: Path, seed: int = 7) -> None:
    """Write `rows` messages as jsonl with `text`, `intent` and `customer_id`; 2 % repeat an earlier one exactly.

    Args:
        sample: jsonl file whose messages are cut at their punctuation; one to four parts make a new message.
    """
    rng = random.Random(seed)
    known = [json.loads(line) for line in sample.read_text(encoding="utf-8").splitlines()]
    parts = [part for row in known for part in _PARTS.findall(row["text"])]
    intents = [row["intent"] for row in known if row.get("intent")]
    earlier: list[str] = []
    with open(path, "w", encoding="utf-8") as file:
        for i in range(rows):
            text = "".join(rng.choices(parts, k=rng.randint(1, 4)))
            if rng.random() < 0.3:
                text += f"订单尾号{rng.randrange(10_000)}"
            if earlier and rng.random() < 0.02:
                text = rng.choice(earlier)
            if len(earlier) < 10_000:
                earlier.append(text)
            row = {"text": text, "intent": rng.choice(intents), "customer_id": f"c{i % (rows // 3 + 1)}"}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
