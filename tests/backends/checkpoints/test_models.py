"""What checkpoints compute, in words of its own, and which tables no checkpoint holds."""

import json
from math import cos, exp, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import described

from genspec.backends.checkpoints import FORMATS, KINDS, Checkpoint, bart, llama
from genspec.backends.checkpoints.checkpoint import checkpoint_from
from genspec.backends.checkpoints.formats import TABLE
from genspec.backends.checkpoints.models import EncoderDecoder, History
from genspec_reference import Layered, Scripted, Table

GOLDEN = 1.618033988749895
VOCABULARIES = st.sampled_from((1, 2, 3, 7, 16))


@st.composite
def tables(draw):
    """Draw a table: a scripted one, or lines of multiples of 1/4."""
    size = draw(VOCABULARIES)
    eos = tuple(draw(st.lists(st.integers(0, size - 1), max_size=2, unique=True)))
    if draw(st.booleans()):
        return Scripted("table", draw(st.integers(0, 2**32)), size, eos)
    line = st.lists(st.integers(-40, 40).map(lambda number: number / 4), min_size=size, max_size=size)
    return Table(tuple(draw(st.lists(line, min_size=1, max_size=3))), eos)


def rows_of(size, least=1):
    return st.lists(st.integers(0, size - 1), min_size=least, max_size=9).map(tuple)


def weighted(table, weights):
    """Add lines and divide by the length of the weights, a number at a time."""
    length = sqrt(sum(weight**2 for weight in weights))
    lines = [table((token,)) for token in range(table.vocab_size)]
    return [sum(weights[token] * lines[token][j] for token in range(table.vocab_size)) / length
            for j in range(table.vocab_size)]


@given(st.data())
def test_history_is_a_mixture_of_lines_in_which_nearness_in_radians_counts(data):
    table = data.draw(tables())
    row, size = data.draw(rows_of(table.vocab_size)), table.vocab_size
    near = [exp(cos(len(row) - 1 - place)) for place in range(len(row))]
    weights = [0.0] * size
    weights[row[-1]] += 1
    for token, attention in zip(row, near, strict=True):
        weights[(token + 1) % size] += GOLDEN * attention / sum(near)
    got, want = History(table)(row), weighted(table, weights)
    assert np.allclose(got, want, rtol=0, atol=1e-5), described(table=table, row=row, got=got, want=want)


@given(st.data())
def test_encoder_decoder_is_a_mixture_of_the_row_s_lines_and_the_source_s(data):
    table = data.draw(tables())
    size = table.vocab_size
    row, source = data.draw(rows_of(size)), data.draw(rows_of(size))
    weights = [0.0] * size
    weights[row[-1]] += 1
    for token in row:
        weights[(token + 1) % size] += GOLDEN / len(row)
    length = sqrt(sum(weight**2 for weight in weights))
    weights = [weight / length for weight in weights]
    for token in source:
        weights[(token + 2) % size] += 1 / len(source)
    got, want = EncoderDecoder(table)(row, source), weighted(table, weights)
    assert np.allclose(got, want, rtol=0, atol=1e-5), described(table=table, row=row, source=source, got=got, want=want)


def test_every_token_and_its_place_count_in_history():
    model, row = History(Scripted("table", 7, 16)), (3, 1, 4, 1, 5, 9, 2)
    for place in range(len(row)):
        other = (*row[:place], 15, *row[place + 1:])
        assert np.abs(model(row) - model(other)).max() > 0.1, described(place=place)
    assert np.abs(model(row) - model((1, 3, *row[2:]))).max() > 0.01
    assert np.abs(model(row) - model(row[1:])).max() > 0.1


def test_every_token_counts_in_an_encoder_decoder():
    model, row, source = EncoderDecoder(Scripted("table", 7, 16)), (0, 3, 1, 4), (1, 5, 9)
    for place in range(3):
        assert np.abs(model(row, source) - model(row, (*source[:place], 15, *source[place + 1:]))).max() > 0.1
        assert np.abs(model(row, source) - model((*row[:place], 15, *row[place + 1:]), source)).max() > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_ends_come_first_often_when_there_are_any(kind):
    table = Scripted("table", 7, 48, (2, 3))
    model = Checkpoint(kind, table).model
    random = np.random.default_rng(0)
    rows = [tuple(row) for row in random.integers(0, 48, (200, 5)).tolist()]
    best = [int(np.argmax(model(row, row) if kind == "encoder-decoder" else model(row))) for row in rows]
    assert model.eos == (2, 3) and sum(token in (2, 3) for token in best) > 40


def test_a_bigram_model_is_the_scripted_one():
    table = Scripted("table", 7, 16, (2,))
    assert Checkpoint("bigram", table).model is table and Checkpoint("bigram", table).bound == 0


@given(st.data())
def test_a_model_outside_its_vocabulary_is_refused(data):
    table = Scripted("table", 7, 5)
    for call in (lambda: History(table)((0, 5)), lambda: EncoderDecoder(table)((5, 0), (1,)),
                 lambda: EncoderDecoder(table)((0,), (1, -1, 2))):
        with pytest.raises(ValueError, match=r"token (5|-1) is not in \[0, 5\)"):
            call()


@given(table=tables(), kind=st.sampled_from(KINDS))
def test_what_json_keeps_gives_the_checkpoint_back(table, kind):
    checkpoint = Checkpoint(kind, table)
    assert checkpoint_from(json.loads(json.dumps(checkpoint.data))) == checkpoint


@pytest.mark.parametrize("kind", ["history", "encoder-decoder"])
def test_the_bound_grows_with_the_logits(kind):
    small, large = (Checkpoint(kind, Table(((0.0, size),))).bound for size in (1.0, -1000.0))
    assert large == 1000 * small > 0


@pytest.mark.parametrize(("table", "says"), [
    (Scripted("history", 7), "not history"),
    (Scripted("ties", 7), "not ties"),
    (Layered(7), "not layers"),
    (Table(((0.0, 1.0), (0.0, -np.inf))), "line 1 holds a logit that is not finite"),
    (Scripted("table", 7, 1024), "V is at most 1023 in a checkpoint of the kind bigram, not 1024"),
    (Scripted("table", 7, 10**9), "not 1000000000"),
])
def test_what_no_checkpoint_holds_is_refused(table, says):
    with pytest.raises(ValueError, match=says):
        Checkpoint("bigram", table)


def test_a_kind_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="one of bigram, history, encoder-decoder, not 'trigram'"):
        Checkpoint("trigram", Scripted("table", 7))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 16, 48, 63, 64, 128, 255])
def test_nothing_but_the_vocabulary_has_its_size(kind, size):
    """A builder takes any matrix of V rows for the head."""
    part = bart if kind == "encoder-decoder" else llama
    checkpoint = Checkpoint(kind, Scripted("table", 7, size))
    tensors = part.tensors(checkpoint)
    rows = {name.rpartition(".")[0].rpartition(".")[2] for name, tensor in tensors.items()
            if tensor.ndim == 2 and len(tensor) == size and size > 1}
    assert rows <= {"embed_tokens", "shared", "lm_head"}, rows
    assert {str(tensor.dtype) for tensor in tensors.values()} == {"float32"}


def test_the_formats_of_the_command_line_are_the_ones_there_are():
    assert tuple(TABLE) == FORMATS
    assert all(known.refuses or known.encoder_decoder for known in TABLE.values())
