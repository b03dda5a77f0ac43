"""What a call is made of: what a campaign counts by, and what it groups findings by."""

from genspec.backends.call import Call
from genspec.config.decision import Rejected
from genspec.config.plan import DecodingPlan

REFUSED = "refused"
"""Stands for the mode of a call that the specification refuses."""


def mode_of(call: Call) -> str:
    """Return the mode of a call."""
    try:
        return call.plans[0].mode.value
    except Rejected:
        return REFUSED


def features_of(call: Call) -> tuple[str, ...]:
    """Name what a call exercises: its operations, and what else makes a decoder's work harder."""
    try:
        plans = call.plans
    except Rejected:
        return ()
    operations = {operation.name for plan in plans for operation in plan.operations}
    return tuple(sorted(operations | {name for name, present in structure(call, plans[0]).items() if present}))


def structure(call: Call, plan: DecodingPlan) -> dict[str, bool]:
    """Tell which features a call has that are no operations."""
    lengths = {len(prompt) for prompt in call.prompts}
    return {
        "batch": len(call.prompts) > 1,
        "ragged batch": len(lengths) > 1,
        "encoder-decoder": call.sources is not None,
        "several EOS ids": len(plan.stopping.eos_token_ids) > 1,
        "num_return_sequences": plan.outputs.num_return_sequences > 1,
        "stop_strings": bool(plan.stopping.stop_strings),
        "seeds of rows": call.seeds is not None,
        "ties": getattr(call.model, "kind", "") == "ties",
    }


def ingredients_of(call: Call) -> frozenset[str]:
    """Name all that could be taken away from a call: its features, the keys of its config and its other arguments.

    A call without an ingredient of a finding's minimal case shows another bug.
    """
    keys = {f"config.{key}" for key, value in call.config.items() if value is not None}
    given = {name for name in ("negative_prompts", "assistant", "context_length", "pieces") if getattr(call, name)}
    return frozenset({*features_of(call), *keys, *given})
