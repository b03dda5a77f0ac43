"""Wrong decoders: each is the reference with one defect. `python -m support.defects` runs the kit on all of them."""

from support.defects import (
    arguments,
    batches,
    choices,
    draws,
    edges,
    endings,
    fields,
    generic,
    orders,
    outputs,
    reads,
    refusals,
    searches,
    specific,
)
from support.defects.defect import Defect

FAMILIES: dict[str, tuple[Defect, ...]] = {
    "generic": generic.DEFECTS,
    "arguments": arguments.DEFECTS,
    "specific": specific.DEFECTS,
    "orders": orders.DEFECTS,
    "fields": fields.DEFECTS, "choices": choices.DEFECTS,
    "searches": searches.DEFECTS,
    "draws": draws.DEFECTS,
    "endings": endings.DEFECTS,
    "reads": reads.DEFECTS,
    "outputs": outputs.DEFECTS,
    "batches": batches.DEFECTS,
    "refusals": refusals.DEFECTS,
    "edges": edges.DEFECTS,
}
