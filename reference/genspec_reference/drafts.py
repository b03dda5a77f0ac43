"""Where the drafts of assisted decoding come from. Text: docs/spec/assisted.md."""

from dataclasses import dataclass, replace

import numpy as np

from genspec.config.decision import Reason, Rejected
from genspec.config.plan import Assistance
from genspec_reference.request import Request
from genspec_reference.scores import Scores, softmax
from genspec_reference.select import Choice, exponential_race, highest_score
from genspec_reference.step import noise_of, score_row

Drafts = tuple["Draft", ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """One proposed token. ASSISTED-10, ASSISTED-11."""

    token: int
    scores: Scores | None = None    # float[V]: the assistant's, where it chose the token
    margin: float = np.inf          # of that choice


def assistance_of(request: Request) -> Assistance:
    """Return how drafts are made. Raises `Rejected` where a mixture has no assistant to mix. ASSISTED-15."""
    assistance = request.plan.assistance
    assert assistance is not None, "a plan of this mode has it"
    if assistance.assistant_ensemble_weight is not None and request.assistant is None:
        raise Rejected((Reason(
            "assistant_ensemble_weight", assistance.assistant_ensemble_weight, "ASSISTED-15",
            "it weighs an assistant model, and the call has none.", "Give an assistant, or unset the field.",
        ),))
    return assistance


def propose(request: Request, tokens: tuple[int, ...]) -> Drafts:
    """Draft the tokens after a row, at most one fewer than there is room for. ASSISTED-10, ASSISTED-11."""
    assistance, room = assistance_of(request), request.plan.length.max_length - len(tokens) - 1
    if assistance.prompt_lookup_num_tokens is not None:
        count = min(assistance.prompt_lookup_num_tokens, room)
        found = looked_up(tokens, count, assistance.max_matching_ngram_size)
        return tuple(Draft(token) for token in before_eos(found, request.plan.stopping.eos_token_ids))
    if request.assistant is None:
        return ()
    return drafted(replace(request, model=request.assistant), tokens, min(assistance.num_assistant_tokens or 0, room))


def looked_up(tokens: tuple[int, ...], count: int, longest: int) -> tuple[int, ...]:
    """Copy what follows the first occurrence of the longest ending that occurs before. ASSISTED-10."""
    for size in range(min(longest, len(tokens) - 1), 0, -1):
        for start in range(len(tokens) - size):
            if tokens[start:start + size] == tokens[-size:]:
                return tokens[start + size:][:count]
    return ()


def before_eos(tokens: tuple[int, ...], eos: tuple[int, ...]) -> tuple[int, ...]:
    """Cut tokens before their first EOS. ASSISTED-10."""
    return tokens[:next((place for place, token in enumerate(tokens) if token in eos), len(tokens))]


def drafted(request: Request, tokens: tuple[int, ...], count: int) -> Drafts:
    """Choose tokens one after another, for a request whose model is the assistant. ASSISTED-11."""
    drafts: Drafts = ()
    while len(drafts) < count and not is_last(request, drafts):
        row = (*tokens, *(draft.token for draft in drafts))
        scored = score_row(request, row)
        if scored.scores.max() == -np.inf:
            break
        choice = drafted_token(request, row, scored.scores)
        drafts = (*drafts, Draft(choice.token, scored.scores, min(choice.margin, scored.margin)))
    return drafts


def is_last(request: Request, drafts: Drafts) -> bool:
    """Tell whether a draft ends at its newest token: at an EOS, or at one the assistant doubts. ASSISTED-11."""
    if not drafts:
        return False
    newest, threshold = drafts[-1], assistance_of(request).assistant_confidence_threshold or 0.0
    assert newest.scores is not None, "an assistant's draft has them"
    doubted = softmax(newest.scores)[newest.token] < threshold
    return bool(doubted) or newest.token in request.plan.stopping.eos_token_ids


def drafted_token(request: Request, row: tuple[int, ...], scores: Scores) -> Choice:
    """Take the assistant's token: the highest score, or drawn with noise of its own. float[V]. ASSISTED-11, -16."""
    if not request.plan.draws:
        return highest_score(scores)
    return exponential_race(scores, noise_of(request, row, 0, 2 * scores.size + 2)[scores.size + 2:])
