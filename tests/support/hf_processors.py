"""One processor of transformers on one row, and one step of its `generate` on rows of several lengths."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from genspec_reference.scores import Scores


def processed(name: str, tokens: Sequence[int], scores: Scores, *arguments: Any, number_type: str = "float64") -> Any:
    """Give what a processor makes of the scores of one row. Lists of `arguments` stay lists: see `ids`."""
    torch = pytest.importorskip("torch")
    module = pytest.importorskip("transformers").generation.logits_process
    processor = getattr(module, name)(*arguments)
    row = torch.tensor([list(tokens)], dtype=torch.long)
    return processor(row, torch.tensor(scores[None], dtype=getattr(torch, number_type)))[0].double().numpy()


def ids(tokens: Sequence[int]) -> Any:
    """Give the tokens of an encoder as a processor takes them. int[1, n]."""
    torch = pytest.importorskip("torch")
    return torch.tensor([list(tokens)], dtype=torch.long)


def first_scores(rows: Sequence[Sequence[int]], logits: Sequence[float], pad: int = 0, **call: Any) -> list[Scores]:
    """Give each row's scores at the first step of one batch, padded on the left; the model's logits never change."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from support.hf_model import hf_model

    width = max(len(row) for row in rows)
    padded = torch.tensor([[pad] * (width - len(row)) + list(row) for row in rows])
    seen = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    output = hf_model(lambda tokens: list(logits), len(logits)).generate(
        padded, attention_mask=seen, max_new_tokens=1, pad_token_id=pad, use_cache=False,
        return_dict_in_generate=True, output_scores=True, **call,
    )
    return [np.asarray(row.double()) for row in output.scores[0]]


def alone_and_in_a_batch(row: Sequence[int], longer: Sequence[int], logits: Sequence[float], **call: Any) -> Any:
    """Give the first scores of a row alone, and beside a longer one. A decoder that conforms gives the same twice."""
    return first_scores([row], logits, **call)[0], first_scores([row, longer], logits, **call)[0]
