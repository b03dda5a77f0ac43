"""What users import."""

import importlib

import pytest


@pytest.mark.parametrize("module", ["genspec", "genspec.config"])
def test_every_public_name_is_there(module: str) -> None:
    public = importlib.import_module(module)
    missing = [name for name in public.__all__ if not hasattr(public, name)]
    assert not missing, missing


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    public = importlib.import_module("genspec.config")
    with pytest.raises(AttributeError, match="no attribute 'Config'"):
        _ = public.Config
