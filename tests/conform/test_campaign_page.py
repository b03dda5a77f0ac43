"""The page of campaigns says what their summaries say."""

import json

from genspec.conform.campaign.page import campaigns_page, cell, in_order


def summary(version, **more):
    return {
        "decoder": {"name": "transformers", "version": version}, "campaign": {"profile": "hf", "seed": 3},
        "cases": 200, "verdicts": {"conforms": 150, "known deviation": 40, "ambiguous": 10}, "ambiguous_share": 0.05,
        "unexplained": 0,
        "modes": {"greedy": {"conforms": 99, "known deviation": 1}}, "features": {"top_k": {"unsupported": 4}},
        "deviations": {"DEV-10": 39, "DEV-9": 1}, **more,
    }


def test_a_release_has_a_column_and_the_newest_comes_first(tmp_path):
    for version in ("4.46.3", "5.23.0", "4.57.6"):
        (tmp_path / f"{version}.json").write_text(json.dumps(summary(version)), "utf-8")
    page = campaigns_page(tmp_path)
    assert "| mode | 5.23.0 | 4.57.6 | 4.46.3 |" in page, page
    assert "| greedy | 100: 99.0% | 100: 99.0% | 100: 99.0% |" in page, page
    assert "| 5.23.0 | `hf` | 3 | 200 | 150 | 10 | 40 | 5.00% |" in page, page
    assert page.index("DEV-9]") < page.index("DEV-10]"), page


def test_the_page_says_whether_anything_is_left_unexplained(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(summary("5.23.0")), "utf-8")
    assert "No case violates, errors or times out" in (page := campaigns_page(tmp_path)), page
    (tmp_path / "b.json").write_text(json.dumps(summary("4.57.6", unexplained=1)), "utf-8")
    assert "is not explained yet" in (page := campaigns_page(tmp_path)), page


def test_a_mode_that_a_release_does_not_have_was_not_asked(tmp_path):
    assert cell({"unsupported": 4}) == cell({}) == "not asked"
    assert cell({"conforms": 1, "rejected as specified": 1, "violates": 2, "unsupported": 9}) == "4: 50.0%"


def test_ids_are_in_the_order_of_their_numbers():
    assert in_order(["DEV-10", "DEV-9", "DEV-10"]) == ["DEV-9", "DEV-10"]
