"""Checkpoints as files, each written once, and what `generate` of the reference says of them."""

import pytest

from genspec import GenerationConfig
from genspec.backends.checkpoints import Checkpoint, write_checkpoint
from genspec_reference import Scripted, generate


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Return a function that writes a checkpoint of a kind, once, and gives its folder."""
    folders = {}

    def write(kind, vocab_size=16, eos=(), form="hf", seed=7):
        wanted = (kind, vocab_size, eos, form, seed)
        if wanted not in folders:
            checkpoint = Checkpoint(kind, Scripted("table", seed, vocab_size, eos))
            folders[wanted] = write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "model", checkpoint, form)
        return folders[wanted]

    return write


@pytest.fixture(scope="session")
def rows():
    """Return a function that gives the reference's rows of a prompt: tokens without the prompt, and scores."""

    def generated(model, prompt, source=None, profile="hf", **config):
        ends = {"eos_token_id": list(model.eos)} if model.eos else {}
        call = {} if source is None else {"source": source}
        starts = {} if source is None else {"decoder_start_token_id": 0}
        output = generate(GenerationConfig(**ends, **starts, **config), model, prompt, profile=profile, **call)
        return [(row.new_tokens, row.score) for row in output.rows]

    return generated


@pytest.fixture(scope="session")
def ranked():
    """Return a function that brings hypotheses of equal scores into one order: which is first is free."""
    return lambda found: sorted(found, key=lambda row: (-round(row[1], 5), row[0]))
