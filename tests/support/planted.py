"""Decoders that are wrong on purpose: the reference with one thing broken."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from genspec.backends.call import Call
from genspec.backends.decoder import Answer, Info, Refusal
from genspec.config.decision import Rejected
from genspec.config.mode import Mode
from genspec.config.plan import DecodingPlan, Operation
from genspec.conform.oracle.requests import requests_of
from genspec_reference import GenerateOutput, Row
from genspec_reference.decode import run
from genspec_reference.request import Request

Break = Callable[[Request], Request]
Spoil = Callable[[Request, GenerateOutput], GenerateOutput]


@dataclass(frozen=True)
class Planted:
    """The reference with a bug: in what it is asked, or in what it gives."""

    name: str
    mode: Mode                          # in which it is looked for
    breaks: Break = lambda request: request
    spoils: Spoil = lambda request, output: output

    @property
    def info(self) -> Info:
        return Info(self.name, "0", "float32", "hf")

    def decode(self, call: Call) -> Answer:
        try:
            return tuple(self.spoils(request, run(self.breaks(request))) for request in requests_of(call))
        except Rejected as rejected:
            return Refusal("Rejected", str(rejected), tuple(reason.clause for reason in rejected.reasons))


def with_plan(change: Callable[[DecodingPlan], DecodingPlan]) -> Break:
    return lambda request: replace(request, plan=change(request.plan))


def with_arguments(name: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Break:
    """Change the arguments of an operation, where a plan has it."""
    def changed(operation: Operation) -> Operation:
        return replace(operation, arguments={**operation.arguments, **change(operation.arguments)})

    return with_plan(lambda plan: replace(plan, operations=tuple(
        changed(operation) if operation.name == name else operation for operation in plan.operations
    )))


def highest_id_first(request: Request) -> Request:
    def favour(scores, context):
        return scores + 1e-12 * np.arange(scores.size)

    operations = (*request.plan.operations, Operation("processor", {"function": favour}, "PIPELINE-4"))
    return replace(request, plan=replace(request.plan, operations=operations))


def second_eos_ignored(plan: DecodingPlan) -> DecodingPlan:
    return replace(plan, stopping=replace(plan.stopping, eos_token_ids=plan.stopping.eos_token_ids[:1]))


def never_is_false(plan: DecodingPlan) -> DecodingPlan:
    if plan.beams is None or plan.beams.early_stopping != "never":
        return plan
    return replace(plan, beams=replace(plan.beams, early_stopping=False))


def prompt_counted(plan: DecodingPlan) -> DecodingPlan:
    return replace(plan, profile=replace(plan.profile, hypothesis_length="row"))


def cache_not_reordered(request: Request) -> Request:
    if request.plan.beams is None:
        return request
    model, prompt = request.model, len(request.prompt)

    def without_middle(tokens, *source):
        return model((*tokens[:prompt], *tokens[max(prompt, len(tokens) - 1):]), *source)

    return replace(request, model=without_middle)


def reversed_rows(request: Request, output: GenerateOutput) -> GenerateOutput:
    return replace(output, rows=output.rows[::-1])


def pad_stripped(request: Request, output: GenerateOutput) -> GenerateOutput:
    """Take every leading EOS of the prompt for padding, where pad is an EOS."""
    tokens = request.plan.tokens
    if tokens.pad not in tokens.eos:
        return output

    def stripped(row: Row) -> Row:
        padding = next((at for at, token in enumerate(row.tokens) if token != tokens.pad), 0)
        return replace(row, tokens=row.tokens[padding:], prompt_length=row.prompt_length - padding)

    return replace(output, rows=tuple(map(stripped, output.rows)))


PLANTED = (
    Planted("an EOS one token before the minimum", Mode.GREEDY, with_arguments(
        "min_new_tokens", lambda given: {"count": given["count"] - 1})),
    Planted("top_k keeps one more", Mode.SAMPLE, with_arguments("top_k", lambda given: {"k": given["k"] + 1})),
    Planted("the length penalty counts the prompt", Mode.BEAM_SEARCH, with_plan(prompt_counted)),
    Planted("ties go to the highest id", Mode.GREEDY, highest_id_first),
    Planted("n-grams are one longer", Mode.GREEDY, with_arguments(
        "no_repeat_ngram", lambda given: {"size": given["size"] + 1})),
    Planted("the second EOS is ignored", Mode.GREEDY, with_plan(second_eos_ignored)),
    Planted("never is taken for false", Mode.BEAM_SEARCH, with_plan(never_is_false)),
    Planted("rows come last first", Mode.BEAM_SEARCH, spoils=reversed_rows),
    Planted("an EOS in the prompt is taken for padding", Mode.GREEDY, spoils=pad_stripped),
    Planted("the cache is not reordered with the beams", Mode.BEAM_SEARCH, cache_not_reordered),
)
