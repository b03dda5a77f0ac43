"""What is said of each field of a request, word by word: given, effective, status, clause, reason."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genspec.config.decision import Decision, Status
from genspec.config.generation_config import GenerationConfig
from genspec.config.profile import HF_ORDER

APPLIED, DEFAULT, OVERRIDDEN = Status.APPLIED, Status.DEFAULT, Status.OVERRIDDEN
INERT, WARNING = Status.INERT, Status.WARNING
Said = tuple[str, str, object, object, Status, str]


def decisions(values: dict[str, Any], **facts: Any) -> list[Decision]:
    return GenerationConfig.from_dict(values).resolve(**{"prompt_length": 3, **facts}).decisions


def said(values: dict[str, Any], *fields: str, **facts: Any) -> list[Said]:
    """Return all that is said of these fields, or of those that the config has."""
    return [
        (each.field, each.clause, each.given, each.effective, each.status, each.reason)
        for each in decisions(values, **facts) if each.field in (fields or values)
    ]


OLD = {"profile": "hf-4.50"}
NO_DRAW = "no token is drawn: the highest score wins, and fields that act only in sampling have no effect."
NOTHING = "its value leaves everything as it is."
OF_DRAFTS = "it shapes the drafts, never the law of the output."
NOT_DRAWN = "it acts only when tokens are drawn, and do_sample is not true."
NO_BEAMS = "it acts only in beam search, and num_beams is 1."

# the config, the facts, what is said of its fields
ONE_FIELD: list[tuple[dict[str, Any], dict[str, Any], Said]] = [
    # mode
    ({"do_sample": True}, {}, ("do_sample", "MODE-2", True, True, APPLIED, "tokens are drawn.")),
    ({"do_sample": False}, {}, ("do_sample", "MODE-2", False, False, APPLIED, NO_DRAW)),
    ({"num_beams": 1}, {}, ("num_beams", "MODE-1", 1, 1, APPLIED, "1 beam is kept: the mode is greedy.")),
    ({"num_beams": 2}, {}, ("num_beams", "MODE-1", 2, 2, APPLIED, "2 beams are kept: the mode is beam_search.")),
    ({"use_mtp": True}, {}, ("use_mtp", "MODE-7", True, True, APPLIED, "it extends greedy to assisted.")),
    ({"use_mtp": False}, {}, ("use_mtp", "MODE-1", False, None, INERT, "it does not act in greedy.")),
    ({"dola_layers": [1]}, OLD, ("dola_layers", "MODE-8", [1], [1], APPLIED, "it extends greedy to dola.")),
    # length
    ({"max_new_tokens": 8}, {},
     ("max_new_tokens", "LENGTH-1", 8, 8, APPLIED, "at most 8 new tokens, whatever the prompt.")),
    ({"max_new_tokens": 8}, {"context_length": 11},
     ("max_new_tokens", "LENGTH-1", 8, 8, APPLIED, "at most 8 new tokens, whatever the prompt.")),
    ({"max_length": 50}, {},
     ("max_length", "LENGTH-2", 50, 47, APPLIED, "47 new tokens: it counts the 3 prompt tokens.")),
    ({"max_length": 4}, {}, ("max_length", "LENGTH-2", 4, 1, APPLIED, "1 new tokens: it counts the 3 prompt tokens.")),
    ({"max_length": 3}, {},
     ("max_length", "LENGTH-5", 3, 0, WARNING, "the prompt has 3 tokens and max_length (3) leaves room for no new "
      "token. The last 3 tokens are kept and none is generated.")),
    ({"max_length": 2}, {},
     ("max_length", "LENGTH-5", 2, 0, WARNING, "the prompt has 3 tokens and max_length (2) leaves room for no new "
      "token. The last 2 tokens are kept and none is generated.")),
    ({"min_new_tokens": 20}, {}, ("min_new_tokens", "LENGTH-6", 20, 20, APPLIED, "no EOS before 20 new tokens.")),
    ({"min_new_tokens": 21}, {},
     ("min_new_tokens", "LENGTH-9", 21, 20, WARNING,
      "21 new tokens are asked for at least and 20 are allowed at most: the maximum wins.")),
    ({"min_length": 23}, {}, ("min_length", "LENGTH-7", 23, 20, APPLIED, "no EOS before 20 new tokens.")),
    ({"min_length": 24}, {},
     ("min_length", "LENGTH-9", 24, 20, WARNING,
      "21 new tokens are asked for at least and 20 are allowed at most: the maximum wins.")),
    ({"min_length": 4}, {}, ("min_length", "LENGTH-7", 4, 1, APPLIED, "no EOS before 1 new tokens.")),
    # special tokens
    ({"eos_token_id": [2, 5, 2]}, {},
     ("eos_token_id", "TOKENS-2", [2, 5, 2], (2, 5), APPLIED, "a row ends with 2 or 5.")),
    ({"eos_token_id": []}, {},
     ("eos_token_id", "TOKENS-2", [], (), WARNING,
      "there is no EOS: a row ends only at its length or by another stopping rule.")),
    ({"pad_token_id": 0}, {}, ("pad_token_id", "TOKENS-3", 0, 0, APPLIED, "0 fills finished rows.")),
    ({"bos_token_id": 0}, {},
     ("bos_token_id", "TOKENS-6", 0, 0, INERT, "the prompt has tokens of its own: no BOS is added.")),
    ({"bos_token_id": 0}, {"prompt_length": 0},
     ("bos_token_id", "TOKENS-6", 0, 0, APPLIED, "the prompt is empty: it starts with 0.")),
    ({"bos_token_id": 0}, {"architecture": "encoder-decoder", "prompt_length": 0},
     ("bos_token_id", "TOKENS-5", 0, 0, APPLIED, "the decoder starts from it.")),
    ({"decoder_start_token_id": 0}, {"architecture": "encoder-decoder"},
     ("decoder_start_token_id", "TOKENS-5", 0, 0, APPLIED, "the decoder starts from it.")),
    ({"decoder_start_token_id": 7}, {},
     ("decoder_start_token_id", "TOKENS-5", 7, None, INERT, "it acts in encoder-decoder models only.")),
    ({"token_healing": True}, {},
     ("token_healing", "TOKEN-HEALING-1", True, True, APPLIED,
      "the last token of the prompt is replaced by one whose text begins with its text; needs a tokenizer.")),
    # operations
    ({"guidance_scale": 1.5}, {},
     ("guidance_scale", "GUIDANCE-1", 1.5, 1.5, APPLIED,
      "the difference to the unconditional logits is scaled by 1.5.")),
    ({"sequence_bias": [[[4], 1.0]]}, {},
     ("sequence_bias", "SEQUENCE-BIAS-1", [[[4], 1.0]], [[[4], 1.0]], APPLIED, "1 token sequence is biased.")),
    ({"encoder_repetition_penalty": 1.5}, {},
     ("encoder_repetition_penalty", "ENCODER-REPETITION-PENALTY-1", 1.5, 1.5, APPLIED,
      "tokens of the input are favoured by 1.5.")),
    ({"repetition_penalty": 1.5}, {},
     ("repetition_penalty", "REPETITION-PENALTY-1", 1.5, 1.5, APPLIED,
      "tokens of the prompt and of the output so far are penalised by 1.5.")),
    ({"no_repeat_ngram_size": 2}, {},
     ("no_repeat_ngram_size", "NO-REPEAT-NGRAM-1", 2, 2, APPLIED,
      "no sequence of 2 tokens occurs twice, prompt included.")),
    ({"encoder_no_repeat_ngram_size": 3}, {},
     ("encoder_no_repeat_ngram_size", "ENCODER-NO-REPEAT-NGRAM-1", 3, 3, APPLIED,
      "no sequence of 3 tokens of the input occurs in the output.")),
    ({"bad_words_ids": [[4], [5]]}, {},
     ("bad_words_ids", "BAD-WORDS-1", [[4], [5]], [[4], [5]], APPLIED, "2 token sequences are banned.")),
    ({"forced_bos_token_id": 4}, {"prompt_length": 1},
     ("forced_bos_token_id", "FORCED-BOS-1", 4, 4, APPLIED, "the first new token is 4.")),
    ({"forced_bos_token_id": 4}, {},
     ("forced_bos_token_id", "FORCED-BOS-1", 4, None, INERT,
      "it acts on a prompt of 1 token, and this one has 3.")),
    ({"forced_eos_token_id": [2, 5]}, {},
     ("forced_eos_token_id", "FORCED-EOS-1", [2, 5], [2, 5], APPLIED,
      "token 23 of the row, the last one allowed, is 2 or 5.")),
    ({"suppress_tokens": [4]}, {}, ("suppress_tokens", "SUPPRESS-1", [4], [4], APPLIED, "1 token is never chosen.")),
    ({"begin_suppress_tokens": [4, 6]}, {},
     ("begin_suppress_tokens", "BEGIN-SUPPRESS-1", [4, 6], [4, 6], APPLIED,
      "2 tokens are not chosen as the first new token.")),
    ({"watermarking_config": {}}, {},
     ("watermarking_config", "WATERMARK-1", {}, {}, APPLIED, "a hidden part of the vocabulary is favoured.")),
    # outputs and stopping
    ({"num_return_sequences": 1}, {},
     ("num_return_sequences", "OUTPUTS-6", 1, 1, APPLIED, "1 sequence for each prompt.")),
    ({"return_dict_in_generate": True}, {},
     ("return_dict_in_generate", "OUTPUTS-1", True, True, APPLIED,
      "a record of the sequences and the outputs asked for is returned.")),
    ({"return_dict_in_generate": False}, {},
     ("return_dict_in_generate", "OUTPUTS-1", False, False, APPLIED, "the sequences alone are returned.")),
    ({"output_scores": True}, {},
     ("output_scores", "OUTPUTS-1", True, False, INERT,
      "it is not returned: return_dict_in_generate is not true.")),
    ({"output_logits": False}, {}, ("output_logits", "OUTPUTS-3", False, False, APPLIED, "logits are not returned.")),
    ({"stop_strings": "END"}, {},
     ("stop_strings", "STOPPING-3", "END", ("END",), APPLIED,
      "a row ends once its text completes one of them; needs a detokenizer.")),
    ({"stop_strings": []}, {}, ("stop_strings", "STOPPING-3", [], None, INERT, NOTHING)),
    ({"max_time": 0}, {},
     ("max_time", "STOPPING-4", 0, 0.0, APPLIED, "no step begins after 0 seconds; the first always does.")),
    # what has no effect
    ({"top_k": 5}, {}, ("top_k", "MODE-2", 5, None, INERT, NOT_DRAWN)),
    ({"early_stopping": True}, {}, ("early_stopping", "MODE-3", True, None, INERT, NO_BEAMS)),
    ({"num_beam_groups": 2}, OLD, ("num_beam_groups", "MODE-3", 2, None, INERT, NO_BEAMS)),
    ({"num_beam_groups": 2}, {},
     ("num_beam_groups", "CONFIG-10", 2, None, INERT, "transformers 4.57 removed it.")),
    ({"max_matching_ngram_size": 2}, {},
     ("max_matching_ngram_size", "MODE-1", 2, None, INERT, "it does not act in greedy.")),
    ({"penalty_alpha": 0.0}, OLD, ("penalty_alpha", "MODE-1", 0.0, None, INERT, "it does not act in greedy.")),
    ({"use_cache": False}, {}, ("use_cache", "CACHE-1", False, None, INERT, "it never changes a token.")),
    ({"low_memory": True}, {"profile": "hf-4.46"},
     ("low_memory", "PERFORMANCE-1", True, None, INERT, "it never changes a token.")),
    ({"low_memory": True}, OLD, ("low_memory", "CONFIG-10", True, None, INERT, "transformers 4.50 removed it.")),
    ({"renormalize_logits": False}, {},
     ("renormalize_logits", "RENORMALIZE-1", False, None, INERT, NOTHING)),
    ({"sequence_bias": []}, {}, ("sequence_bias", "SEQUENCE-BIAS-1", [], None, INERT, NOTHING)),
]
SEVERAL: list[tuple[dict[str, Any], dict[str, Any], list[Said]]] = [
    ({"max_new_tokens": 8, "max_length": 50}, {}, [
        ("max_new_tokens", "LENGTH-1", 8, 8, APPLIED, "at most 8 new tokens, whatever the prompt."),
        ("max_length", "LENGTH-3", 50, 11, OVERRIDDEN, "it is ignored: max_new_tokens (8) decides."),
    ]),
    ({"max_new_tokens": 8}, {"context_length": 10}, [
        ("max_new_tokens", "LENGTH-1", 8, 8, APPLIED, "at most 8 new tokens, whatever the prompt."),
        ("max_new_tokens", "LENGTH-10", 8, 8, WARNING, "the sequence may reach 11 tokens and the context holds 10."),
    ]),
    ({"min_length": 9, "min_new_tokens": 0}, {}, [
        ("min_length", "LENGTH-8", 9, 3, OVERRIDDEN, "it is ignored: min_new_tokens (0) decides."),
        ("min_new_tokens", "LENGTH-6", 0, 0, APPLIED, "no EOS before 0 new tokens."),
    ]),
    ({"min_length": 1, "min_new_tokens": 2}, {}, [
        ("min_length", "LENGTH-8", 1, 5, OVERRIDDEN, "it is ignored: min_new_tokens (2) decides."),
        ("min_new_tokens", "LENGTH-6", 2, 2, APPLIED, "no EOS before 2 new tokens."),
    ]),
    ({"min_length": 0, "min_new_tokens": 2}, {}, [
        ("min_new_tokens", "LENGTH-6", 2, 2, APPLIED, "no EOS before 2 new tokens."),
        ("min_length", "LENGTH-7", 0, None, INERT, NOTHING),
    ]),
    ({"max_length": 2, "min_length": 3}, {}, [
        ("max_length", "LENGTH-5", 2, 0, WARNING, "the prompt has 3 tokens and max_length (2) leaves room for no new "
         "token. The last 2 tokens are kept and none is generated."),
        ("min_length", "LENGTH-9", 3, 0, WARNING,
         "1 new tokens are asked for at least and 0 are allowed at most: the maximum wins."),
    ]),
    ({"min_length": 6, "max_length": 9, "decoder_start_token_id": 0},
     {"architecture": "encoder-decoder", "prompt_length": 30}, [
        ("decoder_start_token_id", "TOKENS-5", 0, 0, APPLIED, "the decoder starts from it."),
        ("max_length", "LENGTH-2", 9, 8, APPLIED, "8 new tokens: it counts the 1 prompt tokens."),
        ("min_length", "LENGTH-7", 6, 5, APPLIED, "no EOS before 5 new tokens."),
    ]),
    ({"eos_token_id": [2, 5], "pad_token_id": 5}, {}, [
        ("eos_token_id", "TOKENS-2", [2, 5], (2, 5), APPLIED, "a row ends with 2 or 5."),
        ("pad_token_id", "TOKENS-4", 5, 5, APPLIED, "it is an EOS too, which changes no row."),
    ]),
    ({"bos_token_id": 0, "decoder_start_token_id": [7, 8]}, {"architecture": "encoder-decoder"}, [
        ("bos_token_id", "TOKENS-5", 0, 0, INERT, "the decoder starts from decoder_start_token_id."),
        ("decoder_start_token_id", "TOKENS-5", [7, 8], [7, 8], APPLIED, "the decoder starts from it."),
    ]),
    ({"prompt_lookup_num_tokens": 3, "num_beams": 2}, {}, [
        ("prompt_lookup_num_tokens", "MODE-7", 3, None, INERT,
         "it is ignored: assisted extends greedy and sample only, and the mode is beam_search."),
        ("num_beams", "MODE-1", 2, 2, APPLIED, "2 beams are kept: the mode is beam_search."),
    ]),
    ({"prompt_lookup_num_tokens": 3, "assistant_early_exit": 2, "dola_layers": "low"}, OLD, [
        ("prompt_lookup_num_tokens", "MODE-7", 3, 3, APPLIED, "it extends greedy to assisted."),
        ("assistant_early_exit", "MODE-7", 2, 2, APPLIED, "it extends greedy to assisted."),
        ("dola_layers", "MODE-8", "low", None, INERT,
         "it is ignored: dola extends greedy and sample only, and the mode is assisted."),
    ]),
    ({"prompt_lookup_num_tokens": 3, "max_matching_ngram_size": 2, "num_assistant_tokens": 5,
      "num_assistant_tokens_schedule": "heuristic", "assistant_confidence_threshold": 0.5, "assistant_lookbehind": 3,
      "target_lookbehind": 4, "speculation_type": "dflash"}, {}, [
        ("prompt_lookup_num_tokens", "MODE-7", 3, 3, APPLIED, "it extends greedy to assisted."),
        ("max_matching_ngram_size", "ASSISTED-1", 2, 2, APPLIED, OF_DRAFTS),
        ("num_assistant_tokens", "ASSISTED-2", 5, 5, APPLIED, OF_DRAFTS),
        ("num_assistant_tokens_schedule", "ASSISTED-2", "heuristic", "heuristic", APPLIED, OF_DRAFTS),
        ("assistant_confidence_threshold", "ASSISTED-3", 0.5, 0.5, APPLIED, OF_DRAFTS),
        ("assistant_lookbehind", "ASSISTED-5", 3, 3, APPLIED, OF_DRAFTS),
        ("target_lookbehind", "ASSISTED-5", 4, 4, APPLIED, OF_DRAFTS),
        ("speculation_type", "ASSISTED-7", "dflash", "dflash", APPLIED, OF_DRAFTS),
    ]),
    ({"use_mtp": True, "assistant_ensemble_weight": 0.25}, {}, [
        ("use_mtp", "MODE-7", True, True, APPLIED, "it extends greedy to assisted."),
        ("assistant_ensemble_weight", "ASSISTED-6", 0.25, 0.25, APPLIED, "drafts are accepted against a mixture in "
         "which the model weighs 0.25 and the assistant 0.75: where there is a draft, the output follows the mixture."),
    ]),
    ({"penalty_alpha": 0.25, "top_k": 4}, OLD, [
        ("penalty_alpha", "CONTRASTIVE-SEARCH-1", 0.25, 0.25, APPLIED,
         "likeness to the context weighs 0.25, the model 0.75."),
        ("top_k", "CONTRASTIVE-SEARCH-1", 4, 4, APPLIED, "the 4 most probable tokens are candidates."),
    ]),
    ({"num_beams": 2, "early_stopping": True, "length_penalty": 2}, {}, [
        ("num_beams", "MODE-1", 2, 2, APPLIED, "2 beams are kept: the mode is beam_search."),
        ("early_stopping", "BEAMS-2", True, True, APPLIED,
         "a row ends as soon as as many hypotheses are finished as beams are kept."),
        ("length_penalty", "BEAMS-3", 2, 2.0, APPLIED, "a hypothesis of n new tokens scores sum / n^2."),
    ]),
    ({"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.5}, OLD, [
        ("num_beams", "MODE-1", 4, 4, APPLIED, "4 beams are kept: the mode is group_beam_search."),
        ("num_beam_groups", "BEAMS-4", 2, 2, APPLIED, "4 beams in 2 groups."),
        ("diversity_penalty", "BEAMS-5", 0.5, 0.5, APPLIED, "a token chosen by an earlier group loses 0.5."),
    ]),
    ({"num_beams": 2, "force_words_ids": [[3]], "constraints": ["x", "y"], "num_beam_groups": 2, "top_k": 3}, OLD, [
        ("num_beams", "MODE-1", 2, 2, APPLIED, "2 beams are kept: the mode is constrained_beam_search."),
        ("force_words_ids", "BEAMS-6", [[3]], [[3]], APPLIED, "every hypothesis meets 1 condition."),
        ("constraints", "BEAMS-6", ["x", "y"], ["x", "y"], APPLIED, "every hypothesis meets 2 conditions."),
        ("top_k", "MODE-2", 3, None, INERT, NOT_DRAWN),
        ("num_beam_groups", "MODE-1", 2, None, INERT, "it does not act in constrained_beam_search."),
    ]),
    ({"return_dict_in_generate": True, "output_hidden_states": True, "num_return_sequences": 2, "num_beams": 2}, {}, [
        ("num_beams", "MODE-1", 2, 2, APPLIED, "2 beams are kept: the mode is beam_search."),
        ("num_return_sequences", "OUTPUTS-6", 2, 2, APPLIED, "2 sequences for each prompt."),
        ("return_dict_in_generate", "OUTPUTS-1", True, True, APPLIED,
         "a record of the sequences and the outputs asked for is returned."),
        ("output_hidden_states", "OUTPUTS-5", True, True, APPLIED, "hidden_states are returned."),
    ]),
    ({"eos_token_id": 2, "min_new_tokens": 2, "exponential_decay_length_penalty": [3, 1.5]}, {}, [
        ("eos_token_id", "TOKENS-2", 2, (2,), APPLIED, "a row ends with 2."),
        ("min_new_tokens", "LENGTH-6", 2, 2, APPLIED, "no EOS before 2 new tokens."),
        ("min_new_tokens", "MIN-NEW-TOKENS-1", 2, 2, APPLIED, "no EOS before 2 new tokens."),
        ("exponential_decay_length_penalty", "EXPONENTIAL-DECAY-LENGTH-PENALTY-1", [3, 1.5], [3, 1.5], APPLIED,
         "after 3 new tokens the score of EOS grows by the factor 1.5 a step."),
    ]),
    ({"forced_bos_token_id": 4, "begin_suppress_tokens": [6]}, {"prompt_length": 1}, [
        ("forced_bos_token_id", "FORCED-BOS-1", 4, 4, APPLIED, "the first new token is 4."),
        ("begin_suppress_tokens", "BEGIN-SUPPRESS-1", [6], [6], APPLIED,
         "1 token is not chosen as the second new token."),
    ]),
]
DRAWN: dict[str, tuple[Any, str]] = {
    "temperature": (0.5, "scores are divided by 0.5."),
    "top_h": (0.5, "tokens are kept up to 0.5 of the entropy."),
    "top_k": (5, "the 5 highest scores are kept, ties included."),
    "top_p": (0.5, "the most probable tokens are kept until their mass reaches 0.5."),
    "min_p": (0.5, "tokens below 0.5 of the highest probability are dropped."),
    "typical_p": (0.5, "the most typical tokens are kept until their mass reaches 0.5."),
    "epsilon_cutoff": (0.5, "tokens of probability below 0.5 are dropped."),
    "eta_cutoff": (0.5, "tokens below the lesser of 0.5 and the entropy's cutoff are dropped."),
}
# the facts, what is said of the one field that nobody set
UNSET: list[tuple[dict[str, Any], dict[str, Any], Said]] = [
    ({}, {}, ("do_sample", "MODE-2", None, False, DEFAULT, NO_DRAW)),
    ({}, {}, ("num_beams", "MODE-1", None, 1, DEFAULT, "1 beam is kept: the mode is greedy.")),
    ({}, {}, ("max_new_tokens", "LENGTH-4", None, 20, DEFAULT, "no length is set: 20 new tokens.")),
    ({}, {"context_length": 23}, ("max_new_tokens", "LENGTH-4", None, 20, DEFAULT, "no length is set: 20 new tokens.")),
    ({}, {"context_length": 22},
     ("max_new_tokens", "LENGTH-4", None, 19, DEFAULT,
      "no length is set: 20 new tokens (capped by the context length).")),
    ({}, {"profile": "hf-4.46"},
     ("max_length", "LENGTH-4", None, 17, DEFAULT, "no length is set: 20 tokens with the prompt.")),
    ({}, {"context_length": 2},
     ("max_new_tokens", "LENGTH-5", None, 0, WARNING, "the prompt has 3 tokens and the context length (2) leaves room "
      "for no new token. The last 2 tokens are kept and none is generated.")),
    ({"eos_token_id": [5, 2]}, {},
     ("pad_token_id", "TOKENS-3", None, 5, DEFAULT, "unset: the first EOS (5) fills finished rows.")),
    ({"bos_token_id": 0}, {"architecture": "encoder-decoder"},
     ("decoder_start_token_id", "TOKENS-5", None, 0, DEFAULT, "unset: the decoder starts from BOS (0).")),
    ({"do_sample": True}, {},
     ("top_k", "TOP-K-1", None, 50, DEFAULT, "unset: the 50 highest scores are kept, ties included.")),
    ({"num_beams": 2}, {},
     ("early_stopping", "BEAMS-2", None, False, DEFAULT, "a row ends once the best open hypothesis, scored at its "
      "present length, cannot beat the worst finished.")),
    ({"num_beams": 2}, {},
     ("length_penalty", "BEAMS-3", None, 1.0, DEFAULT, "a hypothesis of n new tokens scores sum / n^1.")),
]


@pytest.mark.parametrize(("values", "facts", "expected"), ONE_FIELD, ids=str)
def test_what_is_said_of_a_field_alone(values: dict[str, Any], facts: dict[str, Any], expected: Said) -> None:
    found = said(values, **facts)
    assert found == [expected]
    assert type(found[0][3]) is type(expected[3]), found


@pytest.mark.parametrize(("values", "facts", "expected"), SEVERAL, ids=str)
def test_what_is_said_of_fields_together(
    values: dict[str, Any], facts: dict[str, Any], expected: list[Said]
) -> None:
    assert said(values, **facts) == expected


@pytest.mark.parametrize(("values", "facts", "expected"), UNSET, ids=str)
def test_what_is_said_of_a_field_that_nobody_set(
    values: dict[str, Any], facts: dict[str, Any], expected: Said
) -> None:
    assert said(values, expected[0], **facts) == [expected]


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_said_of_a_field_when_drawing(name: str) -> None:
    value, reason = DRAWN[name]
    clause = f"{name.upper().replace('_', '-')}-1"
    assert said({name: value, "do_sample": True}, name) == [(name, clause, value, value, APPLIED, reason)]


@pytest.mark.parametrize("mode", [{"use_mtp": True}, {"dola_layers": "low"}, {}, {"num_beams": 2}])
def test_a_neutral_value_is_said_to_be_neutral_in_every_mode_that_draws(mode: dict[str, Any]) -> None:
    neutral = {"do_sample": True, "top_p": 1.0, "top_k": 0, **mode}
    assert said(neutral, "top_p", "top_k", **OLD) == [
        ("top_k", "TOP-K-1", 0, None, INERT, NOTHING), ("top_p", "TOP-P-1", 1.0, None, INERT, NOTHING),
    ]


def test_decisions_stand_in_the_order_of_the_stages() -> None:
    found = decisions({
        "num_beams": 2, "do_sample": True, "eos_token_id": 2, "pad_token_id": 0, "bos_token_id": 1, "max_new_tokens": 9,
        "min_new_tokens": 2, "top_p": 0.5, "repetition_penalty": 2, "stop_strings": "x", "num_return_sequences": 2,
        "length_penalty": 2, "use_cache": True,
    })
    assert [each.field for each in found] == [
        "do_sample", "num_beams", "eos_token_id", "bos_token_id", "pad_token_id", "max_new_tokens", "min_new_tokens",
        "repetition_penalty", "min_new_tokens", "top_k", "top_p", "stop_strings", "num_return_sequences",
        "early_stopping", "length_penalty", "use_cache",
    ]


def test_the_origin_stands_at_the_end_of_a_reason_and_nowhere_without_layers() -> None:
    layers: dict[str, Any] = {
        "call": {"top_k": None, "max_new_tokens": 4}, "given": {"do_sample": True},
        "model": {"temperature": 0.5, "top_p": 1.0},
    }
    found = {each.field: each.reason for each in GenerationConfig.layered(**layers).resolve().decisions}
    assert found["max_new_tokens"] == "at most 4 new tokens, whatever the prompt. (from the call)"
    assert found["do_sample"] == "tokens are drawn. (from the given)"
    assert found["temperature"] == "scores are divided by 0.5. (from the model)"
    assert found["top_p"] == f"{NOTHING} (from the model)"
    assert found["num_beams"] == "1 beam is kept: the mode is sample."


VALUES: dict[str, Any] = {
    "do_sample": st.booleans(), "num_beams": st.integers(1, 3), "max_length": st.integers(1, 9),
    "max_new_tokens": st.integers(1, 9), "min_length": st.integers(0, 9), "min_new_tokens": st.integers(0, 9),
    "eos_token_id": st.lists(st.integers(0, 3), max_size=2), "pad_token_id": st.integers(0, 3), "top_k":
    st.integers(0, 9), "top_p": st.floats(0, 1), "use_cache": st.booleans(), "token_healing": st.booleans(),
    "early_stopping": st.booleans(), "forced_bos_token_id": st.integers(0, 3), "stop_strings": st.lists(st.just("x")),
    "repetition_penalty": st.floats(0.5, 2), "prompt_lookup_num_tokens": st.integers(1, 3),
    "assistant_lookbehind": st.integers(1, 3), "decoder_start_token_id": st.integers(0, 3),
}


@given(st.fixed_dictionaries({}, optional=VALUES), st.integers(1, 9), st.none() | st.integers(1, 20))
def test_every_field_that_is_set_is_decided_and_only_the_plan_is_effective(
    values: dict[str, Any], prompt: int, context: int | None
) -> None:
    plan, found = GenerationConfig.from_dict(values).resolve(prompt_length=prompt, context_length=context)
    assert set(values) <= {each.field for each in found}, values
    for each in found:
        assert each.given == values.get(each.field), each
        assert (each.status is DEFAULT) <= (each.field not in values), each
        assert each.reason.endswith("."), each
    operations = {each.clause for each in found if each.status not in (INERT, OVERRIDDEN)}
    assert {f"{name.upper().replace('_', '-')}-1" for name in HF_ORDER} & operations == {
        operation.clause for operation in plan.operations
    }, values
