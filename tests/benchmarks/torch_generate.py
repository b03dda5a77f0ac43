"""Time what decoding costs besides the model: our `generate` on torch and that of transformers, in turns.

PYTHONPATH=tests python tests/benchmarks/torch_generate.py [--runs 5] [--steps 128] [--only beams] [--device cuda]

The model is a table of logits with a cache of one number a token. It clocks its own forward passes, and their time is
taken off on both sides: what is left, divided by the steps, is the overhead. Both sides must give the same rows. Peak
memory is measured in a process of its own for each side.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from support.hf_table import Clock, TableConfig, TableModel

from genspec import GenerationConfig

EOS, PAD, PROMPT = 2, 1, 8
SAMPLING = {"do_sample": True, "temperature": 0.8, "top_k": 50, "top_p": 0.95}
NGRAM = {"no_repeat_ngram_size": 3}
LARGE, PEAK_STEPS = 128_256, 16
EXACT = 512
"""New tokens that both sides must agree on. transformers adds up the totals of beams in float32: after a thousand
tokens they are off by 0.007 nats, and candidates of four beams come nearer than that. Ours are those of float64."""


@dataclass(frozen=True, slots=True)
class Case:
    """One comparison, and how much of the overhead of transformers ours may be."""

    name: str
    config: dict[str, Any]
    goals: dict[str, float]             # for each of our ways to run it
    vocab_size: int = 64
    batch: int = 1
    steps: int = 128


@dataclass(frozen=True, slots=True)
class Side:
    """What runs: transformers, or ours, with its noise from a generator or from seeds of the rows."""

    name: str
    call: Callable[[int], torch.Tensor] = field(compare=False)


BASE = (
    Case("greedy", {}, {"ours": 0.7}),
    Case("sample", SAMPLING, {"seeds": 0.1, "stream": 0.4}),
    Case("4 beams", {"num_beams": 4}, {"ours": 0.5}),
    Case("4 beams, n-gram ban", {"num_beams": 4, **NGRAM}, {"ours": 0.4}),
)
LONG = Case("greedy, n-gram ban", NGRAM, {"ours": 0.5}, steps=1024)


def cases(steps: int) -> Iterator[Case]:
    """Give every case; the goals are for the large vocabularies, but for the n-gram ban on a long row."""
    for batch in (1, 8):
        yield replace(LONG, batch=batch)
    for vocab_size in (64, 32_000, LARGE):
        for batch in (1, 8):
            for case in BASE:
                goals = case.goals if vocab_size > 64 else dict.fromkeys(case.goals, float("inf"))
                yield replace(case, vocab_size=vocab_size, batch=batch, steps=steps, goals=goals)


def main() -> None:
    """Measure every case, and the memory of those with the largest vocabulary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each side")
    parser.add_argument("--steps", type=int, default=128, help="new tokens of a run")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--vocab-size", type=int, help="cases of this vocabulary alone")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="threads of torch")
    parser.add_argument("--busy", action="store_true",
                        help="other programs run too: one thread, its own time, the best run instead of the median")
    parser.add_argument("--peak", nargs=2, metavar=("CASE", "SIDE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1 if options.busy else options.threads)
    Clock.now = staticmethod(time.process_time if options.busy else time.perf_counter)
    if options.peak:
        print(peak(*options.peak, options.device))
        return
    chosen = [case for case in cases(options.steps)
              if options.only in case.name and options.vocab_size in {None, case.vocab_size}]
    speed(chosen, options)
    memory(chosen, options.device)
    if options.device == "cuda":
        bandwidth(chosen)


def speed(chosen: list[Case], options: argparse.Namespace) -> None:
    """Print the overhead of a step."""
    which, threads = "best" if options.busy else "medians", torch.get_num_threads()
    print(f"microseconds a step besides the forward pass, {which} of {options.runs} runs in turns, "
          f"on {options.device} with {threads} threads")
    print(f"  {'':22}{'V':>9}{'B':>3}{'steps':>7}  {'':7}{'ours':>10}{'transformers':>14}{'ratio':>8}{'goal':>7}")
    for case in chosen:
        model = table(case, options.device)
        spent = in_turns(model, sides(case, model), options.runs, min if options.busy else statistics.median)
        theirs = spent.pop("transformers") / case.steps * 1e6
        for name, seconds in spent.items():
            mine, goal = seconds / case.steps * 1e6, case.goals[name]
            print(f"  {case.name:22}{case.vocab_size:9,}{case.batch:3}{case.steps:7,}  {name:7}{mine:10,.0f}"
                  f"{theirs:14,.0f}{mine / theirs:8.3f}{verdict(mine / theirs, goal)}", flush=True)


def verdict(ratio: float, goal: float) -> str:
    """Say whether the goal is met."""
    return "" if goal == float("inf") else f"{goal:7}  {'met' if ratio <= goal else 'NOT MET'}"


def table(case: Case, device: str) -> TableModel:
    """Make the model of a case."""
    return TableModel(TableConfig(vocab_size=case.vocab_size), EOS).eval().to(device)


def sides(case: Case, model: TableModel) -> list[Side]:
    """Return transformers and each way in which ours can run."""
    device = model.table.device
    ids = torch.randint(6, case.vocab_size, (case.batch, PROMPT), generator=torch.Generator().manual_seed(1)).to(device)
    mask = torch.ones_like(ids)
    asked = {"max_new_tokens": case.steps, "eos_token_id": EOS, "pad_token_id": PAD, **case.config}
    config, seeds = GenerationConfig(**asked), list(range(case.batch))

    def transformers(run: int) -> torch.Tensor:
        torch.manual_seed(run)
        return model.generate(ids, attention_mask=mask, **asked)

    def ours(**noise: Any) -> torch.Tensor:
        # Here, so that the memory of transformers is measured without it.
        from genspec.backends.torch.generate import generate

        return generate(model, ids, config, attention_mask=mask, **noise)

    def stream(run: int) -> torch.Tensor:
        return ours(generator=torch.Generator(device).manual_seed(run))

    ways = {"ours": stream, "stream": stream, "seeds": lambda run: ours(seeds=seeds)}
    return [Side("transformers", transformers), *(Side(name, ways[name]) for name in case.goals)]


@torch.no_grad()
def in_turns(
    model: TableModel, contenders: list[Side], runs: int, chosen: Callable[[list[float]], float]
) -> dict[str, float]:
    """Time the sides in turns after one run to warm up. Returns the seconds besides the forward passes, of `chosen`."""
    spent: dict[str, list[float]] = {side.name: [] for side in contenders}
    for run in range(runs + 1):
        rows = {}
        for side in contenders:
            rows[side.name], seconds = timed(model, side, run)
            if run:
                spent[side.name].append(seconds)
        assert_same(rows)
    return {name: chosen(seconds) for name, seconds in spent.items()}


def timed(model: TableModel, side: Side, run: int) -> tuple[torch.Tensor, float]:
    """Run one side once. Returns its rows and the seconds besides the forward passes."""
    model.clock.reset()
    started = model.clock.now()
    rows = side.call(run)
    if rows.is_cuda:
        torch.cuda.synchronize()
    return rows, model.clock.now() - started - model.clock.seconds()


def assert_same(rows: dict[str, torch.Tensor]) -> None:
    """Check that the sides gave the same rows; seeds draw other tokens, so only as many."""
    theirs = rows["transformers"]
    for name, mine in rows.items():
        if name == "seeds":
            assert mine.shape == theirs.shape, f"{name}: {list(mine.shape)}, transformers {list(theirs.shape)}"
        else:
            begins = [side[:, :PROMPT + EXACT] for side in (mine, theirs)]
            assert torch.equal(*begins), f"{name}:\n{mine}\ntransformers:\n{theirs}"


def memory(chosen: list[Case], device: str) -> None:
    """Print the peak memory of each side, above what stands before it runs."""
    print(f"\npeak MiB besides model and libraries, V = {LARGE:,}, B = 8, {PEAK_STEPS} steps")
    print(f"  {'':22}  {'':7}{'ours':>10}{'transformers':>14}")
    for case in chosen:
        if (case.vocab_size, case.batch) == (LARGE, 8):
            theirs = measured(case.name, "transformers", device)
            for way in case.goals:
                mine = measured(case.name, way, device)
                print(f"  {case.name:22}  {way:7}{mine:10.1f}{theirs:14.1f}  {'met' if mine <= theirs else 'NOT MET'}",
                      flush=True)


def measured(name: str, side: str, device: str) -> float:
    """Run one side in a process of its own, in which what is freed goes back at once. Returns MiB."""
    returned = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    asked = ["--threads", str(torch.get_num_threads()), "--device", device, "--peak", name, side]
    ran = subprocess.run([sys.executable, __file__, *asked], stdout=subprocess.PIPE, check=True, text=True,
                         env=os.environ | returned | {"PYTHONPATH": os.pathsep.join(sys.path)})
    return float(ran.stdout)


@torch.no_grad()
def peak(name: str, side: str, device: str) -> float:
    """Return the MiB that one side takes at most above what stands before it runs."""
    case = next(case for case in cases(PEAK_STEPS) if (case.name, case.vocab_size, case.batch) == (name, LARGE, 8))
    model = table(case, device)
    (chosen,) = (way for way in sides(case, model) if way.name == side)
    (warm,) = (way for way in sides(replace(case, steps=2), model) if way.name == side)
    warm.call(0)
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        chosen.call(1)
        return (torch.cuda.max_memory_allocated() - before) / 2**20
    Path("/proc/self/clear_refs").write_text("5")           # sets the peak to what stands now. proc_pid_clear_refs(5)
    before = resident("VmRSS")
    chosen.call(1)
    return (resident("VmHWM") - before) / 1024


def resident(name: str) -> int:
    """Return a count of KiB that Linux keeps of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


@torch.no_grad()
def bandwidth(chosen: list[Case]) -> None:
    """Print which share of the memory's bandwidth the overhead reaches, if it read every logit once and no more."""
    block = torch.empty(2**28, device="cuda")               # 1 GiB
    copy = on_gpu(block.clone, 10)
    most = 2 * block.nbytes / copy
    print(f"\nGPU: a copy moves {most / 1e9:,.0f} GB/s; logits read once, as a share of it")
    for case in chosen:
        model = table(case, "cuda")
        bytes_read = case.batch * case.config.get("num_beams", 1) * case.vocab_size * 4
        for side in sides(case, model):
            seconds = timed(model, side, 0)[1] / case.steps
            share = bytes_read / seconds / most
            print(f"  {case.name:22}{case.vocab_size:9,}{case.batch:3}  {side.name:13}{share:8.4f}")


def on_gpu(run: Callable[[], object], times: int) -> float:
    """Time work on the GPU. Returns the seconds of one run."""
    run()
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    for _ in range(times):
        run()
    end.record()
    torch.cuda.synchronize()
    return start.elapsed_time(end) / 1e3 / times


if __name__ == "__main__":
    main()
