"""Deviations of every release that show in contrastive search and DoLa as well, which left transformers with 4.57."""

from dataclasses import replace

import pytest
from support.strategies import described

from genspec.backends.call import Call
from genspec.backends.decoder import Answer, Info, Refusal
from genspec.backends.reference import ReferenceDecoder
from genspec.conform.deviations import Seen, explaining
from genspec.conform.oracle import judge
from genspec.conform.verdict import Kind
from genspec_reference import FinishReason, GenerateOutput, Layered, Row

RELEASE = Info("transformers", "4.46.3", "float32", "hf-4.46")
UNDRAWABLE = Refusal("RuntimeError", "probability tensor contains either `inf`, `nan` or element < 0")
DECAYED = Call({"penalty_alpha": 0.5, "top_k": 3, "max_new_tokens": 3, "min_new_tokens": 3, "eos_token_id": [0],
                "exponential_decay_length_penalty": [0, 1.5]}, Layered(1, 4, layers=1, width=2), ((1,),))
GUIDED = Call({"dola_layers": "high", "guidance_scale": 0.0, "max_new_tokens": 2}, Layered(0, 4, width=1), ((1,),))


def row(*tokens: int) -> Answer:
    """Give one row behind a prompt of one token."""
    return (GenerateOutput((Row(tokens, 1, FinishReason.LENGTH),), ((),)),)


SHOWN: list[tuple[str, Call, Answer, Answer]] = [
    ("DEV-86", DECAYED, row(1, 1, 2, 2), row(1, 1, 2, 1)),
    ("DEV-24", GUIDED, row(1, 1, 0), row(1, 1, 2)),
    ("DEV-24", replace(GUIDED, config={**GUIDED.config, "do_sample": True}, seeds=(1,)), UNDRAWABLE,
     Refusal("OSError", "another")),
]
"""What 4.46.3 answers, and what it does not."""


@pytest.mark.parametrize(("name", "call", "answer", "other"), SHOWN)
def test_a_deviation_explains_what_a_release_answers_and_nothing_else(
    name: str, call: Call, answer: Answer, other: Answer
) -> None:
    call = replace(call, profile=RELEASE.profile)
    expected = ReferenceDecoder().decode(call)
    for given, found in ((answer, [name]), (other, [])):
        verdict = judge(call, expected, given, RELEASE)
        assert verdict.kind is Kind.VIOLATES, described(verdict=verdict, answer=given, expected=expected)
        assert [one.id for one in explaining(Seen(call, expected, given, verdict, RELEASE))] == found, given
