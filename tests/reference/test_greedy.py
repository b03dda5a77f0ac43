"""Greedy search. Text: docs/spec/greedy.md."""

import random
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.strategies import described, models, prompts, score_vectors
from support.vectors import Case, generate_case, selection_case

from genspec import GenerationConfig, Rejected
from genspec_reference import Scripted, generate
from genspec_reference.scores import Scores
from genspec_reference.select import highest_score


@given(scores=score_vectors())
@clauses("GREEDY-1", "GREEDY-2", "GREEDY-3")
def test_highest_score_is_the_first_of_the_highest(scores: Scores) -> None:
    choice = highest_score(scores)
    others = np.delete(scores, choice.token)
    assert choice.token == scores.tolist().index(max(scores.tolist())), described(scores=scores)
    assert choice.score == scores[choice.token]
    assert choice.margin == (choice.score - others.max() if others.size else np.inf), described(scores=scores)


@given(model=models(), data=st.data())
@clauses("GREEDY-1")
def test_greedy_appends_the_highest_until_the_row_ends(model: Scripted, data: st.DataObject) -> None:
    prompt = data.draw(prompts(model.vocab_size))
    config = GenerationConfig(max_new_tokens=6, eos_token_id=list(model.eos))
    row = generate(config, model, prompt, vocab_size=model.vocab_size).rows[0]
    tokens = list(prompt)
    for _ in range(6):
        tokens.append(int(np.argmax(model(tuple(tokens)))))
        if tokens[-1] in model.eos:
            break
    assert row.tokens == tuple(tokens), described(model=model, prompt=prompt)


@given(model=models(), data=st.data())
@clauses("GREEDY-1")
def test_greedy_stopped_earlier_is_a_prefix(model: Scripted, data: st.DataObject) -> None:
    prompt = data.draw(prompts(model.vocab_size))
    short, long = (
        generate(GenerationConfig(max_new_tokens=count, eos_token_id=list(model.eos)), model, prompt).sequences[0]
        for count in (3, 7)
    )
    assert long[: len(short)] == short, described(model=model, prompt=prompt)


@given(model=models(), data=st.data())
@clauses("GREEDY-1")
def test_greedy_equals_generate_of_transformers(model: Scripted, data: st.DataObject) -> None:
    hf_model = pytest.importorskip("support.hf_model")
    prompt = data.draw(prompts(model.vocab_size))
    asked = {"max_new_tokens": 6, "repetition_penalty": data.draw(st.sampled_from((1.0, 1.25, 4.0))),
             "no_repeat_ngram_size": data.draw(st.sampled_from((0, 2))), "eos_token_id": list(model.eos) or None}
    try:
        output = generate(GenerationConfig(**asked), model, prompt)
    except Rejected:                                    # every n-gram is taken: SCORES-6, where transformers goes on
        return
    if min(step.margin for step in output.runs[0]) < 1e-4:
        return                                          # a tie, or nearer than float32 resolves after a division
    theirs = hf_model.hf_generate(hf_model.hf_model(model), prompt, **asked).sequences[0].tolist()
    assert theirs == list(output.sequences[0]), described(model=model, prompt=prompt, asked=asked)


def vectors() -> Iterator[Case]:
    yield selection_case("highest", ["GREEDY-1", "GREEDY-3"], [0.5, 3.0, -1.0, 2.5])
    yield selection_case("equal-scores-lowest-id", ["GREEDY-2"], [1.0, 3.0, 3.0, 3.0], flags=("tie",),
                         any_of=({"token": 2}, {"token": 3}), note="Lowest id here; which of the equal ones is free.")
    yield selection_case("one-token", ["GREEDY-1", "GREEDY-3"], [-7.0], flags=("small-vocabulary",))
    yield selection_case("negative-scores", ["GREEDY-1"], [-5.0, -4.0, -4.5], flags=("negative-scores",))
    chance = random.Random(11)
    for number in range(40):
        size = chance.choice((2, 3, 8, 17))
        model = Scripted(chance.choice(("table", "history")), chance.randrange(2**32), size,
                         tuple(chance.sample(range(size), chance.choice((0, 1, min(2, size))))))
        prompt = [chance.randrange(size) for _ in range(chance.choice((1, 2, 5)))]
        config = {"max_new_tokens": chance.choice((1, 5, 9)), "eos_token_id": list(model.eos)}
        yield generate_case(f"random-{number:02d}", ["GREEDY-1"], config, prompt, model,
                            flags=("random", *(("eos-rich",) if model.eos else ())))
