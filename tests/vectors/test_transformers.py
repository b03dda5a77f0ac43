"""A decoder that is not the reference, run on the vectors: the processors of transformers, in float32.

It shows that the vectors can be read from their files, and that the tolerance of VECTORS-8 fits a smaller number type.
"""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from genspec.conform.vectors.runner import Json, Unsupported, Verdict, cases, outcome
from vectors.write import FOLDER

DEVIATIONS = {
    "renormalize/nothing-left": "gives NaN where no token is left",
    "eta_cutoff/nothing-left": "raises ValueError where no token is left",
    "top_h/nothing-left": "raises ValueError where no token is left",
    "top_h/more-than-a-hundred": "looks at the 100 most probable tokens only",
    "sequence_bias/equal-sequences-add-up": "keeps the last of several equal sequences: they are keys of a dict",
}
"""Vectors that it violates by design, or refuses."""


class Float32:
    """The processors of the operations that take nothing but scores, and a row."""

    epsilon = 2.0**-23
    dtype: Any = None               # of torch; None: float32

    def answer(self, level: str, profile: str, given: Json) -> Json:
        import torch

        if level != "L0" or profile != "hf" or given["operation"] not in PROCESSORS:
            raise Unsupported(f"{level} of {profile}")
        processor = PROCESSORS[given["operation"]](given["arguments"])
        row = torch.tensor([given["context"].get("tokens", [])], dtype=torch.long)
        scores = torch.tensor([[float(score) for score in given["scores"]]], dtype=self.dtype or torch.float32)
        return {"scores": processor(row, scores)[0].tolist()}


def kept(arguments: Json) -> dict[str, int]:
    return {"min_tokens_to_keep": arguments.get("min_keep", 1)}


def library() -> Any:
    from transformers.generation import logits_process

    return logits_process


PROCESSORS: dict[str, Callable[[Json], Any]] = {
    "epsilon_cutoff": lambda given: library().EpsilonLogitsWarper(given["epsilon"], **kept(given)),
    "eta_cutoff": lambda given: library().EtaLogitsWarper(given["epsilon"], **kept(given)),
    "min_p": lambda given: library().MinPLogitsWarper(given["p"], **kept(given)),
    "no_repeat_ngram": lambda given: library().NoRepeatNGramLogitsProcessor(given["size"]),
    "renormalize": lambda given: library().LogitNormalization(),
    "repetition_penalty": lambda given: library().RepetitionPenaltyLogitsProcessor(float(given["penalty"])),
    "sequence_bias": lambda given: library().SequenceBiasLogitsProcessor(
        [[ids, float(bias)] for ids, bias in given["biases"]]),
    "suppress": lambda given: library().SuppressTokensLogitsProcessor(given["tokens"]),
    "temperature": lambda given: library().TemperatureLogitsWarper(float(given["temperature"])),
    "top_h": lambda given: library().TopHLogitsWarper(given["h"]),
    "top_k": lambda given: library().TopKLogitsWarper(given["k"], **kept(given)),
    "top_p": lambda given: library().TopPLogitsWarper(float(given["p"]), **kept(given)),
    "typical_p": lambda given: library().TypicalLogitsWarper(given["p"], **kept(given)),
}


def adds_up(case: Json) -> bool:
    """Tell whether a case of sequence_bias names a sequence twice."""
    sequences = [str(ids) for ids, _ in case["input"]["arguments"].get("biases", ())]
    return len(set(sequences)) < len(sequences)


def taken_part(operation: str) -> Iterator[Json]:
    yield from (case for level, case in cases(FOLDER, operation) if level == "L0" and case["profile"] == "hf")


@pytest.mark.parametrize("operation", PROCESSORS)
def test_the_processor_of_transformers_conforms_in_float32(operation: str) -> None:
    pytest.importorskip("transformers")
    others = [case for case in taken_part(operation) if case["id"] not in DEVIATIONS and not adds_up(case)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {case["id"]: outcome(Float32(), "L0", case).verdict for case in others}
    assert len(found) > 15
    assert {name: verdict for name, verdict in found.items() if verdict is not Verdict.CONFORMS} == {}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_a_deviation_is_still_there(name: str) -> None:
    pytest.importorskip("transformers")
    (case,) = (case for case in taken_part(name.partition("/")[0]) if case["id"] == name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            assert outcome(Float32(), "L0", case).verdict is Verdict.VIOLATES
        except ValueError:
            assert "ValueError" in DEVIATIONS[name]
