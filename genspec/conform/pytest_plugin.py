"""Every conformance case as a test: `pytest --genspec-decoder package.module:factory`. Guide: docs/guide/engine_ci.md.

pytest loads this file wherever genspec is installed: it imports nothing until the option is given.
"""

TYPE_CHECKING = False   # type checkers take it for true

if TYPE_CHECKING:
    import pytest



def at_least_one(given: str) -> int:
    """Read a number of cases. Raises ValueError, which argparse tells."""
    if int(given) < 1:
        raise ValueError(given)
    return int(given)


def seconds(given: str) -> float:
    """Read a time. Raises ValueError, which argparse tells."""
    if not 0 < float(given) < float("inf"):
        raise ValueError(given)
    return float(given)


OPTIONS = (
    ("--genspec-decoder", {"metavar": "MODULE:FACTORY", "help": "make every conformance case a test of this decoder"}),
    ("--genspec-profile", {"metavar": "NAME", "help": "the semantics to hold it to; default: its own"}),
    ("--genspec-level", {"metavar": "L0..L4", "action": "append", "help": "only this level; may be given again"}),
    ("--genspec-select", {"metavar": "CLAUSE", "action": "append", "help": "only cases of this clause, or page"}),
    ("--genspec-seed", {"metavar": "N", "type": int, "default": 0, "help": "of the drawn cases; default 0"}),
    ("--genspec-max-cases", {"metavar": "N", "type": at_least_one, "help": "so many, spread over the clauses"}),
    ("--genspec-case-limit", {"metavar": "S", "type": seconds, "default": 10.0,
                              "help": "seconds for a case; default 10"}),
    ("--genspec-expectations", {"metavar": "FILE", "help": "what is expected to fail"}),
)


def pytest_addoption(parser: "pytest.Parser") -> None:
    """Declare the options."""
    group = parser.getgroup("genspec", "conformance to genspec")
    for name, declaration in OPTIONS:
        group.addoption(name, **declaration)


def pytest_configure(config: "pytest.Config") -> None:
    """Load the rest, where a decoder is named."""
    if config.getoption("--genspec-decoder"):
        from genspec.conform import pytest_cases

        config.pluginmanager.register(pytest_cases.Plugin(config), "genspec-cases")
