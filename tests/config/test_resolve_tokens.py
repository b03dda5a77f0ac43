"""Special tokens in a plan. Text: docs/spec/special_tokens.md."""

import pytest

from genspec.config.decision import Rejected
from genspec.config.generation_config import GenerationConfig


@pytest.mark.parametrize(("given", "eos"), [
    (2, (2,)), ([2], (2,)), ([2, 5, 2], (2, 5)), ([], ()), (None, ()), (0, (0,)),
])
def test_eos_is_an_id_or_a_list(given: object, eos: tuple[int, ...]) -> None:
    plan = GenerationConfig.from_dict({"eos_token_id": given}).resolve().plan
    assert plan.tokens.eos == plan.stopping.eos_token_ids == eos


@pytest.mark.parametrize(("pad", "eos", "expected"), [
    (None, 2, 2), (None, [5, 2], 5), (0, 2, 0), (2, 2, 2), (7, None, 7), (None, None, None), (None, [], None),
])
def test_pad_is_the_given_id_else_the_first_eos(pad: int | None, eos: object, expected: int | None) -> None:
    assert GenerationConfig.from_dict({"pad_token_id": pad, "eos_token_id": eos}).resolve().plan.tokens.pad == expected


def test_pad_equal_to_eos_is_allowed_and_said() -> None:
    decisions = GenerationConfig(pad_token_id=2, eos_token_id=[1, 2]).resolve().decisions
    assert [d.clause for d in decisions if d.field == "pad_token_id"] == ["TOKENS-4"]


def test_the_decoder_starts_from_its_own_token_else_from_bos_else_is_refused() -> None:
    start = GenerationConfig(decoder_start_token_id=7, bos_token_id=1)
    assert start.resolve(architecture="encoder-decoder").plan.tokens.decoder_start == 7
    assert GenerationConfig(bos_token_id=1).resolve(architecture="encoder-decoder").plan.tokens.decoder_start == 1
    assert start.resolve().plan.tokens.decoder_start is None
    with pytest.raises(Rejected, match="TOKENS-5"):
        GenerationConfig().resolve(architecture="encoder-decoder")


def test_an_empty_prompt_starts_from_bos_or_is_refused() -> None:
    assert GenerationConfig(bos_token_id=1).resolve(prompt_length=0).plan.length.prompt_length == 1
    with pytest.raises(Rejected, match="TOKENS-6"):
        GenerationConfig().resolve(prompt_length=0)


@pytest.mark.parametrize("values", [
    {"eos_token_id": 10}, {"eos_token_id": [1, 10]}, {"pad_token_id": 10}, {"bos_token_id": 10},
    {"decoder_start_token_id": 10}, {"forced_bos_token_id": 10}, {"forced_eos_token_id": [3, 10]},
    {"suppress_tokens": [10]}, {"begin_suppress_tokens": [10]}, {"bad_words_ids": [[1, 10]]},
    {"sequence_bias": [[[10], 1.0]]},
])
def test_an_id_outside_the_vocabulary_is_refused(values: dict[str, object]) -> None:
    config = GenerationConfig.from_dict(values)
    config.resolve(vocab_size=11)
    with pytest.raises(Rejected, match="TOKENS-1"):
        config.resolve(vocab_size=10)
