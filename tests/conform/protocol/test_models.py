"""Scripted models in other languages: the C of the guide against the reference, and models as lines."""

import ctypes
import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.guides import ROOT, blocks, tables
from support.strategies import described

from genspec.conform.capabilities import Capabilities
from genspec.conform.cases.drawn import chunk, known_model
from genspec_reference import Scripted, Table
from genspec_reference.scripted import mixed, state_after

(TEXT,) = blocks("c", "protocol.md")
LONGEST = 30
COMPILER = shutil.which("cc")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Compile the text of the guide as it stands, its functions visible."""
    if COMPILER is None:
        pytest.skip("there is no C compiler: no program is called cc")
    folder = tmp_path_factory.mktemp("c")
    (folder / "model.c").write_text("#include <stdint.h>\n" + TEXT.replace("static ", ""))
    words = [COMPILER, "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", "model.so", "model.c"]
    subprocess.run(words, cwd=folder, check=True)
    library = ctypes.CDLL(str(folder / "model.so"))
    library.mix.restype = library.state_after.restype = ctypes.c_uint64
    library.mix.argtypes = [ctypes.c_uint64]
    ints = ctypes.POINTER(ctypes.c_int)
    library.state_after.argtypes = [ctypes.c_uint64, ints, ctypes.c_int]
    library.logits_of.argtypes = [ctypes.c_uint64, ctypes.c_int, ctypes.c_int, ints, ctypes.c_int,
                                  ctypes.POINTER(ctypes.c_double)]
    return library


def array(values):
    return (ctypes.c_int * max(len(values), 1))(*values)


def logits_in_c(library, kind, seed, size, *, eos, read):
    read = read[-1:] if kind == "table" else read
    state = library.state_after(seed, array(read), len(read))
    logits = (ctypes.c_double * size)()
    library.logits_of(state, kind == "ties", size, array(eos), len(eos), logits)
    return state, list(logits)


def test_the_definition_is_short():
    assert len(TEXT.splitlines()) <= LONGEST
    assert TEXT.strip() in (ROOT / "docs/examples/decoders/c/decoder.c").read_text("utf-8")


@st.composite
def models(draw):
    size = draw(st.sampled_from([1, 2, 3, 5, 16, 33, 255, 256, 257, 300]))
    ids = st.integers(0, size - 1)
    seed = draw(st.integers(0, 2**16) | st.integers(0, 2**64 - 1))
    return draw(st.sampled_from(["table", "history", "ties"])), seed, size, draw(st.lists(ids, max_size=3)), draw(
        st.lists(ids, min_size=1, max_size=5))


@given(models())
@example(("history", 2**64 - 1, 257, [256, 0], [256]))
@example(("table", 0, 1, [0], [0]))
@example(("ties", 1, 2, [1], [0, 1]))
def test_the_c_of_the_guide_is_the_model_of_the_reference(compiled, model):
    kind, seed, size, eos, read = model
    expected = Scripted(kind, seed, size, tuple(eos))(tuple(read)).tolist()
    _, found = logits_in_c(compiled, kind, seed, size, eos=eos, read=read)
    assert found == expected, described(model=model, found=found, expected=expected)


def test_the_values_of_the_guide(compiled):
    (table,) = [one for one in tables("protocol.md") if one[0][0].isdigit()]
    assert len(table) == 3
    for seed, kind, size, ends, read, state, logits in table:
        eos, tokens = ([int(word) for word in words.split()] for words in (ends, read))
        wanted = [float(word.strip(",")) for word in logits.split(", and")[0].split()]
        found = logits_in_c(compiled, kind, int(seed), int(size), eos=eos, read=tokens)
        assert f"{found[0]:016X}" == state
        assert found[1][:len(wanted)] == wanted
        expected = Scripted(kind, int(seed), int(size), tuple(eos))(tuple(tokens))
        assert np.array_equal(found[1], expected)
    assert f"{compiled.mix(0):X}" == f"{mixed(0):X}" == "E220A8397B1DCDAF"
    assert state_after(7, (1, 2)) == int(table[1][5], 16)


LINES_ONLY = Capabilities(kinds=frozenset({"lines"}))


def test_who_knows_lines_alone_is_drawn_calls_with_lines():
    calls = chunk("hf", LINES_ONLY, seed=0, number=0)
    assert len(calls) > 20 and {call.model.kind for call in calls} == {"lines"}
    assert any(len(call.model.lines) > 3 for call in calls)      # more than are drawn as they are


@given(st.integers(0, 99), st.sampled_from([1, 2, 5, 17]), st.data())
def test_a_table_in_lines_is_the_same_model(seed, size, data):
    row = tuple(data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=4)))
    model = Scripted("table", seed, size, (0,))
    lines = known_model(model, LINES_ONLY)
    assert isinstance(lines, Table) and lines.eos == (0,)
    assert np.array_equal(lines(row), model(row)), described(row=row, lines=lines)
    assert known_model(model, Capabilities()) is model
    assert known_model(model, Capabilities(kinds=frozenset({"lines", "table"}))) is model
