"""What a config puts into a plan, for the tests of the pages of operations."""

from collections.abc import Mapping
from typing import Any

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec.config.plan import Operation


def planned(operation: str, config: Mapping[str, Any], **facts: Any) -> Operation | None:
    """Give an operation of the plan, or None when the plan has none of this name. P is 3 and V 100 unless said."""
    facts = {"prompt_length": 3, "vocab_size": 100, **facts}
    return GenerationConfig.from_dict(dict(config)).resolve(**facts).plan.operation(operation)


def refusing_clauses(config: Mapping[str, Any], **facts: Any) -> set[str]:
    """Give the clauses by which a config is refused; none when it has a plan."""
    try:
        planned("", config, **facts)
    except Rejected as rejected:
        return {reason.clause for reason in rejected.reasons}
    return set()
