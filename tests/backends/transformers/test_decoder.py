"""The decoder: every argument of a call reaches `generate`, and nothing that the call does not say."""

from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
import transformers
from support.strategies import described

from genspec.backends.call import Call
from genspec.backends.decoder import Refusal, Unsupported
from genspec.backends.reference import ReferenceDecoder
from genspec.backends.transformers.arguments import arguments_of
from genspec.backends.transformers.decoder import TransformersDecoder
from genspec.backends.transformers.model import ScriptedModel
from genspec.backends.transformers.version import profile_of
from genspec_reference import Layered, Scripted

MODEL = Scripted("history", 11, 13, (3,))
PROMPTS = ((1, 2, 4), (5,))
BASE: dict[str, Any] = {"max_new_tokens": 5, "eos_token_id": 3, "pad_token_id": 0}
KEPT = {"return_dict_in_generate": True, "output_scores": True, "output_logits": True}


def facts(answer: Any) -> Any:
    """Give what must be equal exactly; an answer that is none as it is."""
    if not isinstance(answer, tuple):
        return answer
    return [[(row.tokens, str(row.finish_reason), row.beam_indices) for row in output.rows] for output in answer]


def agree(call: Call, batched: bool = True) -> None:
    expected, answer = ReferenceDecoder().decode(call), TransformersDecoder(batched).decode(call)
    assert facts(answer) == facts(expected), described(call=call)
    for mine, theirs in zip(expected, answer, strict=True):
        for own, other in zip(mine.rows, theirs.rows, strict=True):
            assert (own.score is None) == (other.score is None)
            assert own.score is None or abs(own.score - other.score) < 1e-5 * max(1, abs(own.score))


def test_it_says_which_transformers_decodes_and_by_which_profile():
    info = TransformersDecoder().info
    assert (info.name, info.version, info.dtype, info.profile) == ("transformers", transformers.__version__, "float32",
                                                                  "hf")


@pytest.mark.parametrize(("release", "profile"), [
    ((5, 23), "hf"), ((5, 0), "hf"), ((4, 57), "hf-4.50"), ((4, 50), "hf-4.50"), ((4, 49), "hf-4.46"),
    ((4, 46), "hf-4.46"), ((4, 39), "hf-4.46"), ((4, 38), "hf-4.38"),
])
def test_a_release_decodes_by_the_profile_that_was_measured_nearest_to_it(release, profile):
    assert profile_of(release) == profile


MODES: list[dict[str, Any]] = [
    {}, {"do_sample": True}, {"do_sample": True, "num_return_sequences": 3}, {"num_beams": 3},
    {"num_beams": 3, "num_return_sequences": 2, "length_penalty": 2.0, "early_stopping": True},
    {"num_beams": 3, "do_sample": True, "num_return_sequences": 2}, {"use_cache": False},
    {"num_beams": 3, "use_cache": False}, {"cache_implementation": "static"},
    {"num_beams": 2, "cache_implementation": "static"}, {"prefill_chunk_size": 2},
]


@pytest.mark.parametrize("config", MODES, ids=str)
@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("chance", [{"seed": 9}, {"seeds": (4, 2**40)}], ids=str)
def test_every_mode_gives_the_rows_of_the_reference(config, batched, chance):
    for seed in range(2):
        agree(Call({**BASE, **config}, replace(MODEL, seed=seed), PROMPTS, **chance), batched)


@pytest.mark.parametrize("config", MODES[:6], ids=str)
@pytest.mark.parametrize("batched", [True, False])
def test_an_encoder_decoder_model_reads_ragged_sources(config, batched):
    start = {"decoder_start_token_id": 6}
    for prompts in (((), ()), ((6,), (6,)), ((6,), ())):
        agree(Call({**BASE, **config, **start}, MODEL, prompts, ((7, 8, 9), (2,)), seeds=(1, 2)), batched)


def test_a_decoder_prompt_without_the_start_token_gets_it_in_front():
    """Transformers does that where no prompt of the batch begins with it; the specification does not."""
    call = Call({**BASE, "decoder_start_token_id": 6}, MODEL, ((7,), (8,)), ((1, 2), (3,)))
    both = TransformersDecoder().decode(call)
    assert [output.rows[0].tokens[:2] for output in both] == [(6, 7), (6, 8)]
    assert [output.rows[0].prompt_length for output in both] == [2, 2]
    one = TransformersDecoder().decode(replace(call, prompts=((7,), (6,))))
    assert [output.rows[0].tokens[0] for output in one] == [7, 6]


def test_a_prompt_alone_keeps_what_is_its_own():
    call = Call({**BASE, "decoder_start_token_id": [6, 2]}, MODEL, ((), ()), ((7, 8), (2,)), seeds=(4, 5),
                negative_prompts=((1,), (3,)))
    assert call.alone(1) == Call({**BASE, "decoder_start_token_id": [2]}, MODEL, ((),), ((2,),), seeds=(5,),
                                  negative_prompts=((3,),))


def test_a_start_token_for_each_row():
    call = Call({**BASE, "decoder_start_token_id": [6, 2]}, MODEL, ((), ()), ((7, 8), (2,)))
    for batched in (True, False):
        agree(call, batched)
        rows = TransformersDecoder(batched).decode(call)
        assert [output.rows[0].tokens[0] for output in rows] == [6, 2]


OPERATIONS: list[dict[str, Any]] = [
    {"repetition_penalty": 1.5}, {"no_repeat_ngram_size": 2}, {"bad_words_ids": [[1], [4, 5]]}, {"min_new_tokens": 3},
    {"min_length": 5}, {"sequence_bias": [[[7], 2.0], [[1, 2], -4.0]]}, {"forced_bos_token_id": 8},
    {"forced_eos_token_id": 9}, {"suppress_tokens": [1, 2]}, {"begin_suppress_tokens": [3, 7]},
    {"exponential_decay_length_penalty": [1, 1.5]}, {"encoder_repetition_penalty": 1.5},
    {"encoder_no_repeat_ngram_size": 1}, {"guidance_scale": 1.5}, {"watermarking_config": {"bias": 3.0}},
    {"do_sample": True, "temperature": 0.5}, {"do_sample": True, "top_k": 3}, {"do_sample": True, "top_p": 0.7},
    {"do_sample": True, "min_p": 0.2}, {"do_sample": True, "typical_p": 0.6}, {"do_sample": True, "top_h": 0.5},
    {"do_sample": True, "epsilon_cutoff": 0.1}, {"do_sample": True, "eta_cutoff": 0.1},
    {"remove_invalid_values": True}, {"renormalize_logits": True}, {"max_length": 6, "max_new_tokens": None},
    {"max_new_tokens": None}, {"prompt_lookup_num_tokens": 2},
]


CHANGES_NO_ROW = {"renormalize_logits", "remove_invalid_values", "prompt_lookup_num_tokens"}


@pytest.mark.parametrize("config", OPERATIONS, ids=str)
def test_every_operation_reaches_generate(config):
    """The rows are those of the reference, and on some model others than without the field."""
    changed = False
    for seed in range(12):
        if changed and seed > 2:
            break
        prompt = (1,) if "forced_bos_token_id" in config else (1, 2, 4, 1)      # it acts on the second token of a row
        call = Call({**BASE, **config}, Scripted("history", seed, 13, (3,)), (prompt,), seed=seed)
        agree(call)
        plain = replace(call, config={**BASE, "do_sample": config.get("do_sample", False)})
        changed |= facts(TransformersDecoder().decode(call)) != facts(TransformersDecoder().decode(plain))
    assert changed or CHANGES_NO_ROW & config.keys()


def test_stop_strings_read_the_text_of_each_token():
    call = Call({**BASE, "max_new_tokens": 8, "stop_strings": ["bc", "e"]}, MODEL, PROMPTS,
                pieces=tuple("abcdefghijklm"))
    for seed in range(6):
        agree(replace(call, model=replace(MODEL, seed=seed)))


def test_allowed_tokens_follow_the_last_token():
    agree(Call(BASE, MODEL, PROMPTS, allowed_tokens=tuple((token, (token + 1) % 13) for token in range(13))))


def test_negative_prompts_of_several_lengths():
    agree(Call({**BASE, "guidance_scale": 2.0}, MODEL, PROMPTS, negative_prompts=((7, 8), (9,))))


@pytest.mark.parametrize("config", [{}, {"do_sample": True}], ids=str)
@pytest.mark.parametrize("drafts", [
    {"assistant": Scripted("history", 12, 13, (3,))}, {"assistant": MODEL}, {"prompt_lookup_num_tokens": 3},
], ids=str)
def test_drafts_change_no_row_and_draw_from_the_same_noise(config, drafts):
    given = {name: value for name, value in drafts.items() if name == "assistant"}
    more = {name: value for name, value in drafts.items() if name != "assistant"}
    for seed in range(6):
        # 12 is a pad id that no row has: an assistant does not read it
        agree(Call({**BASE, **config, **more, "pad_token_id": 12, "bad_words_ids": [[12]]}, replace(MODEL, seed=seed),
                   ((1, 2, 1),), seeds=(seed,), **given))


def test_the_row_without_its_prompt_that_guidance_reads_moves_no_draw():
    """No draft is found here, so that DEV-50 does not show."""
    config = {**BASE, "do_sample": True, "guidance_scale": 1.5, "prompt_lookup_num_tokens": 3, "max_new_tokens": 2}
    for seed in range(4):
        agree(Call(config, replace(MODEL, seed=seed), ((7, 8, 9),), seeds=(seed,)))


def test_the_assistant_drafts_as_the_call_says():
    seen = []

    def spy(self: Any, *given: Any, **more: Any) -> Any:
        seen.append(more["generation_config"].max_new_tokens or more.get("max_new_tokens"))
        return original(self, *given, **more)

    original = ScriptedModel.generate
    config = {**BASE, "num_assistant_tokens": 2, "assistant_confidence_threshold": 0.0}
    call = Call(config, MODEL, ((1,),), assistant=replace(MODEL, seed=5))
    with mock.patch.object(ScriptedModel, "generate", spy):
        TransformersDecoder().decode(call)
    assert len(seen) > 1, "the assistant was asked"
    assistant = arguments_of(call)["assistant_model"].generation_config
    assert (assistant.num_assistant_tokens, assistant.num_assistant_tokens_schedule) == (2, "constant")
    assert assistant.assistant_confidence_threshold == 0.0


def test_the_context_length_bounds_the_default_length():
    call = Call({"pad_token_id": 0}, replace(MODEL, eos=()), ((1, 2, 4),), context_length=9)
    (output,) = TransformersDecoder().decode(call)
    assert len(output.rows[0].tokens) == 9
    (output,) = TransformersDecoder().decode(replace(call, context_length=None))
    assert len(output.rows[0].new_tokens) == 20, "nothing is left of the call before"


def test_nothing_is_inherited_from_the_model():
    """No id has a meaning, whatever the call before said."""
    TransformersDecoder().decode(Call({**BASE, "bos_token_id": 1, "num_beams": 2}, MODEL, PROMPTS))
    call = Call({"max_new_tokens": 6}, MODEL, ((3, 3),))
    agree(call)
    assert len(TransformersDecoder().decode(call)[0].rows[0].new_tokens) == 6


def test_an_empty_prompt_is_replaced_by_bos_and_refused_without():
    agree(Call({**BASE, "bos_token_id": 4}, MODEL, ((),)))
    assert isinstance(TransformersDecoder().decode(Call(BASE, MODEL, ((),))), Refusal)


@pytest.mark.parametrize("config", [{}, {"num_beams": 3, "num_return_sequences": 2}, {"do_sample": True}], ids=str)
def test_scores_and_logits_of_every_step_come_back_where_asked(config):
    call = Call({**BASE, **KEPT, **config}, MODEL, PROMPTS, seed=3)
    expected, answer = ReferenceDecoder().decode(call), TransformersDecoder().decode(call)
    for mine, theirs in zip(expected, answer, strict=True):
        for own, other in zip(mine.runs, theirs.runs, strict=True):
            for step, given in zip(own, other, strict=False):
                for name in ("scores", "logits"):
                    for line, there in zip(getattr(step, name), getattr(given, name), strict=True):
                        np.testing.assert_allclose(there, line, rtol=1e-5, atol=1e-5)
    silent = TransformersDecoder().decode(Call({**BASE, **config}, MODEL, PROMPTS, seed=3))
    assert all(step.scores is None and step.logits is None
               for output in silent for run in output.runs for step in run)


@pytest.mark.parametrize("config", [{}, {"num_beams": 2}], ids=str)
def test_hidden_states_come_back_where_asked_without_their_padding(config):
    asked = {**BASE, **config, "return_dict_in_generate": True, "output_hidden_states": True}
    call = Call(asked, Layered(5, 13, (3,), layers=2, width=3), PROMPTS)
    expected, answer = ReferenceDecoder().decode(call), TransformersDecoder().decode(call)
    for mine, theirs in zip(expected, answer, strict=True):
        for step, given in zip(mine.runs[0], theirs.runs[0], strict=False):
            for layers, there in zip(step.hidden_states, given.hidden_states, strict=True):
                assert len(layers) == len(there) == 3
                for own, other in zip(layers, there, strict=True):
                    np.testing.assert_array_equal(own, other)


@pytest.mark.parametrize(("config", "error"), [
    ({"num_return_sequences": 2}, "ValueError"), ({"do_sample": True, "temperature": 0.0}, "ValueError"),
    ({"max_length": 2, "max_new_tokens": None}, "ValueError"), ({"num_beams": 0}, "ZeroDivisionError"),
    ({"do_sample": True, "suppress_tokens": [*range(13)]}, "RuntimeError"), ({"max_new_tokens": "5"}, "TypeError"),
])
def test_what_generate_raises_is_a_refusal_with_the_name_of_the_exception(config, error):
    answer = TransformersDecoder().decode(Call({**BASE, **config}, MODEL, ((1, 2, 4),), seed=0))
    assert isinstance(answer, Refusal), described(answer=answer)
    assert (answer.error, bool(answer.message)) == (error, True), described(answer=answer)


def test_what_the_specification_refuses_is_put_to_transformers_all_the_same():
    call = Call({**BASE, "eos_token_id": [99], "do_sample": True}, MODEL, ((1, 2),))
    assert isinstance(ReferenceDecoder().decode(call), Refusal)
    (output,) = TransformersDecoder().decode(call)
    assert len(output.rows[0].new_tokens) == 5


@pytest.mark.parametrize(("call", "reason"), [
    (Call({**BASE, "max_time": 1.0}, MODEL, PROMPTS), "clock"),
    (Call({**BASE, "token_healing": True}, MODEL, PROMPTS, pieces=tuple("abcdefghijklm")), "tokenizer"),
    (Call({**BASE, "assistant_early_exit": 1}, MODEL, PROMPTS), "another kind"),
    (Call({**BASE, "cache_implementation": "quantized"}, MODEL, PROMPTS), "cache"),
    (Call({**BASE, "bos_token_id": 1}, MODEL, ((), (1,))), "alone"),
    (Call({**BASE, "prompt_lookup_num_tokens": 1}, MODEL, PROMPTS), "alone"),
])
def test_what_cannot_be_put_to_generate_is_unsupported(call, reason):
    answer = TransformersDecoder().decode(call)
    assert isinstance(answer, Unsupported), described(answer=answer)
    assert reason in answer.reason


def test_what_only_a_batch_cannot_have_each_prompt_has_alone():
    agree(Call({**BASE, "bos_token_id": 1}, MODEL, ((), (1,))), batched=False)
    agree(Call({**BASE, "prompt_lookup_num_tokens": 1}, MODEL, PROMPTS), batched=False)


def test_a_call_that_draws_needs_a_seed():
    with pytest.raises(ValueError, match="seed"):
        TransformersDecoder().decode(Call({**BASE, "do_sample": True}, MODEL, PROMPTS))


def test_a_call_leaves_torch_as_it_was():
    original = torch.multinomial
    TransformersDecoder().decode(Call({**BASE, "do_sample": True}, MODEL, PROMPTS, seeds=(1, 2)))
    TransformersDecoder().decode(Call({**BASE, "do_sample": True, "temperature": 0.0}, MODEL, PROMPTS, seeds=(1, 2)))
    assert torch.multinomial is original


def test_a_model_that_was_used_before_knows_nothing_of_it():
    calls = [Call(BASE, replace(MODEL, seed=seed), PROMPTS) for seed in (1, 2, 1)]
    first, other, again = (facts(TransformersDecoder().decode(call)) for call in calls)
    assert first == again != other


def test_texts_of_tokens_are_those_of_the_call_whatever_was_decoded_before() -> None:
    """Of a vocabulary with the same names and stop strings transformers keeps what it has made."""
    call = Call({"max_new_tokens": 4, "stop_strings": ["a"], "pad_token_id": 0}, MODEL, ((1, 2),))
    for pieces in ("a" + "b" * 12, "b" * 12 + "a", "ab" * 6 + "a"):
        agree(replace(call, pieces=tuple(pieces)))


def test_what_is_drawn_does_not_hang_on_how_much_guidance_has_read() -> None:
    """Looking up asks the operations about drafts as well, so that guidance reads a longer row than the model."""
    config = {"max_new_tokens": 5, "do_sample": True, "guidance_scale": 3.0, "begin_suppress_tokens": [0],
              "pad_token_id": 2, "prompt_lookup_num_tokens": 4}
    agree(Call(config, Scripted("table", 539, 3), ((0, 0, 0),), seeds=(1186,)))
