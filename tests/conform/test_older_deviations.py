"""Deviations of older releases: what those answered was recorded, and the release that is installed has them or not.

`python tests/conform/test_older_deviations.py`, with each of the releases, records what it answers.
"""

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.strategies import described

from genspec.backends.call import Call
from genspec.backends.decoder import Answer, Info, Refusal, Unsupported
from genspec.backends.reference import ReferenceDecoder
from genspec.conform.deviations import DEVIATIONS, Seen, explaining
from genspec.conform.deviations.layered import LAYERED
from genspec.conform.deviations.older import OLDER
from genspec.conform.oracle import judge
from genspec.conform.verdict import Kind
from genspec_reference import FinishReason, GenerateOutput, Layered, Row, Scripted, Step, Table

RECORDED = Path(__file__).parent / "recorded" / "older_deviations.json"
PROFILES = {"4.38.2": "hf-4.38", "4.46.3": "hf-4.46", "4.57.6": "hf-4.50"}
KEPT: dict[str, Any] = {"return_dict_in_generate": True, "output_scores": True}
GROUPS: dict[str, Any] = {"num_beam_groups": 2, "diversity_penalty": 2.0}
DECAYS: dict[str, Any] = {"max_new_tokens": 2, "min_new_tokens": 2, "exponential_decay_length_penalty": [0, 1.5],
                          "eos_token_id": [0], "num_beams": 2}
LIKE: dict[str, Any] = {"penalty_alpha": 0.5, "top_k": 3}
LINES = Scripted("table", 0, 3)
TWO_WIDE = Layered(1, 4, layers=1, width=2)

EXAMPLES: dict[str, Call] = {
    "DEV-42": Call({"num_beams": 2, "eos_token_id": [0, 2], "max_new_tokens": 2}, Table(((0.0, 1.0, 2.0, 1.5),)),
                   ((1,),)),
    "DEV-42 another row of equal total": Call({"do_sample": True, "num_beams": 2, "eos_token_id": [0, 2],
                                               "max_new_tokens": 2}, Table(((0.0, 1.0, 3.75, 3.75),)), ((1,),),
                                              seeds=(1,)),
    "DEV-42 two that end with equal totals": Call({"num_beams": 2, "num_return_sequences": 2, "eos_token_id": [1, 3],
                                                   "max_new_tokens": 1}, Table(((0.0, 3.0, 3.0, 3.0),)), ((1,),)),
    "DEV-43": Call({"max_new_tokens": 3, "num_beams": 2, "eos_token_id": [2], **GROUPS, **KEPT},
                   Scripted("table", 6, 5), ((0,),)),
    "DEV-43, DEV-44 padding is read": Call({"max_new_tokens": 3, "num_beams": 2, "eos_token_id": [2], **GROUPS, **KEPT},
                                           Scripted("history", 90, 4), ((0,), (1, 1))),
    "DEV-43, DEV-44 another source is read": Call(
        {"max_new_tokens": 3, "num_beams": 2, "eos_token_id": [2], "decoder_start_token_id": 0, **GROUPS, **KEPT},
        Scripted("table", 100, 4), ((), ()), ((0,), (1,))),
    "DEV-44": Call({"max_new_tokens": 1, "num_beams": 2, "num_return_sequences": 2, **GROUPS}, LINES, ((0,),)),
    "DEV-44 counted to -1": Call({"max_new_tokens": 3, "num_beams": 2, "num_return_sequences": 2, "eos_token_id": [2],
                                  **GROUPS}, Scripted("table", 0, 4), ((0,), (1,))),
    "DEV-44, DEV-26 from negative prompts": Call({"max_new_tokens": 2, "num_beams": 2, "guidance_scale": 2.0, **GROUPS},
                                                 Scripted("table", 11, 4), ((0,), (1,)), negative_prompts=((2,), (3,))),
    "DEV-44, DEV-86 in groups": Call({**DECAYS, **GROUPS, "num_return_sequences": 2}, Scripted("table", 0, 3), ((1,),)),
    "DEV-44, DEV-86 in groups of a batch": Call({**DECAYS, **GROUPS}, Scripted("table", 0, 3), ((1,), (2,))),
    "DEV-45": Call({"max_new_tokens": 2, "num_beams": 2, "num_return_sequences": 2, "force_words_ids": [[1]]},
                   Scripted("table", 7, 3), ((0,),)),
    "DEV-46": Call({"max_new_tokens": 4, "num_beams": 2, "force_words_ids": [[[1, 0], [1, 2]]]},
                   Scripted("table", 8, 5), ((4,),)),
    "DEV-46 refused": Call({"max_new_tokens": 2, "num_beams": 2, "force_words_ids": [[[1], [1, 2]]]}, LINES, ((0,),)),
    "DEV-47": Call({"max_new_tokens": 2, **LIKE, "suppress_tokens": [0, 1]}, TWO_WIDE, ((1,),)),
    "DEV-47 nothing left": Call({"max_new_tokens": 1, **LIKE, "suppress_tokens": [0, 1, 2, 3]}, TWO_WIDE, ((1,),)),
    "DEV-47 NaN": Call({"max_new_tokens": 2, **LIKE}, Layered(68, 16, layers=1, width=1), ((1,),)),
    "DEV-47 refused": Call({"max_new_tokens": 1, **LIKE}, Layered(0, 2, layers=1, width=2), ((1,),)),
    "DEV-48": Call({"max_new_tokens": 1, "dola_layers": [0, 1]}, Layered(12, 3, layers=2, width=1), ((1,), (2,))),
    "DEV-80": Call({"max_new_tokens": 1, "eos_token_id": [0], "do_sample": True}, LINES, ((0,),), seeds=(1,),
                   assistant=Table(((2.0, 0.0, 0.0),))),
    "DEV-81": Call({"max_new_tokens": 3, "prompt_lookup_num_tokens": 1}, LINES, ((1, 1, 1),)),
    "DEV-82": Call({"max_new_tokens": 1, "sequence_bias": [[[0], 2.0]]}, LINES, ((0,),)),
    "DEV-83": Call({"max_new_tokens": 2, "bad_words_ids": [[1, 2]]}, Table(((0.0, 1.0, 2.0),)), ((1,),)),
    "DEV-84": Call({"max_new_tokens": 1, "forced_decoder_ids": [[2, 0]]}, LINES, ((0,),)),
    "DEV-85": Call({"max_new_tokens": 2, "num_beams": 2, "encoder_repetition_penalty": 1.5,
                    "decoder_start_token_id": 0, **KEPT}, LINES, ((),), ((0,),)),
    "DEV-86": Call({"max_new_tokens": 2, "min_new_tokens": 2, "exponential_decay_length_penalty": [0, 1.5],
                    "eos_token_id": [0]}, Table(((0.0, 1.0, 0.5),)), ((0,),)),
    "DEV-86 in the scores": Call({"max_new_tokens": 2, "min_new_tokens": 2, "eos_token_id": [0], **KEPT,
                                  "exponential_decay_length_penalty": [0, 1.5]}, Table(((0.0, 1.0, 0.5),)), ((0,),)),
    "DEV-87": Call({"max_new_tokens": 1, "do_sample": True, "num_beams": 2, "eos_token_id": [0, 1]}, LINES, ((0,),),
                   seed=0),
    "DEV-88": Call({"max_new_tokens": 1, "suppress_tokens": [0], "output_logits": True, **KEPT}, LINES, ((0,),)),
    "DEV-89": Call({"max_new_tokens": 2, "min_length": 2, "eos_token_id": [0]}, LINES, ((1,),), assistant=LINES),
    "DEV-90": Call({"max_new_tokens": 8, "do_sample": True, "top_k": 1, "watermarking_config": {"hashing_key": 1}},
                   Scripted("history", 3, 33), ((0,),), seeds=(1,)),
    "DEV-91": Call({"max_new_tokens": 1, "cache_config": {}}, LINES, ((0,),)),
    "DEV-92": Call({"max_new_tokens": 2, "encoder_repetition_penalty": 2.0, "decoder_start_token_id": 0,
                    "eos_token_id": [2]}, LINES, ((),), ((0,),), assistant=LINES),
    "DEV-93": Call({"max_new_tokens": 1, "min_length": 2, "min_new_tokens": 0, "eos_token_id": [0]},
                   Table(((2.0, 1.0, 0.0),)), ((1,),)),
    "DEV-94": Call({"max_new_tokens": 3, "do_sample": True, "eos_token_id": [0], "num_assistant_tokens": 2},
                   Table(((-9.0, 1.0, 0.0),)), ((1,),), seeds=(0,), assistant=Table(((0.0, 0.0, 0.0),))),
    "DEV-95": Call({"max_new_tokens": 1, "prefill_chunk_size": 1}, LINES, ((0,),)),
    "DEV-96": Call({"max_new_tokens": 4, "do_sample": True, "eos_token_id": [3], "begin_suppress_tokens": [0],
                    "num_assistant_tokens": 1}, Table(((0.0, 0.0, 0.0, -9.0),)), ((1,),), seeds=(3,),
                   assistant=Table(((3.0, 0.0, 0.0, -9.0),))),
    "DEV-97": Call({"max_new_tokens": 2, "num_beams": 2, "stop_strings": ["a"]},
                   Table(((0.0, 0.0, 3.0, 2.0), (3.0, 2.0, 0.0, 0.0))), ((0,), (1,)), pieces=("b", "b", "a", "a")),
    "DEV-97 without an EOS": Call({"max_new_tokens": 2, "num_beams": 2, "stop_strings": ["a"]}, LINES, ((0,),),
                                  pieces=("a", "a", "a")),
    "DEV-98": Call({"max_new_tokens": 1, "cache_implementation": "dynamic"}, LINES, ((0,),)),
    "DEV-99": Call({"max_new_tokens": 4, "num_assistant_tokens": 1, "return_legacy_cache": True}, LINES, ((0,),),
                   assistant=LINES),
    "DEV-100": Call({"max_new_tokens": 2, "prompt_lookup_num_tokens": 3, "eos_token_id": [0]},
                    Table(((0.0, 2.0, 1.0),)), ((1, 1, 1, 1, 1),)),
    "DEV-101": Call({"max_new_tokens": 3, "prompt_lookup_num_tokens": 2, "eos_token_id": [0]},
                    Table(((0.0, 2.0), (2.0, 0.0))), ((1, 0, 1),)),
    "DEV-102": Call({"max_new_tokens": 4, "num_beams": 2, "force_words_ids": [[0], [2]], "suppress_tokens": [2]},
                    Scripted("history", 3, 5), ((3,),)),
    "DEV-103": Call({"max_new_tokens": 1, "num_beams": 2, "force_words_ids": [[1]], "eos_token_id": [1]},
                    Scripted("history", 4, 3), ((2,),)),
    "DEV-104": Call({"max_new_tokens": 2, "num_beams": 2, "force_words_ids": [[2, 1]], **KEPT}, Scripted("table", 1, 3),
                    ((0,),)),
    "DEV-104, DEV-86 with words": Call({**DECAYS, **KEPT, "force_words_ids": [[1]]}, Scripted("table", 0, 3), ((1,),)),
    "DEV-110": Call({"max_new_tokens": 1, "penalty_alpha": 1.0, "top_k": 2}, Layered(6, 4, layers=1, width=2),
                    ((1,), (2, 3))),
    "DEV-113": Call({"max_new_tokens": 2, "dola_layers": [0, 1], "do_sample": True, "num_return_sequences": 2},
                    Layered(0, 4, layers=2, width=1), ((1,),), seeds=(1,)),
}
"""A call that shows each of them, and each way in which one shows."""


def id_of(name: str) -> str:
    """Give the id of the deviation that an example is for, which comes first."""
    return re.split("[, ]", name)[0]


def ids_of(name: str) -> set[str]:
    """Give the ids of all deviations that an example shows: most show one alone."""
    return set(re.findall(r"DEV-\d+", name))


def example(name: str, release: str) -> Call:
    """Give the example under the profile of a release."""
    return replace(EXAMPLES[name], profile=PROFILES.get(release, "hf"))


def written(answer: Answer) -> Any:
    """Write an answer as JSON can hold it."""
    if not isinstance(answer, tuple):
        assert isinstance(answer, Refusal), answer
        return {"error": answer.error, "message": answer.message}
    return [
        {
            "rows": [[list(row.tokens), row.prompt_length, str(row.finish_reason), row.score, list(row.beam_indices),
                      row.run] for row in output.rows],
            "runs": [[[kept(step.scores), kept(step.logits)] for step in run] for run in output.runs],
        } for output in answer
    ]


def kept(vectors: Any) -> Any:
    """Write vectors as lists."""
    return None if vectors is None else [np.asarray(vector).tolist() for vector in vectors]


def read(told: Any) -> Answer:
    """Read a recorded answer."""
    if isinstance(told, dict):
        return Refusal(told["error"], told["message"])
    return tuple(
        GenerateOutput(
            tuple(Row(tuple(tokens), length, FinishReason(reason), score, tuple(beams), run)
                  for tokens, length, reason, score, beams, run in output["rows"]),
            tuple(tuple(Step((), np.inf, scores=arrays(scores), logits=arrays(logits)) for scores, logits in run)
                  for run in output["runs"]),
        ) for output in told
    )


def arrays(lists: Any) -> Any:
    """Read vectors."""
    return None if lists is None else tuple(np.array(one, dtype=np.float64) for one in lists)


@cache
def recorded() -> dict[str, dict[str, Any]]:
    """Return what releases answered, by release and deviation."""
    found: dict[str, dict[str, Any]] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return found


def seen_of(name: str, release: str) -> Seen:
    """Give what a release showed."""
    call, info = example(name, release), Info("transformers", release, "float32", PROFILES[release])
    expected, answer = ReferenceDecoder().decode(call), read(recorded()[release][name])
    return Seen(call, expected, answer, judge(call, expected, answer, info), info)


SHOWN = [(name, release) for name in EXAMPLES for release in DEVIATIONS[id_of(name)].versions.run
         if release in PROFILES]


def test_every_one_has_an_example() -> None:
    assert all(not one.versions.cover("5.23.0") for one in OLDER)
    assert {one.id for one in (*OLDER, *LAYERED) if not one.versions.cover("5.23.0")} <= set(map(id_of, EXAMPLES))


@pytest.mark.parametrize(("name", "release"), SHOWN)
def test_a_deviation_explains_what_a_release_showed(name: str, release: str) -> None:
    seen = seen_of(name, release)
    assert seen.verdict.kind is Kind.VIOLATES, described(verdict=seen.verdict, answer=seen.answer)
    assert {one.id for one in explaining(seen)} == ids_of(name), described(verdict=seen.verdict, answer=seen.answer)


@pytest.mark.parametrize(("name", "release"), SHOWN)
def test_a_deviation_explains_nothing_in_a_new_release(name: str, release: str) -> None:
    seen = seen_of(name, release)
    assert not explaining(replace(seen, info=replace(seen.info, version="5.23.0")))


@pytest.mark.parametrize(("name", "release"), SHOWN)
def test_a_deviation_excuses_no_other_row(name: str, release: str) -> None:
    """A token more, another token at the end, no row at all, another refusal."""
    seen = seen_of(name, release)
    for wrong in spoilt(seen.answer, seen.call.model.vocab_size):
        verdict = judge(seen.call, seen.expected, wrong, seen.info)
        if verdict.kind is Kind.VIOLATES:
            found = explaining(replace(seen, answer=wrong, verdict=verdict))
            assert not found, described(found=[one.id for one in found], answer=wrong, right=seen.answer)


def spoilt(answer: Any, vocab_size: int) -> list[Answer]:
    """Give answers that are wrong in another way."""
    if isinstance(answer, Refusal):
        return [Refusal(answer.error, "something else"), Refusal("OSError", answer.message)]
    output, *prompts = answer
    first, *others = output.rows
    other = replace(first, tokens=(*first.tokens[:-1], (first.tokens[-1] + 1) % vocab_size))
    longer = replace(first, tokens=(*first.tokens, first.tokens[-1]), beam_indices=(*first.beam_indices, 0))
    return [
        *((replace(output, rows=rows), *prompts) for rows in ((other, *others), (longer, *others), ())),
        Refusal("RuntimeError", "no"),
    ]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_old_release_shows_a_deviation_and_a_new_one_does_not(name: str) -> None:
    pytest.importorskip("transformers", reason="the deviations are those of transformers, not installed")
    from genspec.backends.transformers.decoder import TransformersDecoder

    decoder = TransformersDecoder()
    call, info = example(name, decoder.info.version), decoder.info
    expected, answer = ReferenceDecoder().decode(call), decoder.decode(call)
    verdict = judge(call, expected, answer, info)
    if DEVIATIONS[id_of(name)].versions.cover(info.version):
        assert verdict.kind is Kind.VIOLATES, described(verdict=verdict, answer=answer)
        assert {one.id for one in explaining(Seen(call, expected, answer, verdict, info))} == ids_of(name)
    else:
        assert verdict.kind is not Kind.VIOLATES, described(verdict=verdict, expected=expected, answer=answer)


def record() -> None:
    """Record what the installed release answers."""
    from genspec.backends.transformers.decoder import TransformersDecoder

    decoder = TransformersDecoder()
    release = decoder.info.version
    shown = [name for name, one in SHOWN if one == release]
    answers = {name: decoder.decode(example(name, release)) for name in shown}
    old = recorded() if RECORDED.exists() else {}
    new = {name: written(answer) for name, answer in answers.items() if not isinstance(answer, Unsupported)}
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_text(an_answer_a_line({**old, release: new}), encoding="utf-8")


def an_answer_a_line(answers: dict[str, dict[str, Any]]) -> str:
    """Write what releases answered as JSON, each answer on a line."""
    lines = [(release, ",\n".join(f' "{name}": {json.dumps(told)}' for name, told in sorted(of_release.items())))
             for release, of_release in sorted(answers.items())]
    return "{\n" + ",\n".join(f'"{release}": {{\n{given}\n}}' for release, given in lines) + "\n}\n"


if __name__ == "__main__":
    record()
