"""What Hypothesis runs when it is imported: `st.from_type` learns genspec's types, and nothing is imported for it.

A type can only be registered once it exists, so modules that are not loaded yet are watched until they are.
"""

import sys
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

TYPES: Mapping[str, tuple[str, str]] = {
    "genspec.config.generation_config": ("GenerationConfig", "generation_configs"),
    "genspec.backends.call": ("Call", "calls"),
    "genspec_reference.scripted": ("Scripted", "scripted_models"),
    "genspec_reference.table": ("Table", "tables"),
}
"""Of each module the type, and the strategy that draws it."""


def register() -> None:
    """Register the types of the modules that are loaded, and watch for the others."""
    for name in TYPES:
        if name in sys.modules:
            register_types_of(sys.modules[name])
    waiting = {name for name in TYPES if name not in sys.modules}
    if waiting:
        sys.meta_path.insert(0, Watch(waiting))


def register_types_of(module: ModuleType) -> None:
    """Register the type of a module; its strategy is imported when it is first asked for."""
    from hypothesis import strategies as st

    name, strategy = TYPES[module.__name__]

    def drawn(_: type) -> "SearchStrategy[Any]":
        from genspec.conform import strategies

        made: SearchStrategy[Any] = getattr(strategies, strategy)()
        return made

    st.register_type_strategy(getattr(module, name), drawn)


class Watch(MetaPathFinder):
    """Sees modules being imported, and lets others find them."""

    def __init__(self, waiting: set[str]) -> None:
        """Wait for modules of these names."""
        self.waiting = waiting

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Give the spec of a module that is waited for, with a loader that registers its type."""
        if fullname not in self.waiting:
            return None
        self.waiting.discard(fullname)
        if not self.waiting:
            sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = Registering(spec.loader)
        return spec


class Registering(Loader):
    """Loads a module as its own loader does, then registers its type."""

    def __init__(self, loader: Loader) -> None:
        """Wrap a loader."""
        self.loader = loader

    def __getattr__(self, name: str) -> Any:
        """Be the wrapped loader for everybody else."""
        return getattr(self.loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Create the module."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, give it its own loader back, and register its type."""
        self.loader.exec_module(module)
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        module.__loader__ = self.loader
        register_types_of(module)
