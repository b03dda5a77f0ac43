"""LitGPT as a decoder: its `generate` and its `sample`, on a model that looks lines of a table up.

The model is a module of torch in the place of a GPT, so that nothing is converted: what is tested is the loop, the
filters and the draw.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genspec.backends.checkpoints import Checkpoint
from genspec.backends.checkpoints.models import lines_of
from genspec.backends.engines.engine import Asked, Engine, EngineDecoder, Hypothesis
from genspec.dialects.litgpt import DIALECT

CONTEXT = 512


def load(_: Path, checkpoint: Checkpoint) -> Any:
    """Make a module that answers with the line of each token."""
    import torch

    lines = torch.tensor(lines_of(checkpoint.table), dtype=torch.float32)

    class Lines(torch.nn.Module):
        max_seq_length = CONTEXT

        def forward(self, tokens: Any, input_pos: Any = None, **_: Any) -> Any:
            return lines[tokens]

    return Lines()


def generate(model: Any, asked: Asked) -> Sequence[Sequence[Hypothesis]]:
    """Decode one prompt, as often as rows are drawn."""
    import torch
    from litgpt.generate.base import generate as decode

    prompt = torch.tensor(asked.prompts[0])
    options = dict(asked.options)
    if not asked.plan.draws:
        options |= {"temperature": 0.0, "top_k": None, "top_p": 1.0}
    rows = []
    for number in range(asked.plan.outputs.num_return_sequences):
        torch.manual_seed((asked.seed or 0) + number)
        row = decode(model, prompt, include_prompt=False, **options)
        rows.append(Hypothesis(tuple(row.tolist())))
    return [rows]


class LitGpt(EngineDecoder):
    """Whole calls, and the functions of its sampling alone."""

    def process(self, request: Any) -> Mapping[str, Any]:
        """Apply top_p to scores. L0: the only filter that is a function of its own."""
        import torch
        from litgpt.generate.base import sample_top_p

        scores = torch.tensor(request.scores, dtype=torch.float32)
        for name, arguments in request.operations:
            if name != "top_p" or arguments.get("min_keep", 1) != 1:
                return {"unsupported": f"LitGPT has no function of its own for {name} with these arguments"}
            scores = sample_top_p(scores, arguments["p"])
        return {"scores": scores.tolist()}


def decoder() -> LitGpt:
    """Make the decoder. Raises ImportError that says what to install."""
    more = {"levels": ["L0", "L3", "L4"], "operations": ["top_p"]}
    return LitGpt(Engine(DIALECT, "hf", load, generate, more=more))
