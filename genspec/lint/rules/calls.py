"""What only a program shows: how arguments of a call go together, and with what the call does itself."""

from collections.abc import Iterator

from genspec.config.suggest import KEYS
from genspec.lint.draft import Draft
from genspec.lint.finding import Severity
from genspec.lint.node import ConfigNode, unsafe
from genspec.lint.rule import Files, rule
from genspec.lint.rules.effect import accepted
from genspec.lint.rules.shapes import ids
from genspec.lint.sources.document import Source

LENGTHS = frozenset({"max_new_tokens", "max_length", "max_time", "stopping_criteria", "stop_strings"})
LOAD = "from transformers import AutoModelForCausalLM\n\nmodel = AutoModelForCausalLM.from_pretrained(name)\n"
"""The lines before the call in the examples."""

PIPELINE = "from transformers import pipeline\n\n"


def program(call: str, before: str = LOAD) -> Files:
    """Return an example: a call in a program."""
    return Files({"run.py": f"{before}{call}\n"})


@rule(
    "GS102", "pipeline-max-length-ignored", severity=Severity.WARNING, clauses=["LENGTH-3"],
    targets="transformers>=4.50", sources=(Source.PIPELINE_CALL,),
    rationale="""A text generation pipeline brings a config of its own, with max_new_tokens 256, and max_new_tokens
    goes before max_length: the output has up to 256 new tokens, whatever max_length says.""",
    help="Give max_new_tokens instead of max_length.",
    bad=program('pipe = pipeline("text-generation", model=name, max_length=50)', PIPELINE),
    good=program('pipe = pipeline("text-generation", model=name, max_new_tokens=50)', PIPELINE),
    evidence=["huggingface/transformers#40751", "huggingface/transformers#38129", "huggingface/transformers#47752"],
)
def pipeline_max_length_ignored(config: ConfigNode) -> Iterator[Draft]:
    if accepted(config, "max_length") is None or not config.place.whole or "generation_config" in config.keys:
        return
    if not {"max_new_tokens", "max_length"} <= set(config.keys):
        fix = unsafe("Rename `max_length` to `max_new_tokens`", config.rename("max_length", "max_new_tokens"))
        message = "`max_length` is ignored: the pipeline sets `max_new_tokens` to 256, which goes before it"
        yield config.finding("max_length", message, fix=fix)


@rule(
    "GS103", "no-length-bound", severity=Severity.INFO, clauses=["LENGTH-4"], sources=(Source.GENERATE_CALL,),
    rationale="""Where neither the call nor the model's generation config bounds the length, transformers 5.23 stops
    after 20 new tokens: answers break off in the middle of a sentence. Whether the model's config has a bound is not
    seen here, so this is a note.""",
    help="Give max_new_tokens, or what else ends the rows.",
    bad=program("model.generate(input_ids=ids, do_sample=False)"),
    good=program("model.generate(input_ids=ids, do_sample=False, max_new_tokens=128)"),
)
def no_length_bound(config: ConfigNode) -> Iterator[Draft]:
    if config.place.whole and not {*LENGTHS, "generation_config", "custom_generate"} & set(config.keys):
        message = "nothing in this call bounds the length: 20 new tokens, unless the model's config has a bound"
        yield config.finding((), message)


@rule(
    "GS306", "streamer-with-beams", severity=Severity.ERROR, clauses=["MODE-3"], sources=(Source.GENERATE_CALL,),
    rationale="""A streamer shows tokens as they are chosen, and beam search chooses a row only when it ends:
    transformers raises ValueError (run with 5.23).""",
    help="Stream without beams, or keep the beams and print the whole output.",
    bad=program("model.generate(ids, max_new_tokens=64, num_beams=4, streamer=streamer)"),
    good=program("model.generate(ids, max_new_tokens=64, streamer=streamer)"),
    evidence=["huggingface/transformers#35451"],
)
def streamer_with_beams(config: ConfigNode) -> Iterator[Draft]:
    kept = accepted(config, "num_beams") or 1
    if kept > 1 and "streamer" in config.keys:
        yield config.finding("streamer", f"`streamer` with `num_beams` {kept:g}: the call raises ValueError")


@rule(
    "GS409", "hardcoded-stop-ids", severity=Severity.INFO, clauses=["TOKENS-2"],
    sources=(Source.GENERATE_CALL, Source.CONFIG_CALL),
    rationale="""The ids of a vocabulary belong to one tokenizer. With another model the number is another token, or
    none: rows then end in the middle of a word, or never.""",
    help="Take the id from the tokenizer: tokenizer.eos_token_id, or tokenizer.convert_tokens_to_ids(...).",
    bad=program("model.generate(ids, max_new_tokens=64, eos_token_id=50256)"),
    good=program("model.generate(ids, max_new_tokens=64, eos_token_id=tokenizer.eos_token_id)"),
)
def hardcoded_stop_ids(config: ConfigNode) -> Iterator[Draft]:
    found = ids(config.value("eos_token_id"))
    if found and min(found) >= 0:
        yield config.finding("eos_token_id", f"`eos_token_id` {', '.join(map(str, found))} is written into the program")


@rule(
    "GS602", "output-attentions-needs-eager", severity=Severity.WARNING, clauses=["OUTPUTS-1"],
    targets="transformers>=4.48", sources=(Source.GENERATE_CALL, Source.CONFIG_CALL),
    rationale="""Attention weights exist only where they are computed as such: with attn_implementation "eager". The
    default is sdpa, which gives none: transformers 5.23 warns and returns an empty tuple for each step, and code that
    looks into it fails later. Reported where the program never names "eager".""",
    help='Load the model with attn_implementation="eager".',
    bad=program("model.generate(ids, max_new_tokens=8, output_attentions=True, return_dict_in_generate=True)"),
    good=program(
        "model.generate(ids, max_new_tokens=8, output_attentions=True, return_dict_in_generate=True)",
        'from transformers import AutoModelForCausalLM\n\n'
        'model = AutoModelForCausalLM.from_pretrained(name, attn_implementation="eager")\n',
    ),
    evidence=["huggingface/transformers#31990"],
)
def output_attentions_needs_eager(config: ConfigNode) -> Iterator[Draft]:
    if config.value("output_attentions") is True and "eager" not in config.document.text:
        message = '`output_attentions` gives nothing unless the model is loaded with attn_implementation="eager"'
        yield config.finding("output_attentions", message)


@rule(
    "GS704", "config-plus-arguments", severity=Severity.WARNING, clauses=["CONFIG-8"], targets="transformers>=5",
    sources=(Source.GENERATE_CALL,),
    rationale="""A generation_config and single settings in one call: the settings win, and readers of the config do
    not see them. transformers 5 warns that this will be an error.""",
    help="Put the settings into the generation config, or give all of them as arguments.",
    bad=program("model.generate(ids, generation_config=config, temperature=0.2)"),
    good=program("model.generate(ids, generation_config=config)"),
    evidence=["huggingface/transformers#43389"],
)
def config_plus_arguments(config: ConfigNode) -> Iterator[Draft]:
    if "generation_config" not in config.keys:
        return
    others = [key for key in config.keys if key in KEYS]
    if others:
        names = ", ".join(f"`{name}`" for name in others[:4])
        message = f"{names} beside `generation_config`: transformers 5 warns, and a later one will refuse the call"
        yield config.finding(others[0], message)
