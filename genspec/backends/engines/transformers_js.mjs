// transformers.js, asked line by line: node transformers_js.mjs FOLDER, the one that has its package in node_modules.
//
// In:  {"folder": of a checkpoint, "prompts": rows of equal length, "masks": 0 where a row is padded, "options", "seed"}
// Out: {"rows": prompts and new tokens}, or {"error": name, "message"}

import { createRequire } from "node:module";
import { basename, dirname } from "node:path";
import { createInterface } from "node:readline";

const { AutoModelForCausalLM, Tensor, env, random } = createRequire(process.argv[2] + "/")("@huggingface/transformers");
const KEPT = 8;
const MODEL = {
  dtype: "fp32", device: "cpu", subfolder: "", model_file_name: "model", session_options: { intraOpNumThreads: 1 },
};
const models = new Map();                       // by their folders, the one that was asked last at the end

env.allowRemoteModels = false;

async function modelOf(folder) {
  const model = models.get(folder) ?? await load(folder);
  models.delete(folder);
  models.set(folder, model);
  return model;
}

async function load(folder) {
  if (models.size === KEPT) {
    const [oldest, model] = models.entries().next().value;
    models.delete(oldest);
    await model.dispose();
  }
  env.localModelPath = dirname(folder);
  return AutoModelForCausalLM.from_pretrained(basename(folder), MODEL);
}

const tensor = (rows) => new Tensor("int64", BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0].length]);

async function answer({ folder, prompts, masks, options, seed }) {
  const model = await modelOf(folder);
  random.seed(seed);
  const rows = await model.generate({ inputs: tensor(prompts), attention_mask: tensor(masks), ...options });
  return { rows: rows.tolist().map((row) => row.map(Number)) };
}

for await (const line of createInterface({ input: process.stdin })) {
  const said = await answer(JSON.parse(line)).catch((error) => ({ error: error.name, message: error.message }));
  process.stdout.write(JSON.stringify(said) + "\n");
}
