"""Right decoders keep every law; wrong ones are found, and the reason says what is wrong."""

from typing import Any

import pytest
from support import law_fakes
from support.clauses import clauses
from support.strategies import described

from genspec.conform.capabilities import lacking
from genspec.conform.cases.case import Who
from genspec.conform.laws.case import LawCase, laws
from genspec.conform.targets import Inside
from genspec.conform.verdict import Kind, Verdict


def heard(decoder: Any, name: str | None = None, seed: int = 0) -> dict[str, Verdict]:
    target = Inside(decoder)
    who = Who(target.info, target.capabilities)
    return {
        case.name: case.examine(target.ask, who) for case in laws("hf", seed)
        if name in (None, case.name) and lacking(who.can, case.question) is None
    }


@pytest.mark.parametrize("seed", range(20))
def test_a_right_decoder_keeps_every_law(seed: int) -> None:
    said = heard(law_fakes.Right(), seed=seed)
    assert len(said) >= 13 and all(one.kind is Kind.CONFORMS for one in said.values()), described(said=said)
    assert all(one.draws >= 256 and one.log10_e_value < 7 for one in said.values()), described(said=said)


@pytest.mark.parametrize("seed", range(3))
def test_a_right_decoder_of_one_row_keeps_every_law(seed: int) -> None:
    said = heard(law_fakes.OneAtATime(), seed=seed)
    assert len(said) >= 10 and all(one.kind is Kind.CONFORMS for one in said.values()), described(said=said)


WRONG = [
    ("NucleusAtEqualMass", "nucleus-boundary", "TOP-P-2", "nucleus_boundary <="),
    ("CrossingTokenLost", "top-p", "TOP-P-2", "one token less is kept"),
    ("TemperatureLast", "nucleus-mass", "PIPELINE-1", "order"),
    ("TemperatureLast", "min-p", "PIPELINE-1", "order"),
    ("TopPBeforeTopK", "nucleus-mass", "", "nucleus_mass full"),
    ("MinPFirst", "min-p", "", "order"),
    ("MinPBeforeTopP", "top-p-and-min-p", "", "order"),
    ("MassOfAll", "nucleus-mass", "TOP-P-5", "nucleus_mass full"),
    ("TemperatureTwice", "temperature", "TEMPERATURE-1", "temperature(temperature=0.25)"),
    ("TemperatureInverse", "temperature", "TEMPERATURE-1", "temperature(temperature=2.0)"),
    ("TopKOneMore", "top-k", "TOP-K-2", "one token more is kept"),
    ("TopKOneLess", "top-k", "TOP-K-2", "one token less is kept"),
    ("TopKExact", "top-k-ties", "TOP-K-3", "top_k_ties exact"),
    ("Ignorant", "top-k", "TOP-K-2", "no top_k"),
    ("Ignorant", "top-p", "TOP-P-2", "no top_p"),
    ("Unnormalised", "top-k", "TOP-K-2", "not renormalised, the rest to the last token"),
    ("Unnormalised", "nucleus-mass", "TOP-P-5", "not renormalised, the rest to the last token"),
    ("ExponentialNoise", "sampler", "SAMPLE-3", "exponential noise in the place of Gumbel noise"),
    ("ExponentialNoise", "beam-sample", "BEAM-SAMPLE-5", "exponential noise in the place of Gumbel noise"),
    ("UniformNoise", "temperature", "TEMPERATURE-1", ""),
    ("LastTokenLost", "vocabulary", "SAMPLE-3", "the last token is never drawn"),
    ("Greedy", "sampler", "SAMPLE-3", "the most probable token, always"),
    ("BeamsWithReplacement", "beam-sample", "BEAM-SAMPLE-5", "drawn with replacement"),
    ("BeamsByScore", "beam-sample", "BEAM-SAMPLE-5", ""),
    ("BestRowFirst", "rows-together", "SAMPLE-4", "the best row first"),
    ("RowsOfOthers", "rows-together", "SAMPLE-4", "drawn without replacement"),
    ("ARowTooFew", "rows", "OUTPUTS-6", "4 rows were asked for, and 3 came"),
]


@pytest.mark.parametrize(("name", "law", "clause", "looks"), WRONG)
@pytest.mark.parametrize("seed", range(2))
def test_a_wrong_decoder_is_found(name: str, law: str, clause: str, looks: str, seed: int) -> None:
    said = heard(getattr(law_fakes, name)(), law, seed)[law]
    assert said.kind is Kind.VIOLATES and looks in said.reason, described(said=said)
    assert said.clauses == (clause,) or not clause, described(said=said)


@clauses("SAMPLE-2", "SAMPLE-3", "SAMPLE-4", "SAMPLE-8")
@pytest.mark.parametrize(("name", "law", "clause"), [
    ("SameNoiseEveryStep", "calls", "SAMPLE-3"), ("SameNoiseEveryRow", "rows", "SAMPLE-4"),
    ("SameNoiseEveryPrompt", "batch", "SAMPLE-2"), ("SameNoiseEveryCall", "calls", "SAMPLE-8"),
])
def test_chance_that_is_used_twice_is_found(name: str, law: str, clause: str) -> None:
    said = heard(getattr(law_fakes, name)(), law)[law]
    assert (said.kind, said.clauses, said.difference) == (Kind.VIOLATES, (clause,), "noise"), described(said=said)
    assert said.draws < 60, described(said=said)


def test_a_token_that_cannot_be_is_a_violation_at_once() -> None:
    said = heard(law_fakes.Ignorant(), "top-k")["top-k"]
    assert said.difference == "support" and said.draws < 64, described(said=said)
    assert said.answered not in said.expected and set(said.expected) == {"1", "3", "6"}, described(said=said)


class LowestIdLast(law_fakes.Right):
    """Keeps the last ones of equal scores."""

    def top_p(self, scores: law_fakes.Floats, p: float) -> law_fakes.Floats:
        return super().top_p(scores[::-1], p)[::-1].copy()


class AnotherPairEachStep(law_fakes.Right):
    """Keeps two of four equal tokens, each time others. SAMPLE-9 forbids that: nothing else could be told."""

    def draws(self, q: law_fakes.Floats, rng: Any, shape: tuple[int, ...]) -> Any:
        return rng.integers(0, q.size, shape)


@clauses("SAMPLE-9")
def test_which_of_equal_tokens_are_kept_is_free_but_the_same_at_every_step() -> None:
    law = "nucleus-boundary"
    assert heard(LowestIdLast(), law)[law].kind is Kind.CONFORMS
    said = heard(AnotherPairEachStep(), law)[law]
    assert said.kind is Kind.VIOLATES and "one more of the equal tokens" in said.reason, described(said=said)


def test_a_question_asks_for_no_more_than_a_decoder_knows() -> None:
    asked: list[dict[str, Any]] = []

    class Listening(law_fakes.OneAtATime):
        def decode(self, request: Any) -> Any:
            asked.append(dict(request.config))
            assert request.noise is None and 0 <= request.seed < 2**31
            return super().decode(request)

    said = heard(Listening(), "sampler")["sampler"]
    assert said.kind is Kind.CONFORMS and said.draws == sum(one["max_new_tokens"] for one in asked)
    assert all("num_return_sequences" not in one for one in asked)
    assert [one["max_new_tokens"] for one in asked[:4]] == [16, 64, 128, 128]


def test_the_questions_of_a_law_have_different_seeds_and_a_run_has_its_own() -> None:
    from genspec.conform.laws.asking import seed_of

    seeds = [seed_of(0, "top-p", number) for number in range(2_000)]
    assert len(set(seeds)) == len(seeds) and all(0 <= seed < 2**31 for seed in seeds)
    assert seed_of(1, "top-p", 0) != seeds[0] != seed_of(0, "top-k", 0)
    assert LawCase("top-p", "hf", 3).question == LawCase("top-p", "hf", 3).question
