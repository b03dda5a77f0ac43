"""Whole calls: a model, prompts and a config that fit one another."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Literal

from hypothesis import strategies as st

from genspec.backends.call import Call
from genspec.config.mode import BEAMS, Mode
from genspec.config.plan import Architecture
from genspec.config.profiles import profile_named
from genspec.conform.strategies.configs import config_in, eos_ids
from genspec.conform.strategies.models import SEEDS, SIZES, layered, scripted
from genspec.conform.strategies.prompts import COUNTS, rows
from genspec.conform.strategies.setting import SUPPORTED, Setting, modes_of
from genspec_reference import Scripted, Table
from genspec_reference.layered import Layered

LAYERED = frozenset({Mode.CONTRASTIVE_SEARCH, Mode.DOLA})
"""The modes that read more of a model than its logits."""
ARCHITECTURES: tuple[Architecture, ...] = ("decoder-only", "decoder-only", "decoder-only", "encoder-decoder")
ALPHABET = ("a", "b", "ab", "", "c", " a", "abc")
RARELY = st.sampled_from((False,) * 15 + (True,))

Noise = Literal["seeds", "seed", "any"]
Given = dict[str, Any]


@st.composite
def calls(
    draw: st.DrawFn, *, decoder_modes: Iterable[Mode] = SUPPORTED, profile: str = "hf", batched: bool = True,
    architectures: tuple[Architecture, ...] = ARCHITECTURES, noise: Noise = "any", vocab_size: int | None = None,
    models: Sequence[Scripted | Table | Layered] | None = None,
) -> Call:
    """Draw a call that the specification accepts: `call.plans` never raises.

    `decoder_modes`: the modes wanted, of those that the profile has. `architectures`: as often as they are named.
    `noise`: one seed a prompt ("seeds"), one generator for the whole batch ("seed"), or either. `vocab_size`: V,
    drawn when None. `models`: of which one is drawn, instead of any.
    """
    mode = draw(modes_among(profile, frozenset(decoder_modes)))
    given = None if models is None else draw(st.sampled_from(models))
    size = given.vocab_size if given is not None else vocab_size or draw(SIZES)
    eos = (() if given is None else given.eos) or draw(eos_ids(size))
    architecture = "decoder-only" if mode in LAYERED else draw(st.sampled_from(architectures))
    several = batched and (mode is not Mode.ASSISTED or draw(RARELY))       # few decoders batch drafts
    count = draw(COUNTS) if several else 1
    read = [draw(rows(size, (*eos, 0))) for _ in range(count)]
    encoded = architecture == "encoder-decoder"
    setting = Setting(
        size, mode, profile_named(profile), eos, architecture, (1,) if encoded else tuple(map(len, read)),
        pieces=draw(pieces(size)), layers=4, assistant=mode is Mode.ASSISTED and draw(st.booleans()),
        one_generator=noise == "seed",
    )
    config = config_in(draw, setting)
    model = given or (layered(draw, size, eos) if mode in LAYERED else scripted(draw, size, eos, mode not in BEAMS))
    return Call(
        config, model,
        ((),) * count if encoded else tuple(read), tuple(read) if encoded else None, profile,
        **chances(draw, config, count, "seeds" if setting.assistant else noise), **extras(draw, setting, config, count),
    )


@cache
def modes_among(profile: str, wanted: frozenset[Mode]) -> st.SearchStrategy[Mode]:
    """Draw a mode that is wanted and that a profile has, the simplest first."""
    return st.sampled_from(modes_of(profile_named(profile), wanted))


@cache
def pieces(vocab_size: int) -> st.SearchStrategy[tuple[str, ...] | None]:
    """Give texts to the tokens, in one call of three."""
    letters = tuple(ALPHABET[token % len(ALPHABET)] for token in range(vocab_size))
    distinct = tuple(chr(ord("a") + token % 26) + ("" if token < 26 else "'") for token in range(vocab_size))
    return st.sampled_from((None, distinct, letters, None, None, None))


def chances(draw: st.DrawFn, config: Given, count: int, noise: Noise) -> Given:
    """Draw where the numbers of a call that draws come from."""
    if not config.get("do_sample"):
        return {}
    if noise == "seeds" or (noise == "any" and draw(st.booleans())):
        return {"seeds": tuple(draw(SEEDS) for _ in range(count))}
    return {"seed": draw(SEEDS)}


def extras(draw: st.DrawFn, setting: Setting, config: Given, count: int) -> Given:
    """Draw what a call may give beside the config: texts, allowed tokens, negative prompts, an assistant."""
    given: Given = {}
    if "stop_strings" in config or "token_healing" in config:
        given["pieces"] = setting.pieces
    if setting.assistant:
        given["assistant"] = scripted(draw, setting.vocab_size, setting.eos)
    if config.get("guidance_scale", 1) != 1 and draw(st.booleans()):
        given["negative_prompts"] = tuple(draw(rows(setting.vocab_size, (), 3)) for _ in range(count))
    if "prefix_allowed_tokens" in setting.profile.order_in(setting.mode) and draw(RARELY):
        given["allowed_tokens"] = draw(allowed(setting.vocab_size))
    return given


@cache
def allowed(vocab_size: int) -> st.SearchStrategy[tuple[tuple[int, ...], ...]]:
    """Draw the ids that may follow each token, at least one."""
    return st.tuples(*[rows(vocab_size, (), 4)] * vocab_size)
