"""Resolution held to the installed transformers: modes, layering, lengths and the pipeline, on its own code."""

import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genspec.config.generation_config import GenerationConfig
from genspec.config.mode import Mode

transformers = pytest.importorskip("transformers", reason="holds resolution to transformers, which is not installed")
pytestmark = pytest.mark.skipif(
    not transformers.__version__.startswith("5."), reason="the baseline is transformers 5 (profile hf)"
)

transformers.logging.set_verbosity_error()

VOCABULARY, CONTEXT = 32, 64
MODES = {
    "greedy_search": Mode.GREEDY, "sample": Mode.SAMPLE, "beam_search": Mode.BEAM_SEARCH,
    "beam_sample": Mode.BEAM_SAMPLE, "group_beam_search": Mode.GROUP_BEAM_SEARCH,
    "contrastive_search": Mode.CONTRASTIVE_SEARCH, "constrained_beam_search": Mode.CONSTRAINED_BEAM_SEARCH,
    "assisted_generation": Mode.ASSISTED, "dola_generation": Mode.DOLA,
}
PROCESSORS = {
    "UnbatchedClassifierFreeGuidanceLogitsProcessor": "guidance",
    "SequenceBiasLogitsProcessor": "sequence_bias",
    "EncoderRepetitionPenaltyLogitsProcessor": "encoder_repetition_penalty",
    "RepetitionPenaltyLogitsProcessor": "repetition_penalty",
    "NoRepeatNGramLogitsProcessor": "no_repeat_ngram",
    "EncoderNoRepeatNGramLogitsProcessor": "encoder_no_repeat_ngram",
    "NoBadWordsLogitsProcessor": "bad_words",
    "MinLengthLogitsProcessor": "min_length",
    "MinNewTokensLengthLogitsProcessor": "min_new_tokens",
    "ForcedBOSTokenLogitsProcessor": "forced_bos",
    "ForcedEOSTokenLogitsProcessor": "forced_eos",
    "InfNanRemoveLogitsProcessor": "remove_invalid_values",
    "ExponentialDecayLengthPenalty": "exponential_decay_length_penalty",
    "SuppressTokensLogitsProcessor": "suppress",
    "SuppressTokensAtBeginLogitsProcessor": "begin_suppress",
    "TemperatureLogitsWarper": "temperature",
    "TopHLogitsWarper": "top_h",
    "TopKLogitsWarper": "top_k",
    "TopPLogitsWarper": "top_p",
    "MinPLogitsWarper": "min_p",
    "TypicalLogitsWarper": "typical_p",
    "EpsilonLogitsWarper": "epsilon_cutoff",
    "EtaLogitsWarper": "eta_cutoff",
    "WatermarkLogitsProcessor": "watermark",
    "LogitNormalization": "renormalize",
}


@pytest.fixture(scope="module")
def model() -> Any:
    """Return a random decoder-only model small enough to make in a moment."""
    shape = transformers.LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=CONTEXT, bos_token_id=None, eos_token_id=None,
    )
    return transformers.LlamaForCausalLM(shape)


def prepared(model: Any, call: dict[str, Any], given: dict[str, Any] | None, own: dict[str, Any], prompt: int) -> Any:
    """Return the config that `generate` would decode with, prepared by transformers' own steps."""
    torch = pytest.importorskip("torch")
    model.generation_config = transformers.GenerationConfig(**own)
    passed = None if given is None else transformers.GenerationConfig(**given)
    config, _ = model._prepare_generation_config(passed, **call)
    sources = [call, given or {}, own]
    no_maximum = all(source.get("max_length") is None for source in sources)
    no_minimum = all(source.get("min_length") is None for source in sources)
    model._prepare_special_tokens(config, True, device="cpu", batch_size=1)
    ids = torch.zeros((1, prompt), dtype=torch.long)
    config = model._prepare_generated_length(config, no_maximum, no_minimum, "input_ids", prompt, ids)
    return config


IDS = st.integers(0, VOCABULARY - 1)
UNIT = st.floats(0.01, 0.99)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "max_length": st.integers(1, 40), "max_new_tokens": st.integers(1, 20), "min_length": st.integers(0, 20),
    "min_new_tokens": st.integers(0, 10), "do_sample": st.booleans(), "num_beams": st.integers(1, 3),
    "temperature": st.sampled_from([1.0, 0.7, 2.0]), "top_k": st.sampled_from([0, 1, 5, 50, 100]),
    "top_p": st.sampled_from([0.0, 0.5, 1.0]), "min_p": UNIT, "top_h": UNIT, "typical_p": st.sampled_from([0.5, 1.0]),
    "epsilon_cutoff": st.sampled_from([0.0, 0.1]), "eta_cutoff": st.sampled_from([0.0, 0.1]),
    "repetition_penalty": st.sampled_from([1.0, 1.3]), "encoder_repetition_penalty": st.sampled_from([1.0, 1.3]),
    "no_repeat_ngram_size": st.integers(0, 3), "encoder_no_repeat_ngram_size": st.integers(0, 3),
    "guidance_scale": st.sampled_from([1.0, 1.5]), "renormalize_logits": st.booleans(),
    "remove_invalid_values": st.booleans(), "eos_token_id": IDS | st.lists(IDS, min_size=1, max_size=3, unique=True),
    "pad_token_id": IDS, "suppress_tokens": st.lists(st.integers(0, 5), min_size=1, max_size=3),
    "begin_suppress_tokens": st.lists(IDS, min_size=1, max_size=3), "forced_eos_token_id": st.integers(6, 9),
    "forced_bos_token_id": st.integers(6, 9), "bad_words_ids": st.just([[3, 4], [7, 8]]),
    "sequence_bias": st.just([[[3, 4], 2.0]]), "watermarking_config": st.just({"bias": 2.0}),
    "early_stopping": st.sampled_from([True, False, "never"]), "length_penalty": st.sampled_from([0.5, 1.0]),
}


def settings_of(names: list[str], size: int) -> st.SearchStrategy[dict[str, Any]]:
    """Draw values for up to so many of the named fields."""
    return st.lists(st.sampled_from(names), max_size=size, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({name: VALUES[name] for name in chosen})
    )


quiet = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quiet
@given(values=settings_of(sorted(VALUES), 8), prompt=st.integers(1, 6))
def test_the_pipeline_is_that_of_transformers(model: Any, values: dict[str, Any], prompt: int) -> None:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = prepared(model, values, None, {}, prompt)
        built = model._get_logits_processor(
            config, input_ids_seq_length=prompt, encoder_input_ids=torch.zeros((1, prompt), dtype=torch.long),
            device="cpu", model_kwargs={},
        )
    theirs = [PROCESSORS[type(processor).__name__] for processor in built]
    plan = GenerationConfig.from_dict(values).resolve(prompt_length=prompt).plan
    ours = [operation.name for operation in plan.operations]
    assert ours == [name for name in theirs if not absent_here(name, values, prompt)], (values, prompt)


def absent_here(name: str, values: dict[str, Any], prompt: int) -> bool:
    """Tell which processors of transformers do nothing, or repeat another, and are no operation of a plan."""
    return (
        (name == "min_length" and values.get("min_new_tokens") is not None)     # repeats min_new_tokens
        or (name == "forced_bos" and prompt != 1)                               # acts on a prompt of one token only
    )


@quiet
@given(
    values=settings_of(["max_length", "max_new_tokens", "min_length", "min_new_tokens"], 4), prompt=st.integers(1, 39)
)
def test_the_budget_is_that_of_transformers(model: Any, values: dict[str, Any], prompt: int) -> None:
    theirs = prepared(model, values, None, {}, prompt)
    length = GenerationConfig.from_dict(values).resolve(prompt_length=prompt, context_length=CONTEXT).plan.length
    assert length.max_new_tokens == max(0, theirs.max_length - prompt), (values, prompt, length)
    least = max(0, (theirs.min_length or 0) - prompt)
    assert length.min_new_tokens == min(least, length.max_new_tokens), (values, prompt, length)


LAYERED = ["max_length", "max_new_tokens", "do_sample", "temperature", "top_k", "top_p", "eos_token_id", "min_p"]


@quiet
@given(call=settings_of(LAYERED, 4), given_=settings_of(LAYERED, 4), own=settings_of(LAYERED, 4), nulled=st.booleans())
def test_layers_are_those_of_transformers(
    model: Any, call: dict[str, Any], given_: dict[str, Any], own: dict[str, Any], nulled: bool
) -> None:
    if nulled:
        call = {name: None if position % 2 else value for position, (name, value) in enumerate(call.items())}
    model.generation_config = transformers.GenerationConfig(**own)
    theirs, _ = model._prepare_generation_config(transformers.GenerationConfig(**given_), **call)
    ours = GenerationConfig.layered(call=call, given=given_, model=own)
    defaults = transformers.GenerationConfig._get_default_generation_params()
    for name in LAYERED:
        expected = getattr(theirs, name)
        value = getattr(ours, name)
        if value is None and name not in ours.disabled:
            value = defaults.get(name)
        assert value == expected, (name, call, given_, own)


@quiet
@given(values=st.fixed_dictionaries({}, optional={
    "do_sample": st.booleans(), "num_beams": st.integers(1, 4), "num_beam_groups": st.sampled_from([1, 2]),
    "penalty_alpha": st.sampled_from([0.0, 0.6]), "top_k": st.sampled_from([0, 1, 4]),
    "force_words_ids": st.just([[3]]), "prompt_lookup_num_tokens": st.just(3), "dola_layers": st.just("low"),
    "diversity_penalty": st.just(0.5), "use_mtp": st.booleans(), "assistant_early_exit": st.just(2),
}))
def test_the_mode_is_that_of_transformers(model: Any, values: dict[str, Any]) -> None:
    from genspec.config.resolve.facts import Facts
    from genspec.config.resolve.ledger import Ledger
    from genspec.config.resolve.mode import decide_mode

    theirs = transformers.GenerationConfig(**values)
    theirs.update(**transformers.GenerationConfig._get_default_generation_params(), defaults_only=True)
    expected = MODES[theirs.get_generation_mode().value]
    facts = Facts.of(
        prompt_length=1, vocab_size=None, context_length=None, architecture="decoder-only", on_overflow="truncate",
        profile="hf-4.50",
    )
    assert decide_mode(Ledger(GenerationConfig.from_dict(values), facts)) is expected, values
