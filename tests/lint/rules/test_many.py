"""Files with very many values or faults: reported in part, and in no time."""

import time

import pytest

from genspec.lint.check import MOST_FOUND

MANY = 60_000
IDS = range(MANY)
KEYS = {"eos_token_id": 2, "pad_token_id": 0}


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({**KEYS, "suppress_tokens": [-5] * MANY}, "GS404"),
        ({**KEYS, "suppress_tokens": [*IDS, MANY - 1]}, "GS405"),
        ({**KEYS, "suppress_tokens": [*IDS][::-1], "forced_eos_token_id": [*IDS]}, "GS407"),
        ({**KEYS, "bad_words_ids": [[2]] * MANY}, "GS408"),
        ({**KEYS, "bad_words_ids": [[token] for token in IDS], "eos_token_id": [*range(MANY - 1, 2 * MANY)]}, "GS408"),
        ({**KEYS, "eos_token_id": [*IDS], "forced_eos_token_id": [*range(MANY, 2 * MANY)]}, "GS410"),
        ({**KEYS, **{f"key_{number}": 1 for number in IDS}}, "GS901"),
        ({**KEYS, "watermarking_config": {f"key_{number}": 1 for number in IDS}}, "GS204"),
    ],
)
def test_many_values_take_no_more_than_their_share_of_time(lint, config, code):
    start = time.monotonic()
    found = lint(config, code)
    assert 1 <= len(found) <= MOST_FOUND
    assert time.monotonic() - start < 10        # what grows with the square takes minutes


def test_the_last_finding_says_that_there_are_more(lint):
    def found(count):
        return [finding.message for finding in lint({**KEYS, "suppress_tokens": [-5] * count}, "GS404")]

    assert found(MOST_FOUND) == ["`suppress_tokens` lists -5: no token has this id"] * MOST_FOUND
    assert found(MOST_FOUND + 1) == [
        *found(MOST_FOUND)[1:], "`suppress_tokens` lists -5: no token has this id (and this file has more of the kind)"
    ]


def test_a_fix_does_not_spell_a_long_list(lint):
    (finding,) = lint({**KEYS, "suppress_tokens": [*IDS, 5]}, "GS405")
    assert finding.fix.message == "Set `suppress_tokens` to [0, 1, 2, 3, 4, 5, ...]"
    assert finding.fix.edits[0].value == [*IDS]
