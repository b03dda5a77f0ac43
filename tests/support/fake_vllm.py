"""Modules that look like those of vLLM that its adapter loads, and sample as its profile says."""

from types import ModuleType, SimpleNamespace
from typing import Any

import torch

from support.fake_engines import module

OFF = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repetition_penalty": 1.0, "presence_penalty": 0.0,
       "frequency_penalty": 0.0, "logit_bias": None, "min_tokens": 0, "max_tokens": 16, "stop_token_ids": (), "n": 1}


class SamplingParams(SimpleNamespace):
    """`vllm.SamplingParams`."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{**OFF, **given})
        if self.temperature > 2:
            raise RuntimeError(f"temperature must be in [0, 2], got {self.temperature}.")
        if self.top_p <= 0:
            raise RuntimeError(f"top_p must be in (0, 1], got {self.top_p}.")


class Processor:
    """One of `vllm.v1.sample.logits_processor.BUILTIN_LOGITS_PROCESSORS`."""

    def __init__(self, config: Any, device: torch.device, pinned: bool) -> None:
        assert config.scheduler_config.max_num_seqs == 1 and not pinned

    def update_state(self, batch: Any) -> None:
        (_, self.params, self.prompt, self.made), = batch.added


class Bias(Processor):
    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        for token, bias in (self.params.logit_bias or {}).items():
            logits[0, token] += bias
        return logits


class MinTokens(Processor):
    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        if len(self.made) < self.params.min_tokens:
            logits[0, list(self.params.stop_token_ids)] = -torch.inf
        return logits


class MinP(Processor):
    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        probabilities = logits.softmax(-1)
        return logits.masked_fill(probabilities < self.params.min_p * probabilities.amax(), -torch.inf)


class Sampler:
    """`vllm.v1.sample.sampler.Sampler`."""

    def __init__(self, mode: str) -> None:
        assert mode == "processed_logits"
        self.topk_topp_sampler = SimpleNamespace(forward_native=self.filtered, forward=None)

    def apply_logits_processors(self, logits: torch.Tensor, data: Any, drafts: bool) -> torch.Tensor:
        if data.allowed_token_ids_mask is not None:
            logits = logits.masked_fill(data.allowed_token_ids_mask, -torch.inf)
        for word in data.bad_words_token_ids.get(0, ()):
            if (data.output_token_ids[0] + [None])[-len(word):-1] == word[:-1]:
                logits[0, word[-1]] = -torch.inf
        for processor in data.logitsprocs[:2]:
            logits = processor.apply(logits)
        return logits if data.no_penalties else penalised(logits, data)

    def sample(self, logits: torch.Tensor, data: Any) -> Any:
        left = data.logitsprocs[2].apply(logits / data.temperature)
        return self.topk_topp_sampler.forward(left, data.generators, data.top_k, data.top_p)

    def filtered(self, logits: torch.Tensor, generators: Any, k: Any, p: Any) -> Any:
        ranked = logits.sort(descending=True, stable=True)
        if k is not None:
            logits = logits.masked_fill(logits < ranked.values[0, k - 1], -torch.inf)
        if p is not None:
            above = logits[0, ranked.indices[0]].softmax(-1).cumsum(-1).roll(1)
            above[0] = 0.0
            logits[0, ranked.indices[0, above >= p]] = -torch.inf
        noise = torch.empty_like(logits).exponential_(generator=generators.get(0))
        return (logits.softmax(-1) / noise).argmax(-1), logits


def penalised(logits: torch.Tensor, data: Any) -> torch.Tensor:
    made = torch.tensor(data.output_token_ids[0], dtype=torch.long)
    counts = torch.bincount(made, minlength=logits.shape[1])
    seen = torch.bincount(torch.cat([data.prompt_token_ids[0], made]), minlength=logits.shape[1]) > 0
    factor = torch.where(seen, data.repetition_penalties, 1.0)
    logits = torch.where(logits > 0, logits / factor, logits * factor)
    return logits - data.frequency_penalties * counts - data.presence_penalties * (counts > 0)


def vllm() -> dict[str, ModuleType]:
    """Give the modules."""
    names = {"SamplingMetadata": SimpleNamespace}
    return {
        "vllm": module("vllm", SamplingParams=SamplingParams),
        "vllm.v1": module("vllm.v1"), "vllm.v1.sample": module("vllm.v1.sample"),
        "vllm.v1.sample.metadata": module("vllm.v1.sample.metadata", **names),
        "vllm.v1.sample.sampler": module("vllm.v1.sample.sampler", Sampler=Sampler),
        "vllm.v1.sample.logits_processor": module(
            "vllm.v1.sample.logits_processor", BUILTIN_LOGITS_PROCESSORS=[MinTokens, Bias, MinP],
            BatchUpdate=SimpleNamespace, LogitsProcessors=list),
    }
