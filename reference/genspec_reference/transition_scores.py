"""What each new token of a row scored when it was taken. Text: docs/spec/outputs.md."""

from genspec_reference.output import GenerateOutput, Row
from genspec_reference.scores import log_softmax


def transition_scores(output: GenerateOutput, normalize: bool = False) -> tuple[tuple[float, ...], ...]:
    """Give the score of each new token of each row, at the step and the open hypothesis that it extended. OUTPUTS-12.

    `normalize`: after a log-softmax of that step's scores. OUTPUTS-13. Raises ValueError for an output without scores.
    """
    return tuple(transitions_of(row, output, normalize) for row in output.rows)


def transitions_of(row: Row, output: GenerateOutput, normalize: bool) -> tuple[float, ...]:
    """Give the scores of one row's new tokens. float a new token. OUTPUTS-12, OUTPUTS-13."""
    extended = row.beam_indices or (0,) * len(row.new_tokens)       # OUTPUTS-9  one open hypothesis without beams
    found = []
    for step, hypothesis, token in zip(output.runs[row.run], extended, row.new_tokens, strict=False):
        if step.scores is None:
            raise ValueError("transition scores are read off the scores: set output_scores and "
                             "return_dict_in_generate")
        scores = step.scores[hypothesis]
        found.append(float((log_softmax(scores) if normalize else scores)[token]))
    return tuple(found)
