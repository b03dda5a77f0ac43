"""What an author writes, made into what answers questions, whatever kind it is of."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from genspec.backends.decoder import Info
from genspec.config.profiles import PROFILES
from genspec.conform.adapter import DTYPES, METHODS, Adapter, Answering
from genspec.conform.backend import Backend, Vectored
from genspec.conform.capabilities import Capabilities, capabilities_from, draws_itself, near
from genspec.conform.workers.told import NoDecoder


def adapted(decoder: Any, name: str = "the decoder") -> Answering:
    """Make of any decoder one that answers questions. Raises `NoDecoder` that says what it lacks.

    `decoder` answers (level, profile, input) by `answer`, as the runner of the vectors asks; or calls, when its `info`
    is the `Info` of genspec.backends; or the requests of the kit, when its `info` is a dict.
    """
    if hasattr(decoder, "reply") and isinstance(getattr(decoder, "capabilities", None), Capabilities):
        return decoder      # type: ignore[no-any-return]  # it has what a decoder has
    given = getattr(decoder, "info", None)
    if given is None:
        raise NoDecoder(f"{name} gives {type(decoder).__name__}, which has no `info`: {INFO}")
    try:
        can = capabilities_from(getattr(decoder, "capabilities", {}))
        info = info_from(given)
    except ValueError as error:
        raise NoDecoder(f"{name}: {error}") from None
    if callable(getattr(decoder, "answer", None)):
        return Vectored(decoder, info, can)
    if isinstance(given, Info):
        return Backend(decoder, info, can)
    if not any(callable(getattr(decoder, method, None)) for method in METHODS.values()):
        raise NoDecoder(f"{name} gives {type(decoder).__name__}, which has none of `decode`, `process` and `select`")
    if can.levels is None:
        levels = {level for level, method in METHODS.items() if callable(getattr(decoder, method, None))}
        can = replace(can, levels=frozenset(levels if draws_itself(can) else levels - {"L4"}))
    return Adapter(decoder, info, can)


INFO = 'give {"name": ..., "version": ..., "dtype": "float32", "profile": "hf"}'


def info_from(given: object) -> Info:
    """Read what a decoder says it is. Raises ValueError that says what is wrong."""
    if isinstance(given, Mapping):
        unknown = [name for name in given if name not in ("name", "version", "dtype", "profile")]
        if unknown or "name" not in given:
            raise ValueError(f"`info` has {'no name' if not unknown else f'an unknown {unknown[0]!r:.60}'}: {INFO}")
        given = Info(**{"version": "0", "dtype": "float64", "profile": "hf", **{k: str(v) for k, v in given.items()}})
    if not isinstance(given, Info):
        raise ValueError(f"`info` is {type(given).__name__}: {INFO}")
    if given.dtype not in DTYPES:
        raise ValueError(f"`info` has the dtype {given.dtype!r:.60}: {near(given.dtype, list(DTYPES))}")
    if given.profile not in PROFILES:
        raise ValueError(f"`info` has the profile {given.profile!r:.60}: {near(given.profile, sorted(PROFILES))}")
    return given
