"""How long Hypothesis searches: `ci`, the same cases every time, or HYPOTHESIS_PROFILE=campaign, a long hunt."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("campaign", max_examples=20_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session", autouse=True)
def same_cases_in_every_process() -> Iterator[None]:
    """Let what a test draws not depend on which modules other tests of its process have loaded."""
    from genspec.conform.drawing import the_same_everywhere

    with the_same_everywhere():
        yield
