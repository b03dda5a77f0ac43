"""Hold a decoder to the reference: cases, oracles and verdicts. Guide: docs/guide/conform.md."""

TYPE_CHECKING = False   # type checkers take it for true; importing typing would cost every start of a worker

if TYPE_CHECKING:
    from genspec.conform.kit.run import run
    from genspec.conform.targets import load_decoder
    from genspec.conform.vectors.runner import Unsupported

__all__ = ["Unsupported", "load_decoder", "run"]
PLACES = {"Unsupported": "vectors.runner", "load_decoder": "targets", "run": "kit.run"}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    if name not in PLACES:
        raise AttributeError(f"module 'genspec.conform' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"genspec.conform.{PLACES[name]}"), name)
