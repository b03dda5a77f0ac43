"""What a decoder behind this interface is: a name, and a function from a call to an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from genspec.backends.call import Call
from genspec_reference import GenerateOutput


@dataclass(frozen=True, slots=True)
class Info:
    """Which decoder answers."""

    name: str
    version: str
    dtype: str                          # of its scores: "float64", "float32", "bfloat16" or "float16"
    profile: str                        # the semantics that it declares. PROFILES-2


@dataclass(frozen=True, slots=True)
class Refusal:
    """A decoder's no to a call."""

    error: str                          # the name of the exception
    message: str
    clauses: tuple[str, ...] = ()       # where the decoder names them


@dataclass(frozen=True, slots=True)
class Unsupported:
    """What a decoder cannot do, which is no answer to the question whether it conforms."""

    reason: str


Arrays = Mapping[str, Any]
"""The rows of a batch as arrays, padding included, by their names: `sequences`, `beam_indices`. OUTPUTS-15 to 18."""
Answer = tuple[GenerateOutput, ...] | Refusal | Unsupported
"""One output a prompt, in the order of the call, without padding; or why there is none."""


class EngineFault(Exception):
    """An engine that a decoder asks fails, which is neither an answer nor a refusal."""


class EngineEnded(EngineFault):
    """Its process is gone, and the decoder is to be made anew."""


class Decoder(Protocol):
    """A decoder that can be asked."""

    @property
    def info(self) -> Info:
        """Tell which decoder this is."""

    def decode(self, call: Call) -> Answer:
        """Decode every prompt of a call. A refusal is an answer; an exception is an error of the decoder."""


class Arraying(Decoder, Protocol):
    """A decoder that can be asked for the arrays of a batch, too."""

    def arrays(self, call: Call) -> Arrays | Refusal | Unsupported:
        """Decode a batch, and give it as it is returned."""
