"""Time one step from logits to tokens, without a model: ours in turns with what `generate` of transformers does.

PYTHONPATH=tests python tests/benchmarks/torch_steps.py [--runs 21] [--vocab 32000 128256] [--batch 1 8]

Theirs is made of the processors that it makes of the same config, its softmax and draw, and in beam search its
log-softmax and top-k; what its loop does besides is left out. Both sides see the same logits, taken from a table.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessorList
from transformers.generation import logits_process as theirs

from genspec import GenerationConfig
from genspec.backends.torch.noise import CountedNoise, GeneratorNoise, Noise
from genspec.backends.torch.pipeline import Pipeline

Step = Callable[[Tensor], object]
SAMPLED = {"do_sample": True, "temperature": 0.8, "top_k": 50, "top_p": 0.9}
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "greedy": ({}, ""),
    "greedy, ngram 3": ({"no_repeat_ngram_size": 3}, ""),
    "greedy, penalty": ({"repetition_penalty": 1.2}, ""),
    "sample, T k p, seeds": (SAMPLED, "seeds"),
    "sample, T k p, stream": (SAMPLED, "stream"),
    "sample, T p, seeds": ({**SAMPLED, "top_k": 0}, "seeds"),
    "4 beams": ({"num_beams": 4}, ""),
    "4 beams, ngram 3": ({"num_beams": 4, "no_repeat_ngram_size": 3}, ""),
    "4 beams, sample": ({"num_beams": 4, **SAMPLED}, "seeds"),
}
LENGTH = 128


def main() -> None:
    """Time every case at every size and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--vocab", type=int, nargs="*", default=[32_000, 128_256])
    parser.add_argument("--batch", type=int, nargs="*", default=[1, 8])
    parser.add_argument("--case", default="")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--cpu", action="store_true", help="time of the processor: for a busy machine and one thread")
    options = parser.parse_args()
    clock = time.process_time if options.cpu else time.perf_counter
    torch.set_num_threads(options.threads)
    print(f"milliseconds a step, medians of {options.runs}, {options.threads} threads")
    for vocab_size in options.vocab:
        for batch in options.batch:
            for name, (config, noise) in CASES.items():
                if options.case in name:
                    report(name, vocab_size, batch, in_turns(*contenders(vocab_size, batch, config, noise),
                                                             options.runs, clock))


def report(name: str, vocab_size: int, batch: int, times: tuple[list[float], list[float]]) -> None:
    """Print one line: medians, their ratio, and the ratio of the fastest of each."""
    mine, other = (statistics.median(one) for one in times)
    print(f"  {name:24} V {vocab_size:7,}  B {batch}  ours {mine:9.3f}  theirs {other:9.3f}  "
          f"ratio {mine / other:5.2f}  of the fastest {min(times[0]) / min(times[1]):5.2f}", flush=True)


def contenders(vocab_size: int, batch: int, config: dict[str, Any], noise: str) -> tuple[Step, Step, Tensor]:
    """Return a step of each side, and the logits."""
    beams = config.get("num_beams", 1)
    torch.manual_seed(0)
    logits = torch.randn(batch * beams, vocab_size) * 2
    rows = torch.randint(0, min(64, vocab_size), (batch * beams, LENGTH))
    return ours(vocab_size, batch, config, noise, rows), others(config, noise, rows), logits


def ours(vocab_size: int, batch: int, config: dict[str, Any], noise: str, rows: Tensor) -> Step:
    """Make a step of the pipeline."""
    beams = config.get("num_beams", 1)
    prompts = [tuple(row) for row in rows[::beams].tolist()]
    plan = GenerationConfig(**{"max_new_tokens": 9999, "eos_token_id": 2, **config}).resolve(
        prompt_length=LENGTH, vocab_size=vocab_size).plan
    pipeline = Pipeline([plan] * batch, prompts, None, vocab_size, lines_per_prompt=beams)
    source: Noise | None = (CountedNoise(range(batch)) if noise == "seeds"
                            else GeneratorNoise(torch.Generator().manual_seed(0), batch))
    totals = [0.0] * (batch * beams)

    def step(logits: Tensor) -> object:
        if beams > 1:
            return pipeline.candidates(logits, totals, 2 * beams, source).totals.tolist()
        return pipeline.take(logits, source).tokens

    return step


def others(config: dict[str, Any], noise: str, rows: Tensor) -> Step:
    """Make a step as transformers 5.23 takes it."""
    beams, draws = config.get("num_beams", 1), config.get("do_sample", False)
    processors = LogitsProcessorList(processors_of(config))

    def step(logits: Tensor) -> object:
        scores = logits.to(copy=True, dtype=torch.float32)
        if beams == 1:
            scores = processors(rows, scores)
            return (torch.multinomial(scores.softmax(-1), 1) if draws else scores.argmax(-1)).tolist()
        scores = processors(rows, torch.nn.functional.log_softmax(scores, dim=-1))
        totals = scores.view(-1, beams, logits.shape[1]) + torch.zeros(len(rows) // beams, beams)[:, :, None]
        flat = totals.view(len(rows) // beams, -1)
        if draws:
            places = torch.multinomial(flat.softmax(-1), 2 * beams)
            return flat.gather(1, places).tolist()
        return flat.topk(2 * beams).values.tolist()

    return step


def processors_of(config: dict[str, Any]) -> list[Any]:
    """Make the processors of a config, in the order of transformers."""
    keep = 2 if config.get("num_beams", 1) > 1 else 1
    made = []
    if "repetition_penalty" in config:
        made.append(theirs.RepetitionPenaltyLogitsProcessor(config["repetition_penalty"]))
    if "no_repeat_ngram_size" in config:
        made.append(theirs.NoRepeatNGramLogitsProcessor(config["no_repeat_ngram_size"]))
    if config.get("do_sample"):
        made.append(theirs.TemperatureLogitsWarper(config["temperature"]))
        if config["top_k"]:
            made.append(theirs.TopKLogitsWarper(config["top_k"], min_tokens_to_keep=keep))
        made.append(theirs.TopPLogitsWarper(config["top_p"], min_tokens_to_keep=keep))
    return made


def in_turns(
    mine: Step, other: Step, logits: Tensor, runs: int, clock: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Time both sides in turns. Returns milliseconds."""
    times: tuple[list[float], list[float]] = ([], [])
    with torch.no_grad():
        for turn in range(runs + 2):
            for side, step in zip(times, (mine, other), strict=True):
                started = clock()
                step(logits)
                if turn > 1:
                    side.append(1e3 * (clock() - started))
    return times


if __name__ == "__main__":
    main()
