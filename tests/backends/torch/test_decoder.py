"""Our decoder on torch is the reference: on calls of every kind, on functions and on models with a cache."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from support.strategies import described

from genspec.backends.call import Call
from genspec.backends.decoder import Refusal, Unsupported
from genspec.backends.reference import ReferenceDecoder
from genspec.backends.torch.decoder import TorchDecoder
from genspec.config.mode import Mode
from genspec.conform.campaign.decoders import decoder_named
from genspec.conform.oracle import judge
from genspec.conform.strategies import calls
from genspec.conform.verdict import Kind
from genspec_reference import Scripted

MODES = (Mode.GREEDY, Mode.SAMPLE, Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE)
OTHER_PROFILES = ("hf-4.50", "ctranslate2", "onnxruntime-genai", "openvino-genai", "vllm", "t5x", "llama.cpp")
FUNCTION, CACHED = TorchDecoder(), TorchDecoder(cached=True)
seen: Counter[Kind] = Counter()


def assert_conforms(call: Call, decoder: TorchDecoder) -> None:
    answer = decoder.decode(call)
    verdict = judge(call, ReferenceDecoder().decode(call), answer, decoder.info)
    seen[verdict.kind] += 1
    fine = verdict.kind in (Kind.CONFORMS, Kind.REJECTED, Kind.AMBIGUOUS)
    assert fine, described(call=call, verdict=verdict, answer=answer)


def generous(examples: int) -> settings:
    return settings(max_examples=examples, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("mode", MODES)
def test_every_call_is_answered_as_the_reference_answers_it(mode):
    @generous(60)
    @given(calls(decoder_modes=[mode]))
    def check(call: Call) -> None:
        assert_conforms(call, FUNCTION)

    check()


def test_both_ways_have_a_name():
    assert (decoder_named("torch"), decoder_named("torch-cached")) == (FUNCTION, CACHED)


@pytest.mark.parametrize("mode", MODES)
def test_a_cache_changes_nothing(mode):
    @generous(25)
    @given(calls(decoder_modes=[mode]))
    def check(call: Call) -> None:
        assert_conforms(call, CACHED)

    check()


@pytest.mark.parametrize("mode", [Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE])
@pytest.mark.parametrize("profile", ["hf-4.46", "hf-4.38"])
def test_the_beams_of_older_releases(profile, mode):
    @generous(40)
    @given(calls(decoder_modes=[mode], profile=profile))
    def check(call: Call) -> None:
        assert_conforms(call, FUNCTION)

    check()


@pytest.mark.parametrize("profile", OTHER_PROFILES)
def test_other_profiles(profile):
    @generous(12)
    @given(calls(decoder_modes=MODES, profile=profile))
    def check(call: Call) -> None:
        assert_conforms(call, FUNCTION)

    check()


def test_hardly_any_case_hangs_on_rounding():
    """Runs last in this file: the scripted logits are exact, so that only sums of logarithms are rounded."""
    total = sum(seen.values())
    assert seen[Kind.AMBIGUOUS] <= total / 100, f"{seen}"


@pytest.mark.parametrize("profile, config", [
    ("hf", {"prompt_lookup_num_tokens": 2}),
    ("hf-4.50", {"num_beams": 2, "num_beam_groups": 2, "diversity_penalty": 0.5}),
    ("hf-4.50", {"num_beams": 2, "force_words_ids": [[3]]}),
    ("hf-4.50", {"penalty_alpha": 0.5, "top_k": 3}),
    ("hf-4.50", {"dola_layers": "high"}),
])
def test_other_modes_are_named_with_what_has_them(profile, config):
    call = Call(config, Scripted("history", 1), ((1, 2),), profile=profile)
    answer = FUNCTION.decode(call)
    assert isinstance(answer, Unsupported)
    assert call.plans[0].mode in answer.reason and "genspec_reference" in answer.reason, answer.reason


def test_a_refused_config_is_a_refusal():
    answer = FUNCTION.decode(Call({"temperature": -1.0, "do_sample": True}, Scripted("history", 1), ((1,),)))
    assert isinstance(answer, Refusal) and answer.clauses, answer
