// A bundle on Node.js: `node predict.mjs BUNDLE` replays golden.jsonl, exit code 1 when an answer differs;
// `node predict.mjs BUNDLE MESSAGE [CONTEXT]` prints an answer. Messages must be cleaned as in training (`prepared`).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import * as ort from "onnxruntime-node";

const [bundle, message, before = ""] = process.argv.slice(2);
const read = (name) => JSON.parse(readFileSync(join(bundle, name), "utf8"));
const manifest = read("manifest.json");
const { tasks } = read("labels.json");
const { max_length, truncation, context_share } = manifest.encoding;
const raw = read("tokenizer.json");
// A typed "[SEP]" stays text: special tokens are put in below, never parsed.
const tokenizer = new Tokenizer(
  { ...raw, added_tokens: raw.added_tokens.filter((token) => !token.special), post_processor: null },
  read("tokenizer_config.json"),
);
const idOf = (...names) =>
  raw.added_tokens.find((token) => names.includes(token.content))?.id ?? raw.model.vocab[names[0]];
const CLS = idOf("[CLS]", "<s>"), SEP = idOf("[SEP]", "</s>");
const session = await ort.InferenceSession.create(join(bundle, manifest.formats.onnx.file));

function encode(text, context) {
  let [ids, turns] = [text, context].map((part) => (part ? tokenizer.encode(part, { add_special_tokens: false }).ids : []));
  let room = max_length - (turns.length ? 3 : 2);
  const free = Math.min(room, Math.max(Math.floor(room * context_share), room - ids.length));
  turns = free > 0 ? turns.slice(-free) : [];
  room -= turns.length;
  const head = { head: room, tail: 0, head_tail: (room + 1) >> 1 }[truncation];
  if (ids.length > room) ids = [...ids.slice(0, head), ...ids.slice(ids.length - (room - head))];
  const first = turns.length ? [CLS, ...turns, SEP] : [CLS];
  const second = [...ids, SEP];
  return [[...first, ...second], [...first.map(() => 0), ...second.map(() => (turns.length ? 1 : 0))]];
}

const softmax = (values) => {
  const odds = values.map((value) => Math.exp(value - Math.max(...values)));
  const sum = odds.reduce((a, b) => a + b);
  return odds.map((odd) => odd / sum);
};

async function answer(text, context) {
  const [ids, types] = encode(text, context);
  const rows = { input_ids: ids, attention_mask: ids.map(() => 1), token_type_ids: types };
  const feed = Object.fromEntries(session.inputNames.map((name) => [
    name, new ort.Tensor("int64", BigInt64Array.from(rows[name], BigInt), [1, ids.length]),
  ]));
  const found = await session.run(feed);
  return Object.fromEntries(tasks.map((task) => {
    const scaled = Array.from(found[`logits.${task.id}`].data, (logit) => logit / task.decoding.temperature);
    const probs = task.kind === "multi" ? scaled.map((value) => 1 / (1 + Math.exp(-value))) : softmax(scaled);
    return [task.id, Object.fromEntries(task.labels.map((label, i) => [label.id, probs[i]]))];
  }));
}

if (message !== undefined) {
  console.log(JSON.stringify(await answer(message, before)));
} else {
  let worst = 0, other = 0;
  const lines = readFileSync(join(bundle, "golden.jsonl"), "utf8").trim().split("\n");
  for (const row of lines.map((line) => JSON.parse(line))) {
    const [text, context] = row.prepared;
    if (JSON.stringify(encode(text, context)[0]) !== JSON.stringify(row.ids)) other += 1;
    const got = await answer(text, context);
    for (const [task, said] of Object.entries(row.tasks))
      for (const [label, p] of Object.entries(said.probabilities)) worst = Math.max(worst, Math.abs(p - got[task][label]));
  }
  console.log(`${lines.length} golden rows: ${other} with other token ids, largest difference ${worst.toExponential(1)}`);
  process.exit(other === 0 && worst <= manifest.formats.onnx.tolerance ? 0 : 1);
}
