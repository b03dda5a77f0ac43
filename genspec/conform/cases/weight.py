"""How much a question combines. The simple ones are asked, and told, first: what they show is not hidden by more."""

from collections.abc import Mapping

from genspec.conform.capabilities import acting
from genspec.conform.question import Json

INPUTS = ("source", "allowed_tokens", "negative_prompt", "assistant", "prompts")
"""Members of an input of L3 that stand for one more thing that counts."""

LAW = 1_000


def weight(level: str, given: Json) -> int:
    """Count what a question has to do with: the fields that act and the inputs beside them; 0 for one of scores alone.

    Several hypotheses or drafts count twice, so that a field is asked for alone before it is asked for in a search.
    A law weighs more than any call: it asks for thousands of rows.
    """
    config = given.get("config")
    if level != "L3":
        return LAW if level == "L4" else 0
    if not isinstance(config, Mapping):
        return 1
    several = config.get("num_beams") not in (None, 1) or config.get("prompt_lookup_num_tokens") is not None
    return 1 + len(acting(config, [])) + sum(name in given for name in INPUTS) + several
