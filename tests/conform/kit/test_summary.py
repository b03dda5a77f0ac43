"""Reports without verdicts, as they are stored: of no machine."""

import pytest

from genspec.conform.report.summary import without_folders


@pytest.mark.parametrize(("text", "left"), [
    ("failed at /home/ci/build 2/x.cpp:4", "failed at /home/ci/build 2/x.cpp:4".replace("/home/ci/", "")),
    ("File '/a/b/c.py', line 3", "File 'c.py', line 3"), ("see https://a.org/b/c", "see https://a.org/b/c"),
    ("tokens/second and a/b", "tokens/second and a/b"), ("top_p/p-1", "top_p/p-1"), ("1 / 2", "1 / 2"),
])
def test_folders_of_absolute_paths_are_left_out(text, left):
    assert without_folders({"reasons": [text], "count": 1}) == {"reasons": [left], "count": 1}
