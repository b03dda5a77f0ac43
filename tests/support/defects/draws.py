"""Draws, drafts and contrasts that go wrong in one place."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from genspec_reference.scores import log_softmax, softmax
from genspec_reference.select import Choice
from support.defects.defect import Defect
from support.defects.searches import R, patched


def drawing(change: Callable[..., Any]) -> Callable[[Any], Any]:
    """Change the noise: of the right function, the row, the step and how many numbers."""

    def made(right: Any) -> Any:
        def wrong(request: Any, tokens: Any, row: int, size: int) -> Any:
            step = len(tokens) - len(request.prompt)
            return change(lambda r, s, n: np.asarray(request.noise(r, s, n), dtype=np.float64), row, step, size)

        return wrong

    return made


NOISE = {
    "of the next step": lambda noise, row, step, size: noise(row, step + 1, size),
    "of the first step": lambda noise, row, step, size: noise(row, 0, size),
    "of the first row": lambda noise, row, step, size: noise(0, step, size),
    "of the next row": lambda noise, row, step, size: noise(row + 1, step, size),
    "one place further": lambda noise, row, step, size: np.roll(noise(row, step, size), 1),
    "from the end": lambda noise, row, step, size: noise(row, step, size)[::-1],
    "inverted": lambda noise, row, step, size: 1 / noise(row, step, size),
    "rooted": lambda noise, row, step, size: np.sqrt(noise(row, step, size)),
    "row and step exchanged": lambda noise, row, step, size: noise(step, row, size),
    "a small number for all": lambda noise, row, step, size: np.maximum(noise(row, step, size), 0.1),
    "in float16": lambda noise, row, step, size: np.maximum(
        np.asarray(noise(row, step, size), dtype=np.float16), 6e-5
    ).astype(float),
}


def race(change: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """Draw another way: of scores and noise, what the highest of is taken."""

    def made(right: Any) -> Any:
        def wrong(scores: Any, noise: Any) -> Any:
            from genspec_reference.select import first_of, require_a_token

            require_a_token(scores)
            with np.errstate(all="ignore"):
                return first_of(change(scores, noise), scores)

        return wrong

    return made


def inverse_of_sum(scores: Any, noise: Any) -> Any:
    """Draw with one number: right by its law, and not the race."""
    place = int(np.searchsorted(np.cumsum(softmax(scores)), np.exp(-noise[0])))
    return np.where(np.arange(scores.size) == min(place, scores.size - 1), 1.0, 0.0) + np.where(
        np.isneginf(scores), -np.inf, 0.0
    )


RACES = {
    "is no race": lambda s, e: s,
    "adds the noise": lambda s, e: s + e,
    "subtracts the noise": lambda s, e: s - e,
    "multiplies by the noise": lambda s, e: log_softmax(s) + np.log(e),
    "divides the score": lambda s, e: np.where(np.isneginf(s), -np.inf, s / e),
    "forgets what is banned": lambda s, e: np.where(np.isneginf(s), s[np.isfinite(s)].min() - 1, s) - np.log(e),
    "at twice the temperature": lambda s, e: s / 2 - np.log(e),
    "is the inverse of the sum": inverse_of_sum,
}


def highest_of(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def made(right: Any) -> Any:
        def wrong(scores: Any) -> Any:
            from genspec_reference.select import first_of, require_a_token

            require_a_token(scores)
            return first_of(change(scores), scores)

        return wrong

    return made


def second(scores: Any) -> Any:
    found = scores.copy()
    if np.isfinite(found).sum() > 1:
        found[int(found.argmax())] = -np.inf
    return found


GREEDY = {
    "the second token": second,
    "the last of equal scores": lambda s: (
        np.where(np.arange(s.size) == s.size - 1 - int(s[::-1].argmax()), 1.0, 0.0)
        + np.where(np.isneginf(s), -np.inf, 0.0)
    ),
    "the least": lambda s: np.where(np.isneginf(s), -np.inf, -s),
    "never token 0": lambda s: np.where((np.arange(s.size) == 0) & (np.isfinite(s).sum() > 1), -np.inf, s),
    "never the last token": lambda s: np.where(
        (np.arange(s.size) == s.size - 1) & (np.isfinite(s).sum() > 1), -np.inf, s
    ),
    "in float16": lambda s: np.asarray(s, dtype=np.float16).astype(float),
    "of absolute scores": lambda s: np.where(np.isneginf(s), -np.inf, np.abs(s)),
}
DRAWN = (
    "SAMPLE",
    "BEAM-SAMPLE",
    "XTC",
    "ASSISTED",
    "MIROSTAT",
    "SCORES",
    "DOLA",
    "TEMPERATURE",
    "TOP-K",
    "TOP-P",
    "RENORMALIZE",
    "PIPELINE",
)
WITH_GREEDY = ("GREEDY", "SCORES", "STOPPING", "MODE", "LENGTH", "PIPELINE", "OUTPUTS", "")


def l2(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[str, Any, Any], Any]:
    return lambda level, given, reply: change(dict(reply)) if level == "L2" and "tokens" in reply else reply


def unlike_drawn(request: Any, output: Any) -> Any:
    """All rows are the first one."""
    rows = tuple(
        replace(one, tokens=output.rows[0].tokens, finish_reason=output.rows[0].finish_reason) for one in output.rows
    )
    return replace(output, rows=rows) if request.plan.beams is None else output


def repeated(right: Any) -> Any:
    """Draw candidates with replacement: the first one again and again."""

    def wrong(request: Any, beams: Any, totals: Any) -> Any:
        taken = right(request, beams, totals)
        return replace(taken, places=taken.places[: max(1, beams.size)], keys=taken.keys[: max(1, beams.size)])

    return wrong


def by_total_drawn(right: Any) -> Any:
    def wrong(request: Any, beams: Any, totals: Any) -> Any:
        from genspec_reference.beams.candidates import by_total

        return by_total(request, beams, totals)

    return wrong


def ranked_by_score(right: Any) -> Any:
    def wrong(request: Any, beams: Any, totals: Any) -> Any:
        taken = right(request, beams, totals)
        order = np.argsort(-totals[taken.places], kind="stable")
        return replace(taken, places=taken.places[order], keys=totals[taken.places][order])

    return wrong


DRAWS = (
    *(
        Defect(
            f"noise: {what}",
            DRAWN,
            {
                (f"{R}.{place}", "noise_of"): drawing(change)
                for place in ("modes.sample", "beams.candidates", "rows", "step")
            },
        )
        for what, change in NOISE.items()
    ),
    *(
        Defect(
            f"race: {what}",
            DRAWN,
            {(f"{R}.{place}", "exponential_race"): race(change) for place in ("modes.sample", "rows")},
        )
        for what, change in RACES.items()
    ),
    *(
        Defect(
            f"greedy: {what}",
            WITH_GREEDY,
            {(f"{R}.{place}", "highest_score"): highest_of(change) for place in ("modes.greedy", "rows")},
        )
        for what, change in GREEDY.items()
    ),
    Defect("draws: in the order of their ids", DRAWN, says=l2(lambda reply: {"tokens": sorted(reply["tokens"])})),
    Defect(
        "draws: with replacement", DRAWN, says=l2(lambda reply: {"tokens": reply["tokens"][:1] * len(reply["tokens"])})
    ),
    Defect("draws: one fewer", DRAWN, says=l2(lambda reply: {"tokens": reply["tokens"][:-1]})),
    Defect("draws: all rows are the first", (*DRAWN, "OUTPUTS"), spoils=unlike_drawn),
    patched("drawn beams: not drawn", "modes.beam_sample", "by_race", by_total_drawn),
    patched("drawn beams: too few candidates", "modes.beam_sample", "by_race", repeated),
    patched("drawn beams: ranked by score", "modes.beam_sample", "by_race", ranked_by_score),
)


def speculating(change: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda right: lambda *given: change(right, *given)


def accepted(right: Any, scores: Any, judged: Any, draft: Any, noise: Any) -> Any:
    return Choice(draft.token, float(scores[draft.token]), np.inf)


OTHER = (
    Defect(
        "drafts: all are kept",
        ("ASSISTED",),
        {
            (f"{R}.modes.assisted", "verified"): lambda right: (
                lambda request, tokens, scores, draft: (
                    right(request, tokens, scores, draft)
                    if draft is None or scores[draft.token] == -np.inf
                    else Choice(draft.token, float(scores[draft.token]), np.inf)
                )
            )
        },
    ),
    Defect(
        "drafts: all of an assistant are kept",
        ("ASSISTED",),
        {(f"{R}.modes.assisted", "speculative"): speculating(accepted)},
    ),
    Defect(
        "drafts: what is left is p",
        ("ASSISTED",),
        {(f"{R}.modes.assisted", "excess"): lambda right: lambda scores, proposed: scores},
    ),
    Defect(
        "drafts: the ratio is inverted",
        ("ASSISTED",),
        {(f"{R}.modes.assisted", "acceptance"): lambda right: lambda *given: -right(*given)},
    ),
    Defect(
        "drafts: the weight is the assistant's",
        ("ASSISTED",),
        {(f"{R}.modes.assisted", "mixture"): lambda right: lambda s, q, w: right(s, q, 1 - w)},
    ),
    Defect(
        "drafts: none is known to the noise",
        ("ASSISTED",),
        {(f"{R}.modes.assisted", "propose"): lambda right: lambda *given: ()},
    ),
    Defect(
        "drafts: one more",
        ("ASSISTED",),
        {(f"{R}.drafts", "drafted"): lambda right: lambda request, tokens, n: right(request, tokens, n + 1)},
    ),
    Defect(
        "contrast: the least likeness",
        ("CONTRASTIVE-SEARCH",),
        {(f"{R}.modes.contrastive_search", "penalty_of"): lambda right: lambda *given: -right(*given)},
    ),
    Defect(
        "contrast: states are not normal",
        ("CONTRASTIVE-SEARCH",),
        {(f"{R}.modes.contrastive_search", "directions"): lambda right: lambda states: states},
    ),
    Defect(
        "contrast: a candidate fewer",
        ("CONTRASTIVE-SEARCH",),
        {
            (f"{R}.modes.contrastive_search", "candidates_of"): lambda right: (
                lambda scores, n: right(scores, max(1, n - 1))
            )
        },
    ),
    Defect(
        "contrast: no penalty",
        ("CONTRASTIVE-SEARCH",),
        {(f"{R}.modes.contrastive_search", "penalty_of"): lambda right: lambda *given: 0.0},
    ),
    Defect(
        "layers: the most alike one",
        ("DOLA",),
        {(f"{R}.modes.dola", "divergence"): lambda right: lambda *given: -right(*given)},
    ),
    Defect(
        "layers: the last candidate",
        ("DOLA",),
        {
            (f"{R}.modes.dola", "premature_layer"): lambda right: (
                lambda logits, layers, candidates: (candidates[-1], np.inf)
            )
        },
    ),
    Defect(
        "layers: a divergence of one side",
        ("DOLA",),
        {
            (f"{R}.modes.dola", "divergence"): lambda right: (
                lambda a, b: float((softmax(a) * (log_softmax(a) - log_softmax(b))).sum())
            )
        },
    ),
    Defect("layers: a tenth is a twentieth", ("DOLA",), {(f"{R}.modes.dola", "RELATIVE_TOP"): lambda right: 0.05}),
    Defect(
        "layers: the contrast of logits",
        ("DOLA",),
        {
            (f"{R}.modes.dola", "contrast"): lambda right: (
                lambda logits, base: np.where(np.isneginf(right(logits, base)), -np.inf, logits - base)
            )
        },
    ),
    Defect("healing: no favour", ("TOKEN-HEALING",), {(f"{R}.healing", "FAVOUR"): lambda right: 0.0}),
    Defect("healing: never", ("TOKEN-HEALING",), {(f"{R}.decode", "healed"): lambda right: lambda request: request}),
)

OLDER = ("contrast:", "layers:")
"""Defects of modes that transformers has moved out: decoders that have them declare an older profile."""
DEFECTS = tuple(replace(one, profile="hf-4.50") if one.name.startswith(OLDER) else one for one in (*DRAWS, *OTHER))
