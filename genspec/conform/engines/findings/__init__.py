"""What is known of each engine, one file an engine."""

from importlib import import_module
from importlib.util import find_spec

from genspec.conform.engines.finding import Finding
from genspec.dialects import module_of


def findings_of(engine: str) -> tuple[Finding, ...]:
    """Give what is known of an engine; nothing where there is no file."""
    name = f"{__name__}.{module_of(engine)}"
    return import_module(name).FINDINGS if find_spec(name) else ()
