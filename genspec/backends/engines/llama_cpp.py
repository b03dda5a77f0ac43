"""llama.cpp as a decoder: the server of xllamacpp, as a library, on a GGUF file of the model.

Float32 throughout: flash attention and the cache of 16 bits, both its default, change logits. EOS ids stand in the
file. `process` runs its chain of samplers on given scores and tells the probabilities that are left.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genspec.backends.checkpoints import Checkpoint
from genspec.backends.engines.engine import Asked, Engine, EngineDecoder, Hypothesis
from genspec.backends.engines.llama_cpp_chain import SPELLED, flat, probabilities, question
from genspec.dialects.llama_cpp import DIALECT

CONTEXT = 512
"""Tokens of a row; the rows of the kit are far shorter."""


def load(folder: Path, _: Checkpoint) -> Any:
    """Start a server for a checkpoint."""
    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = str(folder / "model.gguf")
    settings.n_ctx, settings.n_parallel, settings.warmup = CONTEXT, 1, False
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
    settings.cache_type_k = settings.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    settings.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    return xllamacpp.Server(settings)


def generate(server: Any, asked: Asked) -> Sequence[Sequence[Hypothesis]]:
    """Decode one prompt, as often as rows are drawn."""
    prompt, plan = asked.prompts[0], asked.plan
    options = {name: value for name, value in asked.options.items() if name != "eos_token_id"}
    rows = []
    for number in range(plan.outputs.num_return_sequences):
        chance = {"seed": ((asked.seed or 0) + number) % 2**32} if plan.draws else {"temperature": 0.0, "top_k": 0}
        answer = completed(server, {**options, **chance, "prompt": [*prompt]})
        rows.append(Hypothesis(tuple(step["id"] for step in answer["choices"][0]["logprobs"]["content"])))
    return [rows]


def completed(server: Any, options: Mapping[str, Any]) -> Any:
    """Ask the server. Raises RuntimeError for a question that it refuses."""
    answer = server.handle_completions({"cache_prompt": False, "n_probs": 1, **options})
    if "choices" not in answer:
        raise RuntimeError(str(answer)[:300])
    return answer


class LlamaCpp(EngineDecoder):
    """Whole calls, and the chain of samplers alone."""

    def process(self, request: Any) -> Mapping[str, Any]:
        """Run the chain on the scores of a request. L0, L1."""
        asked = question(request.scores, request.operations, request.tokens)
        if isinstance(asked, str):
            return {"unsupported": asked}
        size = len(request.scores)
        return {"probabilities": probabilities(completed(self.models.of(flat(size)), asked), size)}


def decoder() -> LlamaCpp:
    """Make the decoder. Raises ImportError that says what to install."""
    more = {"levels": ["L0", "L1", "L3", "L4"], "operations": sorted(SPELLED),
            "kinds": ["table", "lines", "attention"]}
    return LlamaCpp(Engine(DIALECT, "gguf", load, generate, ends_inside=True, more=more))
