"""DEV-80 to DEV-84, DEV-89, DEV-91, DEV-92, DEV-95, DEV-98 and DEV-99: what releases before 5.x refuse or leave out.

All of it is mended since.
"""

from dataclasses import replace
from typing import Any

from genspec.backends.call import Call
from genspec.config.decision import Rejected
from genspec.config.mode import Mode
from genspec.config.plan import DecodingPlan, Operation
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.deviation import Seen
from genspec.conform.deviations.made.refusals import refuses, width
from genspec.conform.oracle.requests import with_operations
from genspec_reference.context import Context
from genspec_reference.decode import run
from genspec_reference.operations.bad_words import bad_words
from genspec_reference.operations.sequence_bias import sequence_bias
from genspec_reference.request import Request
from genspec_reference.scores import Scores


def as_expected(situation: Situation) -> Situation:
    """Take what is expected for the answer: what came in its place is excused."""
    try:
        return replace(situation, answered=run(situation.request))
    except Rejected:
        return replace(situation, answered=None)


def is_refused(request: Request) -> bool:
    """Tell whether the reference refuses a request."""
    try:
        run(request)
    except Rejected:
        return True
    return False


def nothing_behind_an_end(situation: Situation) -> Situation | None:
    """Let a row be empty behind a prompt that ends as a row may end: no token is judged there. DEV-80."""
    request, answered = situation.request, situation.answered
    if answered is None or request.plan.mode is not Mode.ASSISTED or not ends_as_a_row(request):
        return None
    empty = all(row.tokens == request.prompt and str(row.finish_reason) in ("length", "eos", "stop_string")
                for row in answered.rows)
    return as_expected(situation) if empty and len(answered.rows) == 1 else None


def ends_as_a_row(request: Request) -> bool:
    """Tell whether the prompt ends with an EOS, or its last token completes a stop string."""
    stopping, prompt = request.plan.stopping, request.prompt
    if prompt[-1:] and prompt[-1] in stopping.eos_token_ids:
        return True
    if request.detokenize is None:
        return False
    text, before = request.detokenize(prompt), len(request.detokenize(prompt[:-1]))
    return any(text.rfind(string) + len(string) > before for string in stopping.stop_strings if string in text)


def assists_without_eos(_: Call, plan: DecodingPlan) -> bool:
    """DEV-81, before 4.39."""
    return plan.mode is Mode.ASSISTED and not plan.stopping.eos_token_ids


def looks_up_without_eos(call: Call, plan: DecodingPlan) -> bool:
    """DEV-81, since 4.39."""
    return call.assistant is None and assists_without_eos(call, plan)


WITHOUT_EOS = (
    refuses("TypeError", r"isin\(\) received", looks_up_without_eos),
    refuses("AttributeError", "'NoneType' object has no attribute 'shape'", assists_without_eos),
)


def fails_without_eos(seen: Seen) -> bool:
    """Explain what an EOS that is None ends in. DEV-81."""
    return any(explains(seen) for explains in WITHOUT_EOS)


def biases_token_0(call: Call, _: DecodingPlan) -> bool:
    """DEV-82."""
    biases = call.config.get("sequence_bias")
    return isinstance(biases, list) and any(0 in ids for ids, _ in biases)


def longer_than_the_row(situation: Situation) -> Situation | None:
    """Leave out sequences that have a token more than the row: the next one would complete them. DEV-83."""
    request = situation.request
    operations = tuple(map(short_alone, request.plan.operations))
    if operations == request.plan.operations:
        return None
    return replace(situation, request=with_operations(request, operations))


def short_alone(operation: Operation) -> Operation:
    """Give an operation on sequences that leaves out those longer than the row."""
    given: dict[str, Any] = dict(operation.arguments)

    def biased(scores: Scores, context: Context) -> Scores:
        pairs = [pair for pair in given["biases"] if len(pair[0]) <= len(context.tokens)]
        return sequence_bias(scores, pairs, context.tokens)

    def banned(scores: Scores, context: Context) -> Scores:
        words = [word for word in given["words"] if len(word) <= len(context.tokens)]
        return bad_words(scores, words, context.tokens)

    functions = {"sequence_bias": biased, "bad_words": banned}
    if operation.name not in functions:
        return operation
    return Operation("processor", {"function": functions[operation.name]}, operation.clause)


def assists_with_a_minimum(call: Call, plan: DecodingPlan) -> bool:
    """DEV-89."""
    minimum = call.config.get("min_new_tokens") is not None or bool(call.config.get("min_length"))
    return call.assistant is not None and plan.mode is Mode.ASSISTED and minimum


def has_forced_decoder_ids(call: Call, _: DecodingPlan) -> bool:
    """DEV-84."""
    return call.config.get("forced_decoder_ids") is not None


def has_a_cache_config(call: Call, _: DecodingPlan) -> bool:
    """DEV-91."""
    return call.config.get("cache_config") is not None


def drafts_without_the_source(call: Call, plan: DecodingPlan) -> bool:
    """DEV-92: an operation on the ids of the source, of which an assistant is given -100 alone."""
    if call.sources is None or call.assistant is None or plan.mode is not Mode.ASSISTED:
        return False
    ngrams = plan.operation("encoder_no_repeat_ngram")
    bans = ngrams is not None and ngrams.arguments["size"] == 1
    return bans or plan.operation("encoder_repetition_penalty") is not None


def chunks_of_one_token(call: Call, _: DecodingPlan) -> bool:
    """DEV-95: the last token is read for itself, and none is left for a chunk."""
    return call.config.get("prefill_chunk_size") is not None and width(call) == 1


def has_a_dynamic_cache(call: Call, _: DecodingPlan) -> bool:
    """DEV-98."""
    return call.config.get("cache_implementation") == "dynamic"


def drafts_with_tuples(call: Call, plan: DecodingPlan) -> bool:
    """DEV-99: the assistant returns its cache as tuples, and is given it again."""
    return plan.mode is Mode.ASSISTED and call.assistant is not None and call.config.get("return_legacy_cache") is True
