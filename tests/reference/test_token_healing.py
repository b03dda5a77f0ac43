"""The last token of the prompt, which a decoder with a tokenizer may take back. Text: docs/spec/token_healing.md."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.examples import example_cases
from support.runs import answer, clauses_of_refusal
from support.strategies import described, models
from support.vectors import Case, generate_case

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec_reference import Scripted, Table, generate, seeded_noise


@pytest.mark.parametrize(("value", "healing"), [(True, True), (False, False), (None, False)])
@clauses("TOKEN-HEALING-1")
def test_the_plan_says_whether_the_prompt_is_healed(value: bool | None, healing: bool) -> None:
    plan = GenerationConfig(token_healing=value).resolve().plan
    assert plan.token_healing is healing
    assert plan.operations == GenerationConfig().resolve().plan.operations, "it changes no score"


@given(model=models())
@clauses("TOKEN-HEALING-1")
def test_off_is_the_default(model: Scripted) -> None:
    config = {"max_new_tokens": 4, "eos_token_id": list(model.eos)}
    assert answer({**config, "token_healing": False}, model, [0]) == answer(config, model, [0]), described(model=model)


@pytest.mark.parametrize("value", [1, 0, "true"])
@clauses("TOKEN-HEALING-1")
def test_it_is_true_or_false(value: object) -> None:
    assert clauses_of_refusal({"token_healing": value}) == ["CONFIG-3"]


WORDS = ["", "q", "hat", "ht", "http", "https", "h"]
"""The text of each token. Token 0 has none."""


def spell(ids: Any) -> str:
    return "".join(WORDS[token] for token in ids)


def healed(logits: Any, prompt: tuple[int, ...], words: Any = spell, **config: Any) -> tuple[int, ...]:
    """Give the prompt as it stands in the row, for a model with these logits after every row."""
    given_config = GenerationConfig(token_healing=True, max_new_tokens=1, **config)
    output = generate(given_config, lambda tokens, source=(): np.array(logits, dtype=float), prompt, detokenize=words,
                      noise=seeded_noise(1))
    assert len(output.sequences[0]) == len(prompt) + 1, "P stays"
    return output.sequences[0][: len(prompt)]


@given(words=st.lists(st.text("ab", max_size=3), min_size=1, max_size=7), data=st.data())
@clauses("TOKEN-HEALING-2", "TOKEN-HEALING-3", "TOKEN-HEALING-4")
def test_the_last_token_is_replaced_by_the_best_that_begins_as_it_does(words: list[str], data: st.DataObject) -> None:
    tokens = st.integers(0, len(words) - 1)
    prompt = tuple(data.draw(st.lists(tokens, min_size=1, max_size=4)))
    level = st.sampled_from((-np.inf, -1.0, 0.0, 0.5, 1.5))
    logits = data.draw(st.lists(level, min_size=len(words), max_size=len(words)).filter(lambda all_: max(all_) > -9))
    found = healed(logits, prompt, words=lambda ids: "".join(words[token] for token in ids))
    shown = described(words=words, prompt=prompt, logits=logits, found=found)
    assert found[:-1] == prompt[:-1], shown
    alike = [token for token, word in enumerate(words)
             if token == prompt[-1] or (words[prompt[-1]] and word[: len(words[prompt[-1]])] == words[prompt[-1]])]
    counted = [(-(logits[token] + (token == prompt[-1])), token) for token in alike]
    assert found[-1] == (min(counted)[1] if len(prompt) > 1 else prompt[-1]), shown


@pytest.mark.parametrize(("logits", "prompt", "expected"), [
    ([0, 0, 0, 0, 1.5, 1.25, 0], (2, 3), (2, 4)),       # a longer word is more than 1 better
    ([0, 0, 0, 0, 1.0, 0.5, 0], (2, 3), (2, 3)),        # exactly 1 better: equal, and the lower id stays
    ([0, 0, 0, 0, 9.0, 9.0, 0], (2, 5), (2, 5)),        # nothing else begins with https
    ([99, 99, 99, 0, 2.0, 0, 99], (2, 3), (2, 4)),      # a token outside is none of them, however good
    ([0, 0, 0, 0, 9.0, 0, 0], (3,), (3,)),              # one token
    ([0, 9, 0, 0, 0, 0, 0], (2, 0), (2, 0)),            # no text
    ([0, 0, 1, 0, 0, 0, 0], (2, 6), (2, 2)),            # equal: the lower id
])
@clauses("TOKEN-HEALING-2", "TOKEN-HEALING-3", "TOKEN-HEALING-4")
def test_corners(logits: list[float], prompt: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert healed(logits, prompt) == expected


@clauses("TOKEN-HEALING-3")
def test_no_operation_acts_and_nothing_is_drawn() -> None:
    logits = [0, 0, 0, 0, 1.5, 1.25, 0]
    assert healed(logits, (2, 3), bad_words_ids=[[4]]) == (2, 4)
    assert healed(logits, (2, 3), do_sample=True, temperature=9.0, repetition_penalty=9.0) == (2, 4)


@clauses("TOKEN-HEALING-4")
def test_the_healed_prompt_is_the_prompt_of_all_that_follows() -> None:
    """The model is asked after it, and a ban of repeated pairs knows it."""
    logits = [0, 0, 0, 0, 1.5, 1.25, 0]
    config = GenerationConfig(token_healing=True, max_new_tokens=2, no_repeat_ngram_size=1)
    output = generate(config, lambda tokens: np.array(logits), (2, 3), detokenize=spell)
    assert output.sequences == ((2, 4, 5, 0),)
    assert output.rows[0].prompt_length == 2


@clauses("TOKEN-HEALING-1")
def test_off_leaves_the_prompt_alone() -> None:
    output = generate(GenerationConfig(max_new_tokens=1), lambda tokens: 9.0 * np.eye(7)[4], (2, 3), detokenize=spell)
    assert output.sequences == ((2, 3, 4),)


@clauses("TOKEN-HEALING-3")
def test_the_model_is_asked_after_the_prompt_without_its_last_token() -> None:
    asked = []

    def model(tokens: tuple[int, ...]) -> Any:
        asked.append(tokens)
        return 9.0 * np.eye(7)[4 if tokens == (6, 2) else 5]

    output = generate(GenerationConfig(token_healing=True, max_new_tokens=1), model, (6, 2, 3), detokenize=spell)
    assert (asked, output.sequences) == ([(6, 2), (6, 2, 4)], ((6, 2, 4, 5),))


@clauses("TOKEN-HEALING-1")
def test_without_a_detokenizer_it_is_an_error() -> None:
    with pytest.raises(ValueError, match="detokenize="):
        healed([0, 0], (0, 1), words=None)


@clauses("TOKEN-HEALING-3")
def test_logits_that_are_no_numbers_are_refused() -> None:
    config = GenerationConfig(token_healing=True, max_new_tokens=1)
    with pytest.raises(Rejected) as refused:
        generate(config, lambda tokens: np.full(7, np.nan if tokens == (2,) else 0.0), (2, 3), detokenize=spell)
    assert [reason.clause for reason in refused.value.reasons] == ["SCORES-2"]


def hf_healed(logits: list[float], prompt: list[int]) -> list[int]:
    """Ask transformers, with a tokenizer whose tokens are words between blanks. 0: unknown; 7: pad; 8: BOS."""
    pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    import torch
    from support.hf_model import hf_model
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = ["<u>", *WORDS[1:], "<p>", "<s>"]
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="<u>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    wrapped = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<u>", pad_token="<p>", bos_token="<s>")
    model = hf_model(lambda tokens: np.array([*logits, 0.0, 0.0]), vocab_size=9)
    return model.heal_tokens(torch.tensor([prompt]), wrapped)[0].tolist()


@clauses("TOKEN-HEALING-2", "TOKEN-HEALING-3", "TOKEN-HEALING-4")
def test_transformers_heals_the_same() -> None:
    draw = np.random.default_rng(17)
    for _ in range(40):
        logits = [float(level) for level in draw.integers(-64, 64, 7) / 32]
        prompt = [int(token) for token in draw.integers(1, 7, draw.integers(1, 4))]
        assert hf_healed(logits, prompt) == list(healed(logits, tuple(prompt))), described(logits=logits, prompt=prompt)


@clauses("TOKEN-HEALING-3", "TOKEN-HEALING-4")
def test_transformers_takes_other_tokens_and_loses_bos() -> None:
    """Deviations of 5.23.0."""
    assert hf_healed([0, 13, 0, 0, 1, 1, 0], [2, 3]) == [2, 1]
    assert healed([0, 13, 0, 0, 1, 1, 0], (2, 3)) == (2, 3)
    assert hf_healed([0, 0, 0, 0, 2, 1, 0], [8, 2, 3]) == [2, 4]


def vectors() -> Iterator[Case]:
    yield from example_cases("token_healing", leave_out={"example-token-healing-true"})     # it needs a tokenizer
    model = Scripted("history", 71, 7, eos=(3,))
    for value in (False, None):
        name = f"off-by-{'null' if value is None else 'false'}"
        yield generate_case(name, ["TOKEN-HEALING-1"], {"token_healing": value, "max_new_tokens": 4}, [1, 2], model)
    for value in (0, "true"):
        yield generate_case(f"refused-{value}", ["CONFIG-3", "TOKEN-HEALING-1"], {"token_healing": value}, [1], model,
                            flags=("refused",))
    pieces = ["a", "b", "ab", "abb", "", "ba", "b"]
    for name, prompt, note in (
        ("healed", [4, 0], "3 tokens begin with a."), ("nothing-longer", [0, 3], "No other token begins with abb."),
        ("without-text", [0, 4], "A token without text stays."), ("one-token", [0], "A prompt of one token stays."),
        ("equal-texts", [0, 6], "Two tokens have the text b, and one begins with it."),
    ):
        for seed in range(4):
            yield generate_case(
                f"{name}-{seed}", ["TOKEN-HEALING-2", "TOKEN-HEALING-3", "TOKEN-HEALING-4"],
                {"token_healing": True, "max_new_tokens": 3}, prompt, Scripted("history", 80 + seed, 7), pieces=pieces,
                note=note, flags=("boundary",))
    for lead, note in (
        (0.53125, "The other leads by less than 1."), (0.96875, "The other leads by less than 1."),
        (1.0, "Equal: the lowest id."), (1.03125, "The other leads by more than 1."),
        (1.96875, "The other leads by more than 1."),
    ):
        for last, other in ((2, 5), (5, 2)):
            logits = [0.0] * 7
            logits[other] = lead
            yield generate_case(
                f"a-lead-of-{str(lead).replace('.', '-')}-over-{last}", ["TOKEN-HEALING-3"],
                {"token_healing": True, "max_new_tokens": 2}, [1, 3, last], Table((tuple(logits),)),
                pieces=["x", "y", "ab", "z", "", "ab", "v"], note=note, flags=("boundary",))
    whole = Scripted("history", 97, 7)
    for seed in range(3):
        yield generate_case(f"the-whole-row-before-{seed}", ["TOKEN-HEALING-3", "TOKEN-HEALING-4"],
                            {"token_healing": True, "max_new_tokens": 3}, [seed, 1, 3, 0], whole, pieces=pieces)
        yield generate_case(f"with-beams-{seed}", ["TOKEN-HEALING-3", "TOKEN-HEALING-4"],
                            {"token_healing": True, "max_new_tokens": 3, "num_beams": 2, "eos_token_id": 3},
                            [seed, 1, 0], Scripted("history", 98, 7, (3,)), pieces=pieces, flags=("eos-rich",))
    yield generate_case("cut-and-then-healed", ["TOKEN-HEALING-3", "LENGTH-5"],
                        {"token_healing": True, "max_length": 3}, [4, 1, 3, 2, 0], whole, pieces=pieces,
                        note="The tokens that the cut takes away are not read.", flags=("boundary",))
    for seed in range(4):
        yield generate_case(f"operations-have-no-part-{seed}", ["TOKEN-HEALING-3"],
                            {"token_healing": True, "max_new_tokens": 3, "bad_words_ids": [[2], [3]]}, [5, 0],
                            Scripted("history", 90 + seed, 7), pieces=pieces)


@clauses("TOKEN-HEALING-2")
def test_a_last_token_without_a_logit_stays_when_no_text_begins_with_its_text() -> None:
    texts = ["a", "b", "c", "d", "zz"]
    config = GenerationConfig(token_healing=True, max_new_tokens=1)
    row = generate(config, lambda tokens: [0.0, 1.0, 2.0, 3.0], [1, 4],
                   detokenize=lambda tokens: "".join(texts[token] for token in tokens)).rows[0]
    assert row.tokens[:2] == (1, 4)
