"""What the tests of the pages share."""

import warnings
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def without_warnings() -> Iterator[None]:
    """Keep transformers from filling the report with what these tests provoke."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
