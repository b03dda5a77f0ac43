// What looks like @huggingface/transformers, for tests of its adapter: greedy rows of the table in genspec.json.

const { readFileSync } = require("node:fs");
const { join } = require("node:path");

class Tensor {
  constructor(type, data, dims) { Object.assign(this, { type, data, dims }); }

  tolist() {
    const [rows, size] = this.dims;
    return [...Array(rows).keys()].map((row) => [...this.data.slice(row * size, (row + 1) * size)]);
  }
}

class Model {
  constructor(lines) { this.lines = lines; }

  dispose() { env.disposed.push(this.lines.length); }

  generate({ inputs, attention_mask, max_new_tokens, eos_token_id, repetition_penalty, bad_words_ids }) {
    if (bad_words_ids) throw new TypeError("no words");
    if (max_new_tokens === 99) process.exit(3);
    const masks = attention_mask.tolist(), rows = inputs.tolist();
    const ends = (row) => (eos_token_id ?? []).some((id) => row.at(-1) == id);
    for (let step = 0; step < max_new_tokens && !(step && rows.every(ends)); step++) {
      rows.forEach((row, number) => {
        const seen = row.filter((_, place) => masks[number][place] !== 0n).map(Number);
        const scores = this.lines[seen.at(-1)].map((s, t) => (
          !seen.includes(t) ? s : s > 0 ? s / repetition_penalty : s * repetition_penalty));
        row.push(BigInt(scores.indexOf(Math.max(...scores))));
      });
    }
    return new Tensor("int64", BigInt64Array.from(rows.flat()), [rows.length, rows[0].length]);
  }
}

const env = { allowRemoteModels: true, localModelPath: "", disposed: [] };
const random = { seed(seed) { if (!(seed >= 0)) throw new RangeError("a seed is a number"); } };
const AutoModelForCausalLM = {
  async from_pretrained(name, options) {
    if (env.allowRemoteModels || options.dtype !== "fp32") throw new Error("nothing is to be fetched or rounded");
    return new Model(JSON.parse(readFileSync(join(env.localModelPath, name, "genspec.json"), "utf8")).table.lines);
  },
};

module.exports = { AutoModelForCausalLM, Tensor, env, random };
