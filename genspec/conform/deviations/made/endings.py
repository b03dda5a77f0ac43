"""DEV-54 and DEV-67: a row of a batch that has ended and is gone on with."""

from dataclasses import replace

import numpy as np

from genspec.backends.decoder import Refusal
from genspec.config.decision import Rejected
from genspec.config.mode import Mode
from genspec.conform.deviations.counterfactual import RAISED, UNDRAWABLE, Situation, situations_of
from genspec.conform.deviations.deviation import Seen
from genspec.conform.deviations.made.padding import padding_counts
from genspec_reference import FinishReason, GenerateOutput, Row
from genspec_reference.request import Request
from genspec_reference.step import score_row
from genspec_reference.stopping import finish_reason

ROW_BY_ROW = (Mode.GREEDY, Mode.SAMPLE, Mode.CONTRASTIVE_SEARCH, Mode.DOLA)


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
    rows = tuple(without_end(request, row) for row in answered.rows)
    return replace(situation, request=replace(request, plan=going), answered=replace(answered, rows=rows))


def without_end(request: Request, row: Row) -> Row:
    """Give a row as if its length had ended it, where its last token completes a string."""
    ends = row.finish_reason == finish_reason(request, row.tokens)
    return replace(row, finish_reason=FinishReason.LENGTH) if ends else row


def ended_row_has_nothing_left(seen: Seen) -> bool:
    """Explain that a draw fails of whose rows one has ended and is gone on with: it has no token left. DEV-67."""
    answer, call = seen.answer, seen.call
    if not isinstance(answer, Refusal) or not isinstance(seen.expected, tuple) or not UNDRAWABLE.search(answer.message):
        return False
    longest = max(len(row.new_tokens) for output in seen.expected for row in output.rows)
    situations = situations_of(call, answer, seen.info)
    return answer.error in RAISED and any(
        runs_dry(padded.request, output, longest)
        for situation, output in zip(situations, seen.expected, strict=True)
        for padded in (situation, padding_counts(situation)) if padded is not None
    )


def runs_dry(request: Request, output: GenerateOutput, longest: int) -> bool:
    """Tell whether a row that has ended, filled up, comes to a step at which every token is banned."""
    plan = request.plan
    if plan.mode is not Mode.SAMPLE or (plan.tokens.pad is None and not plan.stopping.eos_token_ids):
        return False
    pad = plan.stopping.eos_token_ids[0] if plan.tokens.pad is None else plan.tokens.pad
    for row in output.rows:
        for more in range(longest - len(row.new_tokens)):
            if has_nothing(request, (*request.prompt, *row.new_tokens, *[pad] * more)):
                return True
    return False


def has_nothing(request: Request, tokens: tuple[int, ...]) -> bool:
    """Tell whether no score of the token after a row is left."""
    try:
        return bool(np.all(score_row(request, tokens).scores == -np.inf))
    except Rejected:
        return True
