"""A trace as JSON, version 1. Its members are listed in docs/guide/trace.md."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from genspec.cli.tracing.refusal import VERSION, reasons
from genspec.cli.tracing.run import Trace
from genspec.cli.tracing.table import masked
from genspec.config.mode import BEAMS
from genspec.lint.report.json import encoded
from genspec_reference import Row, Step
from genspec_reference.beams.hypotheses import Finished, Selection
from genspec_reference.pipeline import Applied


def json_pieces(trace: Trace, most: int | None) -> Iterator[str]:
    """Yield one JSON object, a step a line. `most`: how many steps of a run are written."""
    yield "{" + ",\n".join(f"{encoded(name)}: {encoded(value)}" for name, value in head(trace).items())
    yield ',\n"runs": ['
    for run, steps in enumerate(trace.output.runs):
        lines = [encoded(step_value(trace, step, run, place)) for place, step in enumerate(steps[:most])]
        yield f"{',' if run else ''}[" + "".join(f"{',' if n else ''}\n{line}" for n, line in enumerate(lines)) + "]"
    yield f'],\n"rows": {encoded([] if trace.halt else [row_value(row) for row in trace.output.rows])}'
    yield f',\n"refused": {encoded(halt_value(trace))}}}\n'


def head(trace: Trace) -> dict[str, Any]:
    """Return what was run on what."""
    request, spec = trace.request, trace.spec
    plan = request.plan
    return {
        "version": VERSION,
        "mode": str(plan.mode),
        "profile": plan.profile.name,
        "model": {"kind": spec.kind, "seed": spec.seed, "vocab_size": trace.vocab_size, "eos": list(spec.eos)},
        "prompt": list(request.prompt),
        "source": None if request.source is None else list(request.source),
        "seed": trace.seed if request.wants_noise else None,
        "max_new_tokens": plan.length.max_new_tokens,
        "eos_token_ids": list(plan.stopping.eos_token_ids),
        "operations": [
            {"name": one.name, "arguments": dict(one.arguments), "clause": one.clause} for one in plan.operations
        ],
    }


def step_value(trace: Trace, step: Step, run: int, place: int) -> dict[str, Any]:
    """Return one step."""
    beams = trace.request.plan.mode in BEAMS
    open_rows = [(list(one.tokens), one.total) for part in step.selections for one in part.before.open]
    rows: Sequence[tuple[list[int], float | None]] = open_rows if beams else [(list(trace.row_at(run, place)), None)]
    return {
        "step": place + 1,
        "margin": step.margin,
        "hypotheses": [
            {"tokens": tokens, "total": total, "applied": applied_values(applied)}
            for (tokens, total), applied in zip(rows, step.applied, strict=True)
        ],
        "choices": [
            {"token": one.token, "score": one.score, "margin": one.margin, "hypothesis": one.beam}
            for one in step.choices
        ],
        "selections": [selection_value(part) for part in step.selections],
    }


def applied_values(applied: Sequence[Applied]) -> list[dict[str, Any]]:
    """Return the scores of every token before the first operation and after each, and the ids that it masked."""
    gone: list[list[int]] = [[], *(masked(before.scores, after.scores).tolist() for before, after in pairwise(applied))]
    return [
        {"name": one.name, "clause": one.clause, "scores": one.scores.tolist(), "masked": ids, "margin": one.margin}
        for one, ids in zip(applied, gone, strict=True)
    ]


def selection_value(selection: Selection) -> dict[str, Any]:
    """Return what one group of a beam mode did with its candidates."""
    return {
        "candidates": [
            {"tokens": list(one.hypothesis.tokens), "total": one.hypothesis.total,
             "hypothesis": one.hypothesis.beam_indices[-1], "finish_reason": one.reason and str(one.reason)}
            for one in selection.candidates
        ],
        "open": [{"tokens": list(one.tokens), "total": one.total} for one in selection.after.open],
        "finished": [finished_value(one) for one in selection.after.finished[:selection.after.size]],
        "lead": selection.lead,
    }


def finished_value(finished: Finished) -> dict[str, Any]:
    """Return a finished hypothesis."""
    return {"tokens": list(finished.hypothesis.tokens), "score": finished.score, "finish_reason": str(finished.reason)}


def row_value(row: Row) -> dict[str, Any]:
    """Return one row."""
    return {
        "tokens": list(row.tokens),
        "new_tokens": list(row.new_tokens),
        "finish_reason": str(row.finish_reason),
        "score": row.score,
        "beam_indices": list(row.beam_indices),
        "run": row.run,
    }


def halt_value(trace: Trace) -> dict[str, Any] | None:
    """Return the step that was refused, None when none was."""
    halt = trace.halt
    if halt is None:
        return None
    return {"tokens": list(halt.row), "applied": applied_values(halt.applied) if halt.applied else [],
            "reasons": reasons(halt.rejected)}
