"""genspec conform vllm:DIR@URL: a server is asked from a process of its own, and what is wrong is said."""

import pytest
from support.fake_server import Fake, serving

from genspec.backends.checkpoints import Checkpoint, write_checkpoint
from genspec.backends.checkpoints.blocks import side_by_side
from genspec.backends.served.models import DRAWN


@pytest.fixture
def folder(tmp_path):
    small = [model for model in DRAWN if model.vocab_size < 9]
    return str(write_checkpoint(tmp_path / "model", Checkpoint("bigram", side_by_side(small))))


@pytest.mark.parametrize(("fault", "status", "said"), [
    ("", 0, "conforms"), ("ignores the penalty", 1, "REPETITION-PENALTY"),
    ("wrong log-probabilities", 2, "does not serve"),
])
def test_a_server_is_asked(genspec, folder, fault, status, said):
    with serving(Fake(folder, fault)) as url:
        found, out, err = genspec("conform", f"vllm:{folder}@{url}", "--level", "L3", "--max-cases", "24")
    assert found == status, (out, err)
    assert said in out + err, (out, err)
    assert "Traceback" not in err


@pytest.mark.parametrize(("target", "said"), [
    ("openai:http://127.0.0.1:9/v1", "vllm:DIR@http://HOST:PORT/v1 or openai:DIR@http"),
    ("sglang:model@http://127.0.0.1:9/v1", "vllm:DIR@http://HOST:PORT/v1 or openai:DIR@http"),
    ("vllm:nowhere@http://127.0.0.1:9/v1", "nowhere is no checkpoint of genspec"),
    ("openai:DIR@http://[::1", "'[::1' in http://[::1 is no host: an IPv6 address stands in brackets, as [::1]:8000"),
    ("openai:DIR@http://::1:8000/v1", "'::1:8000' in http://::1:8000/v1 is no host: an IPv6 address stands in"),
    ("openai:DIR@http://host:80x/v1", "'host:80x' in http://host:80x/v1 has a port that is no number from 0 to 65535"),
    ("openai:DIR@https:///v1", "https:///v1 names no host: write http://HOST:PORT/v1"),
    ("openai:DIR@httpx://host/v1", "begins with 'httpx': a server is asked by http or https"),
    ("openai:DIR@http://a b/v1", "'http://a b/v1' has a space in it"),
    ("openai:DIR@http://host/v1?key=1", "has a part behind its path: write where the API begins, as http://host/v1"),
])
def test_a_target_that_is_no_server_says_what_one_is(genspec, target, said):
    status, out, err = genspec("conform", target)
    assert (status, out) == (2, "") and said in err and "NoDecoder" not in err and err.count("\n") == 1, err


def test_a_server_that_is_not_there_is_a_usage_error(genspec, folder):
    status, _, err = genspec("conform", f"vllm:{folder}@http://127.0.0.1:9/v1")
    assert status == 2 and "cannot be reached" in err and "Traceback" not in err, err


def test_the_checkpoint_of_the_questions_is_written(genspec, tmp_path):
    status, out, err = genspec("checkpoint", str(tmp_path / "questions"), "--model", "questions")
    assert status == 0 and "tokens, no EOS; logits in float32 are equal" in out, (out, err)
