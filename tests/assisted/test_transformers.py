"""Assisted decoding held to transformers 5.23, and where that departs from the text: docs/spec/assisted.md."""

import math
import random
from typing import Any
from unittest import mock

import numpy as np
import pytest
from support.clauses import clauses
from support.strategies import described

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec_reference import Scripted, generate, seeded_noise
from genspec_reference.drafts import Draft, before_eos, looked_up, propose
from genspec_reference.modes.assisted import excess, mixture, speculative
from genspec_reference.request import Request
from genspec_reference.scores import Scores, softmax

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from support import hf_assisted as hf  # noqa: E402  it imports torch
from transformers.generation import candidate_generator, utils  # noqa: E402  where it is installed

DRAFTS = {"assistant_early_exit": 1}
"""What makes a plan of this mode, for an assistant in the call."""


def run(config: dict[str, Any], model: Any, prompt: Any, **call: Any) -> Any:
    return generate(GenerationConfig(**config), model, prompt, **call)


def hf_case(draw: random.Random, kind: str, drawing: bool) -> tuple[dict[str, Any], dict[str, Any], Any, Any, Any]:
    """Draw a config, the fields about drafts, a model, an assistant, a prompt."""
    size = draw.choice((3, 5, 8))
    eos = draw.sample(range(size), draw.choice((0, 1)))
    model, assistant = (
        Scripted(draw.choice(("table", "history", "ties")), draw.randrange(2**32), size, tuple(eos)) for _ in range(2)
    )
    config: dict[str, Any] = {"max_new_tokens": draw.randint(1, 8), "do_sample": drawing}
    config |= {"eos_token_id": eos} if eos else {}
    config |= draw.choice(({}, {"top_k": 2})) if drawing else {}
    config |= draw.choice(({}, {}, {"no_repeat_ngram_size": 3}, {"bad_words_ids": [[1]]}))
    drafts: dict[str, Any] = {"num_assistant_tokens": draw.randint(1, 5),
                              "assistant_confidence_threshold": draw.choice((0.0, 0.3, 0.6))}
    if kind == "lookup":
        drafts = {"prompt_lookup_num_tokens": draw.randint(1, 4), "max_matching_ngram_size": draw.randint(1, 3)}
    if kind == "mixture":
        config["assistant_ensemble_weight"] = draw.choice((0.25, 0.5, 0.9))
    return config, drafts, model, assistant, [draw.randrange(size) for _ in range(draw.randint(1, 5))]


@pytest.mark.parametrize("drawing", [False, True], ids=["greedy", "drawn"])
@pytest.mark.parametrize("kind", ["lookup", "assistant", "mixture"])
@clauses("ASSISTED-6", "ASSISTED-9", "ASSISTED-12", "ASSISTED-13", "ASSISTED-14", "ASSISTED-15", "ASSISTED-16")
def test_transformers_gives_the_same_rows_with_the_same_noise(kind: str, drawing: bool) -> None:
    """Whole calls of `generate`, with every drawn number replaced. The operations are such that twice is as once."""
    draw, compared = random.Random(f"{kind} {drawing}"), 0
    for number in range(20):
        config, drafts, model, assistant, prompt = hf_case(draw, kind, drawing)
        noise, size = seeded_noise(number), model.vocab_size
        if kind == "lookup":
            ours, call = run({**config, **drafts}, model, prompt, noise=noise), drafts
        else:
            ours = run({**config, **drafts, **DRAFTS}, model, prompt, noise=noise, assistant=assistant)
            call = {"assistant_model": hf.assistant_model(assistant, size, **drafts)}
        chance = (lambda step, n=noise, v=size: n(0, step, 2 * v + 2), len(prompt), size, call.get("assistant_model"))
        with hf.given_chance(*chance):
            theirs = hf.hf_assisted(hf.caching_model(model, size), prompt, **config, **call)
        if min(step.margin for step in ours.runs[0]) > 1e-4:
            compared += 1
            assert ours.sequences[0] == theirs, described(config=config, drafts=drafts, model=model, prompt=prompt)
    assert compared > 8


@clauses("ASSISTED-10")
def test_transformers_looks_up_the_same_drafts() -> None:
    draw = random.Random(10)
    for _ in range(300):
        size = draw.choice((1, 2, 3, 5))
        row = [draw.randrange(size) for _ in range(draw.randint(1, 12))]
        eos = draw.sample(range(size), draw.choice((0, 1)))
        count, longest, room = draw.randint(1, 4), draw.randint(1, 4), draw.randint(5, 9)
        theirs = candidate_generator.PromptLookupCandidateGenerator(
            torch.tensor(eos), count, longest, max_length=len(row) + room
        ).get_candidates(torch.tensor([row]))[0][0].tolist()
        ours = before_eos(looked_up(tuple(row), count, longest), tuple(eos))
        assert [*row, *ours] == theirs, described(row=row, eos=eos, count=count, longest=longest)


@clauses("ASSISTED-2", "ASSISTED-3", "ASSISTED-11")
def test_transformers_lets_an_assistant_draft_the_same() -> None:
    """Also: it takes the length of drafts and the threshold from the config of the assistant."""
    draw = random.Random(11)
    for _ in range(30):
        config, drafts, model, assistant, prompt = hf_case(draw, "assistant", False)
        config = {name: value for name, value in config.items() if name in ("eos_token_id", "max_new_tokens")}
        plan = GenerationConfig(**config, **drafts, **DRAFTS).resolve(prompt_length=len(prompt)).plan
        ours = propose(Request(plan, model, tuple(prompt), assistant=assistant), tuple(prompt))
        helping = hf.assistant_model(assistant, model.vocab_size, **drafts)
        theirs = hf.caching_model(model, model.vocab_size)
        theirs.generation_config.update(
            max_length=len(prompt) + config["max_new_tokens"], eos_token_id=config.get("eos_token_id"),
            min_length=0, num_assistant_tokens=9, do_sample=False)
        ids, logits = candidate_generator.AssistedCandidateGenerator(
            torch.tensor([prompt]), helping, theirs.generation_config, {"use_cache": True},
        ).get_candidates(torch.tensor([prompt]))
        if min((one.margin for one in ours), default=1.0) == 0:
            continue
        assert ids[0].tolist() == [*prompt, *(one.token for one in ours)], described(config=config, drafts=drafts)
        for one, scores in zip(ours, [] if logits is None else logits[0].tolist(), strict=True):
            np.testing.assert_allclose(one.scores, scores)


@clauses("ASSISTED-13", "ASSISTED-15")
def test_transformers_accepts_and_replaces_by_the_same_rule() -> None:
    """Its `_speculative_sampling`: how often it accepts, and the probabilities that it gives to `multinomial`."""
    draw = np.random.default_rng(12)
    for weight in (None, 0.25, 0.75) * 40:
        p, q = draw.integers(-16, 16, (2, 5)) / 8
        token, given_chance = int(draw.integers(5)), float(draw.random())
        seen: list[Any] = []

        def multinomial(probabilities: Any, num_samples: int, seen: list[Any] = seen) -> Any:
            seen.append(probabilities[0].numpy())
            return probabilities.argmax(-1, keepdim=True)

        with mock.patch.object(torch, "rand_like", lambda like, r=given_chance: torch.full_like(like, r)), \
                mock.patch.object(torch, "multinomial", multinomial):
            _, matches = utils._speculative_sampling(
                torch.tensor([[0, token]]), torch.tensor(np.array([[q]])), 1, torch.tensor(np.array([[p, p]])),
                assistant_ensemble_weight=weight)
        judged = p if weight is None else mixture(p, q, weight)
        noise = np.concatenate((np.ones(6), [-math.log(given_chance)], np.ones(5)))
        ours = speculative(p, judged, Draft(token, q), noise)
        assert (int(matches) == 1) == (ours.token == token), described(p=p, q=q, token=token, chance=given_chance)
        expected = softmax(p) if matches else softmax(excess(p, q))
        np.testing.assert_allclose(seen[0], expected, rtol=1e-9, atol=1e-12)


# Deviations of transformers 5.23

def letters() -> Any:
    """Make a tokenizer of the letters a to f."""
    from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import WordLevel

    tokenizer = Tokenizer(WordLevel({letter: place for place, letter in enumerate("abcdef")}, unk_token="a"))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Split(Regex("."), "isolated"), decoders.Fuse()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer)


@clauses("ASSISTED-9", "ASSISTED-14")
def test_transformers_goes_past_a_stop_string_that_a_draft_completes() -> None:
    def model(tokens: tuple[int, ...]) -> Scores:
        return 4 * np.eye(6)[(tokens[-1] + 1) % 3]

    prompt, config = [0, 1, 2, 0, 1, 2, 0], {"stop_strings": ["bc"], "max_new_tokens": 9}
    alone = hf.hf_assisted(hf.caching_model(model, 6), prompt, tokenizer=letters(), **config)
    helped = hf.hf_assisted(
        hf.caching_model(model, 6), prompt, tokenizer=letters(), prompt_lookup_num_tokens=4, **config)
    assert (alone[7:], helped[7:]) == ((1, 2), (1, 2, 0, 1, 2, 0, 1, 2, 0))


@clauses("ASSISTED-9")
def test_transformers_keeps_dropped_drafts_in_the_row_without_the_prompt() -> None:
    """Guidance: the row is another one with assistance than without. A model with a real cache shows it."""
    torch.manual_seed(0)
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(
        vocab_size=11, n_positions=1024, n_embd=16, n_layer=2, n_head=2, initializer_range=0.6)).eval()
    prompt = torch.tensor([[1, 2, 3, 4, 1, 2, 3, 4]])
    call = {"attention_mask": torch.ones_like(prompt), "max_new_tokens": 12, "pad_token_id": 0, "eos_token_id": None,
            "do_sample": False}
    lookup = {"prompt_lookup_num_tokens": 3}
    assert model.generate(prompt, **call).equal(model.generate(prompt, **call, **lookup))
    call["guidance_scale"] = 1.7
    assert not model.generate(prompt, **call).equal(model.generate(prompt, **call, **lookup))


@clauses("ASSISTED-15")
def test_transformers_applies_the_operations_twice_to_an_assistant() -> None:
    seen: list[Any] = []
    original = utils._speculative_sampling

    def spy(ids: Any, proposed: Any, *rest: Any, **more: Any) -> Any:
        seen.append(proposed[0, 0].tolist())
        return original(ids, proposed, *rest, **more)

    config = {"do_sample": True, "temperature": 0.5, "max_new_tokens": 2, "assistant_ensemble_weight": 0.5}
    with mock.patch.object(utils, "_speculative_sampling", spy):
        hf.hf_assisted(hf.caching_model(lambda tokens: np.zeros(2), 2), [0], **config,
                       assistant_model=hf.assistant_model(lambda tokens: np.array([1.0, 0.5]), 2))
    assert seen[0] == [4.0, 2.0], "divided by 0.5 once it would be [2.0, 1.0]"


@pytest.mark.parametrize("config", [
    {"prompt_lookup_num_tokens": 0}, {"prompt_lookup_num_tokens": 2, "assistant_ensemble_weight": 0.5},
    {"prompt_lookup_num_tokens": 2, "do_sample": True, "num_return_sequences": 2},
])
@clauses("ASSISTED-1", "ASSISTED-6")
def test_transformers_refuses_what_the_page_says(config: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        hf.hf_assisted(hf.caching_model(lambda tokens: np.zeros(2), 2), [0, 1], max_new_tokens=3, **config)
    with pytest.raises(Rejected):
        GenerationConfig(**config).resolve()
