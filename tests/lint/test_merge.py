"""Several targets: the same finding once, as bad as for the worst, and for whom it holds."""

import pytest

from genspec.lint.check import check_document
from genspec.lint.finding import Severity
from genspec.lint.rule import RULES
from genspec.lint.sources.document import ENGINE_OF, Document, Place, Source
from genspec.lint.sources.json_text import parse_document
from genspec.lint.target import engines, parse_targets

INFO, WARNING, ERROR = Severity
CONTRASTIVE = '{"penalty_alpha": 0.6, "top_k": 4}'


def found(text, targets, codes="GS"):
    rules = [rule for rule in RULES.values() if rule.code.startswith(codes)]
    document = parse_document("generation_config.json", text.encode())
    return [(finding.code, finding.severity, finding.message)
            for finding in check_document(document, parse_targets([targets]), rules)]


def test_a_finding_of_all_targets_is_there_once_and_as_bad_as_for_the_worst():
    ((code, severity, message),) = found(CONTRASTIVE, "transformers==4.56,transformers==5", "GS701")
    assert (code, severity) == ("GS701", ERROR)
    assert message.endswith("since 4.56"), message


def test_a_finding_of_some_targets_says_of_which():
    targets = "transformers==4.46,transformers==4.56,transformers==4.57"
    ((code, severity, message),) = found(CONTRASTIVE, targets, "GS701")
    assert (code, severity) == ("GS701", ERROR)
    assert message.endswith("since 4.56 (for transformers==4.56, transformers==4.57)"), message


@pytest.mark.parametrize(("targets", "severities"), [
    ("transformers>=4.40,<4.56", []), ("transformers>=4.40,<=4.56", [WARNING]), ("transformers>=4.40", [ERROR]),
])
def test_a_range_has_the_findings_of_every_release_in_it(targets, severities):
    assert [severity for _, severity, _ in found(CONTRASTIVE, targets, "GS701")] == severities
    assert all("(for " not in message for _, _, message in found(CONTRASTIVE, targets, "GS701"))


def test_several_findings_of_a_rule_at_one_place_stay_several():
    text = '{"watermarking_config": {"a": 1, "b": 2}, "top_p": 2, "max_new_tokens": 8}'
    alone, both = (found(text, targets, "GS204") for targets in ("transformers", "transformers,transformers==5.22"))
    assert len(alone) == 3 and alone == both


def test_what_is_no_text_is_no_text_for_any_engine():
    assert [code for code, _, _ in found("{", "vllm")] == ["GS903"]
    assert [code for code, _, _ in found('{"num_beams": 0}', "vllm")] == []


def test_every_place_of_an_engine_is_in_the_words_of_one_that_can_be_a_target():
    assert set(ENGINE_OF.values()) <= set(engines())
    assert {source for source in Source if source not in ENGINE_OF} == {
        Source.GENERATION_CONFIG, Source.MODEL_FOLDER, Source.GENERATE_CALL, Source.CONFIG_CALL, Source.ASSIGNMENT,
        Source.PIPELINE_CALL, Source.SECTION,
    }


@pytest.mark.parametrize(("named", "held"), [
    ("transformers", ["vllm==0.33.0"]), ("vllm==0.8", ["vllm==0.8"]), ("vllm>=0.31", ["vllm==0.31", "vllm==0.32",
     "vllm==0.33"]), ("vllm==0.8,transformers,vllm==0.9", ["vllm==0.8", "vllm==0.9"]),
])
def test_a_place_in_an_engines_words_is_for_that_engine(named, held):
    seen = []

    def note(config):
        seen.append(str(config.target))
        yield from ()

    rule = RULES["GS201"]._replace(check=note, targets="vllm", sources=frozenset({Source.VLLM_PARAMS}))
    places = (Place(Source.VLLM_PARAMS, {"temperature": 0.5}),)
    check_document(Document("f", "", None, (), None, places), parse_targets([named]), [rule])
    assert seen == held
