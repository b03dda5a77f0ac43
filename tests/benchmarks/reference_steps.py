"""Time one step of the reference, in turns with `generate` of transformers on the same model and config.

PYTHONPATH=tests python tests/benchmarks/reference_steps.py [--runs 7] [--steps 32]

The model is a table that costs next to nothing on either side, so that what is timed is the decoding. A run is one
call; its time is divided by its steps. Both sides warm up with one run.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from transformers.modeling_outputs import CausalLMOutput

from genspec import GenerationConfig
from genspec.backends.transformers.model import ScriptedConfig, ScriptedModel
from genspec_reference import generate

ROWS = 16           # rows of the table: a token's logits are those of the token modulo 16
CONFIGS: dict[str, dict[str, Any]] = {
    "greedy": {},
    "sample, top_k 50, top_p 0.9": {"do_sample": True, "top_k": 50, "top_p": 0.9},
    "4 beams": {"num_beams": 4},
}


class TableModel(ScriptedModel):
    """The table behind the interface of a causal language model."""

    def __init__(self, config: ScriptedConfig, table: np.ndarray) -> None:
        super().__init__(config, lambda row: table[row[-1] % ROWS])
        self.table = torch.from_numpy(table)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None, **_: Any) -> CausalLMOutput:
        """Give float32[n, 1, V]."""
        return CausalLMOutput(logits=self.table[input_ids[:, -1] % ROWS][:, None])


def main() -> None:
    """Time every config at every size of vocabulary and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="timed runs of each side")
    parser.add_argument("--steps", type=int, default=32, help="new tokens of a run")
    options = parser.parse_args()
    print(f"milliseconds a step, medians of {options.runs} runs of {options.steps} steps")
    print(f"  {'':30}{'V':>9}{'reference':>12}{'transformers':>15}   reference / transformers")
    for vocab_size in (256, 4_096, 32_000, 128_256):
        for name, config in CONFIGS.items():
            ours, theirs = contenders(vocab_size, config, options.steps)
            mine, other = (1e3 * seconds / options.steps for seconds in in_turns(ours, theirs, options.runs))
            print(f"  {name:30}{vocab_size:9,}{mine:12.3f}{other:15.3f}   {mine / other:.2f}")
    growth(options.runs)


def contenders(vocab_size: int, config: dict[str, Any], steps: int) -> tuple[Callable[[], object], ...]:
    """Return one call of each side."""
    table = np.random.default_rng(0).normal(scale=2.0, size=(ROWS, vocab_size)).astype(np.float32)
    exact, generator = table.astype(np.float64), np.random.default_rng(0)
    asked = {"max_new_tokens": steps, **config}
    model, prompt = TableModel(ScriptedConfig(vocab_size), table).eval(), torch.tensor([[1]])

    def reference() -> object:
        return generate(GenerationConfig(**asked), lambda tokens: exact[tokens[-1] % ROWS], [1],
                        noise=lambda row, step, size: generator.standard_exponential(size))

    @torch.no_grad()
    def transformers() -> object:
        return model.generate(prompt, attention_mask=torch.ones_like(prompt), use_cache=False, **asked)

    return reference, transformers


def in_turns(ours: Callable[[], object], theirs: Callable[[], object], runs: int) -> tuple[float, float]:
    """Time both sides in turns. Returns the medians in seconds."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(runs + 1):
        for side, call in zip(times, (ours, theirs), strict=True):
            started = time.perf_counter()
            call()
            if turn:
                side.append(time.perf_counter() - started)
    return statistics.median(times[0]), statistics.median(times[1])


def growth(runs: int) -> None:
    """Print the time of a step in short and long rows: it grows only where a clause looks at the whole row."""
    print("\nmilliseconds a step of the reference, V = 4,096")
    counts = (64, 256, 1024)
    print(f"  {'':30}" + "".join(f"{count:>9} steps" for count in counts))
    for name, config in {**CONFIGS, "greedy, repetition_penalty": {"repetition_penalty": 1.1}}.items():
        cells = []
        for count in counts:
            ours, _ = contenders(4_096, config, count)
            cells.append(1e3 * in_turns(ours, lambda: None, min(runs, 3))[0] / count)
        print(f"  {name:30}" + "".join(f"{cell:>15.3f}" for cell in cells))


if __name__ == "__main__":
    main()
