"""genspec conform NAME for engines that are not installed: what to install, and no traceback."""

import pytest

from genspec.backends.engines.installed import is_installed
from genspec.dialects import NAMES, dialect_named


@pytest.mark.parametrize("name", NAMES)
def test_an_engine_that_is_missing_is_named_with_the_command_to_install_it(genspec, name):
    if is_installed(dialect_named(name)):
        pytest.skip(f"{name} is installed here")
    status, out, err = genspec("conform", name)
    assert (status, out) == (2, "")
    assert f"pip install 'genspec[{dialect_named(name).extra}]'" in err
    assert "Traceback" not in err
