"""DEV-42, DEV-87, DEV-88, DEV-90, DEV-93 and DEV-94: what searches before 4.50 write, and what 4.38 does otherwise."""

from dataclasses import replace
from functools import partial
from itertools import islice, product

from genspec.backends.call import Call
from genspec.config.decision import Rejected
from genspec.config.mode import Mode
from genspec.config.plan import DecodingPlan, Operation
from genspec.conform.deviations.counterfactual import ROUNDINGS, Situation, is_right
from genspec.conform.oracle.prompts import lengthening
from genspec.conform.oracle.ranking import FEW
from genspec.conform.oracle.requests import with_operations
from genspec.conform.oracle.searches import own_score
from genspec.conform.oracle.tolerance import tolerance
from genspec_reference import GenerateOutput, Row
from genspec_reference.decode import run
from genspec_reference.output import Run
from genspec_reference.request import Request
from genspec_reference.step import CLOSING, inserted

SEARCHES = (Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE, Mode.GROUP_BEAM_SEARCH, Mode.CONSTRAINED_BEAM_SEARCH)


def first_eos_is_written(situation: Situation) -> Situation | None:
    """Give the rows that end with the first EOS the EOS that ended them, where the rest is as expected. DEV-42.

    Where equal scores let another row come, or one with another EOS, any that makes the answer right is the one.
    """
    plan, answered = situation.request.plan, situation.answered
    if answered is None or plan.mode not in SEARCHES or len(plan.stopping.eos_token_ids) < 2:
        return None
    try:
        rows, *others = ways_to_end(situation, answered.rows)
    except Rejected:
        return None
    if others and not is_right(with_rows(situation, answered, rows)):
        rows = next((one for one in others if is_right(with_rows(situation, answered, one))), rows)
    return with_rows(situation, answered, rows) if rows != answered.rows else None


def with_rows(situation: Situation, answered: GenerateOutput, rows: tuple[Row, ...]) -> Situation:
    """Give a situation whose answer has other rows."""
    return replace(situation, answered=replace(answered, rows=rows))


def ways_to_end(situation: Situation, rows: tuple[Row, ...]) -> list[tuple[Row, ...]]:
    """Give rows with the EOS of the expected ones first, then with others of the same score.

    A search that is not the reference's tells them in each of its ways of rounding. Raises `Rejected` as it does.
    """
    request, search = situation.request, situation.search
    eos = request.plan.stopping.eos_token_ids
    decodes = [partial(search, rounding=way) for way in range(ROUNDINGS)] if search else [run]
    expected = [list(decode(request).rows) for decode in decodes]
    told = [tuple(written_as(row, left, eos) for row in rows) for left in expected]
    if search is None:
        told += written_in([endings_of(request, row, eos, situation.info.dtype) for row in rows])
    return list(dict.fromkeys(told))


def written_as(row: Row, expected: list[Row], eos: tuple[int, ...]) -> Row:
    """Give a row with the last token of the expected one that is equal but for that, which is used up."""
    def fits(other: Row) -> bool:
        ends = row.tokens[-1] == eos[0] and other.tokens[-1] in eos and len(other.tokens) > other.prompt_length
        return ends and row.tokens[:-1] == other.tokens[:-1]

    def distance(other: Row) -> tuple[bool, float]:
        return row.beam_indices != other.beam_indices, abs((other.score or 0.0) - (row.score or 0.0))

    fitting = [other for other in expected if row.new_tokens and fits(other)]
    if not fitting:
        return row
    found = min(fitting, key=distance)
    expected.remove(found)
    return replace(row, tokens=found.tokens)


def endings_of(request: Request, row: Row, eos: tuple[int, ...], dtype: str) -> tuple[Row, ...]:
    """Give the rows with any EOS in the place of the first one that have the score of this row."""
    if not row.new_tokens or row.tokens[-1] != eos[0]:
        return (row,)
    others = [replace(row, tokens=(*row.tokens[:-1], token)) for token in eos]
    scores = [own_score(request, replace(other, score=None)).score for other in others]
    factor = lengthening(request, row)
    allowed = tolerance(dtype, abs(row.score or 0.0) / factor, len(row.new_tokens)) * factor
    return tuple(other for other, score in zip(others, scores, strict=True)
                 if score is not None and (row.score is None or abs(score - row.score) <= allowed))


def written_in(endings: list[tuple[Row, ...]]) -> list[tuple[Row, ...]]:
    """Give the ways in which rows may have ended, the same rows once in any order, and no more than are soon tried."""
    ways = {
        tuple(sorted((row.tokens, row.beam_indices) for row in rows)): rows
        for rows in islice(product(*endings), FEW * FEW)
    }
    return list(ways.values())[:FEW]


def watermark_comes_first(situation: Situation) -> Situation | None:
    """Let the watermark act in front of temperature and truncations. DEV-90."""
    request = situation.request
    mark = request.plan.operation("watermark")
    if mark is None:
        return None
    others = tuple(one for one in request.plan.operations if one is not mark)
    moved = inserted(others, [mark], CLOSING)
    if moved == request.plan.operations:
        return None
    return replace(situation, request=with_operations(request, moved))


def draws_several_eos(call: Call, plan: DecodingPlan) -> bool:
    """DEV-87."""
    return plan.mode is Mode.BEAM_SAMPLE and len(plan.stopping.eos_token_ids) > 1


def logits_are_lost(situation: Situation) -> Situation | None:
    """Take the expected logits: operations wrote into them, and assisted decoding keeps no step apart. DEV-88."""
    request, answered = situation.request, situation.answered
    if answered is None or request.plan.mode in SEARCHES or not request.plan.outputs.logits:
        return None
    decode = partial(situation.search, rounding=0) if situation.search else run
    try:
        expected = decode(request)
    except Rejected:
        return None
    pairs = zip(answered.runs, expected.runs, strict=False)
    return replace(situation, answered=replace(answered, runs=tuple(with_logits(*pair) for pair in pairs)))


def with_logits(answered: Run, expected: Run) -> Run:
    """Give steps with the logits of others."""
    return tuple(replace(step, logits=other.logits) for step, other in zip(answered, expected, strict=False))


def both_minima_act(situation: Situation) -> Situation | None:
    """Let `min_length` hold EOS back beside `min_new_tokens`. DEV-93."""
    config, plan = situation.call.config, situation.request.plan
    least, eos, order = config.get("min_length"), plan.stopping.eos_token_ids, plan.profile.order
    if not least or config.get("min_new_tokens") is None or not eos:
        return None
    later = frozenset(order[order.index("min_length") + 1:])
    held = inserted(plan.operations, [Operation("min_length", {"length": least, "eos": eos}, "MIN-LENGTH-1")], later)
    return replace(situation, request=with_operations(situation.request, held))


def no_draft_is_doubted(situation: Situation) -> Situation | None:
    """Let no draft end with a token of low probability. DEV-94."""
    plan = situation.request.plan
    if situation.request.assistant is None or plan.assistance is None:
        return None
    certain = replace(plan.assistance, assistant_confidence_threshold=None)
    return replace(situation, request=replace(situation.request, plan=replace(plan, assistance=certain)))


def ends_strings_without_eos(call: Call, plan: DecodingPlan) -> bool:
    """DEV-97: behind a search that strings end, an EOS is written."""
    return plan.mode in SEARCHES and bool(plan.stopping.stop_strings) and not plan.stopping.eos_token_ids
