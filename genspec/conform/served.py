"""The checkpoint that holds the cases of the kit: the models of all that a server can be asked, block by block."""

from collections.abc import Iterator

from genspec.backends.checkpoints.blocks import side_by_side
from genspec.backends.checkpoints.models import lines_of
from genspec.backends.served.models import DRAWN
from genspec.conform.capabilities import capabilities_from, lacking
from genspec.conform.cases.case import Case
from genspec.conform.cases.placed import batches, placed
from genspec.conform.cases.published import published
from genspec.conform.json import model_from_json
from genspec.conform.kit.smoke import SMOKE
from genspec.conform.laws.case import laws
from genspec.conform.question import Json
from genspec_reference import Scripted, Table

PROFILES = ("vllm", "hf")
"""What servers declare."""
LARGEST = 64
"""Tokens of a model; two of the kit are larger, and would take half of the room."""
ASKED = capabilities_from({
    "levels": ["L3", "L4"], "modes": ["greedy", "sample"], "kinds": ["table", "lines"], "inputs": ["prompts"],
    "fields": ["do_sample", "max_new_tokens", "min_new_tokens", "temperature", "top_k", "top_p", "min_p",
               "repetition_penalty", "num_return_sequences", "eos_token_id"],
})
"""What the words of servers can say."""


def questions() -> Table:
    """Make the table of the checkpoint: a block a model."""
    found: dict[bytes, Scripted | Table] = {}
    for model in (*map(model_from_json, given()), *DRAWN):
        if isinstance(model, Scripted | Table) and model.vocab_size <= LARGEST:
            try:
                found.setdefault(lines_of(model).tobytes(), model)
            except ValueError:          # minus infinity in it: no checkpoint holds that
                continue
    return side_by_side([*found.values()])


def given() -> Iterator[Json]:
    """Yield the models of all cases that a server can be asked, as they are written."""
    yield from (one.input["model"] for one in SMOKE if one.level == "L3")
    for profile in PROFILES:
        cases: tuple[Case, ...] = (*laws(profile), *placed(profile), *batches(profile), *published(profile))
        for case in cases:
            question = case.question
            if question.level in ("L3", "L4") and lacking(ASKED, question) is None:
                yield question.input["model"]
