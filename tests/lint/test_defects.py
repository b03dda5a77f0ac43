"""One valid file, one defect at a time: each is found at the line of its key, and nothing else is reported.

The experiment behind it: what transformers says to the same files. The README quotes the count.
"""

import logging
import warnings

import pytest

from genspec.lint.check import check_document
from genspec.lint.sources.json_text import parse_document
from genspec.lint.target import parse_target

VALID = """{
  "bos_token_id": 1,
  "eos_token_id": [
    2,
    7
  ],
  "pad_token_id": 0,
  "forced_eos_token_id": 2,
  "suppress_tokens": [
    11,
    12
  ],
  "bad_words_ids": [
    [5],
    [6, 8]
  ],
  "do_sample": true,
  "temperature": 0.7,
  "top_k": 40,
  "top_p": 0.9,
  "min_p": 0.05,
  "typical_p": 1.0,
  "repetition_penalty": 1.05,
  "no_repeat_ngram_size": 0,
  "max_new_tokens": 512,
  "min_new_tokens": 8,
  "num_beams": 1,
  "num_return_sequences": 1,
  "early_stopping": false,
  "length_penalty": 1.0,
  "use_cache": true,
  "cache_implementation": "static",
  "output_scores": true,
  "return_dict_in_generate": true,
  "transformers_version": "5.23.0"
}
"""
LAST = '"transformers_version"'
NGRAM, PENALTY, BEAMS = '"no_repeat_ngram_size": 0', '"repetition_penalty": 1.05', '"num_beams": 1'
NEW, LEAST, EARLY = '"max_new_tokens": 512', '"min_new_tokens": 8', '"early_stopping": false'
BEAM_FIELDS = VALID[VALID.index(BEAMS):VALID.index(',\n  "use_cache"')]
SEQUENCES, LENGTH = '"num_return_sequences": 1', '"length_penalty": 1.0'
EOS = '"eos_token_id": [\n    2,\n    7\n  ]'

# what is wrong, the text of the valid file that is replaced (None: a member is added), by what, code, key
DEFECTS = [
    # 1 length
    ("both maxima", None, '"max_length": 600', "GS101", "max_length"),
    ("both maxima, the ignored one lower", None, '"max_length": 20', "GS101", "max_length"),
    ("a maximum that counts the prompt", '"max_new_tokens"', '"max_length"', "GS104", "max_length"),
    ("minimum above the maximum", LEAST, '"min_new_tokens": 800', "GS105", "min_new_tokens"),
    ("a minimum that counts the prompt", '"min_new_tokens"', '"min_length"', "GS106", "min_length"),
    ("no new token", NEW, '"max_new_tokens": 0', "GS108", "max_new_tokens"),
    ("negative maximum", NEW, '"max_length": -1', "GS108", "max_length"),
    ("negative minimum", LEAST, '"min_new_tokens": -8', "GS108", "min_new_tokens"),
    # 2 sampling
    ("sampling fields without sampling", '"do_sample": true', '"do_sample": false', "GS201", "temperature"),
    ("the flag is gone", '"do_sample": true,\n  "temperature": 0.7', '"temperature": 1.0', "GS201", "top_p"),
    ("temperature zero", ": 0.7", ": 0", "GS202", "temperature"),
    ("temperature zero, a real number", ": 0.7", ": 0.0", "GS202", "temperature"),
    ("integer temperature", ": 0.7", ": 2", "GS203", "temperature"),
    ("temperature as text", ": 0.7", ': "0.7"', "GS203", "temperature"),
    ("temperature as a flag", ": 0.7", ": true", "GS203", "temperature"),
    ("integer penalty", None, '"encoder_repetition_penalty": 2', "GS203", "encoder_repetition_penalty"),
    ("top_k with a decimal point", ": 40", ": 40.0", "GS203", "top_k"),
    ("top_k as text", ": 40", ': "40"', "GS203", "top_k"),
    ("maximum as text", NEW, '"max_new_tokens": "512"', "GS203", "max_new_tokens"),
    ("sequences as text", SEQUENCES, '"num_return_sequences": "2"', "GS203", "num_return_sequences"),
    ("top_p above 1", ": 0.9", ": 1.5", "GS204", "top_p"),
    ("top_p in percent", ": 0.9", ": 90", "GS204", "top_p"),
    ("negative temperature", ": 0.7", ": -0.7", "GS204", "temperature"),
    ("typical_p above 1", '"typical_p": 1.0', '"typical_p": 1.2', "GS204", "typical_p"),
    ("min_p above 1", ": 0.05", ": 5.0", "GS204", "min_p"),
    ("epsilon_cutoff of 3", None, '"epsilon_cutoff": 3', "GS204", "epsilon_cutoff"),
    ("penalty of 0", PENALTY, '"repetition_penalty": 0.0', "GS204", "repetition_penalty"),
    ("negative penalty", PENALTY, '"repetition_penalty": -1.05', "GS204", "repetition_penalty"),
    ("negative n-gram size", NGRAM, '"no_repeat_ngram_size": -2', "GS204", "no_repeat_ngram_size"),
    ("no beams", BEAMS, '"num_beams": 0', "GS204", "num_beams"),
    ("negative time", None, '"max_time": -1', "GS204", "max_time"),
    ("unknown schedule", None, '"num_assistant_tokens_schedule": "fast"', "GS204", "num_assistant_tokens_schedule"),
    ("weight at the end of its range", None, '"assistant_ensemble_weight": 1', "GS204", "assistant_ensemble_weight"),
    ("top_k left to the default", '"top_k": 40,\n  ', "", "GS205", "do_sample"),
    ("top_k switched off as in vLLM", ": 40", ": -1", "GS206", "top_k"),
    ("temperature near zero", ": 0.7", ": 0.0001", "GS207", "temperature"),
    ("top_k of 1", ": 40", ": 1", "GS208", "top_k"),
    ("nucleus of one token", ": 0.9", ": 0.01", "GS208", "top_p"),
    ("flag as text", '"do_sample": true', '"do_sample": "false"', "GS209", "do_sample"),
    ("flag as a number", '"use_cache": true', '"use_cache": 1', "GS209", "use_cache"),
    ("harsh penalty", PENALTY, '"repetition_penalty": 1.8', "GS211", "repetition_penalty"),
    ("penalty below 1", PENALTY, '"repetition_penalty": 0.9', "GS211", "repetition_penalty"),
    ("ban on three tokens", NGRAM, '"no_repeat_ngram_size": 3', "GS212", "no_repeat_ngram_size"),
    ("ban on every repeat", NGRAM, '"no_repeat_ngram_size": 1', "GS212", "no_repeat_ngram_size"),
    ("two penalties", NGRAM, '"no_repeat_ngram_size": 6', "GS213", "no_repeat_ngram_size"),
    # 3 beams
    ("early stopping of what", EARLY, '"early_stopping": true', "GS301", "early_stopping"),
    ("never stopping what", EARLY, '"early_stopping": "never"', "GS301", "early_stopping"),
    ("length penalty without beams", LENGTH, '"length_penalty": 2.0', "GS302", "length_penalty"),
    ("length penalty of 0", BEAM_FIELDS, BEAM_FIELDS.replace("1", "4", 1).replace("1.0", "0"),
     "GS303", "length_penalty"),
    ("more sequences than beams", BEAM_FIELDS, BEAM_FIELDS.replace("1", "2", 1).replace("1", "3", 1),
     "GS304", "num_return_sequences"),
    ("early stopping of 1", EARLY, '"early_stopping": 1', "GS305", "early_stopping"),
    ("early stopping in words", EARLY, '"early_stopping": "True"', "GS305", "early_stopping"),
    ("drafts for two sequences", SEQUENCES, '"num_return_sequences": 2,\n  "prompt_lookup_num_tokens": 3',
     "GS307", "prompt_lookup_num_tokens"),
    ("stop strings", None, '"stop_strings": ["###"]', "GS308", "stop_strings"),
    # 4 token ids
    ("negative pad", '"pad_token_id": 0', '"pad_token_id": -1', "GS404", "pad_token_id"),
    ("negative EOS", EOS, '"eos_token_id": [\n    2,\n    -1\n  ]', "GS404", "eos_token_id"),
    ("pad is an EOS", '"pad_token_id": 0', '"pad_token_id": 7', "GS403", "pad_token_id"),
    ("EOS as text", EOS, '"eos_token_id": "2"', "GS405", "eos_token_id"),
    ("pad as a list", '"pad_token_id": 0', '"pad_token_id": [0]', "GS405", "pad_token_id"),
    ("forced and suppressed", '"suppress_tokens": [\n    11', '"suppress_tokens": [\n    2',
     "GS407", "forced_eos_token_id"),
    ("flat list of bans", "[\n    [5],\n    [6, 8]\n  ]", "[\n    5,\n    6\n  ]", "GS408", "bad_words_ids"),
    ("forced EOS is no EOS", '"forced_eos_token_id": 2', '"forced_eos_token_id": 3', "GS410", "forced_eos_token_id"),
    # 6 outputs and cache
    ("scores without the dict", '"return_dict_in_generate": true', '"return_dict_in_generate": false',
     "GS601", "output_scores"),
    ("a kind of cache nobody has", '"static"', '"fastest"', "GS604", "cache_implementation"),
    ("cache in capitals", '"static"', '"Static"', "GS604", "cache_implementation"),
    # 7 versions
    ("groups of beams", BEAMS, '"num_beams": 4,\n  "num_beam_groups": 2', "GS701", "num_beam_groups"),
    ("words that must occur", None, '"force_words_ids": [[9]]', "GS701", "force_words_ids"),
    ("low memory", None, '"low_memory": true', "GS702", "low_memory"),
    ("forced decoder ids", None, '"forced_decoder_ids": [[1, 9]]', "GS703", "forced_decoder_ids"),
    ("an argument of the call", None, '"streamer": null', "GS706", "streamer"),
    ("compile options", None, '"compile_config": {"mode": "default"}', "GS708", "compile_config"),
    # 9 format
    ("misspelt key", '"top_p"', '"topp"', "GS901", "topp"),
    ("camel case", '"temperature"', '"Temperature"', "GS901", "Temperature"),
    ("another engine's word", None, '"max_tokens": 64', "GS902", "max_tokens"),
    ("inner object", None, '"sampling": {\n    "top_k": 20\n  }', "GS905", "sampling"),
    ("a key twice", None, '"top_k": 20', "GS908", "top_k"),
    ("not a number", ": 0.7", ": NaN", "GS909", "temperature"),
    ("dropped key", None, '"_from_model_config": true,\n  "chat_format": "chatml"', "GS911", "chat_format"),
]


def mutated(before, after):
    if before is None:
        before, after = LAST, f"{after},\n  {LAST}"
    assert before in VALID
    return VALID.replace(before, after, 1)


def line_of(key, text):
    """Return the number of the last line that holds the key: of a key twice, the second."""
    return max(number for number, line in enumerate(text.splitlines(), 1) if f'"{key}":' in line)


def check(text):
    return check_document(parse_document("generation_config.json", text.encode()), parse_target("transformers"))


def test_the_valid_file_has_no_finding():
    assert check(VALID) == []


def test_every_family_has_its_defects_and_none_comes_twice():
    assert {code[2] for *_, code, _ in DEFECTS} == set("1234679")
    assert len({mutated(before, after) for _, before, after, _, _ in DEFECTS}) == len(DEFECTS) >= 60


@pytest.mark.parametrize(
    ("before", "after", "code", "key"), [defect[1:] for defect in DEFECTS], ids=[defect[0] for defect in DEFECTS]
)
def test_a_defect_is_found_at_its_line_and_nothing_else_is_reported(before, after, code, key):
    """An item of a list is found at its own line: the lists have one item a line."""
    text = mutated(before, after)
    findings = check(text)
    assert {finding.code for finding in findings} == {code}, findings
    (first, *_) = [finding for finding in findings if finding.pointer[0] == key] or findings
    assert first.span.line == line_of(key, text) + sum(1 + index for index in first.pointer[1:]), findings


def test_transformers_loads_and_saves_most_of_them_without_a_word(tmp_path):
    transformers = pytest.importorskip("transformers", reason="counts what transformers says, which is not installed")
    if transformers.__version__ != "5.23.0":
        pytest.skip(f"the count is that of transformers 5.23.0, and {transformers.__version__} is installed")
    silent = [defect for defect, before, after, *_ in DEFECTS if says_nothing(mutated(before, after), tmp_path)]
    assert (len(silent), len(DEFECTS)) == (57, 78), silent


def says_nothing(text, folder):
    """Load and save a config with transformers, and tell whether it neither raises nor warns."""
    from transformers import GenerationConfig
    from transformers.utils import logging as theirs

    said = []
    listener = logging.Handler()
    listener.emit = said.append
    logger = logging.getLogger("transformers")
    logger.addHandler(listener)
    level = theirs.get_verbosity()
    theirs.set_verbosity_warning()
    theirs.warning_once.cache_clear()
    (folder / "generation_config.json").write_text(text, encoding="utf-8")
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            GenerationConfig.from_pretrained(folder).save_pretrained(folder)
        return not said and not warned
    except Exception:
        return False
    finally:
        logger.removeHandler(listener)
        theirs.set_verbosity(level)
