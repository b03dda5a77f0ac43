"""Files with very many values or faults: reported in part, with work that grows no faster than they do."""

import pytest
from support.work import steps_of

from genspec.lint.check import MOST_FOUND

MANY = 60_000
IDS = range(MANY)
KEYS = {"eos_token_id": 2, "pad_token_id": 0}
CASES = {
    "negative": (lambda many: {"suppress_tokens": [-5] * many}, "GS404"),
    "one twice": (lambda many: {"suppress_tokens": [*range(many), many - 1]}, "GS405"),
    "forced and suppressed": (
        lambda many: {"suppress_tokens": [*range(many)][::-1], "forced_eos_token_id": [*range(many)]}, "GS407"),
    "equal bad words": (lambda many: {"bad_words_ids": [[2]] * many}, "GS408"),
    "a bad word that is EOS": (
        lambda many: {"bad_words_ids": [[token] for token in range(many)],
                      "eos_token_id": [*range(many - 1, 2 * many)]}, "GS408"),
    "forced and no EOS": (
        lambda many: {"eos_token_id": [*range(many)], "forced_eos_token_id": [*range(many, 2 * many)]}, "GS410"),
    "unknown keys": (lambda many: {f"key_{number}": 1 for number in range(many)}, "GS901"),
    "unknown keys inside": (
        lambda many: {"watermarking_config": {f"key_{number}": 1 for number in range(many)}}, "GS204"),
}
"""What makes a config with so many values, and the rule that finds them."""


@pytest.mark.parametrize("case", CASES)
def test_of_many_values_no_more_are_reported_than_a_reader_takes(lint, case):
    make, code = CASES[case]
    assert 1 <= len(lint({**KEYS, **make(MANY)}, code)) <= MOST_FOUND


@pytest.mark.parametrize("case", CASES)
def test_the_work_for_many_values_grows_no_faster_than_they_do(lint, case):
    """Four times the values, four times the steps, and not sixteen."""
    make, code = CASES[case]
    few, many = (steps_of(lambda size=size: lint({**KEYS, **make(size)}, code)) for size in (1_000, 4_000))
    assert many <= 4 * few + 1_000, (few, many)


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
