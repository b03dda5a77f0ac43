"""Checkpoints made from a template are those that a converter would have made."""

from math import inf

import pytest

from genspec.backends.checkpoints import Checkpoint, model_of, write_checkpoint
from genspec.backends.engines import models
from genspec.backends.engines.models import Models, checkpoint_for, replace_head
from genspec.conform.cases.placed.sources import SIZE
from genspec.conform.strategies.models import VOCABULARIES
from genspec.dialects.spelling import Unspoken
from genspec_reference import Scripted, Table


@pytest.mark.parametrize(("size", "kind"), [
    (1, "bigram"), (2, "bigram"), (5, "history"), (33, "bigram"), (70, "bigram"), (3, "encoder-decoder"),
])
def test_a_template_with_another_head_is_the_other_checkpoint(tmp_path, size, kind):
    template, wanted = (Checkpoint(kind, Scripted("table", seed, size, (0,))) for seed in (1, 2))
    made = write_checkpoint(tmp_path / "template", template)
    right = write_checkpoint(tmp_path / "right", wanted)
    replace_head(made, template, wanted)
    assert (made / "model.safetensors").read_bytes() == (right / "model.safetensors").read_bytes()


def test_a_folder_without_the_head_of_the_template_is_refused(tmp_path):
    template, other = (Checkpoint("bigram", Scripted("table", seed, 5, (0,))) for seed in (1, 2))
    folder = write_checkpoint(tmp_path / "other", other)
    with pytest.raises(ValueError, match="was found 0 times"):
        replace_head(folder, template, other)


@pytest.mark.parametrize("model", [
    Scripted("table", 3, 5, (1,)), Table(((0.5, 1.0, -2.0), (1.0, 0.0, 0.25)), (2,)), Table(((1.0,),), ()),
], ids=["table", "lines", "one token"])
def test_a_checkpoint_says_what_its_model_says(model):
    made = checkpoint_for(model).model
    said = [(made((token,)).tolist(), model((token,)).tolist()) for token in range(model.vocab_size)]
    assert all(one == other for one, other in said), said


@pytest.mark.parametrize("model", [Scripted("history", 3, 5), Scripted("ties", 3, 5), Table(((0.0, -inf),), ())])
def test_what_no_checkpoint_holds_is_unspoken(model):
    with pytest.raises(Unspoken):
        checkpoint_for(model)


def test_engines_that_are_not_asked_for_long_are_dropped(tmp_path):
    loaded = []
    kept = Models("hf", lambda folder, _: loaded.append(model_of(folder)) or loaded[-1], False)
    for seed in range(models.LOADED + 1):
        kept.of(Scripted("table", seed, 5))
    assert len(kept.kept) == models.LOADED
    kept.of(Scripted("table", 0, 5))
    assert len(loaded) == models.LOADED + 2, "the first one was kept"


def test_templates_are_ready_for_every_size_that_is_drawn():
    assert {*VOCABULARIES, 1} <= set(models.SIZES), set(VOCABULARIES) - set(models.SIZES)
    assert {*VOCABULARIES, 1, SIZE} <= set(models.SIZES_OF["encoder-decoder"])
