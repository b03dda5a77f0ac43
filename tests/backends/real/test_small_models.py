"""Our `generate` and that of transformers on small random models: every output, in structure and in number."""

import pytest
import torch
from support.generated import EVERYTHING, Bounds, live_steps, of_genspec, of_transformers
from support.side_by_side import MODES, OPERATIONS, PADDING_COUNTS, STEPS, batch, call, compare, prompt_length
from support.small_models import ENCODER_DECODER, EOS, KINDS, OTHER_EOS, PAD, START, padded, ragged, small_model


def test_the_rows_of_these_models_end_apart():
    for kind in KINDS:
        ids, mask = batch(kind, 8)
        output = of_transformers(small_model(kind), ids, mask, call(kind))
        ends = live_steps(output, prompt_length(kind, ids), 8, call(kind))
        assert len(set(ends)) >= 3 and min(ends) < STEPS, f"{kind}: {ends}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", MODES)
def test_one_row_gives_every_output_of_transformers(kind, mode):
    for seed in range(3):
        ids, mask = batch(kind, 3, seed)
        row = slice(seed, seed + 1)
        kept = mask[row].bool()[0]
        compare(kind, ids[row][:, kept], mask[row][:, kept], call(kind, **MODES[mode]), seed)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", MODES)
def test_a_ragged_batch_gives_every_output_of_transformers(kind, mode):
    ids, mask = batch(kind, 5)
    compare(kind, ids, mask, call(kind, **MODES[mode]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["greedy", "sample", "beams 3", "beam sample"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_operations_on_one_row(kind, mode, operation):
    ids, mask = batch(kind, 1, seed=7)
    compare(kind, ids, mask, call(kind, **MODES[mode], **OPERATIONS[operation]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["greedy", "sample", "beams 3", "beam sample"])
@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name not in PADDING_COUNTS])
def test_operations_that_do_not_see_the_padding_on_a_ragged_batch(kind, mode, operation):
    ids, mask = batch(kind, 5, seed=7)
    compare(kind, ids, mask, call(kind, **MODES[mode], **OPERATIONS[operation]))


@pytest.mark.parametrize("kind", ENCODER_DECODER)
@pytest.mark.parametrize("mode", ["greedy", "beams 3"])
@pytest.mark.parametrize("operation", sorted(PADDING_COUNTS))
def test_the_decoder_of_an_encoder_decoder_model_has_no_padding_to_see(kind, mode, operation):
    ids, mask = batch(kind, 5, seed=7)
    compare(kind, ids, mask, call(kind, **MODES[mode], **OPERATIONS[operation]))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ENCODER_DECODER])
@pytest.mark.parametrize("mode", ["greedy", "beams 3"])
@pytest.mark.parametrize("operation", sorted(PADDING_COUNTS))
def test_a_row_of_a_ragged_batch_is_the_row_that_transformers_gives_alone(kind, mode, operation):
    rows, config = ragged(5, seed=7), call(kind, **MODES[mode], **OPERATIONS[operation])
    ids, mask = padded(rows)
    model, returned = small_model(kind), config.get("num_return_sequences", 1)
    ours = of_genspec(model, ids, mask, config)
    for number, row in enumerate(rows):
        alone = of_transformers(model, torch.tensor([row]), torch.ones(1, len(row), dtype=torch.int64), config)
        mine = ours.sequences[number * returned:(number + 1) * returned, ids.shape[1]:]
        theirs = alone.sequences[:, len(row):]
        fill = torch.full((returned, mine.shape[1] - theirs.shape[1]), PAD)
        assert torch.equal(mine, torch.cat([theirs, fill], dim=1)), f"row {number}: {mine.tolist()}, {theirs.tolist()}"
        if alone.get("sequences_scores") is not None:
            torch.testing.assert_close(
                ours.sequences_scores[number * returned:(number + 1) * returned], alone.sequences_scores,
            )


@pytest.mark.parametrize("kind", ENCODER_DECODER)
@pytest.mark.parametrize("mode", ["greedy", "beams 3", "beam sample"])
def test_forced_bos_and_eos_of_an_encoder_decoder_model(kind, mode):
    ids, mask = batch(kind, 5)
    # With one token possible there is one hypothesis: the other lines of step 2 are placeholders. DEV-39
    quiet = dict.fromkeys(EVERYTHING, False) | {"return_dict_in_generate": True, "output_scores": True}
    compare(kind, ids, mask, call(kind, **MODES[mode], forced_bos_token_id=9, forced_eos_token_id=OTHER_EOS) | quiet,
            of_lines=mode == "greedy")


@pytest.mark.parametrize("kind", ENCODER_DECODER)
def test_a_start_token_for_each_row(kind):
    ids, mask = batch(kind, 3)
    compare(kind, ids, mask, call(kind, decoder_start_token_id=[START, 8, 30]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["greedy", "sample", "beams 3"])
def test_in_bfloat16_too(kind, mode):
    # Logits of 8 bits are often equal, and which of equal ones top_p keeps is free: DEV-37
    ids, mask = batch(kind, 4)
    config = call(kind, **MODES[mode]) | ({"top_p": 1.0} if mode == "sample" else {})
    compare(kind, ids, mask, config, dtype=torch.bfloat16, bounds=Bounds(0.02, 0.1))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["greedy", "beams 3"])
@pytest.mark.parametrize("implementation", ["sdpa"])
def test_another_attention_gives_the_same_rows(kind, mode, implementation):
    ids, mask = batch(kind, 5)
    quiet = {"output_attentions": False}
    model = small_model(kind)
    model.set_attn_implementation(implementation)
    try:
        compare(kind, ids, mask, call(kind, **MODES[mode], **quiet))
    finally:
        model.set_attn_implementation("eager")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["greedy", "beams 3"])
def test_without_a_cache_the_rows_are_the_same(kind, mode):
    ids, mask = batch(kind, 5)
    model, config = small_model(kind), call(kind, **MODES[mode])
    cached = of_genspec(model, ids, mask, config)
    bare = of_genspec(model, ids, mask, config | {"use_cache": False})
    assert torch.equal(cached.sequences, bare.sequences), f"{cached.sequences.tolist()}\n{bare.sequences.tolist()}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", MODES)
def test_rows_alone_when_no_dictionary_is_asked(kind, mode):
    ids, mask = batch(kind, 3)
    config = call(kind, **MODES[mode]) | dict.fromkeys(EVERYTHING, False)
    theirs = of_transformers(small_model(kind), ids, mask, config)
    ours = of_genspec(small_model(kind), ids, mask, config)
    assert torch.is_tensor(ours) and torch.equal(ours, theirs), f"{ours}\n{theirs}"


class Heard:
    """A streamer that writes down what it is given."""

    def __init__(self) -> None:
        self.tokens: list[list[int]] = []
        self.ended = 0

    def put(self, value: torch.Tensor) -> None:
        self.tokens.append(torch.as_tensor(value).flatten().tolist())

    def end(self) -> None:
        self.ended += 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["greedy", "sample"])
def test_a_streamer_hears_what_that_of_transformers_hears(kind, mode):
    ids, mask = batch(kind, 1, seed=2)
    config = call(kind, **MODES[mode])
    heard, theirs = Heard(), Heard()
    torch.manual_seed(5)
    small_model(kind).generate(ids, attention_mask=mask, streamer=theirs, **config)
    of_genspec(small_model(kind), ids, mask, config, 5, streamer=heard)
    assert (heard.tokens, heard.ended) == (theirs.tokens, theirs.ended), f"{heard.tokens}\n{theirs.tokens}"


@pytest.mark.parametrize("kind", KINDS)
def test_seeds_make_a_row_independent_of_its_batch(kind):
    rows, config = ragged(4, seed=1), call(kind, do_sample=True, top_k=0)
    ids, mask = padded(rows, "right" if kind in ENCODER_DECODER else "left")
    together = of_genspec(small_model(kind), ids, mask, config, seeds=[11, 12, 13, 14]).sequences
    for number, row in enumerate(rows):
        alone = torch.tensor([row])
        one = of_genspec(small_model(kind), alone, torch.ones_like(alone), config, seeds=[11 + number]).sequences
        mine = together[number, prompt_length(kind, ids):].tolist()
        other = one[0, prompt_length(kind, alone):].tolist()
        assert mine == other + [PAD] * (len(mine) - len(other)), f"row {number}: {mine}, alone {other}"


# What transformers does otherwise on these models, each seen here.


@pytest.mark.parametrize("kind", ["llama", "t5"])
def test_deviation_beams_with_the_pad_id_0_are_filled_with_eos(kind):
    ids, mask = batch(kind, 5)
    config, start = call(kind, num_beams=4, pad_token_id=0, suppress_tokens=[0]), prompt_length(kind, ids)
    theirs = of_transformers(small_model(kind), ids, mask, config).sequences[:, start:]         # DEV-41
    ours = of_genspec(small_model(kind), ids, mask, config).sequences[:, start:]
    assert ours.shape == theirs.shape
    fill = ours == 0
    assert fill.any() and (theirs[fill] == EOS).all(), f"{ours}\n{theirs}"
    assert torch.equal(ours[~fill], theirs[~fill]), f"{ours}\n{theirs}"


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_deviation_the_padding_of_a_ragged_batch_counts(kind):
    ids, mask = padded(ragged(5, seed=7))
    config = call(kind, no_repeat_ngram_size=1)
    theirs = of_transformers(small_model(kind), ids, mask, config)                # DEV-29
    ours = of_genspec(small_model(kind), ids, mask, config)
    padded_rows = [row for row in range(5) if mask[row].sum() < ids.shape[1]]
    banned = [int(torch.isneginf(output.scores[0][padded_rows, PAD]).sum()) for output in (ours, theirs)]
    assert banned == [0, len(padded_rows)], f"rows in which the pad id is banned at step 1: {banned}"
