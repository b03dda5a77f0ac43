"""The folder of transformers: transformers loads it, and says what the reference says."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.strategies import described

from genspec.backends.checkpoints import KINDS, Checkpoint, checkpoint_of, model_of, write_checkpoint
from genspec_reference import Table

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
from genspec.backends.transformers.version import RELEASE, profile_of  # noqa: E402  it imports transformers

ENDS = (2, 5)
SOURCES = [(1, 5, 9), (3,), (0, 0, 7, 14, 2), (11, 4)]


@pytest.fixture(scope="module")
def loaded(written):
    """Return a function that loads a checkpoint of a kind: the model of transformers, and of the reference."""
    models = {}

    def load(kind, **wanted):
        folder = written(kind, **wanted)
        if folder not in models:
            models[folder] = (load_folder(folder, kind), model_of(folder))
        return models[folder]

    return load


def load_folder(folder, kind):
    auto = transformers.AutoModelForSeq2SeqLM if kind == "encoder-decoder" else transformers.AutoModelForCausalLM
    model, info = auto.from_pretrained(folder, output_loading_info=True)
    assert not any(info.values()), info         # no weight is missing, superfluous or of another shape
    return model.eval().requires_grad_(False)


def logits_of(model, row, source=None):
    """Give what transformers says after each token of a row. float64[n, V]."""
    ids = torch.tensor([row])
    given = {"input_ids": ids} if source is None else {"input_ids": torch.tensor([source]), "decoder_input_ids": ids}
    return model(**given).logits[0].double().numpy()


def difference(model, reference, row, source=None):
    """Give the largest difference after any token of a row."""
    known = [reference(row[: place + 1], *(() if source is None else (source,))) for place in range(len(row))]
    return np.abs(logits_of(model, row, source) - known).max()


@pytest.mark.parametrize("size", [1, 2, 16, 48, 64, 130, 300])
def test_bigram_logits_are_bit_for_bit_the_scripted_ones(loaded, size):
    model, reference = loaded("bigram", vocab_size=size, eos=(0,))
    rows = np.arange(size)[:, None]
    got = model(torch.tensor(rows)).logits[:, -1].double().numpy()
    assert np.array_equal(got, [reference((token,)) for token in range(size)])
    assert difference(model, reference, tuple(range(size))[-20:]) == 0.0


@pytest.mark.parametrize(("kind", "size"), [
    *(("history", size) for size in (1, 2, 16, 48, 64, 130)), *(("encoder-decoder", size) for size in (1, 2, 16, 63)),
])
def test_logits_are_within_the_bound(loaded, kind, size):
    model, reference = loaded(kind, vocab_size=size)
    bound = Checkpoint(kind, reference.table).bound

    @settings(max_examples=15)
    @given(st.data())
    def check(data):
        tokens = st.lists(st.integers(0, size - 1), min_size=1, max_size=20).map(tuple)
        row, source = data.draw(tokens), data.draw(tokens) if kind == "encoder-decoder" else None
        worst = difference(model, reference, row, source)
        assert worst <= bound, described(row=row, source=source, worst=worst, bound=bound)

    check()


@pytest.mark.parametrize("kind", KINDS)
def test_long_rows_are_within_the_bound(loaded, kind):
    model, reference = loaded(kind, vocab_size=48)
    random = np.random.default_rng(1)
    row, source = (tuple(random.integers(0, 48, 1000).tolist()) for _ in range(2))
    source = source if kind == "encoder-decoder" else None
    got = logits_of(model, row, source)
    for place in (0, 99, 499, 999):
        known = reference(row[: place + 1], *(() if source is None else (source,)))
        assert np.abs(got[place] - known).max() <= checkpoint(kind, reference).bound


def checkpoint(kind, reference):
    return Checkpoint(kind, getattr(reference, "table", reference))


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_of_lines_is_written_too(tmp_path, kind):
    table = Table(((1000.0, -0.125, 3.5), (0.0, 7.75, -12.0)), eos=(1,))
    folder = write_checkpoint(tmp_path / "lines", Checkpoint(kind, table))
    assert checkpoint_of(folder) == Checkpoint(kind, table)
    source = (2, 1) if kind == "encoder-decoder" else None
    worst = difference(load_folder(folder, kind), model_of(folder), (2, 0, 1, 1, 2), source)
    assert worst <= Checkpoint(kind, table).bound, described(worst=worst)


@pytest.mark.parametrize("kind", ["bigram", "history"])
def test_logits_out_of_the_cache_are_the_same(loaded, kind):
    model, reference = loaded(kind, vocab_size=16)
    row, cache = (3, 1, 4, 1, 5, 9, 2, 6), None
    for place, token in enumerate(row):
        output = model(torch.tensor([[token]]), past_key_values=cache, use_cache=True)
        cache = output.past_key_values
        known = reference(row[: place + 1])
        assert np.abs(output.logits[0, -1].double().numpy() - known).max() <= checkpoint(kind, reference).bound


PROMPTS = [(3,), (1, 4, 1, 5, 9), (2, 6), (15, 0, 0, 8, 8, 13, 7)]


@pytest.mark.parametrize("kind", ["bigram", "history"])
def test_prompts_padded_on_the_left_are_decoded_as_alone(loaded, rows, kind):
    model, reference = loaded(kind, vocab_size=16, eos=ENDS)
    longest = max(map(len, PROMPTS))
    ids = torch.tensor([[0] * (longest - len(prompt)) + [*prompt] for prompt in PROMPTS])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in PROMPTS])
    got = model.generate(ids, attention_mask=mask, max_new_tokens=9, pad_token_id=0, do_sample=False)[:, longest:]
    want = [rows(reference, prompt, max_new_tokens=9)[0][0] for prompt in PROMPTS]
    assert [cut(row) for row in got.tolist()] == want


def cut(row):
    """End a row at its first EOS, in place of padding."""
    ends = [place for place, token in enumerate(row) if token in ENDS]
    return tuple(row[: ends[0] + 1] if ends else row)


def calls(kind):
    """Give a call from each token: prompt and source."""
    if kind == "encoder-decoder":
        return [((0,), (token, (5 * token + 1) % 16)) for token in range(16)]
    return [((token, 7), None) for token in range(16)]


def hf_rows(model, kind, **config):
    """Run `generate` of transformers on a batch of all calls: for each, new tokens and the score of every row."""
    given = torch.tensor([prompt if source is None else source for prompt, source in calls(kind)])
    output = model.generate(
        given, attention_mask=torch.ones_like(given), pad_token_id=1, do_sample=False, return_dict_in_generate=True,
        output_scores=True, **config,
    )
    start = 1 if kind == "encoder-decoder" else 2
    tokens = [cut(row) for row in output.sequences[:, start:].tolist()]
    scores = [0.0] * len(tokens) if output.get("sequences_scores") is None else output.sequences_scores.tolist()
    found, each = list(zip(tokens, scores, strict=True)), len(tokens) // 16
    return [found[first: first + each] for first in range(0, len(found), each)]


@pytest.mark.parametrize("kind", KINDS)
def test_greedy_rows_from_every_token_are_the_reference_s(loaded, rows, kind):
    model, reference = loaded(kind, vocab_size=16, eos=ENDS)
    got = hf_rows(model, kind, max_new_tokens=8)
    want = [rows(reference, *call, max_new_tokens=8) for call in calls(kind)]
    assert [row[0][0] for row in got] == [row[0][0] for row in want]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rule", [(True, 1.0), (False, 0.0), (False, 2.0), ("never", 1.0)])
def test_beams_from_every_token_are_the_reference_s(loaded, rows, ranked, kind, rule):
    model, reference = loaded(kind, vocab_size=16, eos=ENDS)
    config = {"num_beams": 3, "num_return_sequences": 3, "max_new_tokens": 6,
              "early_stopping": rule[0], "length_penalty": rule[1]}
    ended = 0
    for call, found in zip(calls(kind), hf_rows(model, kind, **config), strict=True):
        got, want = ranked(found), ranked(rows(reference, *call, profile=profile_of(RELEASE), **config))
        assert [row for row, _ in got] == [row for row, _ in want], described(call=call, got=got, want=want)
        assert np.allclose([score for _, score in got], [score for _, score in want], atol=1e-5), described(call=call)
        ended += any(row[-1] in ENDS for row, _ in want)
    assert ended >= 8


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("eos", [(), (2,), (2, 5)])
def test_the_generation_config_names_special_tokens_and_nothing_else(loaded, written, kind, eos):
    model, _ = loaded(kind, eos=eos)
    ends = {} if not eos else {"eos_token_id": eos[0] if len(eos) == 1 else [*eos]}
    starts = {"decoder_start_token_id": 0} if kind == "encoder-decoder" else {}
    assert json.loads((written(kind, eos=eos) / "generation_config.json").read_text()) == ends | starts
    changed = model.generation_config.to_diff_dict()
    assert {name: changed[name] for name in changed if name not in ("transformers_version", "_from_model_config")} == (
        ends | starts)


@pytest.mark.parametrize("kind", KINDS)
def test_the_config_names_no_other_special_token_for_engines_that_read_it_alone(written, kind):
    config = json.loads((written(kind, eos=(2,)) / "config.json").read_text())
    ids = {name: token for name, token in config.items() if name.endswith("token_id")}
    starts, unset = {"decoder_start_token_id": 0}, {"forced_eos_token_id": None, "forced_bos_token_id": None}
    more = starts | unset if kind == "encoder-decoder" else {}
    assert ids == {"bos_token_id": None, "pad_token_id": None, "eos_token_id": 2, **more}


def test_text_and_ids_are_one_to_one(written):
    tokenizer = transformers.AutoTokenizer.from_pretrained(written("bigram", vocab_size=130, eos=ENDS))
    text = "".join(f"<{token}>" for token in range(130))
    assert tokenizer(text).input_ids == [*range(130)] and tokenizer.decode(range(130)) == text
    assert tokenizer.decode([1, 2, 3, 5, 6], skip_special_tokens=True) == "<1><3><6>"
    assert len(tokenizer) == 130 and tokenizer.eos_token_id == 2
    with pytest.raises(Exception, match=r"\[UNK\]"):
        tokenizer("word")
