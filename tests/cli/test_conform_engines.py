"""genspec conform NAME for engines that are not installed: what to install, and no traceback."""

from importlib.util import find_spec

import pytest

from genspec.dialects import NAMES, dialect_named


@pytest.mark.parametrize("name", NAMES)
def test_an_engine_that_is_missing_is_named_with_the_command_to_install_it(genspec, name):
    if find_spec(dialect_named(name).module) is not None:
        pytest.skip(f"{name} is installed here")
    status, out, err = genspec("conform", name)
    assert (status, out) == (2, "")
    assert f"pip install 'genspec[{dialect_named(name).extra}]'" in err
    assert "Traceback" not in err
