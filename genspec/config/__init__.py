"""The typed generation config, its fields and their metadata, and how it is resolved into a plan.

The public names are imported when they are first used: the linter reads the fields without pydantic.
"""

TYPE_CHECKING = False   # type checkers take it for true

if TYPE_CHECKING:
    from genspec.config.decision import Decision, Reason, Rejected, Status
    from genspec.config.fields import FIELDS, Field
    from genspec.config.generation_config import GenerationConfig
    from genspec.config.layers import Origin
    from genspec.config.mode import Mode
    from genspec.config.plan import DecodingPlan, Operation
    from genspec.config.profile import Profile
    from genspec.config.profiles import PROFILES
    from genspec.config.resolve import Resolution

__all__ = [
    "FIELDS",
    "PROFILES",
    "Decision",
    "DecodingPlan",
    "Field",
    "GenerationConfig",
    "Mode",
    "Operation",
    "Origin",
    "Profile",
    "Reason",
    "Rejected",
    "Resolution",
    "Status",
]

HOMES = {
    "genspec.config.decision": ("Decision", "Reason", "Rejected", "Status"),
    "genspec.config.fields": ("FIELDS", "Field"),
    "genspec.config.generation_config": ("GenerationConfig",),
    "genspec.config.layers": ("Origin",),
    "genspec.config.mode": ("Mode",),
    "genspec.config.plan": ("DecodingPlan", "Operation"),
    "genspec.config.profile": ("Profile",),
    "genspec.config.profiles": ("PROFILES",),
    "genspec.config.resolve": ("Resolution",),
}


def __getattr__(name: str) -> object:
    """Import a public name from where it lives."""
    from importlib import import_module

    for home, names in HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'genspec.config' has no attribute {name!r}")
