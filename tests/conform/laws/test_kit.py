"""Laws as cases of the kit: selected, asked of decoders in processes of their own, reported."""

import json
from typing import Any

import jsonschema
import pytest
from support import law_fakes
from support.strategies import described

from genspec.backends.torch.decoder import TorchDecoder
from genspec.backends.transformers.decoder import TransformersDecoder
from genspec.conform import protocol, run
from genspec.conform.capabilities import capabilities_from, draws_itself, lacking
from genspec.conform.kit.report import Report, result_from_json, result_to_json
from genspec.conform.laws.case import laws
from genspec.conform.laws.catalogue import ERROR_RATE, SHARE
from genspec.conform.protocol.messages import run_message
from genspec.conform.protocol.shapes import fault_of
from genspec.conform.report import text
from genspec.conform.verdict import Kind


def ran(name: str, **given: Any) -> Report:
    return run(f"support.law_fakes:{name}", **{"levels": ["L4"], **given})


def test_a_right_decoder_conforms_and_the_report_says_with_what_error_rate_and_power() -> None:
    report = ran("Right", clauses=["TOP-P", "SAMPLE-4"])
    assert report.status == 0, described(failures=report.failures)
    asked = [result for result in report.results if result.asked]
    assert {result.id for result in asked} >= {"law/rows", "law/top-p", "law/nucleus-boundary", "law/nucleus-mass"}
    for result in asked:
        verdict = result.verdict
        assert verdict.draws >= 256 and verdict.error_rate == SHARE and verdict.log10_e_value < 7
        assert result_from_json(json.loads(json.dumps(result_to_json(result)))) == result
    written = "".join(text.lines(report))
    assert f"{len(asked)} laws of samples" in written and "at least 0.999" in written, written
    assert sum(result.verdict.error_rate for result in asked) <= ERROR_RATE


def test_a_violation_comes_with_its_numbers_and_is_shown_again_by_its_id() -> None:
    report = ran("NucleusAtEqualMass", clauses=["TOP-P"])
    failure, = report.failures
    assert (failure.id, failure.verdict.clauses) == ("law/nucleus-boundary", ("TOP-P-2",)), described(failure=failure)
    assert "Asked twice" not in failure.verdict.reason and failure.input["seed"] is not None
    written = "".join(text.lines(report))
    assert "nucleus_boundary <=" in written and "e-value 10^" in written, written
    again = ran("NucleusAtEqualMass", case=failure.case)
    assert [result.verdict for result in again.results] == [failure.verdict]


def test_another_seed_asks_for_other_draws() -> None:
    first, again, other = (ran("Right", clauses=["TEMPERATURE-1"], seed=seed).results for seed in (1, 1, 2))
    numbers = [[one.verdict.log10_e_value for one in results if one.asked] for results in (first, again, other)]
    assert numbers[0] == numbers[1] != numbers[2]


class Crashing(law_fakes.Right):
    def decode(self, request: Any) -> Any:
        raise KeyError("no such filter")


class Refusing(law_fakes.Right):
    def decode(self, request: Any) -> Any:
        raise ValueError("no sampling here")


@pytest.mark.parametrize(("decoder", "kind", "said"), [
    (Crashing, Kind.ERRORED, "no such filter"), (Refusing, Kind.VIOLATES, "it was refused: ValueError: no sampling"),
])
def test_what_is_no_draw_is_a_verdict(decoder: Any, kind: Kind, said: str) -> None:
    result, = run(decoder(), case="law/top-p").results
    assert result.verdict.kind is kind and said in result.verdict.reason, described(verdict=result.verdict)


@pytest.mark.parametrize(("given", "takes_part"), [
    ({}, False), ({"inputs": []}, True), ({"inputs": ["noise"]}, False), ({"inputs": ["prompts"]}, True),
    ({"fields": ["do_sample"]}, False), ({"levels": ["L3"], "inputs": []}, False), ({"levels": ["L3", "L4"]}, True),
])
def test_who_takes_noise_is_asked_for_laws_only_when_it_names_the_level(given: Any, takes_part: bool) -> None:
    can = capabilities_from(given)
    assert draws_itself(can) is takes_part
    reason = lacking(can, laws("hf")[0].question)
    assert (reason is None) is takes_part or "field" in str(reason), described(reason=reason)


@pytest.mark.parametrize("profile", ["hf", "llama.cpp"])
def test_a_question_is_under_the_schema_of_the_protocol(profile: str) -> None:
    from pathlib import Path

    schema = json.loads(Path(protocol.__file__).with_name("schema.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    for case in laws(profile):
        validator.validate(run_message(case.question))
    assert fault_of("L4", {"sequences": [[0, 1]]}) is fault_of("L4", {"prompts": [{"sequences": [[0]]}]}) is None
    assert "has `sequences` or `prompts`" in str(fault_of("L4", {"token": 1}))


@pytest.mark.parametrize(("decoder", "clauses", "least"), [
    (TorchDecoder(), (), 20), (TransformersDecoder(), ("TOP-P", "SAMPLE-4"), 4),
    ("reference", ("REPETITION-PENALTY",), 1),
])
def test_our_decoders_keep_their_laws(decoder: Any, clauses: tuple[str, ...], least: int) -> None:
    report = run(decoder, levels=["L4"], clauses=clauses)
    assert report.status == 0, described(failures=report.failures)
    assert report.summary["conforms"] >= least, described(summary=report.summary)


@pytest.mark.parametrize("page", ["XTC", "MIROSTAT", "TOP-N-SIGMA"])
def test_the_reference_keeps_the_laws_of_another_profile(page: str) -> None:
    report = run("reference", levels=["L4"], profile="llama.cpp", clauses=[page])
    assert report.status == 0 and report.summary["conforms"] > 0, described(failures=report.failures)
