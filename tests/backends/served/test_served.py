"""A server as a decoder: an honest one conforms, and what is wrong with the others is seen, or said."""

from dataclasses import replace

import pytest
from support.fake_server import Fake, serving

from genspec.backends.call import Call
from genspec.backends.checkpoints import Checkpoint, write_checkpoint
from genspec.backends.checkpoints.blocks import side_by_side
from genspec.backends.decoder import Refusal, Unsupported
from genspec.backends.served import decoder as module
from genspec.backends.served.client import Client, ServerFault
from genspec.backends.served.decoder import NotServed, Served
from genspec.backends.served.models import DRAWN
from genspec.conform import run
from genspec.conform.json import model_from_json
from genspec.conform.kit.smoke import TABLE
from genspec.conform.laws.catalogue import SKETCHES
from genspec.dialects import dialect_named
from genspec_reference import Scripted

LAWS = ("top-p", "temperature", "calls")
SMALL = [model for model in DRAWN if model.vocab_size < 12]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    table = side_by_side([model_from_json(TABLE), *(SKETCHES[name].model for name in LAWS), *SMALL])
    return str(write_checkpoint(tmp_path_factory.mktemp("served") / "model", Checkpoint("bigram", table)))


@pytest.fixture
def served(folder):
    """Give what makes a decoder of a server with a fault, which shows after the server was looked at."""
    left = []

    def made(fault="", dialect="vllm", ids=True):
        fake = Fake(folder, fault, ids)
        context = serving(fake)
        left.append(context)
        decoder = Served(dialect_named(dialect), folder, context.__enter__())
        fake.ready = True
        decoder.fake = fake
        return decoder

    yield made
    for context in left:
        context.__exit__(None, None, None)


def shortly(decoder, **more):
    return run(decoder, shrink_seconds=0, infer_seconds=0, **more)


@pytest.mark.parametrize(("dialect", "ids"), [("vllm", True), ("vllm", False), ("openai", False)])
def test_an_honest_server_conforms(served, dialect, ids):
    decoder = served(dialect=dialect, ids=ids)
    report = shortly(decoder, max_cases=60)
    assert report.status == 0, [(one.id, one.verdict.reason, one.input) for one in report.failures]
    assert report.summary["conforms"] > 15, report.summary
    assert decoder.info.version == "0.33.0" and decoder.info.profile == dialect_named(dialect).profile


@pytest.mark.parametrize(("fault", "level", "clause", "difference"), [
    ("ignores top_p", "L4", "TOP-P-2", "support"), ("one seed", "L4", "SAMPLE-8", "noise"),
    ("one row", "L4", "OUTPUTS-6", "answer"), ("ignores the penalty", "L3", "REPETITION-PENALTY", "tokens"),
    ("ignores stops", "L3", "STOPPING-1", "length"),
])
def test_what_a_server_does_wrong_is_blamed_on_its_clause(served, fault, level, clause, difference):
    report = shortly(served(fault), levels=[level], max_cases=90)
    found = {(one.verdict.difference, name) for one in report.failures for name in one.verdict.clauses}
    assert report.status == 1
    assert any(what == difference and name.startswith(clause) for what, name in found), found


@pytest.mark.parametrize(("fault", "said"), [
    ("status 500", "answered with status 500: no such luck"), ("no JSON", "answered what is no JSON: '<html>"),
    ("no choices", "the answer has no choices that are numbered from 0 to 0"),
    ("closes the connection", "broke the connection off"),
    ("hangs", "gave no answer within 0.2 s"),
])
def test_a_server_that_does_not_answer_is_an_error_that_says_why(served, fault, said):
    decoder = served(fault)
    decoder.client = replace(decoder.client, seconds=0.2) if fault == "hangs" else decoder.client
    with pytest.raises(ServerFault, match=said):
        decoder.decode(Call({"max_new_tokens": 2}, SMALL[4], ((0,),)))


def test_a_no_of_a_server_is_a_refusal(served):
    answer = served("status 400").decode(Call({"max_new_tokens": 2}, SMALL[4], ((0,),)))
    assert isinstance(answer, Refusal) and "status 400: no such luck" in answer.message, answer


@pytest.mark.parametrize(("fault", "said"), [
    ("wrong log-probabilities", r"does not serve .* in float32: after token 0 the log-probability of \d+ is -\d"),
    ("another token", "does not serve .*: after token 0 comes"),
])
def test_a_server_of_another_model_is_not_asked(served, fault, said):
    with pytest.raises(NotServed, match=said):
        served(fault)


def test_a_server_that_is_not_there_is_named(folder):
    with pytest.raises(NotServed, match=r"http://127\.0\.0\.1:9/v1/models cannot be reached: .*is a server of"):
        Served(dialect_named("vllm"), folder, "http://127.0.0.1:9/v1/")


@pytest.mark.parametrize(("kind", "eos", "dialect", "said"), [
    ("history", (), "vllm", "holds a history model, and the cases of the kit are for a bigram"),
    ("bigram", (2,), "openai", "has tokens that end a row, and the OpenAI API cannot be told"),
])
def test_a_checkpoint_that_cannot_be_asked_about_says_why(tmp_path, kind, eos, dialect, said):
    folder = write_checkpoint(tmp_path / "model", Checkpoint(kind, Scripted("table", 3, 7, eos)))
    with pytest.raises(NotServed, match=said):
        Served(dialect_named(dialect), str(folder), "http://127.0.0.1:9/v1")


def test_a_folder_that_is_no_checkpoint_says_what_to_do(tmp_path):
    with pytest.raises(NotServed, match="write one with `genspec checkpoint`"):
        Served(dialect_named("vllm"), str(tmp_path), "http://127.0.0.1:9/v1")


@pytest.mark.parametrize(("model", "config", "said"), [
    (Scripted("table", 99, 7), {}, "holds no such model"), (Scripted("history", 3, 7), {}, "holds no such model"),
    (SMALL[2], {"min_new_tokens": 2, "eos_token_id": [0, 1]}, "every token is banned"),
    (SMALL[2], {"num_beams": 2}, "no word for"),
])
def test_what_a_server_cannot_be_asked_has_a_reason(served, model, config, said):
    answer = served().decode(Call({"max_new_tokens": 3, **config}, model, ((0,),)))
    assert isinstance(answer, Unsupported) or "num_beams" in config, answer
    assert said in getattr(answer, "reason", "no word for"), answer


def test_the_words_of_openai_cannot_end_a_row(served):
    answer = served(dialect="openai", ids=False).decode(Call({"eos_token_id": 0}, SMALL[2], ((0,),)))
    assert isinstance(answer, Unsupported) and "the tokens that end a row" in answer.reason, answer


def test_what_is_sent_is_in_the_words_of_the_dialect(served):
    decoder = served()
    config = {"do_sample": True, "temperature": 0.5, "top_p": 0.9, "eos_token_id": 1, "max_new_tokens": 2,
              "num_return_sequences": 3}
    decoder.decode(Call(config, SMALL[2], ((0,), (1, 0)), seed=7))
    body, block = decoder.fake.bodies[-1], decoder.of(SMALL[2]).block
    assert body["prompt"] == [[block.first], [block.first + 1, block.first]], body
    assert {name: body[name] for name in ("model", "temperature", "top_p", "top_k", "n", "seed", "stop_token_ids")} == {
        "model": "served", "temperature": 0.5, "top_p": 0.9, "top_k": 50, "n": 3, "seed": 7,
        "stop_token_ids": [block.first + 1],
    }, body


@pytest.mark.parametrize(("choice", "tokens"), [
    ({"token_ids": [3, 4]}, [3, 4]), ({"logprobs": {"tokens": ["<3>", "token_id:4"]}}, [3, 4]),
    ({"logprobs": {"content": [{"token": "<3>"}, {"token": "<4>"}]}}, [3, 4]), ({"text": "<3><4>"}, [3, 4]), ({}, []),
])
def test_tokens_are_read_as_servers_write_them(choice, tokens):
    assert module.tokens_of(choice) == tokens


def test_a_text_that_is_no_token_and_a_token_of_another_block_are_errors(served):
    with pytest.raises(ServerFault, match="'hello' is none of a token"):
        module.id_of("hello")
    with pytest.raises(ServerFault, match="token 3 came, whose probability is 0: it is none of 4 to"):
        module.within(3, served().blocks[1])


@pytest.mark.parametrize(("made", "choice", "row"), [
    ([1], {"finish_reason": "stop", "stop_reason": 6}, (1, 2)),
    ([1, 2], {"finish_reason": "stop", "stop_reason": 6}, (1, 2)),
    ([1], {"finish_reason": "stop"}, (1,)), ([1], {"finish_reason": "length", "stop_reason": None}, (1,)),
])
def test_a_row_that_comes_without_its_eos_gets_it(served, made, choice, row):
    assert module.ended(made, choice, served().blocks[1]) == row


def test_a_server_without_a_model_is_named(monkeypatch):
    monkeypatch.setattr(Client, "get", lambda self, path: {"data": []})
    with pytest.raises(NotServed, match="names no model"):
        module.model_name(Client("http://127.0.0.1:9/v1", 1.0))
