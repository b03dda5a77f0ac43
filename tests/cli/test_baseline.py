"""genspec check --baseline: begin it, use it, prune it; and what is no baseline."""

import json

import pytest

FAULTY = '{"temperature": 0.7, "max_new_tokens": 20, "eos_token_id": 2, "pad_token_id": 0}'
WORSE = FAULTY.replace('"max_new_tokens": 20', '"max_new_tokens": 20, "top_p": 0.9')
CLEAN = '{"do_sample": true, "eos_token_id": 2, "max_new_tokens": 20, "pad_token_id": 0, "top_k": 0}'


def codes(result):
    return [finding["pointer"] for finding in json.loads(result.out)["findings"]]


def test_only_what_is_new_is_reported(genspec, model):
    path = model(FAULTY)
    begun = genspec("check", path, "--baseline", "known.json", "--update-baseline")
    assert begun.status == 0 and "known.json: 1 finding written" in begun.out
    used = genspec("check", path, "--baseline", "known.json")
    assert used.status == 0 and "known.json: 1 known finding left out." in used.out
    model("\n\n" + WORSE)
    worse = genspec("check", path, "--baseline", "known.json", "--format", "json")
    assert (worse.status, codes(worse)) == (1, ["/top_p"])


def test_what_is_gone_is_noted_and_pruned(genspec, model, tmp_path):
    path = model(WORSE)
    genspec("check", path, "--baseline", "known.json", "--update-baseline")
    model(CLEAN)
    assert "2 of its findings are there no more" in genspec("check", path, "--baseline", "known.json").out
    assert "2 findings taken out" in genspec("check", path, "--baseline", "known.json", "--prune-baseline").out
    assert json.loads((tmp_path / "known.json").read_text()) == {"version": 1, "findings": []}


def test_what_is_not_checked_is_not_gone(genspec, model):
    first, second = model(FAULTY, "a"), model(FAULTY, "b")
    genspec("check", first, second, "--baseline", "known.json", "--update-baseline")
    assert "no more" not in genspec("check", first, "--baseline", "known.json").out


@pytest.mark.parametrize("content", [
    "", "[]", "{}", "\x00", '{"version": 1, "findings": [{}]}', '{"version": 2, "findings": []}',
    '{"version": 1, "findings": 3}',
])
def test_what_is_no_baseline_is_an_error(genspec, model, tmp_path, content):
    (tmp_path / "known.json").write_text(content)
    result = genspec("check", model(FAULTY), "--baseline", "known.json")
    assert result.status == 2 and "--update-baseline" in result.err


def test_a_baseline_that_is_not_there_is_an_error(genspec, model):
    result = genspec("check", model(FAULTY), "--baseline", "none.json")
    assert result.status == 2 and "--baseline none.json --update-baseline" in result.err
    assert genspec("check", model(FAULTY), "--update-baseline").status == 2
