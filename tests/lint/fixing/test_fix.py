"""Fixes of whole files: what is fixed is gone, a second run changes nothing, and a safe fix changes no output."""

import json

import pytest
from support.seed_files import SEEDS

from genspec.config import GenerationConfig, Rejected
from genspec.config.profiles import PROFILES
from genspec.lint.check import check_document, default_rules
from genspec.lint.fixing.fix import after, fixed
from genspec.lint.fixing.run import diff, repair_paths
from genspec.lint.rule import RULES, Files
from genspec.lint.settings import Settings
from genspec.lint.sources.json_text import parse_document
from genspec.lint.sources.readers import reader_of
from genspec.lint.target import Target
from genspec_reference import Scripted, generate, seeded_noise

TARGET = Target()


def check(document):
    return check_document(document, TARGET, default_rules(TARGET))


def texts():
    """Return the bad examples of rules, as texts."""
    bad = {code: rule.bad for code, rule in sorted(RULES.items()) if not isinstance(rule.bad, bytes | Files | None)}
    return [pytest.param(text if isinstance(text, str) else json.dumps(text, indent=2), id=code)
            for code, text in bad.items()]


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize("text", texts())
def test_what_is_fixed_is_gone_and_stays_gone(text, unsafe):
    first = fixed(parse_document("generation_config.json", text.encode()), check, unsafe)
    assert not [found for found in first.left if (found.code, found.pointer) in
                {(finding.code, finding.pointer) for finding in first.applied}], (text, first.document.text)
    again = fixed(first.document, check, unsafe)
    assert (again.applied, again.document.text) == ((), first.document.text)


FILES = [*(("generation_config.json", text.values[0].encode()) for text in texts()), *SEEDS.items()]


@pytest.mark.parametrize(("name", "data"), FILES, ids=[f"{name} {data[:40]!r}" for name, data in FILES])
def test_a_fix_that_is_told_of_is_one_that_can_be_made(name, data):
    document = reader_of(name)(name, data)
    for finding in check_document(document, TARGET, list(RULES.values())):
        assert finding.fix is None or after(document, finding.fix) is not None, finding


@pytest.mark.parametrize(("name", "text", "fixes"), [
    ("x.yaml", "model: o3\nmessages: [{role: user}]\ntemperature: 0.2\n", {"GS816": True}),
    ("x.yaml", "{model: o3, messages: [{role: user}], temperature: 0.2}\n", {"GS816": False}),
    ("x.yaml", "model: m\nprompt: p\nmax_new_tokens: 5\ntop_p: 0.5\n", {"GS820": True}),
    ("x.yaml", "{model: m, prompt: p, max_new_tokens: 5, top_p: 0.5}\n", {"GS820": True}),
    ("x.sh", "vllm serve m --override-generation-config '{\"max_length\": 5}'\n", {"GS803": False}),
])
def test_fixes_by_place(name, text, fixes):
    found = check_document(reader_of(name)(name, text.encode()), TARGET, list(RULES.values()))
    assert {one.code: one.fix is not None for one in found} == fixes, found


def outputs(text, profile):
    """Decode with a config under a profile; None where it is refused."""
    try:
        config = GenerationConfig.from_dict({"max_new_tokens": 8, **json.loads(text)})
        model = Scripted("history", 3, vocab_size=64, eos=(2,))
        return generate(config, model, (5, 9, 5), vocab_size=64, profile=profile, noise=seeded_noise(1))
    except Rejected:
        return None


@pytest.mark.parametrize("text", texts())
def test_no_engine_decodes_otherwise_after_a_safe_fix(text):
    """A config that was refused has decoded nothing before: whatever it does now changes no output."""
    result = fixed(parse_document("generation_config.json", text.encode()), check)
    if not result.applied:
        return
    for profile in PROFILES:
        before = outputs(text, profile)
        if before is not None:
            assert outputs(result.document.text, profile).sequences == before.sequences, (profile, result.document.text)


def settings():
    return Settings((TARGET,))


def write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode())
    return path


def test_files_are_changed_and_the_others_are_not_touched(tmp_path):
    before = '{\r\n  "eos_token_id": "2",\r\n  "pad_token_id": 0\r\n}\r\n'
    faulty = write(tmp_path / "a" / "generation_config.json", before)
    clean = write(tmp_path / "b" / "generation_config.json", '{"eos_token_id":2, "pad_token_id":0}')
    status = clean.stat()
    repair = repair_paths([tmp_path], settings())
    assert faulty.read_bytes() == before.replace('"2"', "2").encode()
    assert [change.path for change in repair.changes] == [str(faulty)]
    assert repair.report.fixed == 1
    assert (clean.stat().st_mtime_ns, clean.stat().st_ino) == (status.st_mtime_ns, status.st_ino)


def test_a_diff_changes_nothing(tmp_path):
    file = write(tmp_path / "generation_config.json", '{"eos_token_id": "2"}')
    repair = repair_paths([file], settings(), write=False)
    assert file.read_text() == '{"eos_token_id": "2"}'
    (text,) = diff(repair.changes)
    assert text.splitlines()[2:] == ["@@ -1 +1 @@", '-{"eos_token_id": "2"}', "\\ No newline at end of file",
                                     '+{"eos_token_id": 2}', "\\ No newline at end of file"]


def test_broken_json_is_left_alone(tmp_path):
    file = write(tmp_path / "generation_config.json", '{"eos_token_id": "2",}')
    assert repair_paths([file], settings(), unsafe=True).changes == ()
    assert file.read_text() == '{"eos_token_id": "2",}'
