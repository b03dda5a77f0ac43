"""Configs: any valid combination of fields, with weights towards those that interact."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st

from genspec.config.fields import FIELDS
from genspec.config.generation_config import GenerationConfig
from genspec.config.mode import Mode
from genspec.config.plan import Architecture
from genspec.config.profile import Profile
from genspec.config.profiles import profile_named
from genspec.conform.strategies.interactions import OTHERS, Fields, fits, groups
from genspec.conform.strategies.setting import SUPPORTED, Facts, Setting, modes_of
from genspec.conform.strategies.values import forced_words, ids, values_of

Config = dict[str, Any]

OUTPUTS = st.sampled_from((
    {},
    {"return_dict_in_generate": True, "output_scores": True},
    {"return_dict_in_generate": True, "output_scores": True, "output_logits": True},
    {"return_dict_in_generate": True},
    {"output_scores": True},
))
"""What is asked for beside the rows."""
NEW_TOKENS = st.sampled_from((1, 2, 3, 4, 5, 6, 8, 2, 3, 4, 5, 6, 3, 4, 5, None))
"""How many new tokens are allowed; None: no field says."""
MORE_TOKENS = st.sampled_from((3, 6, 8, 5, 10, 4, 12))
"""As many where the end of a search depends on what could still come."""
BEAMS = st.sampled_from((2, 3, 2, 4, 2, 5))
GROUPS = st.sampled_from(((2, 2), (4, 2), (3, 3), (6, 3)))
DIVERSITY = st.sampled_from((0.5, 2.0, 1.0, 0.1))
ALPHAS = st.sampled_from((0.5, 0.1, 1.0))
WHOLE = st.sampled_from((False,) * 31 + (True,))
ANY_OTHER = st.sampled_from(OTHERS)


@st.composite
def configs(
    draw: st.DrawFn, *, vocab_size: int = 8, architecture: Architecture = "decoder-only",
    profile: Profile | str = "hf", modes: Iterable[Mode] = SUPPORTED, eos: tuple[int, ...] | None = None,
    prompt_lengths: tuple[int, ...] = (1,), pieces: tuple[str, ...] | None = None,
) -> Config:
    """Draw a config that `resolve` accepts for these facts, as a file has it.

    `vocab_size`: V. `modes`: of which one is drawn, where the profile has it. `eos`: the ids that end a row; None: up
    to three drawn ones. `prompt_lengths`: of the prompts that the config will be used for. `pieces`: the text of each
    token; without it no config has stop strings.
    """
    known = profile if isinstance(profile, Profile) else profile_named(profile)
    mode = draw(st.sampled_from(modes_of(known, frozenset(modes))))
    ending = draw(eos_ids(vocab_size)) if eos is None else eos
    return config_in(draw, Setting(vocab_size, mode, known, ending, architecture, prompt_lengths, pieces, layers=4))


def generation_configs(vocab_size: int = 8) -> st.SearchStrategy[GenerationConfig]:
    """Draw configs that `resolve` accepts, read into a `GenerationConfig`."""
    return configs(vocab_size=vocab_size).map(GenerationConfig.from_dict)


@cache
def eos_ids(vocab_size: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Draw no EOS, one, or several."""
    return st.lists(ids(vocab_size), max_size=3, unique=True).map(tuple)


def config_in(draw: st.DrawFn, setting: Setting) -> Config:
    """Draw a config for a setting: some groups of fields, a length, the special tokens, and the mode's own fields."""
    draws = setting.draws or (setting.may_draw and draw(st.booleans()))
    config: Config = {}
    for part in draw(parts(setting.facts(draws))):
        config |= part
    config |= length(draw, config) | special_tokens(draw, setting) | draw(OUTPUTS)
    config |= MODE_FIELDS[setting.mode](draw, setting) | ({"do_sample": True} if draws else {})
    return ordered(repaired(with_integers(config) if draw(WHOLE) else config, setting))


@cache
def parts(facts: Facts) -> st.SearchStrategy[list[Config]]:
    """Draw some groups of fields with their values, each in one piece, so that each can be left out in one."""
    return st.lists(part(facts, st.sampled_from(groups(facts.mode, facts.draws))), max_size=6)


@st.composite
def part(draw: st.DrawFn, facts: Facts, group: st.SearchStrategy[Fields]) -> Config:
    """Draw a group of fields and their values."""
    names = [draw(ANY_OTHER) if name == "*" else name for name in draw(group)]
    return {FIELDS[name].key: draw(values_of(name, facts)) for name in names if fits(name, facts)}


def length(draw: st.DrawFn, config: Config) -> Config:
    """Bound the new tokens where no field does; sometimes nothing does."""
    if "max_new_tokens" in config or "max_length" in config:
        return {}
    number = draw(MORE_TOKENS if config.get("early_stopping", True) is not True else NEW_TOKENS)
    return {} if number is None else {"max_new_tokens": number}


def special_tokens(draw: st.DrawFn, setting: Setting) -> Config:
    """Draw how EOS and pad are written, and what a decoder starts from."""
    tokens: Config = {}
    if setting.eos:
        one = len(setting.eos) == 1 and draw(st.booleans())
        tokens["eos_token_id"] = setting.eos[0] if one else list(setting.eos)
    if (pad := draw(pads(setting.eos, setting.vocab_size))) is not None:
        tokens["pad_token_id"] = pad
    if setting.architecture == "encoder-decoder":
        tokens[draw(STARTS)] = draw(ids(setting.vocab_size))
    elif 0 in setting.prompt_lengths:
        tokens["bos_token_id"] = draw(ids(setting.vocab_size))
    return tokens


STARTS = st.sampled_from(("decoder_start_token_id", "bos_token_id"))


@cache
def pads(eos: tuple[int, ...], vocab_size: int) -> st.SearchStrategy[int | None]:
    """Draw the pad id: none, 0, an EOS or another one."""
    return st.sampled_from((None, 0, *eos[:2], vocab_size - 1))


def beam_fields(draw: st.DrawFn, setting: Setting) -> Config:
    """Draw how many beams there are, two or more."""
    return {"num_beams": draw(BEAMS)}


def group_fields(draw: st.DrawFn, setting: Setting) -> Config:
    """Draw beams in equal groups that are kept apart."""
    beams, number = draw(GROUPS)
    return {"num_beams": beams, "num_beam_groups": number, "diversity_penalty": draw(DIVERSITY)}


def assisted_fields(draw: st.DrawFn, setting: Setting) -> Config:
    """Draw drafts from the prompt, unless the call gives an assistant."""
    return {} if setting.assistant else {"prompt_lookup_num_tokens": draw(st.integers(1, 4))}


MODE_FIELDS: Mapping[Mode, Callable[[st.DrawFn, Setting], Config]] = {
    Mode.GREEDY: lambda draw, setting: {},
    Mode.SAMPLE: lambda draw, setting: {},
    Mode.BEAM_SEARCH: beam_fields,
    Mode.BEAM_SAMPLE: beam_fields,
    Mode.GROUP_BEAM_SEARCH: group_fields,
    Mode.CONSTRAINED_BEAM_SEARCH: lambda draw, setting: {
        "num_beams": draw(BEAMS), "force_words_ids": draw(forced_words(setting.facts(False))),
    },
    Mode.CONTRASTIVE_SEARCH: lambda draw, setting: {"penalty_alpha": draw(ALPHAS), "top_k": draw(st.integers(2, 5))},
    Mode.ASSISTED: assisted_fields,
    Mode.DOLA: lambda draw, setting: {"dola_layers": draw(values_of("dola_layers", setting.facts(False)))},
}
"""The fields that make a config ask for a mode."""


def with_integers(config: Config) -> Config:
    """Write numbers that are whole as integers, which are real numbers too. CONFIG-3."""
    return {key: int(value) if isinstance(value, float) and value.is_integer() else value
            for key, value in config.items()}


def repaired(config: Config, setting: Setting) -> Config:
    """Take back what `resolve` would refuse. MODE-10, SUPPRESS-2."""
    fixed = dict(config)
    if "num_return_sequences" in fixed and setting.beams:
        fixed["num_return_sequences"] = min(fixed["num_return_sequences"], fixed["num_beams"])
    if "suppress_tokens" in fixed:
        fixed["suppress_tokens"] = not_forced(fixed)
    return fixed


def not_forced(config: Config) -> list[int]:
    """Give the suppressed ids without the forced ones, where all of those are suppressed. SUPPRESS-2."""
    kept = list(config["suppress_tokens"])
    for name in ("forced_bos_token_id", "forced_eos_token_id"):
        forced = config.get(name, [])
        forced = {forced} if isinstance(forced, int) else set(forced)
        if forced <= set(kept):
            kept = [token for token in kept if token not in forced]
    return kept


def ordered(config: Config) -> Config:
    """Write the fields in the order of the reference page."""
    return {field.key: config[field.key] for field in FIELDS.values() if field.key in config}
