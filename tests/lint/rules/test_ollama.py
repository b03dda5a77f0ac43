"""Ollama: what is found in Modelfiles and in options of requests, in which line and column, and by which version."""

import pytest

from genspec.lint.check import check_document
from genspec.lint.fixing.fix import fixed
from genspec.lint.rule import RULES
from genspec.lint.sources.modelfile import parse_modelfile
from genspec.lint.sources.python.quick import parse_python
from genspec.lint.target import DEFAULT, parse_target

CODES = ("GS811", "GS812", "GS813", "GS814", "GS815", "GS830", "GS831", "GS835", "GS836", "GS837")
CHOSEN = [RULES[code] for code in CODES]


def modelfile(text):
    return parse_modelfile("Modelfile", text.encode())


def found(document, target=None):
    targets = (parse_target(target),) if target else DEFAULT
    return [(one.code, one.span.line, one.span.column, str(one.severity))
            for one in check_document(document, targets, CHOSEN)]


@pytest.mark.parametrize(("text", "wanted"), [
    ("FROM x\nPARAMETER temperature 0.7\n", []),
    ("FROM x\nPARAMETER max_new_tokens 5\n", [("GS811", 2, 1, "error")]),
    ("FROM x\nPARAMETER foo 5\n", [("GS811", 2, 1, "error")]),
    ("FROM x\nPARAMETER mirostat 2\n", [("GS811", 2, 1, "warning")]),
    ("FROM x\nPARAMETER tfs_z 1\n", [("GS811", 2, 1, "error")]),
    ("FROM x\nPARAMETER stop </think>\n", [("GS814", 2, 1, "warning")]),
    ("FROM x\nPARAMETER stop <|im_start|>\nPARAMETER stop <|channel|>\n", [("GS814", 3, 1, "warning")]),
    ("FROM x\nPARAMETER stop 'x y'\n", [("GS831", 2, 1, "warning")]),
    ("FROM x\nPARAMETER stop '\n", []),
    ("FROM x\nPARAMETER temperature 0.7 # wild\n", [("GS830", 2, 1, "error")]),
    ("FROM x\nPARAMETER top_k 40.0\n", [("GS830", 2, 1, "error")]),
    ("FROM x\nPARAMETER temperature 1\n", []),
    ("FROM x\nPARAMETER use_mmap yes\n", [("GS830", 2, 1, "error")]),
    ("FROM x\nPARAMETER use_mmap false\n", []),
    ("FROM x\nPARAMETER  top_k 40\n", [("GS830", 2, 1, "error")]),
    ("FROM x\nTOP_K 40\n", [("GS830", 2, 1, "error")]),
    ("FROM x\nSYSTEM \"\"\"You are \"Bob\"\"\"\nwho says\n\nhello.\n\"\"\"\nTOP_K 40\n", [("GS830", 3, 1, "error")]),
    ("FROM x\nTOP_K 40\nPARAMETER seed 1\nTOP_P 1\n", [("GS830", 2, 1, "error"), ("GS830", 4, 1, "error")]),
    ("FROM x\nSYSTEM \"\"\"no end\n", [("GS830", 2, 1, "error")]),
    ("FROM x\nPARAMETER top_p 95\n", [("GS835", 2, 1, "warning")]),
    ("FROM x\nPARAMETER repeat_penalty -1\n", [("GS835", 2, 1, "warning")]),
    ("PARAMETER top_k 5\n", [("GS830", 1, 1, "error")]),
    ("FROM x\nPARAMETER top_k 5\nPARAMETER seed 1\nPARAMETER top_k 6\n", [("GS836", 2, 1, "warning")]),
    ("FROM x\nTEMPLATE {{ if .System }}{{ .System }}{{ end }}{{ .Prompt }}\n", []),
    ("FROM x\nTEMPLATE \"\"\"{% if x %}\n{{ .Prompt }}\"\"\"\n", [("GS837", 2, 1, "warning")]),
    ("FROM x\nTEMPLATE \"\"\"{{ bos_token }}{% if x %}\"\"\"\n", [("GS837", 2, 1, "error")]),
    ("FROM ./x.gguf\nTEMPLATE {{ .Prompt }}\nPARAMETER num_ctx 4096\n", []),
    ("FROM ./x.gguf\nPARAMETER num_ctx 4096\n", [("GS813", 1, 1, "info")]),
    ("FROM ./x.gguf\nTEMPLATE {{ .Prompt }}\n", [("GS812", 1, 1, "info")]),
    ("FROM hf.co/a/b-GGUF:Q4_K_M\n", []),
    ("FROM hf.co/a/b/x.gguf\n", []),
    ("FROM x\n# genspec: ignore[GS811]\nPARAMETER foo 5\n", [("GS811", 3, 1, "error")]),      # the judge leaves it out
])
def test_modelfiles(text, wanted):
    assert found(modelfile(text)) == wanted


@pytest.mark.parametrize(("text", "said"), [
    ("FROM x\nTOP_K 40\n", "REQUIRES"), ("FROM x\nTOP_K 40\nTOP_P 1\n", "Nor is the line behind it"),
    ("FROM x\nSYSTEM \"a\"\nb\nc\n\"\n", "Nor are the 2 lines behind it: does a quote before end too early?"),
])
def test_lines_that_are_no_instructions_are_told_once(text, said):
    (finding,) = check_document(modelfile(text), DEFAULT, [RULES["GS830"]])
    assert said in finding.message and ("behind" in said) == ("behind" in finding.message), finding.message


@pytest.mark.parametrize(("target", "name", "severity"), [
    ("ollama==0.6", "mirostat", None), ("ollama==0.7", "mirostat", "warning"),
    ("ollama==0.5.1", "tfs_z", None), ("ollama==0.5.2", "tfs_z", "error"),
    ("ollama==0.29", "draft_num_predict", "error"), ("ollama==0.30", "draft_num_predict", None),
])
def test_parameters_by_version(target, name, severity):
    wanted = [("GS811", 2, 1, severity)] if severity else []
    assert found(modelfile(f"FROM x\nPARAMETER {name} 1\n"), target) == wanted


@pytest.mark.parametrize(("target", "size"), [
    ("ollama==0.6.6", "2,048"), ("ollama==0.6.7", "4,096"), ("ollama==0.15.4", "4,096"), ("ollama", "23 GiB"),
])
def test_the_size_of_the_context_by_version(target, size):
    (one,) = check_document(modelfile("FROM ./x.gguf\n"), (parse_target(target),), [RULES["GS812"]])
    assert size in one.message, one.message


def test_before_0_30_a_template_is_missed_more():
    (one,) = check_document(modelfile("FROM ./x.gguf\n"), (parse_target("ollama==0.29"),), [RULES["GS813"]])
    assert str(one.severity) == "warning", one


def test_the_other_name_is_told_once_for_what_is_meant():
    text = "FROM x\nPARAMETER {}\n"
    for name, meant in (("max_tokens 5", "num_predict"), ("repetition_penalty 2", "repeat_penalty"),
                        ("n_predict 5", "num_predict"), ("Temperature 1", "temperature"), ("top-k 5", None)):
        messages = [one.message for one in check_document(modelfile(text.format(name)), DEFAULT, [RULES["GS811"]])]
        assert all((f"`{meant}`" in message) if meant else True for message in messages), messages


@pytest.mark.parametrize(("before", "after"), [
    ("FROM x\nPARAMETER max_tokens 5\n# end\n", "FROM x\nPARAMETER num_predict 5\n# end\n"),
    ("FROM x\r\nPARAMETER mirostat 2\r\n# end\r\n", "FROM x\r\n# end\r\n"),
    ("FROM x\nPARAMETER stop '<|im_end|>'", 'FROM x\nPARAMETER stop "<|im_end|>"'),
    ("FROM x\nPARAMETER temperature 0.7 # wild\n", "FROM x\nPARAMETER temperature 0.7\n"),
    ("FROM x\nPARAMETER top_k 40.0\n", "FROM x\nPARAMETER top_k 40\n"),
    ("FROM x\nPARAMETER foo 5\n", None),
    ("FROM x\nPARAMETER top_k 5\nPARAMETER top_k 6\nPARAMETER top_k 7\n", "FROM x\nPARAMETER top_k 7\n"),
    ("FROM x\nPARAMETER n_predict 5\nPARAMETER num_predict 6", None),
])
def test_fixes(before, after):
    result = fixed(modelfile(before), lambda document: check_document(document, DEFAULT, CHOSEN), unsafe=True)
    assert result.document.text == (before if after is None else after)


@pytest.mark.parametrize(("options", "wanted"), [
    ("{'num_ctx': 4096, 'top_k': 40}", []),
    ("{'max_tokens': 5}", [("GS811", 2, 33, "warning")]),
    ("{'mirostat': 2}", [("GS811", 2, 33, "warning")]),
    ("{'min_p': 3}", [("GS835", 2, 33, "warning")]),
])
def test_options_of_requests(options, wanted):
    program = f"import ollama\nollama.chat(model='m', options={options})\n"
    assert found(parse_python("run.py", program.encode())) == wanted


@pytest.mark.parametrize(("url", "severity", "confidence"), [
    ("'http://localhost:11434/v1'", "error", "high"), ("url", "warning", "medium"),
])
@pytest.mark.parametrize("body", ["{'num_ctx': 5}", "{'options': {'num_ctx': 5}}"])
def test_num_ctx_on_v1(url, severity, confidence, body):
    program = (f"from openai import OpenAI\nc = OpenAI(base_url={url})\n"
               f"c.chat.completions.create(model='m', messages=[], extra_body={body})\n")
    (one,) = check_document(parse_python("run.py", program.encode()), DEFAULT, [RULES["GS815"]])
    assert (one.span.line, str(one.severity), one.confidence) == (3, severity, confidence)
