"""Family 8: TGI. Read: router/src/validation.rs and server/text_generation_server/utils/tokens.py of 3.3.7."""

from collections.abc import Iterator

from genspec.lint.draft import Draft
from genspec.lint.finding import Severity
from genspec.lint.node import ConfigNode, safe, unsafe
from genspec.lint.rule import Files, rule
from genspec.lint.sources.document import Source

OPEN = ("top_p", "typical_p")
"""Parameters of which neither end of the range is allowed."""

OFF = {"top_p": 1, "typical_p": 1, "top_k": 0}
"""What switches a filter off elsewhere, and is refused here."""


def request(parameters: dict[str, object]) -> Files:
    """Return an example: a request."""
    return Files({"request.json": {"inputs": "Which birds winter here?", "parameters": parameters}})


@rule(
    "GS818", "tgi-ranges", severity=Severity.ERROR, clauses=["CONFIG-4"], targets="tgi", sources=(Source.TGI_PARAMS,),
    rationale="""TGI refuses a request with 422 where the value that switches a filter off in other engines is given:
    top_p and typical_p must lie strictly between 0 and 1, top_k must be at least 1, temperature and repetition_penalty
    greater than 0, max_new_tokens at least 1. best_of above 1 needs sampling, and takes no seed.""",
    help="Leave the parameter out to switch it off; for greedy search leave out temperature as well.",
    bad=request({"do_sample": True, "top_p": 1.0, "max_new_tokens": 64}),
    good=request({"do_sample": True, "top_p": 0.95, "max_new_tokens": 64}),
    evidence=["huggingface/text-generation-inference#2222", "huggingface/text-generation-inference#1582"],
)
def tgi_ranges(config: ConfigNode) -> Iterator[Draft]:
    for name, wanted in refused(config):
        value = config.value(name)
        remove = config.remove(name)
        fix = safe(f"Remove `{name}`: it is off then", remove) if value == OFF.get(name) else (
            unsafe("Remove `temperature`", remove) if name == "temperature" and value == 0 else None)
        draft = config.finding(name, f"`{name}` is {value}, and TGI wants {wanted}: it refuses the request", fix=fix)
        yield draft if is_tgi(config) else draft._replace(confidence="medium")
    if (config.number("best_of") or 1) > 1:
        if not config.place.open and not draws(config) and config.value("do_sample") is not True:
            yield config.finding("best_of", "`best_of` without sampling: TGI refuses the request")
        elif config.value("seed") is not None:
            yield config.finding("best_of", "`best_of` with a `seed`: TGI refuses the request")


def is_tgi(config: ConfigNode) -> bool:
    """Tell whether the file names TGI. Other servers of Hugging Face models take requests of the same shape."""
    return any(word in config.document.text for word in ("text-generation", "text_generation", "tgi", "TGI"))


def refused(config: ConfigNode) -> Iterator[tuple[str, str]]:
    """Yield the parameters that TGI refuses for their values, with what it wants."""
    for name in OPEN:
        value = config.number(name)
        if value is not None and not 0 < value < 1:
            yield name, "a number above 0 and below 1"
    for name, least in (("top_k", "at least 1"), ("max_new_tokens", "at least 1")):
        value = config.number(name)
        if value is not None and value < 1:
            yield name, least
    for name in ("temperature", "repetition_penalty"):
        value = config.number(name)
        if value is not None and value <= 0:
            yield name, "more than 0"
    value = config.number("frequency_penalty")
    if value is not None and not -2 <= value <= 2:
        yield "frequency_penalty", "a number from -2 to 2"


def draws(config: ConfigNode) -> list[str]:
    """Return the parameters that make TGI draw, whatever `do_sample` says."""
    acting = {
        "temperature": (config.number("temperature") or 1) != 1,
        "top_k": (config.number("top_k") or 0) > 0,
        "top_p": 0 < (config.number("top_p") or 1) < 1,
        "typical_p": 0 < (config.number("typical_p") or 1) < 1,
    }
    return [name for name, does in acting.items() if does]


@rule(
    "GS819", "tgi-temperature-implies-sampling", severity=Severity.WARNING, clauses=["MODE-2"], targets="tgi",
    sources=(Source.TGI_PARAMS,),
    rationale="""TGI draws when `do_sample` is true, and also when a temperature other than 1, top_k, top_p or typical_p
    is given. `do_sample` false beside one of them is overruled: the request that looks greedy gives another answer each
    time. In transformers the same parameters take the highest score.""",
    help="Remove the sampling parameters for greedy search, or set do_sample to true.",
    bad=request({"do_sample": False, "temperature": 0.7, "max_new_tokens": 64}),
    good=request({"do_sample": False, "max_new_tokens": 64}),
    evidence=["huggingface/text-generation-inference#1201"],
)
def tgi_temperature_implies_sampling(config: ConfigNode) -> Iterator[Draft]:
    acting = draws(config)
    if config.value("do_sample") is False and acting:
        names = ", ".join(f"`{name}`" for name in acting)
        edits = [config.remove(name) for name in acting]
        yield config.finding("do_sample", f"`do_sample` is false, and TGI draws all the same: {names} given",
                             fix=unsafe(f"Remove {names}", *edits))
