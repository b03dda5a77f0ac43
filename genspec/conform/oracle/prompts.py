"""The rows of one prompt: equal to the reference's, or explained step by step, or explained as a search."""

import numpy as np

from genspec.config.mode import Mode
from genspec.conform.oracle.blame import clauses_of_mode, clauses_of_search, clauses_of_total
from genspec.conform.oracle.finding import Place
from genspec.conform.oracle.numbers import differing_steps
from genspec.conform.oracle.rows import judge_row
from genspec.conform.oracle.searches import own_score, reached, reordered
from genspec.conform.oracle.tolerance import close, magnitude, tolerance
from genspec.conform.verdict import Kind, Verdict
from genspec_reference import GenerateOutput, Row
from genspec_reference.beams.candidates import draws_from_copies
from genspec_reference.healing import healed
from genspec_reference.output import Run
from genspec_reference.request import Request

Rows = tuple[Row, ...]


def judge_prompt(
    request: Request, prompt: int, expected: GenerateOutput, answered: GenerateOutput, dtype: str
) -> list[Verdict]:
    """Judge what a decoder gives for one prompt; nothing to say: it conforms."""
    place = Place(prompt)
    if same_rows(expected.rows, answered.rows) and not differing_outputs(request, place, expected, answered, dtype):
        return []
    if not follows_rows(request):
        return judge_search(request, place, expected, answered, dtype)
    if len(answered.rows) != len(expected.rows):
        return [wrong_count(place, clauses_of_mode(request.plan), expected, answered)]
    begun, longest = healed(request), longest_of(expected.rows)
    return [
        said for number, row in enumerate(answered.rows)
        for said in judge_row(begun, Place(prompt, number), row, run_of(answered, row), dtype=dtype,
                              longest=longest)
    ]


def follows_rows(request: Request) -> bool:
    """Tell whether the mode takes its tokens one by one, each from the scores of its own row alone."""
    mode, draws = request.plan.mode, request.plan.draws
    if mode is Mode.ASSISTED:
        assistance = request.plan.assistance
        mixes = assistance is not None and assistance.assistant_ensemble_weight is not None
        return not mixes and not (draws and request.assistant is not None)
    return mode in (Mode.GREEDY, Mode.SAMPLE)


def same_rows(expected: Rows, answered: Rows) -> bool:
    """Tell whether rows have the same tokens and ends, and beam indices where a decoder tells them."""
    told = any(row.beam_indices for row in answered)
    return [identity(row, told) for row in expected] == [identity(row, told) for row in answered]


def longest_of(rows: Rows) -> int:
    """Count the new tokens of the longest row."""
    return max((len(row.new_tokens) for row in rows), default=0)


def identity(row: Row, told: bool) -> tuple[object, ...]:
    """Give what is compared exactly. `told`: whether the beam indices are."""
    return tuple(row.tokens), row.prompt_length, str(row.finish_reason), tuple(row.beam_indices) if told else ()


def run_of(output: GenerateOutput, row: Row) -> Run | None:
    """Give the steps that a row came from, where the decoder kept them."""
    return output.runs[row.run] if row.run < len(output.runs) else None


def judge_search(
    request: Request, place: Place, expected: GenerateOutput, answered: GenerateOutput, dtype: str
) -> list[Verdict]:
    """Judge rows that came from one search, or from a mode whose steps hang together."""
    def fits(again: GenerateOutput) -> bool:
        return same_rows(again.rows, answered.rows)

    def fits_wholly(again: GenerateOutput) -> bool:
        return fits(again) and not differing_runs(request, place, again, answered, dtype)

    totals = differing_totals(request, place, tuple(own_score(request, row) for row in answered.rows), answered.rows,
                              dtype)
    wrong = any(map(is_wrong, totals))
    if wrong and {row.tokens for row in answered.rows} <= {row.tokens for row in expected.rows}:
        return totals
    if not fits(expected) and reordered(request, expected, answered.rows):
        return totals                                       # BEAM-SEARCH-5  the order of equal scores is free
    impossible = is_impossible(request, answered.rows)
    found = None if impossible else reached(request, expected, answered.rows, dtype, fits_wholly)
    if found is None and not fits(expected):
        return [wrong_rows(request, place, expected, answered)]
    if found is None:
        return differing_outputs(request, place, expected, answered, dtype)
    if wrong:
        return totals
    clauses = clauses_of_search(request, expected, answered)
    rows, came = expected.new_tokens, answered.new_tokens
    return [place.ambiguous("tokens" if rows != came else "beams", clauses, margin=found.margin, tied=found.tied,
                            expected=rows, answered=came)]


def is_impossible(request: Request, rows: tuple[Row, ...]) -> bool:
    """Tell whether no order of near totals gives such rows: more than are asked for, or one of them twice.

    Of a search that begins with copies of the prompt the beam indices tell rows of the same tokens apart.
    """
    plan = request.plan
    if plan.mode not in (Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE):
        return False
    copies, told = draws_from_copies(request), any(row.beam_indices for row in rows)
    different = {(row.tokens, row.beam_indices if copies else ()) for row in rows}
    return len(rows) > plan.outputs.num_return_sequences or (len(different) < len(rows) and (told or not copies))


def is_wrong(said: Verdict) -> bool:
    """Tell whether a verdict is more than ambiguous."""
    return said.kind is Kind.VIOLATES


def wrong_rows(request: Request, place: Place, expected: GenerateOutput, answered: GenerateOutput) -> Verdict:
    """Say that the rows of a search are wrong."""
    clauses = clauses_of_search(request, expected, answered)
    if len(expected.rows) != len(answered.rows):
        return wrong_count(place, clauses, expected, answered)
    pairs, told = zip(expected.rows, answered.rows, strict=True), any(row.beam_indices for row in answered.rows)
    number, (right, wrong) = next(
        (number, pair) for number, pair in enumerate(pairs) if identity(pair[0], told) != identity(pair[1], told)
    )
    row = Place(place.prompt, number, parting(right, wrong))
    for name, title in (("tokens", "tokens"), ("finish_reason", "finish reason"), ("beam_indices", "beam indices")):
        if getattr(right, name) != getattr(wrong, name):
            reason = f"the {title} of a row are {getattr(right, name)}, and {getattr(wrong, name)} came."
            return row.violates(title, clauses, reason, getattr(right, name), getattr(wrong, name))
    return row.violates("prompt", ("OUTPUTS-7",), "the row has another prompt.", right.prompt_length,
                        wrong.prompt_length)


def parting(right: Row, wrong: Row) -> int:
    """Give the number of the first new token that differs, or how many there are."""
    pairs = enumerate(zip(right.new_tokens, wrong.new_tokens, strict=False))
    return next((step for step, (one, other) in pairs if one != other),
                min(len(right.new_tokens), len(wrong.new_tokens)))


def wrong_count(
    place: Place, clauses: tuple[str, ...], expected: GenerateOutput, answered: GenerateOutput
) -> Verdict:
    """Say that there are more or fewer rows."""
    return place.violates("number of rows", (*clauses, "OUTPUTS-6"),
                          f"there are {len(answered.rows)} rows instead of {len(expected.rows)}.",
                          expected.new_tokens, answered.new_tokens)


def differing_outputs(
    request: Request, place: Place, expected: GenerateOutput, answered: GenerateOutput, dtype: str
) -> list[Verdict]:
    """Compare the numbers of a prompt whose rows are the expected ones."""
    totals = differing_totals(request, place, expected.rows, answered.rows, dtype)
    if any(map(is_wrong, totals)):
        return totals
    return differing_runs(request, place, expected, answered, dtype) or totals


def differing_runs(
    request: Request, place: Place, expected: GenerateOutput, answered: GenerateOutput, dtype: str
) -> list[Verdict]:
    """Compare the scores and logits of every step of the runs that rows come from."""
    longest = longest_of(expected.rows)
    for number in dict.fromkeys(row.run for row in expected.rows):
        kept = answered.runs[number] if number < len(answered.runs) else ()
        said = differing_steps(request, place, expected.runs[number], kept, dtype=dtype, longest=longest)
        if said:
            return said
    return []


def differing_totals(request: Request, place: Place, expected: Rows, answered: Rows, dtype: str) -> list[Verdict]:
    """Compare the scores of hypotheses. OUTPUTS-8, VECTORS-8.

    A negative `length_penalty` multiplies the total, and its rounding: a score of a total that is near is ambiguous.
    """
    longest = longest_of(expected)
    allowed = tolerance(dtype, magnitude(np.array([row.score or 0.0]) for row in expected), longest)
    near = list[Verdict]()
    for number, (right, given) in enumerate(zip(expected, answered, strict=True)):
        if right.score is None or (given.score is None and not request.plan.outputs.scores):
            continue            # some decoders tell it with the scores of the steps only
        score = np.nan if given.score is None else given.score
        if close(np.array([score]), np.array([right.score]), dtype, allowed):
            continue
        row, factor = Place(place.prompt, number), lengthening(request, right)
        if not abs(score - right.score) <= tolerance(dtype, abs(right.score) / factor, longest) * factor:
            reason = f"the score of a hypothesis is {right.score:.9g}, and {score:.9g} came."
            clauses = clauses_of_total(request, right, score, allowed)
            return [row.violates("score of a row", clauses, reason, right.score, given.score)]
        near.append(row.ambiguous("score of a row", ("BEAM-SEARCH-4", "OUTPUTS-8"), margin=abs(score - right.score),
                                  tied=False, expected=right.score, answered=score))
    return near[:1]


def lengthening(request: Request, row: Row) -> float:
    """Give by how much the rounding of a row's total is multiplied in its score; 1 where it is not. BEAM-SEARCH-4."""
    beams = request.plan.beams
    if beams is None:
        return 1.0
    return float(max(1.0, max(1, len(row.new_tokens)) ** -beams.length_penalty))
