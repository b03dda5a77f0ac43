"""Configs: any valid combination of fields, with weights towards those that interact."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hypothesis import strategies as st

from genspec.config.fields import FIELDS
from genspec.config.mode import Mode
from genspec.config.plan import Architecture
from genspec.config.profile import Profile
from genspec.config.profiles import profile_named
from genspec.conform.strategies.interactions import OTHERS, fits, groups
from genspec.conform.strategies.setting import SUPPORTED, Setting, modes_of
from genspec.conform.strategies.values import forced_words, ids, values_of

Config = dict[str, Any]

OUTPUTS: tuple[Config, ...] = (
    {},
    {"return_dict_in_generate": True, "output_scores": True},
    {"return_dict_in_generate": True, "output_scores": True, "output_logits": True},
    {"return_dict_in_generate": True},
    {"output_scores": True},
)
"""What is asked for beside the rows."""


@st.composite
def configs(
    draw: st.DrawFn, *, vocab_size: int = 8, architecture: Architecture = "decoder-only",
    profile: Profile | str = "hf", modes: Iterable[Mode] = SUPPORTED, eos: tuple[int, ...] | None = None,
    prompt_lengths: tuple[int, ...] = (1,), pieces: tuple[str, ...] | None = None,
) -> Config:
    """Draw a config that `resolve` accepts for these facts, as a file has it.

    `vocab_size`: V. `modes`: of which one is drawn, where the profile has it. `eos`: the ids that end a row; None: up
    to two drawn ones. `prompt_lengths`: of the prompts that the config will be used for. `pieces`: the text of each
    token; without it no config has stop strings.
    """
    known = profile if isinstance(profile, Profile) else profile_named(profile)
    mode = draw(st.sampled_from(modes_of(known, frozenset(modes))))
    ending = draw(eos_ids(vocab_size)) if eos is None else eos
    setting = Setting(vocab_size, mode, known, ending, architecture, prompt_lengths, pieces, layers=4)
    return draw(configs_in(setting))


def eos_ids(vocab_size: int) -> st.SearchStrategy[tuple[int, ...]]:
    """No EOS, one, or several."""
    return st.lists(ids(vocab_size), max_size=3, unique=True).map(tuple)


@st.composite
def configs_in(draw: st.DrawFn, setting: Setting) -> Config:
    """Draw a config for a setting: the mode's own fields, the special tokens, a length, and some groups of fields."""
    draws = setting.draws or (setting.may_draw and draw(st.booleans()))
    picked = draw(st.lists(st.sampled_from(groups(setting.mode, draws)), max_size=3))
    names = dict.fromkeys(name for group in picked for name in group)
    config: Config = {}
    for name in names:
        field = draw(st.sampled_from(OTHERS)) if name == "*" else name
        if fits(field, setting, draws):
            config[FIELDS[field].key] = draw(values_of(field, setting))
    config = draw(with_length(config, names))
    config |= draw(special_tokens(setting)) | draw(st.sampled_from(OUTPUTS)) | draw(MODE_FIELDS[setting.mode](setting))
    if draws:
        config["do_sample"] = True
    whole = draw(st.sampled_from((False,) * 31 + (True,)))
    return ordered(repaired(with_integers(config) if whole else config, setting))


def with_integers(config: Config) -> Config:
    """Write numbers that are whole as integers, which are real numbers too. CONFIG-3."""
    return {key: int(value) if isinstance(value, float) and value.is_integer() else value
            for key, value in config.items()}


def with_length(config: Config, names: Iterable[str]) -> st.SearchStrategy[Config]:
    """Bound the new tokens, where `max_length` does not; sometimes nothing does."""
    if "max_new_tokens" in config or ("max_length" in config and "max_new_tokens" not in names):
        return st.just(config)
    few = st.sampled_from((3, 1, 2, 4, 5, 6, 8, 2, 3, 4, 5, 6, 3, 4, 5, None))
    return few.map(lambda number: config if number is None else {**config, "max_new_tokens": number})


@st.composite
def special_tokens(draw: st.DrawFn, setting: Setting) -> Config:
    """Draw how EOS and pad are written, and what a decoder starts from."""
    tokens: Config = {}
    if setting.eos:
        one = len(setting.eos) == 1 and draw(st.booleans())
        tokens["eos_token_id"] = setting.eos[0] if one else list(setting.eos)
    pads = (None, 0, *setting.eos[:2], setting.vocab_size - 1)
    if (pad := draw(st.sampled_from(pads))) is not None:
        tokens["pad_token_id"] = pad
    if setting.architecture == "encoder-decoder":
        start = draw(st.sampled_from(("decoder_start_token_id", "bos_token_id")))
        tokens[start] = draw(ids(setting.vocab_size))
    elif 0 in setting.prompt_lengths:
        tokens["bos_token_id"] = draw(ids(setting.vocab_size))
    return tokens


def beam_fields(setting: Setting) -> st.SearchStrategy[Config]:
    """Two beams or more."""
    return st.sampled_from((2, 3, 4, 5)).map(lambda number: {"num_beams": number})


def group_fields(setting: Setting) -> st.SearchStrategy[Config]:
    """Beams in equal groups that are kept apart."""
    sizes = st.sampled_from(((2, 2), (4, 2), (3, 3), (6, 3)))
    return st.builds(lambda size, penalty: {
        "num_beams": size[0], "num_beam_groups": size[1], "diversity_penalty": penalty,
    }, sizes, st.sampled_from((0.5, 2.0, 1.0, 0.1)))


def assisted_fields(setting: Setting) -> st.SearchStrategy[Config]:
    """Drafts from the prompt, unless the call gives an assistant."""
    if setting.assistant:
        return st.just({})
    return st.integers(1, 4).map(lambda number: {"prompt_lookup_num_tokens": number})


MODE_FIELDS: Mapping[Mode, Callable[[Setting], st.SearchStrategy[Config]]] = {
    Mode.GREEDY: lambda setting: st.just({}),
    Mode.SAMPLE: lambda setting: st.just({}),
    Mode.BEAM_SEARCH: beam_fields,
    Mode.BEAM_SAMPLE: beam_fields,
    Mode.GROUP_BEAM_SEARCH: group_fields,
    Mode.CONSTRAINED_BEAM_SEARCH: lambda setting: st.builds(
        lambda beams, words: {**beams, "force_words_ids": words}, beam_fields(setting), forced_words(setting)
    ),
    Mode.CONTRASTIVE_SEARCH: lambda setting: st.builds(
        lambda alpha, k: {"penalty_alpha": alpha, "top_k": k}, st.sampled_from((0.5, 0.1, 1.0)), st.integers(2, 5)
    ),
    Mode.ASSISTED: assisted_fields,
    Mode.DOLA: lambda setting: values_of("dola_layers", setting).map(lambda layers: {"dola_layers": layers}),
}
"""The fields that make a config ask for a mode."""


def repaired(config: Config, setting: Setting) -> Config:
    """Take back what `resolve` would refuse. MODE-10, SUPPRESS-2."""
    fixed = dict(config)
    if "num_return_sequences" in fixed and setting.beams:
        fixed["num_return_sequences"] = min(fixed["num_return_sequences"], fixed["num_beams"])
    suppressed = set(fixed.get("suppress_tokens", ()))
    for name in ("forced_bos_token_id", "forced_eos_token_id"):
        forced = fixed.get(name, [])
        forced = {forced} if isinstance(forced, int) else set(forced)
        if forced and forced <= suppressed:
            suppressed -= forced
    if "suppress_tokens" in fixed:
        fixed["suppress_tokens"] = [token for token in fixed["suppress_tokens"] if token in suppressed]
    return fixed


def ordered(config: Config) -> Config:
    """Write the fields in the order of the reference page."""
    return {field.key: config[field.key] for field in FIELDS.values() if field.key in config}
