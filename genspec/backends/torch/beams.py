"""Beam search and beam sampling for all prompts at once. Text: docs/spec/beam_search.md, docs/spec/beam_sample.md."""

from collections.abc import Mapping, Sequence
from math import inf, isnan

import torch

from genspec.backends.torch.decoded import Decoded, Drawn, Kept, kept_of
from genspec.backends.torch.hypotheses import Rules, Search, continued, draws_from_copies, row_of, started
from genspec.backends.torch.passes import Passes
from genspec.backends.torch.pipeline import NOT_REAL, NOTHING_LEFT, Candidates
from genspec.backends.torch.refusal import refusal
from genspec.backends.torch.request import Request
from genspec.config.plan import DecodingPlan


def decode_beams(request: Request) -> Decoded:
    """Search all prompts side by side, each until no hypothesis of it is open. BEAM-SEARCH-1 to BEAM-SEARCH-11."""
    detokenize = request.detokenize if request.plan.stopping.stop_strings else None
    rules = [Rules.of(plan, prompt, detokenize, request.stopped)
             for plan, prompt in zip(request.plans, request.prompts, strict=True)]
    searches = [started(one) for one in rules]
    steps = search(request, rules, searches) if any(one.open for one in searches) else []
    wanted = request.plan.outputs.num_return_sequences
    return Decoded(
        tuple(tuple(row_of(own, one) for one in ended.pool[:wanted])
              for own, ended in zip(rules, searches, strict=True)),
        tuple(steps),
    )


def search(request: Request, rules: Sequence[Rules], searches: list[Search]) -> list[Kept]:
    """Take steps until no search is open. One synchronisation a step: the candidates."""
    beams, outputs, passes, noise = request.lines_per_prompt, request.plan.outputs, Passes(request), request.noise()
    forward, unconditional = passes.start(beams)
    pipeline, steps = request.pipeline(forward.logits.shape[1]), []
    prompts = list(range(len(rules)))
    totals = [total for one in searches for total in [0.0] * len(one.open) + [-inf] * (beams - len(one.open))]
    while True:
        found = pipeline.candidates(
            forward.logits, totals, candidate_count(request.plan), noise, unconditional,
        )
        candidates = dict(zip(prompts, read(found), strict=True))
        steps.append(kept_of(
            outputs, lines_of(prompts, beams), forward, found.scores,
            open_ones={number: len(searches[number].open) for number in prompts}, candidates=candidates,
        ))
        before = prompts
        turn(request, rules, searches, candidates)
        prompts = [number for number in before if searches[number].open]
        if not prompts:
            return steps
        placed = [
            line for number in prompts for line in placed_in(searches[number], before.index(number) * beams, beams)
        ]
        parents, tokens = [line[0] for line in placed], [line[1] for line in placed]
        totals = [line[2] for line in placed]
        pipeline.advance(parents, tokens)
        if noise is not None:
            noise.keep([before.index(number) for number in prompts])
        forward, unconditional = passes.step(tokens, parents)


def lines_of(prompts: Sequence[int], beams: int) -> list[int]:
    """List the lines of prompts, as the whole batch numbers them."""
    return [number * beams + place for number in prompts for place in range(beams)]


def candidate_count(plan: DecodingPlan) -> int:
    """Tell how many candidates a step of one prompt looks at. BEAM-SEARCH-2, BEAM-SAMPLE-1."""
    assert plan.beams is not None
    eos = len(plan.stopping.eos_token_ids)
    two = plan.profile.beam_candidates == "two" or draws_from_copies(plan)
    return plan.beams.num_beams * (2 if two else max(2, 1 + eos))


def read(found: Candidates) -> list[list[Drawn]]:
    """Bring the candidates of all prompts to the host, in one piece. Those of minus infinity are none. BEAM-SEARCH-2.

    float64 holds every total and every token id exactly.
    """
    if isinstance(found.totals, torch.Tensor):
        parts = [torch.as_tensor(part).double() for part in (found.totals, found.beams, found.tokens)]
        packed = torch.stack(parts, dim=-1).tolist()
        prompts = [[Drawn(total, int(beam), int(token)) for total, beam, token in prompt] for prompt in packed]
    else:
        prompts = [list(map(Drawn, *prompt)) for prompt in zip(
            found.totals.tolist(), found.beams.tolist(), found.tokens.tolist(), strict=True)]
    return [[one for one in prompt if one.total != -inf] for prompt in prompts]


def turn(
    request: Request, rules: Sequence[Rules], searches: list[Search], candidates: Mapping[int, Sequence[Drawn]]
) -> None:
    """Take a step of every search that is open. Raises `Rejected`. SCORES-2, SCORES-6."""
    elapsed = request.elapsed()             # BEAM-SEARCH-12: once a step
    for number, drawn in candidates.items():
        if not searches[number].open:       # a budget of 0: it has never been open
            continue
        if any(isnan(one.total) for one in drawn):
            raise refusal(NOT_REAL, number)
        searches[number] = continued(rules[number], searches[number], drawn, elapsed)
        if not searches[number].open and not searches[number].pool:
            raise refusal(NOTHING_LEFT, number)


def placed_in(one: Search, first: int, beams: int) -> list[tuple[int, int, float]]:
    """Give each open hypothesis of a prompt its line: which line it continues, by which token, and its total.

    `first`: the prompt's first line before. A line without a hypothesis repeats the first one, so that the model reads
    nothing that is not a row; its total is minus infinity, so that nothing of it is a candidate. BEAM-SEARCH-7
    """
    lines = [(first + hypothesis.beam, hypothesis.token, hypothesis.total) for hypothesis in one.open]
    return lines + [(*lines[0][:2], -inf)] * (beams - len(lines))
