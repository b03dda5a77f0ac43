"""Models side by side in one table: each block says what its model says, and no row leaves its block."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import described

from genspec import GenerationConfig
from genspec.backends.checkpoints import Checkpoint
from genspec.backends.checkpoints.blocks import FAR, Block, blocks_of, side_by_side
from genspec.conform.served import questions
from genspec_reference import Scripted, Table, generate
from genspec_reference.scores import softmax

MODELS = st.lists(st.builds(Scripted, st.just("table"), st.integers(0, 99), st.integers(1, 9)), min_size=1, max_size=6)


@given(MODELS)
def test_blocks_are_the_models_in_their_order(models):
    blocks = blocks_of(side_by_side(models))
    assert [block.size for block in blocks] == [model.vocab_size for model in models], described(blocks=blocks)
    assert all(block.says(model) for block, model in zip(blocks, models, strict=True)), described(models=models)
    ends = [block.first + block.size for block in blocks]
    assert [block.first for block in blocks] == [0, *ends[:-1]], described(blocks=blocks)


@given(MODELS, st.data())
def test_a_row_in_a_block_is_the_row_of_its_model(models, data):
    number = data.draw(st.integers(0, len(models) - 1))
    model, whole = models[number], side_by_side(models)
    first = blocks_of(whole)[number].first
    prompt = data.draw(st.lists(st.integers(0, model.vocab_size - 1), min_size=1, max_size=3))
    config = GenerationConfig(max_new_tokens=5, repetition_penalty=1.5)
    alone = generate(config, model, prompt).rows[0].tokens
    there = generate(config, whole, [token + first for token in prompt]).rows[0].tokens
    assert tuple(token - first for token in there) == alone, described(model=model, prompt=prompt)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_token_of_another_block_has_no_probability(dtype):
    assert dtype(FAR) == FAR
    assert softmax(np.array([0.0, FAR / 4]))[1] == 0.0


@pytest.mark.parametrize("table", [
    Scripted("table", 3, 48, (2,)), Table(((0.0, FAR), (1.0, 2.0))),
    Table(((0.0, 1.0, FAR), (FAR, 1.0, 2.0), (0.0,) * 3)),
])
def test_another_table_is_one_block(table):
    assert [(block.first, block.size) for block in blocks_of(table)] == [(0, table.vocab_size)]


def test_a_block_is_no_model_of_another_size_or_with_other_lines():
    block = Block(0, np.array([[0.0, 1.0], [1.0, 0.0]]))
    assert block.says(Table(((0.0, 1.0), (1.0, 0.0))))
    assert not block.says(Table(((0.0, 1.0), (1.0, 0.5))))
    assert not block.says(Table(((0.0, 1.0, 2.0),)))


def test_the_models_of_the_kit_have_room_in_one_checkpoint():
    table = questions()
    blocks = blocks_of(table)
    assert len(blocks) > 50, len(blocks)
    assert Checkpoint("bigram", table).vocab_size == sum(block.size for block in blocks) < 1000
