"""The public call: what it takes, what it gives, and what it says to a call that it cannot answer."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from support.strategies import described

from genspec import GenerationConfig
from genspec.backends.torch import UnsupportedHere, generate
from genspec.backends.torch.scripted import batched
from genspec.config.decision import Rejected
from genspec_reference import Scripted, counted_noise, seeded_noise
from genspec_reference import generate as reference

V = 12
HISTORY = Scripted("history", 7, V, (3,))
MODEL = batched(HISTORY)
LETTERS = "abcdefghijkl"


def text(tokens: Any) -> str:
    return "".join(LETTERS[token] for token in tokens)


def constant(*logits: float) -> Callable[..., torch.Tensor]:
    return lambda tokens, mask: torch.tensor([logits] * len(tokens))


def cut(row: torch.Tensor, prompt: int) -> list[int]:
    """Take a row without EOS 3 beyond its end."""
    tokens = row.tolist()
    ends = [place for place in range(prompt, len(tokens)) if tokens[place] == 3]
    return tokens[:ends[0] + 1] if ends else tokens


@pytest.mark.parametrize("given", [
    {"max_new_tokens": 4}, GenerationConfig(max_new_tokens=4),
])
def test_a_config_may_be_a_mapping_or_ours(given):
    expected = reference(GenerationConfig(max_new_tokens=4), HISTORY, [1, 2]).sequences
    assert generate(MODEL, torch.tensor([[1, 2]]), given).tolist() == [list(row) for row in expected]


def test_a_config_may_be_that_of_transformers_and_lies_over_the_models_own():
    from transformers import GenerationConfig as TheirConfig

    theirs = TheirConfig(max_new_tokens=4, pad_token_id=0)
    own = TheirConfig(max_new_tokens=9, eos_token_id=3)
    expected = reference(GenerationConfig(max_new_tokens=4, eos_token_id=3), HISTORY, [1, 2]).sequences
    assert generate(MODEL, [[1, 2]], theirs, model_config=own).tolist() == [list(row) for row in expected]


@pytest.mark.parametrize("shape", ["[N, V]", "[N, L, V]", "an object"])
def test_a_function_may_give_logits_of_one_place_or_of_all(shape):
    def model(tokens: torch.Tensor, mask: torch.Tensor) -> Any:
        logits = MODEL(tokens, mask)
        places = torch.cat([torch.full((len(tokens), tokens.shape[1] - 1, V), 9.0), logits[:, None]], dim=1)
        return {"[N, V]": logits, "[N, L, V]": places, "an object": type("Answer", (), {"logits": places})}[shape]

    assert generate(model, [[1, 2], [4]], {"pad_token_id": 0}).tolist() == generate(
        MODEL, [[1, 2], [4]], {"pad_token_id": 0}).tolist()


def test_a_function_may_use_its_memory_again():
    memory = torch.empty(1, V)

    def model(tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return memory.copy_(MODEL(tokens, mask))

    config = {"return_dict_in_generate": True, "output_scores": True, "output_logits": True, "max_new_tokens": 3}
    ours, other = generate(model, [[1]], config), generate(MODEL, [[1]], config)
    for name in ("scores", "logits"):
        assert all(map(torch.equal, getattr(ours, name), getattr(other, name))), described(ours=ours, other=other)


@pytest.mark.parametrize("given", ["text", torch.zeros(2, 2, 2, 2), torch.zeros(3)])
def test_what_is_no_logits_is_named(given):
    with pytest.raises(ValueError, match=r"a model gives a tensor of logits"):
        generate(lambda tokens, mask: given, [[1]], {})


def test_pad_0_fills_as_any_other():
    output = generate(constant(0.0, 1.0, 0.0), [[2, 2], [1]], {"pad_token_id": 0, "max_length": 4})
    assert output.tolist() == [[2, 2, 1, 1, 0], [0, 1, 1, 1, 1]]                 # OUTPUTS-16


def test_rows_that_need_no_filling_need_no_pad_id_and_others_do():
    assert generate(MODEL, [[1, 2]], {"max_new_tokens": 2}).shape == (1, 4)
    with pytest.raises(ValueError, match="pad_token_id"):
        generate(MODEL, [[1, 2], [1]], {"max_new_tokens": 2})


def test_an_overlong_prompt_is_cut_and_gets_no_token():
    output = generate(MODEL, [[1, 2, 4, 5], [6]], {"max_length": 3, "pad_token_id": 0, "eos_token_id": 3})
    assert output[0].tolist()[:3] == [2, 4, 5] and output[0, 3:].eq(0).all()    # LENGTH-5
    beams = generate(MODEL, [[1, 2, 4, 5]], {"max_length": 3, "num_beams": 2, "return_dict_in_generate": True})
    assert (beams.sequences.tolist(), beams.sequences_scores.tolist()) == ([[2, 4, 5]], [0.0])  # BEAM-SEARCH-7


def test_an_empty_prompt_begins_with_bos():
    config = {"bos_token_id": 5, "pad_token_id": 0, "max_new_tokens": 2}
    ids, mask = torch.tensor([[9, 9], [9, 1]]), torch.tensor([[0, 0], [0, 1]])
    assert generate(MODEL, ids, config, attention_mask=mask)[0, 0] == 5         # TOKENS-6
    with pytest.raises(Rejected, match="TOKENS-6"):
        generate(MODEL, ids, {"pad_token_id": 0}, attention_mask=mask)


def test_the_decoder_of_a_function_with_an_encoder_begins_with_its_start_tokens():
    model = batched(HISTORY)
    config = {"decoder_start_token_id": [4, 5], "max_new_tokens": 3, "pad_token_id": 0}
    output = generate(model, [[1, 2], [6]], config, architecture="encoder-decoder")
    for row, source, start in zip(output, ([1, 2], [6]), (4, 5), strict=True):
        one = GenerationConfig(decoder_start_token_id=start, max_new_tokens=3)
        assert row.tolist() == list(reference(one, HISTORY, source=source).sequences[0])        # TOKENS-5
    explicit = generate(model, [[1, 2], [6]], config, architecture="encoder-decoder", decoder_input_ids=[[4], [5]])
    assert explicit.tolist() == output.tolist()


def test_stop_strings_end_a_row_and_may_begin_in_the_prompt():
    config = {"stop_strings": ["ab"], "max_new_tokens": 4, "pad_token_id": 2}
    output = generate(constant(0.0, 1.0, 0.0), [[0], [2]], config, detokenize=text)
    assert output.tolist() == [[0, 1, 2, 2, 2], [2, 1, 1, 1, 1]]                # STOPPING-3


def test_a_tokenizer_decodes_for_stop_strings():
    tokenizer = type("Tokenizer", (), {"decode": staticmethod(text)})
    config = {"stop_strings": "b", "max_new_tokens": 4}
    assert generate(constant(0.0, 1.0), [[0]], config, tokenizer=tokenizer).tolist() == [[0, 1]]
    with pytest.raises(ValueError, match=r"stop_strings.*tokenizer="):
        generate(constant(0.0, 1.0), [[0]], config)


@pytest.mark.parametrize("beams", [1, 2])
def test_time_is_read_once_a_step(beams):
    times = iter(range(100))
    config = {"max_time": 3.0, "max_new_tokens": 50, "num_beams": beams, "pad_token_id": 0}
    output = generate(MODEL, [[1], [2]], config, clock=lambda: float(next(times)))
    assert output.shape == (2, 1 + 4), output                                   # STOPPING-4: 4 - 0 > 3
    assert next(times) == 5


class Listener:
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def put(self, value: torch.Tensor) -> None:
        self.heard.append(value.tolist())

    def end(self) -> None:
        self.heard.append("end")


def test_a_streamer_hears_the_prompt_every_token_and_the_end():
    listener = Listener()
    output = generate(MODEL, [[1, 2]], {"max_new_tokens": 3}, streamer=listener)
    assert listener.heard == [[[1, 2]], *([token] for token in output[0, 2:].tolist()), "end"]


@pytest.mark.parametrize("config, rows", [({"num_beams": 2}, [[1]]), ({"pad_token_id": 0}, [[1], [2]])])
def test_a_streamer_takes_one_row(config, rows):
    with pytest.raises(ValueError, match="streamer"):
        generate(MODEL, rows, config, streamer=Listener())


@pytest.mark.parametrize("beams", [1, 2])
def test_allowed_tokens_are_asked_for_by_prompt_and_row(beams):
    asked = []

    def allowed(prompt: int, row: torch.Tensor) -> list[int]:
        asked.append((prompt, row.tolist()))
        return [4 + prompt]

    config = {"max_new_tokens": 2, "num_beams": beams, "pad_token_id": 0}
    output = generate(MODEL, [[1], [2, 8]], config, prefix_allowed_tokens_fn=allowed)
    assert output[:, 2:].tolist() == [[4, 4], [5, 5]]
    assert (0, [1]) in asked and (1, [2, 8, 5]) in asked, asked


MODES = {
    "greedy": {}, "sample": {"do_sample": True, "top_k": 0, "num_return_sequences": 2}, "beams": {"num_beams": 3},
    "beams, drawn": {"num_beams": 2, "do_sample": True, "top_k": 0},
}


@pytest.mark.parametrize("profile", ["hf", "hf-4.46"])
@pytest.mark.parametrize("mode", MODES)
def test_a_rule_of_the_caller_ends_what_a_stop_string_ends(mode, profile):
    prompts, seen = [[1, 2], [4], [5, 6, 7]], []

    def ends(ids: torch.Tensor, scores: None) -> torch.Tensor:
        seen.append(ids)
        return ids[:, -1] == 3

    def run(stop: dict[str, Any], **more: Any) -> list[list[int]]:
        config = {"max_new_tokens": 12, "pad_token_id": 0, **MODES[mode], **stop}
        return generate(MODEL, prompts, config, seeds=[1, 2, 3], profile=profile, detokenize=text, **more).tolist()

    expected, found, free = run({"stop_strings": ["d"]}), run({}, stopping_criteria=[ends]), run({})
    assert found == expected, described(mode=mode, found=found, expected=expected)
    assert profile != "hf" or found != free, "the rule matters"
    assert all(ids.ndim == 2 for ids in seen)
    if "beams" not in mode:
        assert seen[0][:, -2].tolist() == [2] * (len(seen[0]) // 3) + [4] * (len(seen[0]) // 3) + [7] * (
            len(seen[0]) // 3), "rows are filled on the left"


@pytest.mark.parametrize("config", [{}, {"num_beams": 2}])
def test_a_rule_of_the_caller_may_answer_for_all_rows(config):
    asked = {"max_new_tokens": 9, "pad_token_id": 0, **config}
    rows = generate(MODEL, [[1, 2], [4, 5]], asked, stopping_criteria=[lambda ids, scores: ids.shape[1] >= 5])
    assert rows.shape == (2, 5)
    with pytest.raises(ValueError, match=r"stopping_criteria: .* was given \d rows, and returned \[3, 2\]"):
        generate(MODEL, [[1, 2], [4, 5]], asked, stopping_criteria=[lambda ids, scores: torch.zeros(3, 2)])


@pytest.mark.parametrize("config", [{}, {"num_beams": 3}, {"num_beams": 3, "early_stopping": True}])
def test_rules_of_transformers_end_what_they_end_there(config):
    from support.small_models import small_model
    from transformers import StoppingCriteriaList

    class Even:
        """End a row of an even token that is not its first new one."""

        def __call__(self, input_ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
            return (input_ids[:, -1] % 2 == 0) & (input_ids.shape[1] > 5)

    model, ids = small_model("llama"), torch.tensor([[7, 8, 9, 10], [4, 5, 6, 11]])
    asked = {"max_new_tokens": 10, "pad_token_id": 1, "eos_token_id": 2, **config}
    rules = StoppingCriteriaList([Even()])
    theirs = model.generate(ids, attention_mask=torch.ones_like(ids), stopping_criteria=rules, **asked)
    ours = generate(model, ids, asked, stopping_criteria=rules)
    assert ours.tolist() == theirs.tolist(), described(ours=ours, theirs=theirs)


def test_a_processor_acts_before_the_temperature():
    seen = []

    def processor(ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        seen.append((ids.tolist(), scores.max().item()))
        return scores - 100 * torch.arange(V)

    config = {"do_sample": True, "top_k": 1, "temperature": 0.5, "max_new_tokens": 1, "pad_token_id": 9}
    output = generate(MODEL, [[1, 2], [4]], config, logits_processor=[processor])
    assert output[:, -1].tolist() == [0, 0]
    assert seen[0][0] == [[1, 2], [9, 4]] and seen[0][1] < 4                    # not divided yet: PIPELINE-4


def test_the_same_generator_state_gives_the_draws_of_multinomial():
    config = {"do_sample": True, "top_k": 0, "max_new_tokens": 1, "num_return_sequences": 2}
    ours = generate(MODEL, [[1], [2]], config, generator=torch.Generator().manual_seed(4))
    logits = MODEL(torch.tensor([[1], [1], [2], [2]]), torch.ones(4, 1))
    theirs = torch.multinomial(logits.softmax(1), 1, generator=torch.Generator().manual_seed(4))
    assert ours[:, 1:].tolist() == theirs.tolist()
    torch.manual_seed(4)
    assert generate(MODEL, [[1], [2]], config).tolist() == ours.tolist()        # torch's own, when none is given


def test_seeds_are_the_counted_noise_of_the_reference():
    config = {"do_sample": True, "top_k": 0, "max_new_tokens": 4, "num_return_sequences": 2}
    output = generate(MODEL, [[1], [2]], config, seeds=[8, 9])
    for number, seed in enumerate((8, 9)):
        one = reference(GenerationConfig(**config), HISTORY, [1 + number], noise=counted_noise(seed))
        assert output[2 * number:2 * number + 2].tolist() == [list(row) for row in one.sequences]
    assert seeded_noise(8)(0, 0, 3).tolist() != counted_noise(8)(0, 0, 3).tolist()


@pytest.mark.parametrize("arguments, message", [
    ({"seeds": [1]}, "seeds: 1 entries for 2 prompts"),
    ({"attention_mask": torch.ones(1, 1)}, r"input_ids is int64\[P, L\] and its mask the same"),
    ({"config": {"token_healing": True}}, "token_healing.*tokenizer="),
    ({"input_ids": []}, "input_ids holds no row"),
    ({"input_ids": torch.zeros(2, 2)}, r"input_ids is int64\[P, L\].*float32"),
    ({"negative_prompt_ids": [[1], []]}, "negative_prompt_ids: row 1 has no token"),
    ({"negative_prompt_ids": [[1]]}, "negative_prompt_ids: 1 entries for 2 prompts"),
])
def test_arguments_that_do_not_fit_are_named(arguments, message):
    call = {"input_ids": [[1], [2]], "config": {"pad_token_id": 0}, **arguments}
    with pytest.raises(ValueError, match=message):
        generate(MODEL, call.pop("input_ids"), call.pop("config"), **call)


@pytest.mark.parametrize("config", [{}, {"num_beams": 2}, {"do_sample": True}])
@pytest.mark.parametrize("logit, clause", [(float("nan"), "SCORES-2"), (float("inf"), "SCORES-2"),
                                           (-float("inf"), "SCORES-6")])
def test_scores_that_are_none_refuse_the_request(config, logit, clause):
    with pytest.raises(Rejected, match=clause):
        generate(constant(logit, logit), [[0], [1]], config, seeds=[1, 2])


def test_a_row_that_has_ended_refuses_nothing():
    def model(tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        logits = torch.tensor([[0.0, 1.0]] * len(tokens))
        logits[tokens[:, -1] == 1] = torch.nan
        return logits

    assert generate(model, [[0], [0]], {"eos_token_id": 1, "max_new_tokens": 5}).tolist() == [[0, 1], [0, 1]]


def test_other_modes_are_named():
    with pytest.raises(UnsupportedHere, match=r"assisted is no mode of this decoder.*genspec_reference"):
        generate(MODEL, [[1]], {"prompt_lookup_num_tokens": 2})


@pytest.mark.parametrize("config", [{}, {"num_beams": 2, "num_return_sequences": 2}])
def test_an_output_has_the_names_of_transformers(config):
    asked = {"return_dict_in_generate": True, "output_scores": True, "output_logits": True, "pad_token_id": 0,
             "eos_token_id": 3, "max_new_tokens": 8}
    output = generate(MODEL, [[1, 2], [6]], {**asked, **config})
    beams = config.get("num_beams", 1)
    assert all(scores.shape == (2 * beams, V) for scores in (*output.scores, *output.logits))
    if beams > 1:
        assert output.beam_indices.shape == (4, output.sequences.shape[1] - 2)
        for number, (row, indices) in enumerate(zip(output.sequences, output.beam_indices, strict=True)):
            new = cut(row, 2)[2:]
            assert indices[len(new):].eq(-1).all() and indices[0] == (number // 2) * 2          # OUTPUTS-17
            steps = zip(new, indices.tolist(), output.scores, strict=False)
            total = sum(scores[line, token] for token, line, scores in steps)                   # OUTPUTS-14
            assert abs(total / len(new) - output.sequences_scores[number]) < 1e-5, described(output=output)


def test_a_search_ends_when_its_hope_equals_the_worst_of_the_pool():
    """An EOS and token 1 are equally probable twice; going on, the EOS of step 3 would come first."""
    def model(tokens: tuple[int, ...]) -> list[float]:
        return [0.0, 0.0] if len(tokens) < 3 else [9.0, 0.0]

    config = {"num_beams": 2, "num_return_sequences": 2, "eos_token_id": 0, "max_new_tokens": 4}
    output = generate(batched(model), [[1]], config)
    assert output.tolist() == [[1, 0, 0], [1, 1, 0]]                            # BEAM-SEARCH-6
    assert reference(GenerationConfig(**config), model, [1]).sequences == ((1, 0), (1, 1, 0))
    later = generate(batched(model), [[1]], {**config, "early_stopping": "never"})
    assert later[0].tolist() == [1, 1, 1, 0]


def test_healing_replaces_the_last_token_of_a_prompt():
    texts = ["a", "ab", "b", "abc"]
    model = constant(0.0, 3.0, 5.0, 3.5)
    config = {"token_healing": True, "max_new_tokens": 1, "pad_token_id": 0}

    def detokenize(tokens: Any) -> str:
        return "".join(texts[token] for token in tokens)

    output = generate(model, [[2, 0], [2, 1], [0]], config, detokenize=detokenize)
    assert output.tolist() == [[2, 3, 2], [2, 1, 2], [0, 0, 2]]                 # TOKEN-HEALING-3, TOKEN-HEALING-4


@pytest.mark.parametrize("config", [{}, {"do_sample": True}, {"num_beams": 2}, {"num_beams": 2, "do_sample": True}])
def test_of_a_wide_vocabulary_all_may_be_banned(config: dict[str, Any]) -> None:
    size = 9000                             # wide enough for blocks, none of which reaches any score
    wide = batched(Scripted("table", 1, size))
    with pytest.raises(Rejected, match="SCORES-6"):
        generate(wide, [[0]], {"max_new_tokens": 2, "suppress_tokens": list(range(size)), **config})
