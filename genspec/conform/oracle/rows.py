"""Modes without beams: follow the decoder's own row, and ask of every step whether its token is right."""

import numpy as np

from genspec.config.decision import Rejected
from genspec.conform.oracle.blame import clauses_of_stopping, clauses_of_token
from genspec.conform.oracle.finding import Place
from genspec.conform.oracle.numbers import differing_numbers
from genspec.conform.oracle.steps import Excuse, Forced, excuse, forced
from genspec.conform.verdict import Verdict
from genspec_reference import FinishReason, Row
from genspec_reference.output import Run, Step
from genspec_reference.request import Request
from genspec_reference.scores import support
from genspec_reference.step import Scored
from genspec_reference.stopping import finish_reason


def judge_row(request: Request, place: Place, row: Row, run: Run | None, *, dtype: str, longest: int) -> list[Verdict]:
    """Judge one row of a prompt, step by step. Stops at the first violation. `longest`: the new tokens of a row."""
    tokens, said = request.prompt, list[Verdict]()
    if row.tokens[:row.prompt_length] != tokens or row.prompt_length != len(tokens):
        return [place.violates("prompt", ("OUTPUTS-7",), "the row does not begin with its prompt.",
                               tokens, row.tokens[:row.prompt_length])]
    for step, token in enumerate(row.new_tokens):
        reason = finish_reason(request, tokens)
        if reason is not None:
            return [*said, went_on(request, place.at(step), tokens, reason, row)]
        kept = run[step] if run is not None and step < len(run) else None
        said += judge_step(request, place.at(step), tokens, token, kept=kept, dtype=dtype, longest=longest)
        if said and said[-1].kind == "violates":
            return said
        tokens = (*tokens, token)
    return said + judge_end(request, place.at(len(row.new_tokens)), tokens, row)


def judge_step(
    request: Request, place: Place, tokens: tuple[int, ...], token: int, *, kept: Step | None, dtype: str, longest: int
) -> list[Verdict]:
    """Judge the token of one step, and the numbers that the decoder kept of it."""
    try:
        step = forced(request, tokens, place.row or 0)
    except Rejected as rejected:
        clauses = tuple(reason.clause for reason in rejected.reasons)
        return [place.violates("refusal", clauses, f"token {token} came where no token is left.", None, token)]
    def fits(scored: Scored) -> bool:
        return not differing_numbers(request, place, kept, [scored], dtype=dtype, longest=longest)

    if step.choice.token == token and fits(step.scored):
        return []
    found = excuse(step, token, dtype, fits, left_by(kept)) if 0 <= token < step.scored.scores.size else None
    if found is not None:
        clauses = clauses_of_token(step, token)
        said = place.ambiguous("tokens", clauses, margin=found.margin, tied=found.tied,
                               expected=step.choice.token, answered=token)
        return [] if found.free else [said]
    if step.choice.token != token and excuse_of_token(step, token, dtype) is None:
        return [wrong_token(step, place, token)]
    return differing_numbers(request, place, kept, [step.scored], dtype=dtype, longest=longest)


def left_by(kept: Step | None) -> list[int]:
    """List the tokens that are left after all truncations, where the decoder says it."""
    if kept is None or not kept.scores:
        return []
    return [int(token) for token in support(np.asarray(kept.scores[0], dtype=np.float64))]


def excuse_of_token(step: Forced, token: int, dtype: str) -> Excuse | None:
    """Find rounding that makes the token right, whatever the numbers beside it."""
    return excuse(step, token, dtype, lambda scored: True) if 0 <= token < step.scored.scores.size else None


def wrong_token(step: Forced, place: Place, token: int) -> Verdict:
    """Say that a token is not the one to take."""
    clauses = clauses_of_token(step, token)
    reason = f"token {step.choice.token} was expected and {token} came, after the row {list(step.tokens)}."
    return place.violates("tokens", clauses, reason, step.choice.token, token)


def went_on(request: Request, place: Place, tokens: tuple[int, ...], reason: FinishReason, row: Row) -> Verdict:
    """Say that a row goes on after its end."""
    said = f"the row ends here ({reason}), and it goes on."
    return place.violates("length", clauses_of_stopping(request, reason), said, tokens, row.tokens)


def judge_end(request: Request, place: Place, tokens: tuple[int, ...], row: Row) -> list[Verdict]:
    """Judge that a row ends where it does, and the reason given."""
    reason = finish_reason(request, tokens)
    if reason is None:
        said = f"the row goes on here, and it has ended ({row.finish_reason})."
        return [place.violates("length", clauses_of_stopping(request, row.finish_reason), said, None, row.tokens)]
    if reason != row.finish_reason:
        said = f"the row ends for the reason {reason}, not {row.finish_reason}."
        return [place.violates("finish reason", ("STOPPING-5",), said, str(reason), str(row.finish_reason))]
    return []
