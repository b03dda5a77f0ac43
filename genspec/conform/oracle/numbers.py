"""The numbers that a decoder returns beside the tokens: scores, logits and the scores of hypotheses."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from genspec.conform.oracle.blame import clauses_of_score
from genspec.conform.oracle.finding import Place
from genspec.conform.oracle.tolerance import close, magnitude, tolerance
from genspec.conform.verdict import Verdict
from genspec_reference.output import Run, Step
from genspec_reference.request import Request
from genspec_reference.scores import Scores
from genspec_reference.step import Scored

Arrays = Sequence[Scores]
CLAUSES = {"scores": "OUTPUTS-2", "logits": "OUTPUTS-3"}


def differing_numbers(
    request: Request, place: Place, kept: Step | None, scored: Sequence[Scored], *, dtype: str, longest: int
) -> list[Verdict]:
    """Compare the scores and logits of one step, where the plan asks for them. OUTPUTS-2, OUTPUTS-3, VECTORS-8.

    `longest`: the new tokens of the longest row.
    """
    wanted = request.plan.outputs
    said = list[Verdict]()
    if wanted.scores:
        scores = [one.scores for one in scored]
        given = None if kept is None else kept.scores
        said += [
            one if one.answered is None else replace(one, clauses=clauses_of_score(scored[0], np.array(one.answered)))
            for one in differing(place, "scores", given, scores, dtype=dtype, longest=longest)
        ]
    if wanted.logits:
        logits = [one.answer.logits for one in scored]
        given = None if kept is None else kept.logits
        said += differing(place, "logits", given, logits, dtype=dtype, longest=longest)
    return said[:1]


def differing_steps(
    request: Request, place: Place, expected: Run, answered: Run, *, dtype: str, longest: int
) -> list[Verdict]:
    """Compare what was kept of every step; what follows the last one is free. OUTPUTS-10, OUTPUTS-18."""
    outputs = request.plan.outputs
    if request.plan.beams is not None and outputs.scores and 0 < len(answered) < len(expected):
        ended, whole = len(answered), len(expected)
        reason = f"the search ends after {ended} steps instead of {whole}."
        return [place.at(ended).violates("length of the search", ("BEAM-SEARCH-6",), reason, whole, ended)]
    for name, wanted in (("scores", outputs.scores), ("logits", outputs.logits)):
        for number, step in enumerate(expected if wanted else ()):
            given, right = getattr(answered[number], name) if number < len(answered) else None, getattr(step, name)
            said = differing(place.at(number), name, given, right, dtype=dtype, longest=longest)
            if said and given is not None and another_support(given, right, step.margin, dtype):
                return [place.at(number).ambiguous(name, said[0].clauses, margin=step.margin, tied=False,
                                                   expected=said[0].expected, answered=said[0].answered)]
            if said:
                return said
    return []


def another_support(answered: Arrays, expected: Arrays, margin: float, dtype: str) -> bool:
    """Tell whether scores differ in which tokens are left alone, and rounding may decide that. VECTORS-9.

    `margin`: how near the nearest decision of the step is to falling the other way.
    """
    allowed = tolerance(dtype, magnitude(expected))
    if margin > allowed or len(answered) < len(expected):
        return False
    for given, right in zip(answered, expected, strict=False):
        if given.shape != right.shape:
            return False
        both = np.isfinite(right) & np.isfinite(given)
        if not close(given[both], right[both], dtype, allowed):
            return False
    return True


def differing(
    place: Place, name: str, answered: Arrays | None, expected: Arrays, *, dtype: str, longest: int
) -> list[Verdict]:
    """Compare arrays of one step, one an open hypothesis; nothing: they are equal within the tolerance."""
    clause = CLAUSES[name]
    if answered is None:
        return [place.violates(name, (clause,), f"the {name} were asked for and are missing.", "present", None)]
    if len(answered) < len(expected):           # more are free: OUTPUTS-18
        said = f"there are {name} for {len(answered)} open hypotheses instead of {len(expected)}."
        return [place.violates(name, (clause,), said, len(expected), len(answered))]
    allowed = tolerance(dtype, magnitude(expected), longest)
    for beam, (numbers, right) in enumerate(zip(answered, expected, strict=False)):
        given = np.asarray(numbers, dtype=np.float64)
        if not close(given, right, dtype, allowed):
            said = f"the {name} of hypothesis {beam} differ by more than {allowed:.2g}."
            return [place.violates(name, (clause,), said, right.tolist(), given.tolist())]
    return []


def unfilled(indices: tuple[int, ...], count: int) -> tuple[int, ...]:
    """Cut the -1 that fill an array of beam indices behind a row of so many new tokens. OUTPUTS-17."""
    end = len(indices)
    while end > count and indices[end - 1] == -1:
        end -= 1
    return indices[:end]
