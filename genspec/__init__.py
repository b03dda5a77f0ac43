"""genspec: what a decoder must do with a generation config, and what is wrong with the config."""

TYPE_CHECKING = False   # type checkers take it for true; importing typing would double what --version costs

if TYPE_CHECKING:
    from genspec.config.decision import Decision, Rejected
    from genspec.config.generation_config import GenerationConfig
    from genspec.config.plan import DecodingPlan

__version__ = "0.1.0"
__all__ = ["Decision", "DecodingPlan", "GenerationConfig", "Rejected", "__version__"]

HOMES = {
    "Decision": "genspec.config.decision",
    "DecodingPlan": "genspec.config.plan",
    "GenerationConfig": "genspec.config.generation_config",
    "Rejected": "genspec.config.decision",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: the command line starts without pydantic."""
    if name not in HOMES:
        raise AttributeError(f"module 'genspec' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(HOMES[name]), name)
