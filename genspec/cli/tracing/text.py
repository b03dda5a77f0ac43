"""A trace for people: step by step, what became of the scores and which token was taken."""

from collections.abc import Iterator

import numpy as np

from genspec.cli.tracing.beams import beam_lines
from genspec.cli.tracing.rows import shown_row, shown_tokens
from genspec.cli.tracing.run import Halt, Trace
from genspec.cli.tracing.table import columns_of, distance, number, share, table_lines
from genspec.cli.tracing.view import View
from genspec.config.explain import call
from genspec.config.mode import BEAMS, Mode
from genspec.lint.report.paint import BOLD, CYAN, GREEN, RED
from genspec.lint.report.text import plural
from genspec_reference import Step
from genspec_reference.scores import Scores, highest, log_softmax, softmax
from genspec_reference.select import Choice
from genspec_reference.stopping import FinishReason

BY_SCORE = frozenset({Mode.GREEDY, Mode.SAMPLE, Mode.ASSISTED, Mode.DOLA})
"""The modes whose choice is the first of the scores, or of a race among them."""


def text_pieces(view: View) -> Iterator[str]:
    """Yield a trace in pieces, each ending in a line break."""
    for line in (*heading(view), *run_lines(view), *row_lines(view)):
        yield line + "\n"


def heading(view: View) -> Iterator[str]:
    """Say what is run on what."""
    trace, paint = view.trace, view.paint
    plan, request = trace.request.plan, trace.request
    drawn = f", noise of seed {trace.seed}" if request.wants_noise else ""
    profile = "" if plan.profile.name == "hf" else f", profile {plan.profile.name}"
    source = "" if request.source is None else f", source {shown_tokens(request.source)}"
    cut = plan.length.dropped_prompt_tokens
    yield f"{paint('Mode', BOLD)}: {plan.mode}{drawn}{profile}"
    yield f"{paint('Model', BOLD)}: {trace.spec}, {plural(trace.vocab_size, 'token')}{source}"
    yield (f"{paint('Prompt', BOLD)}: {shown_tokens(request.prompt)}{f' ({cut} cut off)' if cut else ''}, "
           f"then at most {plan.length.max_new_tokens} new")
    if plan.stopping.max_time is not None:
        yield (f"{paint('Time', BOLD)}: max_time {plan.stopping.max_time:g}, on a made-up clock: 0 at the start, "
               "1 second later at each reading")
    yield f"{paint('Operations', BOLD)}: {', '.join(map(call, plan.operations)) or 'none'}"


def run_lines(view: View) -> Iterator[str]:
    """Yield the steps of every run."""
    runs = view.trace.output.runs
    for run, steps in enumerate(runs):
        several = f"Row {run + 1}, step" if len(runs) > 1 else "Step"
        for place, step in enumerate(steps[:view.most]):
            yield ""
            if view.trace.request.plan.mode in BEAMS:
                yield from beam_lines(view, step, place)
            else:
                row = shown_row(view.trace.row_at(run, place), len(view.trace.request.prompt))
                yield view.paint(f"{several} {place + 1}", BOLD) + f": {row}"
                yield from step_lines(view, step, run, place)
        if left := len(steps[view.most:]) if view.most is not None else 0:
            yield from ("", f"and {plural(left, 'more step')}")
    if view.trace.halt:
        yield from halt_lines(view, view.trace.halt)


def step_lines(view: View, step: Step, run: int, place: int) -> Iterator[str]:
    """Yield the table and the choice of one step of a mode without beams."""
    (applied,), (choice,) = step.applied, step.choices
    scores = applied[-1].scores
    second = runner_up(view.trace, scores, run, place)
    columns = columns_of(applied, [choice.token], [] if second is None else [second], view.top)
    yield from table_lines(applied, columns, view.trace.request.plan.draws, "  ", view.paint)
    yield f"  {view.paint(f'takes {choice.token}', GREEN)}: {taken(view.trace, scores, choice, second)}"


def taken(trace: Trace, scores: Scores, choice: Choice, second: int | None) -> str:
    """Say why a token was taken, and how near another one was."""
    drawn = trace.request.plan.draws
    what = f"probability {share(softmax(scores)[choice.token])}" if drawn else f"score {number(choice.score)}"
    if choice.margin == np.inf:
        return f"{what}, the only token left"
    if second is None:
        return f"{what}, margin {distance(choice.margin)}"
    if choice.margin == 0:
        return f"{what}, equal to {second}: the lowest id wins"
    return f"{what}, {distance(choice.margin)} ahead of {second}{' in the race' if drawn else ''}"


def runner_up(trace: Trace, scores: Scores, run: int, place: int) -> int | None:
    """Find the token that would have been taken next, None where the choice looks at more than the scores."""
    plan, noise = trace.request.plan, trace.request.noise
    if plan.mode not in BY_SCORE:
        return None
    keys = scores
    if plan.draws and noise is not None:
        keys = log_softmax(scores) - np.log(noise(run, place, scores.size))
    ranked = highest(keys, 2)
    return int(ranked[1]) if ranked.size > 1 and keys[ranked[1]] > -np.inf else None


def halt_lines(view: View, halt: Halt) -> Iterator[str]:
    """Show the step that was refused, and why."""
    prompt_length = len(view.trace.request.prompt)
    title = view.paint(f"Step {len(halt.row) - prompt_length + 1}", BOLD)
    yield from ("", f"{title}: {shown_row(halt.row, prompt_length)}")
    if halt.applied:
        yield from table_lines(halt.applied, columns_of(halt.applied, [], [], view.top), False, "  ", view.paint)
    for reason in halt.rejected.reasons:
        clause = view.paint(f"[{reason.clause}]", CYAN)
        yield f"  {view.paint('Refused', RED)}: {reason.message} {reason.remedy}  {clause}"


def row_lines(view: View) -> Iterator[str]:
    """Yield the rows that are returned, each with what ended it."""
    rows = () if view.trace.halt else view.trace.output.rows
    if not rows:
        return
    yield from ("", view.paint("Row" if len(rows) == 1 else "Rows", BOLD))
    texts = [shown_row(row.tokens, row.prompt_length, whole=True) for row in rows]
    widest = max(map(len, texts))
    for row, text in zip(rows, texts, strict=True):
        score = "" if row.score is None else f"   score {number(row.score)}"
        clock = " of the made-up clock" if row.finish_reason is FinishReason.MAX_TIME else ""
        yield f"  {text:{widest}}{score}   ended by {row.finish_reason}{clock}"
