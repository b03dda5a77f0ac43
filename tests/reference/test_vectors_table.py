"""Models whose logits are written down. Text: docs/spec/vectors.md (VECTORS-14)."""

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.strategies import described

from genspec import GenerationConfig
from genspec.conform.vectors.runner import Model
from genspec_reference import Table, decode

NONE = -math.inf


@st.composite
def tables(draw: st.DrawFn) -> Table:
    size = draw(st.integers(1, 5))
    number = st.integers(-128, 127).map(lambda level: level / 32) | st.just(NONE)
    return Table(draw(st.lists(st.tuples(*[number] * size), min_size=1, max_size=6).map(tuple)))


@given(table=tables(), data=st.data())
@clauses("VECTORS-14")
def test_a_table_is_the_model_of_the_text(table: Table, data: st.DataObject) -> None:
    ids = st.integers(0, table.vocab_size - 1)
    tokens, source = data.draw(st.lists(ids, min_size=1, max_size=4)), data.draw(st.lists(ids, max_size=3))
    by_the_text = Model("lines", vocab_size=table.vocab_size, lines=table.lines).logits(tokens, source)
    assert table(tuple(tokens), tuple(source)).tolist() == by_the_text, described(table=table, tokens=tokens)
    shift = source[-1] if source else 0
    assert by_the_text == list(table.lines[(tokens[-1] + shift) % len(table.lines)]), described(table=table)


@clauses("VECTORS-14")
def test_a_table_decodes_and_is_a_value() -> None:
    table = Table([[0.0, 1.0], [float("-inf"), 2.0]], eos=(1,))
    assert table == Table(((0.0, 1.0), (NONE, 2.0)), (1,)) and len({table, Table(table.lines, (1,))}) == 1
    assert (table.kind, table.vocab_size, table.eos) == ("lines", 2, (1,))
    config = GenerationConfig(max_new_tokens=3, eos_token_id=list(table.eos))
    assert decode(config.resolve(prompt_length=1).plan, table, [0]).sequences == ((0, 1),)


@clauses("VECTORS-14", "VECTORS-3")
@pytest.mark.parametrize(("lines", "eos", "said"), [
    ((), (), "lines of one length"), (((),), (), "lines of one length"), (((0.0,), (0.0, 1.0)), (), "not of [1, 2]"),
    (((0.0, 0.1),), (), "line 0 holds 0.1"), (((0.0,), (1e300,)), (), "line 1 holds 1e+300"),
    (((0.0, 1.0),), (2,), "token 2 is not in [0, 2)"),
])
def test_a_table_that_cannot_be_is_an_error(lines: Any, eos: tuple[int, ...], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Table(lines, eos)


@clauses("VECTORS-14")
def test_a_table_reads_ids_of_its_vocabulary_only() -> None:
    table = Table(((0.0, 1.0),))
    for tokens, source in (((2,), ()), ((0,), (-1,)), ((-1,), ())):
        with pytest.raises(ValueError, match="not in"):
            table(tokens, source)
