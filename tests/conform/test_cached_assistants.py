"""DEV-65: an assistant reads a row behind what its cache holds of it, and what it drafts there can be told."""

from dataclasses import replace

import pytest
from support.asking import asked
from support.strategies import described

from genspec.backends.call import Call
from genspec.backends.decoder import Refusal
from genspec.conform.deviations import explaining
from genspec.conform.deviations.counterfactual import explained, situations_of
from genspec.conform.deviations.made.behind import reads_behind_its_cache
from genspec.conform.verdict import Kind
from genspec_reference import Scripted


def test_dev_65_a_row_may_come_to_where_no_token_is_left() -> None:
    """What the assistant drafts there bans all tokens behind it, and the row is not the one of the reference."""
    config = {"do_sample": True, "no_repeat_ngram_size": 3, "bad_words_ids": [[3], [0, 0, 0]],
              "decoder_start_token_id": 0, "assistant_ensemble_weight": 0.0005}
    seen, answer = asked(Call(config, Scripted("table", 0, 4), ((),), ((0, 2),), seeds=(0,),
                              assistant=Scripted("history", 0, 4)))
    assert isinstance(answer, Refusal) and isinstance(seen.expected, tuple), described(answer=answer)
    found = [one.id for one in explaining(seen)]
    assert found == ["DEV-65"], described(found=found, answer=answer)
    assert not explaining(replace(seen, answer=Refusal(answer.error, "something else")))


@pytest.mark.parametrize("weight", [None, 0.3])
def test_dev_65_what_is_drafted_behind_a_cache_is_told_token_by_token(weight: float | None) -> None:
    """A few of these rows are equal to those of the reference: then they are right as they are."""
    config = {"do_sample": True, "decoder_start_token_id": 0, "max_new_tokens": 6, "assistant_ensemble_weight": weight}
    differ = 0
    for seed in range(6):
        seen, answer = asked(Call(config, Scripted("table", seed, 5), ((),), ((0, 1),), seeds=(seed,),
                                  assistant=Scripted("history", seed, 5)))
        differ += seen.verdict.kind is Kind.VIOLATES
        situations = situations_of(seen.call, answer, seen.info)
        assert explained(situations, [reads_behind_its_cache]), described(seed=seed, answer=answer)
        assert isinstance(answer, tuple), described(answer=answer)
        row = answer[0].rows[0]
        wrong = (replace(answer[0], rows=(replace(row, tokens=(*row.tokens[:-1], (row.tokens[-1] + 1) % 5)),)),)
        others = situations_of(seen.call, wrong, seen.info)
        assert not explained(others, [reads_behind_its_cache]), described(seed=seed, wrong=wrong)
    assert differ > 0
