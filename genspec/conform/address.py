"""How to reach a decoder."""

from dataclasses import dataclass

CASE_SECONDS = 10.0
MEMORY_MIB = 4096


@dataclass(frozen=True, slots=True)
class Address:
    """How to reach a decoder: what crosses to another process instead of the decoder itself."""

    name: str                           # reference, torch, transformers, module:factory or cmd:COMMAND
    seconds: float = CASE_SECONDS       # for one answer
    memory_mib: int = MEMORY_MIB        # what its process may take, beyond what it has when loaded
