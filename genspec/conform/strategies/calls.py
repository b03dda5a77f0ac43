"""Whole calls: a model, prompts and a config that fit one another."""

from collections.abc import Iterable
from typing import Any, Literal

from hypothesis import strategies as st

from genspec.backends.call import Call
from genspec.config.mode import BEAMS, Mode
from genspec.config.plan import Architecture
from genspec.config.profiles import profile_named
from genspec.conform.strategies.configs import configs_in, eos_ids
from genspec.conform.strategies.models import layered, scripted, seeds, vocabularies
from genspec.conform.strategies.prompts import prompts, sources
from genspec.conform.strategies.setting import SUPPORTED, Setting, modes_of
from genspec.conform.strategies.values import ids

LAYERED = frozenset({Mode.CONTRASTIVE_SEARCH, Mode.DOLA})
"""The modes that read more of a model than its logits."""
ARCHITECTURES: tuple[Architecture, ...] = ("decoder-only", "decoder-only", "decoder-only", "encoder-decoder")
ALPHABET = ("a", "b", "ab", "", "c", " a", "abc")

Noise = Literal["seeds", "seed", "any"]


@st.composite
def calls(
    draw: st.DrawFn, *, decoder_modes: Iterable[Mode] = SUPPORTED, profile: str = "hf", batched: bool = True,
    architectures: tuple[Architecture, ...] = ARCHITECTURES, noise: Noise = "any", vocab_size: int | None = None,
) -> Call:
    """Draw a call that the specification accepts: `call.plans` never raises.

    `decoder_modes`: the modes wanted, of those that the profile has. `noise`: one seed a prompt ("seeds"), one
    generator for the whole batch ("seed"), or either. `vocab_size`: V, drawn when None.
    """
    known = profile_named(profile)
    mode = draw(st.sampled_from(modes_of(known, frozenset(decoder_modes))))
    size = vocab_size or draw(vocabularies())
    eos = draw(eos_ids(size))
    architecture = "decoder-only" if mode in LAYERED else draw(st.sampled_from(architectures))
    several = batched and (mode is not Mode.ASSISTED or draw(st.integers(0, 7)) == 7)      # few decoders batch drafts
    rows = draw(prompts(size, special=(*eos, 0), batched=several))
    read: tuple[tuple[int, ...], ...] | None = None
    if architecture == "encoder-decoder":
        read = draw(sources(size, len(rows)))
        rows = tuple(() for _ in rows)
    setting = Setting(
        size, mode, known, eos, architecture, tuple(max(1, len(row)) for row in rows),
        pieces=draw(pieces(size)), layers=4,
        assistant=mode is Mode.ASSISTED and draw(st.booleans()), one_generator=noise == "seed",
    )
    config = draw(configs_in(setting))
    model: Any = draw(layered(size, eos)) if mode in LAYERED else draw(scripted(size, eos, mode not in BEAMS))
    return Call(
        config, model, rows, read, profile,
        **draw(chances(config, len(rows), "seeds" if setting.assistant else noise)),
        **draw(extras(setting, config, len(rows))),
    )


def pieces(vocab_size: int) -> st.SearchStrategy[tuple[str, ...] | None]:
    """Give texts to the tokens, in one call of three."""
    letters = tuple(ALPHABET[token % len(ALPHABET)] for token in range(vocab_size))
    distinct = tuple(chr(ord("a") + token % 26) + ("" if token < 26 else "'") for token in range(vocab_size))
    return st.sampled_from((None, distinct, letters, None, None, None))


def chances(config: dict[str, Any], count: int, noise: Noise) -> st.SearchStrategy[dict[str, Any]]:
    """Where the numbers of a call that draws come from."""
    if not config.get("do_sample"):
        return st.just({})
    each: st.SearchStrategy[dict[str, Any]] = st.tuples(*[seeds()] * count).map(lambda numbers: {"seeds": numbers})
    one: st.SearchStrategy[dict[str, Any]] = seeds().map(lambda number: {"seed": number})
    return each if noise == "seeds" else one if noise == "seed" else st.one_of(each, one)


@st.composite
def extras(draw: st.DrawFn, setting: Setting, config: dict[str, Any], count: int) -> dict[str, Any]:
    """Draw what a call may give beside the config: texts, allowed tokens, negative prompts, an assistant."""
    given: dict[str, Any] = {}
    if "stop_strings" in config or "token_healing" in config:
        given["pieces"] = setting.pieces
    if setting.assistant:
        given["assistant"] = draw(scripted(setting.vocab_size, setting.eos))
    if config.get("guidance_scale", 1) != 1 and draw(st.booleans()):
        row = st.lists(ids(setting.vocab_size), min_size=1, max_size=3).map(tuple)
        given["negative_prompts"] = draw(st.tuples(*[row] * count))
    if "prefix_allowed_tokens" in setting.profile.order_in(setting.mode) and draw(st.integers(0, 15)) == 15:
        allowed = st.lists(ids(setting.vocab_size), min_size=1, max_size=4, unique=True).map(tuple)
        given["allowed_tokens"] = draw(st.tuples(*[allowed] * setting.vocab_size))
    return given
