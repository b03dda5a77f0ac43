"""Arguments that no config has checked: those of operations that only other engines have."""

from genspec.config.decision import Reason, Rejected


def refuse_unless(holds: bool, name: str, value: object, clause: str, wanted: str) -> None:
    """Refuse an argument of an operation. `wanted`: what it must be, in words. Raises `Rejected` with the clause."""
    if not holds:
        raise Rejected((Reason(name, value, clause, f"{value} is not {wanted}.", f"Give {wanted}."),))
