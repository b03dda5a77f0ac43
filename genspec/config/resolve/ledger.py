"""Where the stages of `resolve` write down what they decide."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, cast

from genspec.config.decision import Decision, Reason, Status
from genspec.config.fields import FIELDS
from genspec.config.layers import Origin
from genspec.config.resolve.facts import Facts


class Config(Protocol):
    """What resolving needs of a `GenerationConfig`."""

    @property
    def origins(self) -> Mapping[str, Origin]:
        """Tell which source each value came from."""

    def effective(self, name: str) -> object:
        """Return the value of a field, or what applies when it is unset."""


@dataclass(slots=True)
class Ledger:
    """One resolution under way: the config, the facts, and what was decided and refused so far."""

    config: Config
    facts: Facts
    decisions: list[Decision] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)

    def given(self, name: str) -> object:
        """Return what the source said of a field, None when unset."""
        return cast("object", getattr(self.config, name))

    def is_set(self, name: str) -> bool:
        """Tell whether a field has a value of its own."""
        return self.given(name) is not None

    def effective(self, name: str) -> object:
        """Return the value of a field, or what applies when it is unset."""
        return self.config.effective(name)

    def integer(self, name: str) -> int:
        """Return the effective value of a field that holds an integer."""
        return cast("int", self.effective(name))

    def real(self, name: str) -> float:
        """Return the effective value of a field that holds a real number."""
        return float(cast("float", self.effective(name)))

    def flag(self, name: str) -> bool:
        """Return whether a field that holds a bool is true."""
        return self.effective(name) is True

    def decide(
        self, name: str, effective: object, reason: str, *, clause: str | None = None, status: Status | None = None
    ) -> None:
        """Write down why a field has the value it has in the plan."""
        default = Status.APPLIED if self.is_set(name) else Status.DEFAULT
        origin = self.config.origins.get(name)
        source = f" (from the {origin})" if origin is not None else ""
        self.decisions.append(
            Decision(
                name, self.given(name), effective, clause or FIELDS[name].clause, reason + source, status or default
            )
        )

    def refuse(self, name: str, message: str, remedy: str, *, clause: str | None = None) -> None:
        """Write down why the request is refused."""
        self.reasons.append(Reason(name, self.given(name), clause or FIELDS[name].clause, message, remedy))
