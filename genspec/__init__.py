"""genspec: what a decoder must do with a generation config, and what is wrong with the config."""

TYPE_CHECKING = False   # type checkers take it for true; importing typing would double what --version costs

if TYPE_CHECKING:
    from genspec.config import Decision, DecodingPlan, GenerationConfig, Rejected

__version__ = "0.1.0"
__all__ = ["Decision", "DecodingPlan", "GenerationConfig", "Rejected", "__version__"]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: the command line starts without pydantic."""
    if name not in __all__:
        raise AttributeError(f"module 'genspec' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("genspec.config"), name)
