"""Family 4: token ids. What needs the vocabulary (406) or a call (409) one file cannot show."""

from collections import Counter
from collections.abc import Iterator
from enum import Enum

from genspec.config.values import shown
from genspec.lint.draft import Draft
from genspec.lint.finding import Edit, Fix, Severity
from genspec.lint.kind import Kind, is_custom
from genspec.lint.node import ConfigNode, safe, unsafe
from genspec.lint.rule import rule
from genspec.lint.rules.shapes import ids, is_sequence, named, real, whole, whole_from
from genspec.lint.rules.where import EVERY_CALL, EVERYWHERE


class Shape(Enum):
    """How many token ids a field takes."""

    ONE = "one token id"
    ONE_OR_MORE = "a token id or a list of them"
    MANY = "a list of token ids"


SHAPES = {
    "eos_token_id": Shape.ONE_OR_MORE,
    "pad_token_id": Shape.ONE,
    "bos_token_id": Shape.ONE,
    "decoder_start_token_id": Shape.ONE_OR_MORE,
    "forced_bos_token_id": Shape.ONE,
    "forced_eos_token_id": Shape.ONE_OR_MORE,
    "suppress_tokens": Shape.MANY,
    "begin_suppress_tokens": Shape.MANY,
}
WITHOUT_HARM = frozenset({"pad_token_id", "suppress_tokens", "begin_suppress_tokens"})
"""Where an id that no token has is looked at and changes nothing by itself."""

MAY_BE_EMPTY = frozenset({"suppress_tokens", "begin_suppress_tokens"})


@rule(
    "GS401", "eos-missing", severity=Severity.WARNING, clauses=["TOKENS-2"],
    rationale="""Without an EOS id no token ends a row. transformers takes the id from this file alone once the file
    exists, not from config.json or the tokenizer: every row runs to its length limit, and text after the end of the
    answer is invented. Files that hold no token id and were not written by transformers are not held to this, nor
    those of speech models, whose own code decides when to stop.""",
    help="Set eos_token_id to the id, or the list of ids, that end an answer.",
    bad={"bos_token_id": 1, "pad_token_id": 0}, good={"bos_token_id": 1, "pad_token_id": 0, "eos_token_id": 2},
    evidence=["arcee-ai/mergekit#275"],
)
def eos_missing(config: ConfigNode) -> Iterator[Draft]:
    if config.value("eos_token_id") is not None or config.kind is not Kind.GENERATION:
        return
    if config.value("stop_strings") or any(map(is_custom, config.values)) or decodes_codec(config):
        return
    held = any(config.value(name) is not None for name in SHAPES)
    written = "transformers_version" in config.values or "_from_model_config" in config.values
    if held or (written and "eos_token_id" not in config.values):   # with every id null it is a dump of defaults
        yield config.finding((), "no `eos_token_id`: no token ends a row, so each runs to its length limit")


@rule(
    "GS402", "pad-missing", severity=Severity.INFO, clauses=["TOKENS-3"],
    rationale="""A batch needs an id to fill the rows that end first. transformers takes the first EOS id and logs
    that it does; other engines and training scripts choose another or refuse.""",
    help="Set pad_token_id, to an id of its own if the tokenizer has one.",
    bad={"eos_token_id": 2}, good={"eos_token_id": 2, "pad_token_id": 0},
    evidence=["stanford-crfm/helm#4087", "QwenLM/Qwen#63"],
)
def pad_missing(config: ConfigNode) -> Iterator[Draft]:
    ends = ids(config.value("eos_token_id"))
    if ends and config.value("pad_token_id") is None and config.kind is Kind.GENERATION:
        fix = unsafe(f"Set `pad_token_id` to {ends[0]}", config.set("pad_token_id", ends[0]))
        yield config.finding((), f"no `pad_token_id`: batches are padded with the first EOS id, {ends[0]}", fix=fix)


@rule(
    "GS403", "pad-in-eos", severity=Severity.INFO, clauses=["TOKENS-4"],
    rationale="""Padding and end of answer look the same. Decoding is unaffected when the attention mask is passed;
    without one transformers cannot tell which tokens are padding and attends to all of them, and training code that
    masks padding in the labels also masks the EOS that the model should learn.""",
    help="Use an id of its own for padding if the tokenizer has one; otherwise always pass the attention mask.",
    bad={"eos_token_id": [2, 3], "pad_token_id": 3}, good={"eos_token_id": [2, 3], "pad_token_id": 0},
    evidence=["huggingface/transformers#25790", "huggingface/transformers#48016"],
)
def pad_in_eos(config: ConfigNode) -> Iterator[Draft]:
    pad = config.value("pad_token_id")
    if pad is not None and pad in ids(config.value("eos_token_id")):
        yield config.finding("pad_token_id", f"`pad_token_id` ({pad}) is an EOS id too")


@rule(
    "GS404", "negative-token-id", severity=Severity.ERROR, clauses=["TOKENS-1"],
    rationale="""No token has a negative id. transformers 5.23 accepts most of them without a word: an EOS of -1
    never ends a row, a negative start id raises IndexError when it is embedded, a negative forced EOS raises
    ValueError at the call of `generate`. A negative pad id only breaks batches that are padded with it, so it is a
    warning, as transformers has it.""",
    help="Use the id of a real token, or remove the field.",
    bad={"eos_token_id": -1, "pad_token_id": 0}, good={"eos_token_id": 2, "pad_token_id": 0},
    evidence=["huggingface/transformers#30187", "huggingface/transformers#25426", "ggml-org/llama.cpp#2981"],
    sources=EVERY_CALL,
)
def negative_token_id(config: ConfigNode) -> Iterator[Draft]:
    for field in SHAPES:
        value = config.values.get(field)
        severity = Severity.WARNING if field in WITHOUT_HARM else None
        if whole(value) and value < 0:
            fix = unsafe(f"Remove `{field}`", config.remove(field))
            yield config.finding(field, f"`{field}` is {value}: no token has this id", fix=fix, severity=severity)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if whole(item) and item < 0:
                    yield config.finding(
                        (field, index), f"`{field}` lists {item}: no token has this id", severity=severity)


@rule(
    "GS405", "token-id-shape", severity=Severity.ERROR, clauses=["TOKENS-1", "TOKENS-2", "CONFIG-3"],
    rationale="""A token id is an integer. In transformers 5.23 a string makes `generate` raise TypeError or
    ValueError (for pad_token_id already the loading), a bool counts as id 1 or 0, and a real number is cut to an
    integer. An empty eos_token_id raises IndexError in beam search and wherever pad_token_id is unset; a list for
    pad_token_id raises TypeError; an id listed twice makes beam sampling keep one token more.""",
    help="Write token ids as JSON integers: one, or for fields that take several a list without repeats.",
    bad={"eos_token_id": "2", "pad_token_id": 0}, good={"eos_token_id": 2, "pad_token_id": 0},
    sources=EVERY_CALL,
)
def token_id_shape(config: ConfigNode) -> Iterator[Draft]:
    for field, shape in SHAPES.items():
        value = config.values.get(field)
        if value is None or (type(value) is int and shape is not Shape.MANY):
            continue
        if isinstance(value, list) and shape is not Shape.ONE:
            yield from faults_of_list(config, field, value)
        else:
            right = whole_from(value) if not isinstance(value, list) or len(value) != 1 else whole_from(value[0])
            yield wrong(config, field, f"`{field}` is {shown(value)}; it takes {shape.value}", right, shape)
    for field in ("forced_decoder_ids", "force_words_ids"):
        if config.values.get(field) is not None and field in config.refused:
            yield config.finding(field, f"`{field}`: {config.refused[field].message.rstrip('.')}")


@rule(
    "GS407", "forced-and-suppressed", severity=Severity.ERROR, clauses=["SUPPRESS-2"],
    rationale="""When every forced id is suppressed too, no token is left at the step that forces it. transformers
    refuses the file since 5.17; before, greedy search chose id 0 and sampling raised RuntimeError. Ids that are
    suppressed only at the beginning do not conflict: that applies to another step.""",
    help="Take the id out of suppress_tokens. To keep rows from ending early, set min_new_tokens instead.",
    bad={"eos_token_id": 2, "pad_token_id": 0, "forced_eos_token_id": 2, "suppress_tokens": [2, 5]},
    good={"eos_token_id": 2, "pad_token_id": 0, "forced_eos_token_id": 2, "suppress_tokens": [5]},
    evidence=["huggingface/transformers#24099", "huggingface/transformers#47511"],
    sources=EVERYWHERE,
)
def forced_and_suppressed(config: ConfigNode) -> Iterator[Draft]:
    suppressed = config.value("suppress_tokens")
    if not isinstance(suppressed, list) or not suppressed:
        return
    banned = set(ids(suppressed))
    for field in ("forced_bos_token_id", "forced_eos_token_id"):
        forced = ids(config.value(field))
        if forced and banned.issuperset(forced):
            freed = set(forced)
            rest = [token for token in suppressed if not whole(token) or token not in freed]
            fix = unsafe(f"Allow {named(forced)} in `suppress_tokens`", config.set("suppress_tokens", rest))
            yield config.finding(field, f"`{field}` forces {named(forced)}, which `suppress_tokens` forbids", fix=fix)


@rule(
    "GS408", "bad-words-shape", severity=Severity.ERROR, clauses=["BAD-WORDS-1", "SEQUENCE-BIAS-1"],
    rationale="""bad_words_ids is a list of lists of token ids, and sequence_bias, in a file, a list of pairs of such
    a list and a real number. transformers 5.23 loads anything and raises ValueError at the call of `generate`: for
    `[5]`, for an empty list, for strings and negative ids, for a bias written as an integer, and for every object,
    because a JSON key is never a tuple. A ban on a single EOS id is dropped without a word.""",
    help="""Write `[[5], [7, 8]]` for bad_words_ids and `[[[5], -1.5]]` for sequence_bias. To delay EOS, set
    min_new_tokens.""",
    bad={"eos_token_id": 2, "pad_token_id": 0, "bad_words_ids": [5, 6]},
    good={"eos_token_id": 2, "pad_token_id": 0, "bad_words_ids": [[5], [6]]},
    sources=EVERYWHERE,
)
def bad_words_shape(config: ConfigNode) -> Iterator[Draft]:
    bans = config.value("bad_words_ids")
    if bans is not None:
        yield from faults_of_bans(config, bans)
    biases = config.value("sequence_bias")
    if biases is not None:
        yield from faults_of_biases(config, biases)


@rule(
    "GS410", "forced-eos-not-in-eos", severity=Severity.WARNING, clauses=["FORCED-EOS-1"],
    rationale="""At the last step the forced id is produced, and it is no EOS: the row ends for its length, not with
    an end token, and whoever cuts answers at EOS finds none. Seen where a tokenizer was replaced and one of the two
    fields was forgotten.""",
    help="Force one of the EOS ids, or remove forced_eos_token_id.",
    bad={"eos_token_id": 2, "pad_token_id": 0, "forced_eos_token_id": 1},
    good={"eos_token_id": 2, "pad_token_id": 0, "forced_eos_token_id": 2},
    sources=EVERYWHERE,
)
def forced_eos_not_in_eos(config: ConfigNode) -> Iterator[Draft]:
    forced, ends = ids(config.value("forced_eos_token_id")), ids(config.value("eos_token_id"))
    if forced and ends and set(forced).isdisjoint(ends):
        message = f"`forced_eos_token_id` ({named(forced)}) is not an EOS id: `eos_token_id` is {named(ends)}"
        yield config.finding("forced_eos_token_id", message)


def faults_of_list(config: ConfigNode, field: str, items: list[object]) -> Iterator[Draft]:
    """Report what is wrong with a list of token ids: nothing in it, an item that is none, an id twice."""
    if not items and field not in MAY_BE_EMPTY:
        yield config.finding(
            field, f"`{field}` is an empty list", fix=safe(f"Remove `{field}`", config.remove(field)))
    index = next((index for index, item in enumerate(items) if not whole(item)), None)
    if index is not None:
        right = [whole_from(item) for item in items]
        fix = safe(f"Set `{field}` to {shown(right)}", config.set(field, right)) if None not in right else None
        yield config.finding((field, index), f"`{field}` lists {shown(items[index])}, which is no token id", fix=fix)
    elif len(set(map(str, items))) < len(items):
        yield repeated(config, field, items)


def repeated(config: ConfigNode, field: str, items: list[object]) -> Draft:
    """Say that a list holds an id twice."""
    times = Counter(items)
    once = list(times)
    twice = next(item for item in once if times[item] > 1)
    counts = field == "eos_token_id"    # beam sampling keeps a token for each entry
    fix = (unsafe if counts else safe)(f"Set `{field}` to {shown(once)}", config.set(field, once))
    severity = Severity.WARNING if counts else Severity.INFO
    return config.finding(field, f"`{field}` lists {twice} more than once", fix=fix, severity=severity)


def wrong(config: ConfigNode, field: str, message: str, right: int | None, shape: Shape) -> Draft:
    """Say that a value is no token id, with the one that was meant if that is clear."""
    if right is None:
        return config.finding(field, message)
    value = [right] if shape is Shape.MANY else right
    return config.finding(field, message, fix=safe(f"Set `{field}` to {value}", config.set(field, value)))


def faults_of_bans(config: ConfigNode, bans: object) -> Iterator[Draft]:
    """Report what is wrong with bad_words_ids: the first entry that is no list of token ids, and bans on EOS."""
    if not isinstance(bans, list) or not bans:
        fix = safe("Remove `bad_words_ids`", config.remove("bad_words_ids")) if bans == [] else None
        message = f"`bad_words_ids` is {shown(bans)}; it takes a list of lists of token ids"
        yield config.finding("bad_words_ids", message, fix=fix)
        return
    index = next((index for index, ban in enumerate(bans) if not is_sequence(ban)), None)
    if index is not None:
        message = f"`bad_words_ids` holds {shown(bans[index])}, which is no list of token ids"
        yield config.finding(("bad_words_ids", index), message, fix=wrapped(config, bans))
        return
    ends = set(ids(config.value("eos_token_id")))
    for index, ban in enumerate(bans):
        if len(ban) == 1 and ban[0] in ends:
            message = f"the ban on EOS ({ban[0]}) has no effect: transformers drops it"
            yield config.finding(("bad_words_ids", index), message, severity=Severity.INFO)


def wrapped(config: ConfigNode, bans: list[object]) -> Fix | None:
    """Return the fix for a flat list of ids, each of which was meant as a ban. It also makes the file load."""
    if not all(whole(ban) and ban >= 0 for ban in bans):
        return None
    return unsafe("Make each id a list of its own", config.set("bad_words_ids", [[ban] for ban in bans]))


def faults_of_biases(config: ConfigNode, biases: object) -> Iterator[Draft]:
    """Report what is wrong with sequence_bias: the first entry that is no pair of token ids and a real number."""
    if not isinstance(biases, list) or not biases:
        fix = safe("Remove `sequence_bias`", config.remove("sequence_bias")) if biases in ([], {}) else None
        message = f"`sequence_bias` is {shown(biases)}; it takes a list of pairs of token ids and a number"
        yield config.finding("sequence_bias", message, fix=fix)
        return
    for index, entry in enumerate(biases):
        if not isinstance(entry, list) or len(entry) != 2 or not is_sequence(entry[0]) or not real(entry[1]):
            message = f"`sequence_bias` holds {shown(entry)}, which is no pair of token ids and a number"
            yield config.finding(("sequence_bias", index), message)
            return
        if whole(entry[1]):
            fix = safe(f"Write {entry[1]}.0", Edit("replace", (*config.at, "sequence_bias", index, 1), float(entry[1])))
            message = f"the bias {entry[1]} is an integer, which transformers refuses"
            yield config.finding(("sequence_bias", index, 1), message, fix=fix)
            return


def decodes_codec(config: ConfigNode) -> bool:
    """Tell whether one id starts and fills rows, as in models of audio codes: they produce a fixed length."""
    start = config.value("decoder_start_token_id")
    return start is not None and start == config.value("pad_token_id") == config.value("bos_token_id")
