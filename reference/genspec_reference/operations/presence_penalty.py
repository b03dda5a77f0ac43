"""One penalty for every token seen before. Text: docs/spec/presence_penalty.md. Source: OpenAI API reference."""

from genspec_reference.scope import Scope, scoped, scorable
from genspec_reference.scores import Scores


def presence_penalty(
    scores: Scores, penalty: float, *, tokens: tuple[int, ...], prompt_length: int, count_scope: Scope = "output",
    penalty_window: int | None = None,
) -> Scores:
    """Subtract `penalty` once from the score of every token that is counted. float[V] -> float[V].

    `tokens`: the row; `prompt_length`: how many of them are the prompt. PRESENCE-PENALTY-2, PRESENCE-PENALTY-3
    """
    counted = scoped(tokens, prompt_length, count_scope, penalty_window)    # PRESENCE-PENALTY-2
    penalised = scores.copy()
    penalised[scorable(counted, scores.size)] -= penalty                    # PRESENCE-PENALTY-3
    return penalised
