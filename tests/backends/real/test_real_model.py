"""Our `generate` and that of transformers on a real model, token for token: 20 prompts, alone and in ragged batches."""

from typing import Any

import pytest
from support.generated import of_genspec, of_transformers
from support.real_model import ASKED, MISSING, PROMPTS, SKIPPED, real_model
from support.small_models import padded

pytestmark = pytest.mark.skipif(bool(MISSING) or not ASKED, reason=SKIPPED)

EOS, PAD, STEPS = 2, 0, 16          # 2 is the end of a turn, 0 the end of a text: a pad that no row needs
CONFIGS: dict[str, dict[str, Any]] = {
    "greedy": {},
    "4 beams": {"num_beams": 4},
    "beams, n-gram ban": {"num_beams": 4, "no_repeat_ngram_size": 2, "length_penalty": 1.4, "early_stopping": True},
    "sampling": {"do_sample": True, "temperature": 0.8, "top_k": 50, "top_p": 0.95},
}
BATCH = 8


def both(prompts: list[list[int]], config: dict[str, Any]) -> tuple[Any, Any, int]:
    """Run both sides on one batch. Returns their outputs and the length of the prompts."""
    model, _ = real_model()
    ids, mask = padded(prompts, pad=PAD)
    asked = {"max_new_tokens": STEPS, "eos_token_id": EOS, "pad_token_id": PAD, "return_dict_in_generate": True,
             "output_logits": True, "output_scores": True, **config}
    ours = of_genspec(model, ids, mask, asked, seed=11)
    return ours, of_transformers(model, ids, mask, asked, seed=11), ids.shape[1]


def partings(ours: Any, theirs: Any, width: int) -> list[str]:
    """Say where rows part: the step, the two tokens, and how far apart their scores are for transformers."""
    found = []
    for row, (mine, other) in enumerate(zip(ours.sequences.tolist(), theirs.sequences.tolist(), strict=True)):
        if mine == other:
            continue
        step = next((place for place, (a, b) in enumerate(zip(mine, other, strict=False)) if a != b), width - 1) - width
        line = f"row {row}, step {step}: ours {mine[width:]}, transformers {other[width:]}"
        if ours.get("sequences_scores") is not None:
            line += f"; of the rows {ours.sequences_scores[row]:.7f} and {theirs.sequences_scores[row]:.7f}"
        elif step >= 0:
            scores = theirs.scores[step][row]
            line += f"; scores {scores[mine[width + step]]:.7f} and {scores[other[width + step]]:.7f}"
        found.append(line)
    return found


@pytest.mark.parametrize("name", CONFIGS)
def test_each_prompt_alone(name):
    for text, prompt in zip(PROMPTS, real_model()[1], strict=True):
        ours, theirs, width = both([prompt], CONFIGS[name])
        assert not (found := partings(ours, theirs, width)), "\n".join((text, *found))


@pytest.mark.parametrize("name", CONFIGS)
def test_ragged_batches(name):
    prompts = real_model()[1]
    for first in range(0, len(prompts), BATCH):
        ours, theirs, width = both(list(prompts[first:first + BATCH]), CONFIGS[name])
        assert not (found := partings(ours, theirs, width)), "\n".join((f"batch from {first}", *found))
