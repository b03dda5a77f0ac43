"""Which transformers is installed, and by which profile it decodes. PROFILES-2."""

import transformers

VERSION: str = transformers.__version__


def release(version: str) -> tuple[int, int]:
    """Read the first two numbers of a version."""
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


RELEASE = release(VERSION)
HAS_CACHES = RELEASE >= (4, 42)
"""Whether a model is given an object of class `Cache`; before, it makes tuples of tensors itself."""

SINCE = {(5, 0): "hf", (4, 50): "hf-4.50", (4, 39): "hf-4.46"}
"""The first release of a profile, the newest first."""


def profile_of(installed: tuple[int, int]) -> str:
    """Give the name of the profile by which a release decodes."""
    return next((name for since, name in SINCE.items() if installed >= since), "hf-4.38")
