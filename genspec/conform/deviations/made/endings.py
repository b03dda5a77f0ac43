"""DEV-54: a row of a batch that has ended and goes on, because there is no EOS to fill it with."""

from dataclasses import replace

from genspec.config.mode import Mode
from genspec.conform.deviations.counterfactual import Situation
from genspec_reference import FinishReason, Row
from genspec_reference.request import Request
from genspec_reference.stopping import finish_reason

ROW_BY_ROW = (Mode.GREEDY, Mode.SAMPLE)


def goes_on_with_the_batch(situation: Situation) -> Situation | None:
    """Let no stop string end the rows of a prompt, which stop with the last row of the batch."""
    request, answered = situation.request, situation.answered
    plan = request.plan
    alone = len(situation.call.prompts) * plan.outputs.num_return_sequences == 1
    if answered is None or alone or plan.stopping.eos_token_ids or plan.mode not in ROW_BY_ROW:
        return None
    if not plan.stopping.stop_strings:
        return None
    length = replace(plan.length, max_new_tokens=situation.longest)
    going = replace(plan, stopping=replace(plan.stopping, stop_strings=()), length=length)
    rows = tuple(without_end(request, whole(row, situation.longest, plan.tokens.pad)) for row in answered.rows)
    return replace(situation, request=replace(request, plan=going), answered=replace(answered, rows=rows))


def whole(row: Row, longest: int, pad: int | None) -> Row:
    """Give back the pad ids at a row's end, which look like padding and were drawn like any other token."""
    missing = longest - len(row.new_tokens)
    if not missing or pad is None:
        return row
    return replace(row, tokens=(*row.tokens, *(pad,) * missing), finish_reason=FinishReason.LENGTH)


def without_end(request: Request, row: Row) -> Row:
    """Give a row as if its length had ended it, where its last token completes a string."""
    ends = row.finish_reason == finish_reason(request, row.tokens)
    return replace(row, finish_reason=FinishReason.LENGTH) if ends else row
