"""Family 8: vLLM. What it makes of a generation config, of what overrides one, and of its own sampling parameters.

Read: vllm/config/model.py (get_diff_sampling_param), vllm/sampling_params.py and get_max_tokens of the OpenAI server,
in the wheels of some thirty releases from 0.6.2 to 0.33.0.
"""

from collections.abc import Iterator

from genspec.config.fields import FIELDS
from genspec.config.suggest import suggestion
from genspec.lint.draft import Draft
from genspec.lint.finding import Severity
from genspec.lint.node import ConfigNode, unsafe
from genspec.lint.rule import Files, rule
from genspec.lint.rules.effect import accepted
from genspec.lint.rules.shapes import ids
from genspec.lint.sources.document import Source
from genspec.lint.target import holds

READ = ("repetition_penalty", "temperature", "top_k", "top_p", "min_p", "max_new_tokens")
"""The fields of a generation config, and of an override, that vLLM reads."""

READ_SINCE = {"presence_penalty": "0.31", "frequency_penalty": "0.31", "skip_special_tokens": "0.33"}
"""What an override may hold, too, with the first version that reads it."""

SAMPLING = ("temperature", "top_k", "top_p", "min_p")
LEAST_TEMPERATURE = 1e-5
"""Below it vLLM decodes greedily."""

DEFAULT_LENGTH = 16
MODEL = "model: Qwen/Qwen3-8B\n"
MEANT = {"max_tokens": "max_new_tokens", "max_completion_tokens": "max_new_tokens"}


def served(override: str) -> Files:
    """Return an example: a config of `vllm serve` with an override."""
    return Files({"serve.yaml": f"{MODEL}override-generation-config: {override}\n"})


def program(call: str) -> Files:
    """Return an example: a program with sampling parameters."""
    return Files({"run.py": f"from vllm import LLM, SamplingParams\n\nparams = {call}\n"})


@rule(
    "GS801", "vllm-inherits-config", severity=Severity.INFO, clauses=["CONFIG-8"], targets="vllm>=0.8",
    rationale="""Since 0.8 vLLM takes the sampling fields of this file as the defaults of every request that leaves them
    out, as `--generation-config auto` says. Scores and answers then differ from those of vLLM's own neutral defaults,
    and from what clients of the OpenAI API expect. Offline the fields count only in calls without sampling
    parameters.""",
    help="Nothing, where that is meant; otherwise start the server with --generation-config vllm.",
    bad={"do_sample": True, "temperature": 0.7, "top_k": 20}, good={"do_sample": True, "max_length": 2048},
    evidence=["vllm-project/vllm#15241", "vllm-project/vllm#12622"],
)
def vllm_inherits_config(config: ConfigNode) -> Iterator[Draft]:
    names = [name for name in READ if accepted(config, name) not in (None, FIELDS[name].unset)]
    if names:
        said = ", ".join(f"`{name}`" for name in names)
        yield config.finding(names[0], f"vLLM applies {said} to every request that does not set them itself")


@rule(
    "GS802", "do-sample-not-portable", severity=Severity.WARNING, clauses=["MODE-2"], targets="vllm>=0.8",
    rationale="""vLLM does not read do_sample: it draws unless the temperature is 0, which counts as greedy search, and
    the temperature is 1 where nothing sets it. A file that means greedy search for transformers is sampled from.""",
    help="Write temperature 0 for vLLM in its override or in the request, or do_sample true if sampling is meant.",
    bad={"do_sample": False, "max_new_tokens": 64}, good={"do_sample": True, "max_length": 512},
    evidence=["vllm-project/vllm#699"],
)
def do_sample_not_portable(config: ConfigNode) -> Iterator[Draft]:
    flag = config.value("do_sample")
    sampling = [name for name in SAMPLING if config.value(name) is not None]
    if flag is True or (flag is None and not sampling):
        return
    temperature = accepted(config, "temperature")
    if temperature is not None and temperature < LEAST_TEMPERATURE:
        return
    where = "do_sample" if flag is not None else sampling[0]
    drawn = 1 if temperature is None else temperature
    yield config.finding(where, f"vLLM draws at temperature {drawn:g}: it does not read `do_sample`")


@rule(
    "GS803", "override-ignores-key", severity=Severity.ERROR, clauses=["CONFIG-2"], targets="vllm",
    sources=(Source.VLLM_OVERRIDE,),
    rationale="""Of an override vLLM reads temperature, top_k, top_p, min_p, repetition_penalty and max_new_tokens;
    since 0.31 presence_penalty and frequency_penalty, and since 0.33 skip_special_tokens, too. Every other key is
    dropped without a word, `max_tokens` among them: the file's name for it is `max_new_tokens`.""",
    help="Use the name that a generation config has, or set the option in the request.",
    bad=served('{"temperature": 0.7, "max_tokens": 512}'), good=served('{"temperature": 0.7, "max_new_tokens": 512}'),
    evidence=["vllm-project/vllm#50767"],
)
def override_ignores_key(config: ConfigNode) -> Iterator[Draft]:
    for key in config.keys:
        since = READ_SINCE.get(key)
        if key in READ or key == "eos_token_id" or (since and holds(f"vllm>={since}", config.target)):
            continue
        meant = meant_by(key)
        if meant is not None and meant not in config.keys:
            fix = unsafe(f"Rename `{key}` to `{meant}`", config.rename(key, meant))
            message = f"`{key}` is not read from an override: did you mean `{meant}`?"
            yield config.finding(key, message, fix=fix, on_key=True)
        else:
            until = f" before {since}" if since else ""
            yield config.finding(key, f"`{key}` is not read from an override{until}", on_key=True)


def meant_by(key: str) -> str | None:
    """Return the key of an override that is meant by another one, by a request's name for it or by a slip."""
    meant = suggestion(key)
    return MEANT.get(key) or (meant.field if meant is not None and meant.field in READ else None)


@rule(
    "GS804", "override-drops-eos", severity=Severity.WARNING, clauses=["TOKENS-2"], targets="vllm",
    sources=(Source.VLLM_OVERRIDE,),
    rationale="""vLLM takes the ids that end a row from the model's own generation_config.json, before any override:
    `eos_token_id` in an override is dropped without a word, and rows go on past the token that was meant to end
    them.""",
    help="Write the ids into generation_config.json, or pass stop_token_ids with each request.",
    bad=served('{"temperature": 0.7, "eos_token_id": [151645, 151643]}'), good=served('{"temperature": 0.7}'),
    evidence=["vllm-project/vllm#45591"],
)
def override_drops_eos(config: ConfigNode) -> Iterator[Draft]:
    if ids(config.value("eos_token_id")):
        yield config.finding("eos_token_id", "`eos_token_id` is not read from an override: no row ends at it")


@rule(
    "GS805", "max-new-tokens-is-a-ceiling", severity=Severity.INFO, clauses=["LENGTH-3"], targets="vllm>=0.8",
    sources=(Source.GENERATION_CONFIG, Source.VLLM_OVERRIDE),
    rationale="""Up to 0.16 vLLM takes max_new_tokens of the generation config as the most that any request may ask for,
    and cuts a larger max_tokens down without a word. Since 0.17 the field of the model's own file is only the default
    of requests without one; in an override, or in a file that `--generation-config` names, it is still the most.""",
    help="Remove the field, or raise it to the most that any request needs.",
    bad=served('{"max_new_tokens": 256}'), good=served('{"temperature": 0.7}'),
    evidence=["vllm-project/vllm#34005", "vllm-project/vllm#34063"],
)
def max_new_tokens_is_a_ceiling(config: ConfigNode) -> Iterator[Draft]:
    given = accepted(config, "max_new_tokens")
    if given is None or given < 1:
        return
    if config.place.source is Source.VLLM_OVERRIDE:
        message = f"no request gets more than {given:g} new tokens, whatever its `max_tokens` says"
        yield config.finding("max_new_tokens", message)
    elif holds("vllm<0.17", config.target):
        message = f"no request to vLLM before 0.17 gets more than {given:g} new tokens, whatever its `max_tokens` says"
        yield config.finding("max_new_tokens", message, severity=Severity.WARNING)


@rule(
    "GS806", "vllm-default-length", severity=Severity.WARNING, clauses=["LENGTH-4"], targets="vllm",
    sources=(Source.VLLM_PARAMS,),
    rationale="""SamplingParams without max_tokens stops after 16 tokens, in the middle of nearly every answer. Only a
    request to the server without max_tokens may fill the context.""",
    help="Give max_tokens; None lets a row go on until the context is full.",
    bad=program("SamplingParams(temperature=0.7)"), good=program("SamplingParams(temperature=0.7, max_tokens=256)"),
    evidence=["vllm-project/vllm#1053", "huggingface/lighteval#547"],
)
def vllm_default_length(config: ConfigNode) -> Iterator[Draft]:
    said = "max_tokens" in config.place.values or "max_tokens" in config.place.unknown
    if not said and not config.place.open and config.place.whole and "max_new_tokens" not in config.keys:
        yield config.finding((), f"no `max_tokens`: each row ends after {DEFAULT_LENGTH} tokens")


@rule(
    "GS807", "removed-vllm-option", severity=Severity.ERROR, clauses=["CONFIG-10"], targets="vllm>=0.6.3",
    sources=(Source.VLLM_PARAMS,),
    rationale="""SamplingParams raises TypeError for an option that it has no more: use_beam_search, early_stopping and
    length_penalty since 0.6.3, best_of and guided_decoding since 0.12, logits_processors and truncate_prompt_tokens
    since 0.17.""",
    help="Remove the option; beam search is LLM.beam_search with BeamSearchParams.",
    bad=program("SamplingParams(max_tokens=64, best_of=4)"), good=program("SamplingParams(max_tokens=64, n=4)"),
    evidence=["vllm-project/vllm#16459", "vllm-project/vllm#10605", "vllm-project/vllm#29090"],
)
def removed_vllm_option(config: ConfigNode) -> Iterator[Draft]:
    from genspec.dialects import dialect_named  # files in other words do without

    for own in dialect_named("vllm").own:
        if own.until and own.name in config.keys and holds(f"vllm>={own.until}", config.target):
            note = f": {own.note}" if own.note else ""
            fix = unsafe(f"Remove `{own.name}`", config.remove(own.name))
            message = f"`{own.name}` is gone since vLLM {own.until}, and raises TypeError{note}"
            yield config.finding(own.name, message, fix=fix)


@rule(
    "GS808", "vllm-greedy-rows", severity=Severity.ERROR, clauses=["MODE-9"], targets="vllm",
    sources=(Source.VLLM_PARAMS,),
    rationale="""A temperature below 0.00001 is greedy search, and greedy search finds one row: SamplingParams raises an
    error for n above 1.""",
    help="Set n to 1, or a temperature above 0 to draw different rows.",
    bad=program("SamplingParams(temperature=0, n=4, max_tokens=64)"),
    good=program("SamplingParams(temperature=0.7, n=4, max_tokens=64)"),
    evidence=["vllm-project/vllm#16459"],
)
def vllm_greedy_rows(config: ConfigNode) -> Iterator[Draft]:
    temperature, rows = config.number("temperature"), config.number("n")
    if temperature is not None and 0 <= temperature < LEAST_TEMPERATURE and rows is not None and rows > 1:
        fix = unsafe("Set `n` to 1", config.set("n", 1))
        message = f"`n` is {rows:g} and `temperature` {temperature:g}: greedy search has one row"
        yield config.finding("n", message, fix=fix)


@rule(
    "GS809", "params-replace-defaults", severity=Severity.INFO, clauses=["CONFIG-8"], targets="vllm>=0.8",
    sources=(Source.VLLM_PARAMS,), default=False,
    rationale="""LLM.generate takes sampling parameters as they are: what they leave out has vLLM's own default, and
    nothing of the model's generation config applies. The server fills requests from that config. So the same model
    answers otherwise offline. Most programs mean it so; the rule is off by default.""",
    help="Begin with llm.get_default_sampling_params() and change what you need.",
    bad=program("SamplingParams(max_tokens=64)"),
    good=Files({"run.py": "from vllm import LLM\n\nllm = LLM(model=name)\nparams = llm.get_default_sampling_params()\n"
                          "params.max_tokens = 64\n"}),
    evidence=["vllm-project/vllm#16718"],
)
def params_replace_defaults(config: ConfigNode) -> Iterator[Draft]:
    left = [name for name in ("temperature", "top_p", "top_k", "repetition_penalty") if name not in config.keys]
    if left and not config.place.open and config.place.whole:
        said = ", ".join(f"`{name}`" for name in left)
        where = next(iter(config.keys), ())
        yield config.finding(where, f"the model's generation config says nothing here: {said} have vLLM's defaults")
