"""Family 6: outputs and the cache. Whether attention weights can be had at all (602) depends on the model."""

from collections.abc import Iterator

from genspec.config.values import shown
from genspec.lint.draft import Draft
from genspec.lint.finding import Severity
from genspec.lint.kind import Kind
from genspec.lint.node import ConfigNode, safe, unsafe
from genspec.lint.rule import rule
from genspec.lint.rules.where import EVERYWHERE
from genspec.lint.sources.document import Source
from genspec.lint.target import compare, holds

UNSAVEABLE = "transformers>=4.45,<5.23"
"""Versions that refuse to save a config with an output flag or a cache option that does nothing."""

FLAGS = ("output_scores", "output_logits", "output_attentions", "output_hidden_states")

STATIC = "static"
CACHES: dict[str, tuple[str, str | None, str | None]] = {
    # name: the first release that knows it, the first that no longer does, what the name stands for since 4.56
    "static": ("4.38", None, None),
    "sliding_window": ("4.42", None, STATIC),
    "hybrid": ("4.42", None, STATIC),
    "quantized": ("4.42", None, None),
    "mamba": ("4.43", "4.54", None),
    "offloaded_static": ("4.45", None, None),
    "offloaded": ("4.47", None, None),
    "dynamic": ("4.50", None, None),
    "hybrid_chunked": ("4.51", None, STATIC),
    "offloaded_hybrid": ("4.52", None, "offloaded_static"),
    "offloaded_hybrid_chunked": ("4.52", None, "offloaded_static"),
    "dynamic_full": ("4.56", "5.15", None),
    "paged": ("5.0", None, None),
}
"""The values of cache_implementation, by what each release accepts."""

FIXED_SIZE = frozenset({STATIC, "offloaded_static"}) | {name for name, (_, _, now) in CACHES.items() if now}


@rule(
    "GS601", "output-flag-without-return-dict", severity=Severity.WARNING, clauses=["OUTPUTS-1"],
    rationale="""Without return_dict_in_generate, `generate` returns the token ids alone, and the scores, logits,
    attentions or hidden states that the flag asks for are not kept: the flag does nothing. transformers 5.23 warns,
    and refuses to save a changed config that has it; from 4.45 to 5.22 it refused to save the model, which is an
    error here.""",
    help="Set return_dict_in_generate to true to get the output, or remove the flag.",
    bad={"max_new_tokens": 64, "output_scores": True},
    good={"max_new_tokens": 64, "output_scores": True, "return_dict_in_generate": True},
    evidence=["huggingface/transformers#19373"],
    sources=EVERYWHERE,
)
def output_flag_without_return_dict(config: ConfigNode) -> Iterator[Draft]:
    if config.value("return_dict_in_generate") is True or "return_dict_in_generate" in config.place.unknown:
        return
    for flag in FLAGS:
        if config.value(flag) is True:
            # not safe: a call that asks for the dict itself gets less in it afterwards
            fix = unsafe(f"Remove `{flag}`", config.remove(flag))
            yield config.finding(flag, f"`{flag}` has no effect: `return_dict_in_generate` is not true", fix=fix,
                                 severity=without_effect(config))


@rule(
    "GS603", "use-cache-false-leftover", severity=Severity.WARNING, clauses=["CACHE-1"],
    rationale="""Training with gradient checkpointing sets use_cache to false, and saving the model then writes it
    here. Every later decoding computes all keys and values again at each step, which is slower (320 seconds against
    211 for one measured run) and gives the same tokens.""",
    help="Remove use_cache, unless the model's own code cannot use a cache.",
    bad={"max_new_tokens": 64, "use_cache": False}, good={"max_new_tokens": 64},
)
def use_cache_false_leftover(config: ConfigNode) -> Iterator[Draft]:
    if config.value("use_cache") is False and config.kind is Kind.GENERATION:
        # not safe: false is also how people step around a model whose cache is broken
        fix = unsafe("Remove `use_cache`", config.remove("use_cache"))
        yield config.finding("use_cache", "`use_cache` is false: decoding is slower and gives the same tokens", fix=fix)


@rule(
    "GS604", "cache-implementation", severity=Severity.ERROR, clauses=["CACHE-2"],
    rationale="""transformers refuses the file for a name that is no kind of cache: ValueError on loading since 4.45;
    before, the name was ignored. "sliding_window" and the names with "hybrid" are old names of the static caches:
    since 4.56 they give the same cache, with a warning that they will go; and "hybrid" itself, which older releases
    wrote into the files of models with sliding windows, is unset by `generate` when it comes from a file.""",
    help="""Use "static", "offloaded_static", "dynamic", "offloaded" or "quantized", or remove the field.""",
    bad={"max_new_tokens": 64, "cache_implementation": "Static"},
    good={"max_new_tokens": 64, "cache_implementation": "static"},
    evidence=["huggingface/transformers#40276"],
    sources=EVERYWHERE,
)
def cache_implementation(config: ConfigNode) -> Iterator[Draft]:
    name = config.value("cache_implementation")
    if name is None:
        return
    known = CACHES.get(name) if isinstance(name, str) else None
    if known is None:
        yield unknown_cache(config, name)
        return
    since, removed, now = known
    version = config.target.version
    if compare(version, "<", since):
        message = f'transformers {shown_version(version)} has no cache "{name}": it came with {since}'
        yield config.finding("cache_implementation", message, severity=refusal(config))
    elif removed and compare(version, ">=", removed):
        fix = safe("Remove `cache_implementation`", config.remove("cache_implementation"))
        message = f'transformers has no cache "{name}" since {removed}: it refuses the file'
        yield config.finding("cache_implementation", message, fix=fix)
    elif name == "hybrid" and compare(version, ">=", "4.56"):
        fix = safe("Remove `cache_implementation`", config.remove("cache_implementation"))
        message = '"hybrid" has no effect: since 4.56 `generate` unsets it and takes the default cache'
        yield config.finding("cache_implementation", message, fix=fix, severity=Severity.WARNING)
    elif now and compare(version, ">=", "4.56"):
        fix = safe(f'Set `cache_implementation` to "{now}"', config.set("cache_implementation", now))
        message = f'"{name}" is an old name for "{now}", and will be removed'
        yield config.finding("cache_implementation", message, fix=fix, severity=Severity.WARNING)


@rule(
    "GS605", "cache-option-without-cache", severity=Severity.WARNING, clauses=["CACHE-3"],
    rationale="""With use_cache false no cache is made, so its kind, its arguments and its size are looked at and
    dropped; transformers refuses to save a changed config that has them, and from 4.45 to 5.22 any, which is an error
    here. Arguments in cache_config are read only for a
    quantized cache (since 4.54), max_cache_len only for a static one.""",
    help="Remove the option, or set what it needs.",
    bad={"max_new_tokens": 64, "use_cache": False, "cache_implementation": "static"},
    good={"max_new_tokens": 64, "cache_implementation": "static"},
    sources=EVERYWHERE,
)
def cache_option_without_cache(config: ConfigNode) -> Iterator[Draft]:
    given = config.value("cache_implementation")
    kind = given if isinstance(given, str) else ""
    for option in ("cache_implementation", "cache_config", "max_cache_len"):
        if config.value(option) is None:
            continue
        reason, checked = "", config.value("use_cache") is False
        if checked:
            reason = "`use_cache` is false"
        elif option == "cache_config" and kind != "quantized" and compare(config.target.version, ">=", "4.54"):
            reason = '`cache_implementation` is not "quantized"'
        elif option == "max_cache_len" and kind not in FIXED_SIZE:
            reason = '`cache_implementation` is not "static" or "offloaded_static"'
        if reason:
            fix = safe(f"Remove `{option}`", config.remove(option))
            severity = without_effect(config) if checked and option != "max_cache_len" else None
            yield config.finding(option, f"`{option}` has no effect: {reason}", fix=fix, severity=severity)


def unknown_cache(config: ConfigNode, name: object) -> Draft:
    """Say that no release has a cache of this name, and which one was meant if only the letters differ."""
    meant = name.strip().lower().replace("-", "_") if isinstance(name, str) else ""
    known = CACHES.get(meant)
    fix = None
    if known and known[1] is None:
        fix = unsafe(f'Set `cache_implementation` to "{meant}"', config.set("cache_implementation", meant))
    message = f"`cache_implementation` is {shown(name)}, which is no kind of cache"
    return config.finding("cache_implementation", message, fix=fix, severity=refusal(config))


def without_effect(config: ConfigNode) -> Severity:
    """Return how bad a field without effect is: an error where it stops the model from being saved."""
    saved = config.place.source is not Source.GENERATE_CALL
    return Severity.ERROR if saved and holds(UNSAVEABLE, config.target) else Severity.WARNING


def refusal(config: ConfigNode) -> Severity:
    """Return how bad a name is that the target does not know: before 4.45 it was ignored, since then it is refused."""
    return Severity.WARNING if compare(config.target.version, "<", "4.45") else Severity.ERROR


def shown_version(version: tuple[int, ...]) -> str:
    """Spell a version as releases are named."""
    return ".".join(map(str, version))
