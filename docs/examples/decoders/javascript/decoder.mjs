// A decoder in JavaScript, without dependencies: genspec conform cmd:"node decoder.mjs"
// Greedy, sampling and beam search. The protocol is docs/guide/protocol.md; clause ids are those of docs/spec.

import { createInterface } from "node:readline";

const READY = {
  protocol: 1,
  info: { name: "example-javascript", version: "1.0", dtype: "float64", profile: "hf" },
  capabilities: {
    levels: ["L0", "L1", "L2", "L3", "L4"],
    modes: ["greedy", "sample", "beam_search"],
    fields: ["max_new_tokens", "max_length", "eos_token_id", "do_sample", "temperature", "top_k", "top_p", "num_beams",
      "length_penalty", "early_stopping", "num_return_sequences"],
    operations: ["temperature", "top_k", "top_p"],
    inputs: ["noise"],
    kinds: ["table", "history", "ties", "lines"],
    refuses: false,
  },
};

const read = (scores) => scores.map((s) => (s === "-inf" ? -Infinity : s));
const write = (scores) => scores.map((s) => (s === -Infinity ? "-inf" : s));
const up = (count) => [...Array(count).keys()];
const ranking = (scores) => up(scores.length).sort((a, b) => scores[b] - scores[a] || a - b);      // SCORES-5

// Scripted models: VECTORS-3 to VECTORS-6, VECTORS-14.

const BITS = (1n << 64n) - 1n;

function mix(x) {
  x = (x + 0x9E3779B97F4A7C15n) & BITS;
  x = ((x ^ (x >> 30n)) * 0xBF58476D1CE4E5B9n) & BITS;
  x = ((x ^ (x >> 27n)) * 0x94D049BB133111EBn) & BITS;
  return x ^ (x >> 31n);
}

const stateAfter = (seed, tokens) => tokens.reduce((state, t) => mix(state ^ BigInt(t + 1)), mix(BigInt(seed)));

function logitsOf(model, row) {
  if (model.kind === "lines") return read(model.lines[row.at(-1) % model.lines.length]);
  const size = model.vocab_size, state = stateAfter(model.seed, model.kind === "table" ? row.slice(-1) : row);
  const words = up(size).map((t) => mix(state ^ BigInt(t + 1)));
  const smaller = new Map([...words].sort((a, b) => (a < b ? -1 : 1)).map((word, place) => [word, place]));
  const logits = words.map((word) => {
    if (model.kind === "ties") return Number(word % 4n) - 2;
    if (size > 256) return Number(word % (1n << 24n)) / 2 ** 21 - 4;
    return Math.floor((256 * smaller.get(word) + Number(word % BigInt(257 - size))) / size) / 32 - 4;
  });
  if (model.eos.length && state % 2n === 0n) {
    const eos = model.eos[Number((state / 256n) % BigInt(model.eos.length))];
    const other = ranking(logits)[size > 1 ? Number((state / 2n) % 2n) : 0];
    [logits[eos], logits[other]] = [logits[other], logits[eos]];
  }
  return logits;
}

// The noise of a step: written down, or counted from a seed. VECTORS-10, SAMPLE-7.

function noiseOf(input, row, step, size) {
  if (input.noise) return input.noise[row][step];
  const state = stateAfter(input.seed, [row, step]);
  return up(size).map((j) => -Math.log((Number(mix(state ^ BigInt(j + 1)) >> 12n) + 0.5) / 2 ** 52));
}

// Operations on scores: docs/spec/temperature.md, top_k.md, top_p.md.

function softmax(scores) {
  const greatest = Math.max(...scores), weights = scores.map((s) => Math.exp(s - greatest));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((w) => w / sum);
}

const OPERATIONS = {
  temperature: (scores, { temperature }) => scores.map((s) => s / temperature),
  top_k(scores, { k, min_keep = 1 }) {
    const least = [...scores].sort((a, b) => b - a)[Math.min(Math.max(k, min_keep), scores.length) - 1];
    return scores.map((s) => (s < least ? -Infinity : s));
  },
  top_p(scores, { p, min_keep = 1 }) {
    const q = softmax(scores), left = scores.map(() => -Infinity);
    let above = 0;
    ranking(scores).forEach((token, rank) => {
      if (above < p || rank < min_keep) left[token] = scores[token];                                // TOP-P-2, TOP-P-4
      above += q[token];
    });
    return left;
  },
};

const applied = (scores, operations) =>
  operations.reduce((left, one) => OPERATIONS[one.operation](left, one.arguments), scores);

function race(scores, noise) {                                                                      // SAMPLE-1
  return ranking(noise ? scores.map((s, t) => s - Math.log(noise[t])) : scores);
}

// Whole calls.

function planOf(input) {
  const given = input.config, value = (name, unset) => given[name] ?? unset;
  const eos = value("eos_token_id", []), P = input.prompt.length;
  const budget = value("max_new_tokens", value("max_length", P + 20) - P);                          // LENGTH-1 to -4
  const operations = [];
  if (given.do_sample) {
    const k = value("top_k", 50), p = value("top_p", 1);
    operations.push({ operation: "temperature", arguments: { temperature: value("temperature", 1) } });
    if (k > 0) operations.push({ operation: "top_k", arguments: { k } });
    if (p < 1) operations.push({ operation: "top_p", arguments: { p } });
  }
  return {
    eos: Array.isArray(eos) ? eos : [eos], budget: Math.max(budget, 0), operations,
    prompt: budget < 0 ? input.prompt.slice(-budget) : input.prompt,                                 // LENGTH-5
    draws: given.do_sample === true, beams: value("num_beams", 1), rows: value("num_return_sequences", 1),
    penalty: value("length_penalty", 1), early: value("early_stopping", false),
  };
}

function decode(input) {
  const plan = planOf(input);
  if (plan.beams > 1) return beamSearch(input.model, plan);
  const rows = up(plan.draws ? plan.rows : 1).map((number) => drawnRow(input, plan, number));
  return { sequences: rows, finish_reasons: rows.map((row) => (ends(row, plan) ? "eos" : "length")) };
}

function drawnRow(input, plan, number) {
  const row = [...plan.prompt];
  for (let step = 0; step < plan.budget && !ends(row, plan); step++) {
    const scores = applied(logitsOf(input.model, row), plan.operations);
    row.push(race(scores, plan.draws ? noiseOf(input, number, step, scores.length) : null)[0]);
  }
  return row;
}

const ends = (row, plan) => row.length > plan.prompt.length && plan.eos.includes(row.at(-1));        // STOPPING-1

// docs/spec/beam_search.md, clause by clause.

function beamSearch(model, plan) {
  const { beams, eos, budget } = plan, score = (total, length) => total / Math.max(length, 1) ** plan.penalty;
  const width = beams * Math.max(2, 1 + eos.length);                                                // BEAM-SEARCH-2
  let open = [{ row: plan.prompt, total: 0, indices: [] }];                                         // BEAM-SEARCH-7
  let pool = budget ? [] : [{ ...open[0], score: 0, reason: "length" }];
  for (let length = 1; length <= budget && open.length; length++) {
    const going = [];
    candidates(model, open).slice(0, width).forEach((candidate, rank) => {
      const ended = eos.includes(candidate.row.at(-1));
      if (!ended && length < budget) going.push(candidate);
      else if (rank < beams) {                                                                      // BEAM-SEARCH-3, -4
        pool.push({ ...candidate, score: score(candidate.total, length), reason: ended ? "eos" : "length" });
      }
    });
    pool = pool.sort((a, b) => b.score - a.score).slice(0, beams);                                  // BEAM-SEARCH-5
    open = going.slice(0, beams);                                                                   // BEAM-SEARCH-8
    if (pool.length === beams && open.length) {                                                     // BEAM-SEARCH-6
      const best = score(open[0].total, plan.early === "never" && plan.penalty > 0 ? budget : length);
      if (plan.early === true || best <= pool.at(-1).score) break;
    }
  }
  const rows = pool.slice(0, plan.rows);                                                            // BEAM-SEARCH-9
  if (!rows.length) return { reject: ["SCORES-6"] };
  return {
    sequences: rows.map((one) => one.row), finish_reasons: rows.map((one) => one.reason),
    sequences_scores: rows.map((one) => one.score), beam_indices: rows.map((one) => one.indices),
  };
}

function candidates(model, open) {
  return open.flatMap(({ row, total, indices }, number) => {
    const logits = logitsOf(model, row), greatest = Math.max(...logits);
    const mass = greatest + Math.log(logits.reduce((sum, s) => sum + Math.exp(s - greatest), 0));   // BEAM-SEARCH-1
    return logits.map((s, t) => ({ row: [...row, t], total: total + (s - mass), indices: [...indices, number] }));
  }).filter((one) => one.total > -Infinity).sort((a, b) => b.total - a.total);
}

// The protocol: one line in, one line out.

const ANSWERS = {
  L0: (input) => ({ scores: write(applied(read(input.scores), [input])) }),
  L1: (input) => ({ scores: write(applied(read(input.logits), input.operations)) }),
  L2(input) {
    const ranked = race(read(input.scores), input.noise);
    return input.count ? { tokens: ranked.slice(0, input.count) } : { token: ranked[0] };
  },
  L3: decode,
  L4: decode,           // the noise of SAMPLE-7 is chance as good as any: each question has a seed of its own
};

function answer(message) {
  try {
    return { id: message.id, ...ANSWERS[message.level](message.input) };
  } catch (error) {
    return { id: message.id, failed: `${error.name}: ${error.message}` };
  }
}

// A seed may be any number below 2^64, and a number of JavaScript is exact below 2^53: seeds are read as texts.
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line.replace(/"seed":(\d+)/g, '"seed":"$1"'));
  if (message.type === "stop") break;
  process.stdout.write(JSON.stringify(message.type === "start" ? READY : answer(message)) + "\n");
}
