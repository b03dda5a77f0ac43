"""The lines of an explanation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genspec.config.decision import Rejected
from genspec.config.explain import explain_lines, refusal_lines
from genspec.config.generation_config import GenerationConfig


def explanation(**values: object) -> str:
    """Return the whole explanation of a config."""
    return "\n".join(explain_lines(GenerationConfig.from_dict(values).resolve(prompt_length=7)))


def test_an_explanation_names_mode_budget_pipeline_and_what_is_inert() -> None:
    text = explanation(max_new_tokens=20, max_length=50, do_sample=True, temperature=0.7, early_stopping=True)
    assert "Mode: sample" in text
    assert "Length: at most 20 new tokens after 7 of prompt" in text
    assert "1. temperature(temperature=0.7): scores are divided by 0.7.  [TEMPERATURE-1]" in text
    assert "2. top_k(k=50, min_keep=1)" in text
    inert = text.partition("No effect")[2]
    assert "max_length = 50: it is ignored: max_new_tokens (20) decides.  [LENGTH-3]" in inert
    assert "early_stopping = true" in inert
    assert "[MODE-3]" in inert


@given(st.fixed_dictionaries({}, optional={
    "do_sample": st.booleans(), "num_beams": st.integers(1, 4), "top_p": st.floats(0, 1), "top_k": st.integers(0, 60),
    "max_length": st.integers(1, 30), "max_new_tokens": st.integers(1, 30), "use_cache": st.booleans(),
    "suppress_tokens": st.lists(st.integers(0, 1000), max_size=100), "eos_token_id": st.integers(0, 9),
    "length_penalty": st.floats(-2, 2), "stop_strings": st.text(min_size=1, max_size=200), "low_memory": st.booleans(),
}))
def test_every_field_that_is_set_is_accounted_for(values: dict[str, object]) -> None:
    text = explanation(**values)
    missing = [name for name in values if name not in text and name.removesuffix("_tokens") not in text]
    assert not missing, (values, text)
    assert max(map(len, text.splitlines())) < 400, text


def test_a_refusal_lists_every_reason() -> None:
    try:
        GenerationConfig.from_dict({"top_p": 2.0, "topk": 1})
    except Rejected as rejected:
        lines = list(refusal_lines(rejected))
    assert lines[0] == "Refused, for 2 reasons"
    assert "[TOP-P-1]" in lines[1]
    assert "[CONFIG-2]" in lines[2]


NO_DRAW = "no token is drawn: the highest score wins, and fields that act only in sampling have no effect.  [MODE-2]"
NO_EOS = "there is no EOS: a row ends only at its length or by another stopping rule.  [TOKENS-2]"
WHOLE = [
    ({}, {}, f"""Mode: greedy
  do_sample: {NO_DRAW}
  num_beams: 1 beam is kept: the mode is greedy.  [MODE-1]

Length: at most 20 new tokens after 7 of prompt
  max_new_tokens: no length is set: 20 new tokens.  [LENGTH-4]

From logits to scores, in this order
  none: the scores are the model's logits

Special tokens and stopping
  eos_token_id: warning: {NO_EOS}
"""),
    ({"num_beams": 2, "max_length": 3, "bos_token_id": 0, "min_length": 2, "top_k": 0, "num_return_sequences": 2},
     {"architecture": "encoder-decoder"}, f"""Mode: beam_search
  do_sample: {NO_DRAW}
  num_beams = 2: 2 beams are kept: the mode is beam_search.  [MODE-1]

Length: 1 to 2 new tokens after the start token
  max_length = 3: 2 new tokens: it counts the 1 prompt tokens.  [LENGTH-2]
  min_length = 2: no EOS before 1 new tokens.  [LENGTH-7]

From logits to scores, in this order
  none: the scores are the log-softmax of the model's logits

Beams
  early_stopping: a row ends once the best open hypothesis, scored at its present length, cannot beat the worst """
  """finished.  [BEAMS-2]
  length_penalty: a hypothesis of n new tokens scores sum / n^1.  [BEAMS-3]

Special tokens and stopping
"""
  f"""  eos_token_id: warning: {NO_EOS}
  bos_token_id = 0: the decoder starts from it.  [TOKENS-5]
  decoder_start_token_id: unset: the decoder starts from BOS (0).  [TOKENS-5]

Outputs
  num_return_sequences = 2: 2 sequences for each prompt.  [OUTPUTS-6]

No effect
  top_k = 0: it acts only when tokens are drawn, and do_sample is not true.  [MODE-2]
"""),
    ({"max_new_tokens": 8, "min_new_tokens": 8, "eos_token_id": 2, "max_time": 1.5, "stop_strings": ["x"],
      "token_healing": True, "prompt_lookup_num_tokens": 3, "num_assistant_tokens": 4, "do_sample": False}, {},
     f"""Mode: assisted
  prompt_lookup_num_tokens = 3: it extends greedy to assisted.  [MODE-7]
  do_sample = false: {NO_DRAW}
  num_beams: 1 beam is kept: the mode is assisted.  [MODE-1]
  num_assistant_tokens = 4: it shapes the drafts, never the law of the output.  [ASSISTED-2]

Length: exactly 8 new tokens after 7 of prompt
  max_new_tokens = 8: at most 8 new tokens, whatever the prompt.  [LENGTH-1]
  min_new_tokens = 8: no EOS before 8 new tokens.  [LENGTH-6]
  max_time = 1.5: no step begins after 1.5 seconds; the first always does.  [STOPPING-4]

From logits to scores, in this order
  1. min_new_tokens(count=8, eos=(2,)): no EOS before 8 new tokens.  [MIN-NEW-TOKENS-1]

Special tokens and stopping
  eos_token_id = 2: a row ends with 2.  [TOKENS-2]
  pad_token_id: unset: the first EOS (2) fills finished rows.  [TOKENS-3]
  stop_strings = ["x"]: a row ends once its text completes one of them; needs a detokenizer.  [STOPPING-3]
"""
  """  token_healing = true: the last token of the prompt is replaced by one whose text begins with its text; needs """
  """a tokenizer.  [TOKEN-HEALING-1]
"""),
    ({"penalty_alpha": 0.25}, {"profile": "hf-4.50"}, f"""Profile: hf-4.50

Mode: contrastive_search
  do_sample: {NO_DRAW}
  num_beams: 1 beam is kept: the mode is contrastive_search.  [MODE-1]
  penalty_alpha = 0.25: likeness to the context weighs 0.25, the model 0.75.  [CONTRASTIVE-SEARCH-1]
  top_k: the 50 most probable tokens are candidates.  [CONTRASTIVE-SEARCH-1]

Length: at most 20 new tokens after 7 of prompt
  max_new_tokens: no length is set: 20 new tokens.  [LENGTH-4]

From logits to scores, in this order
  none: the scores are the model's logits

Special tokens and stopping
  eos_token_id: warning: {NO_EOS}
"""),
]


@pytest.mark.parametrize(("values", "facts", "text"), WHOLE, ids=["greedy", "beams", "assisted", "contrastive"])
def test_a_whole_explanation_word_by_word(values: dict[str, object], facts: dict[str, str], text: str) -> None:
    resolution = GenerationConfig.from_dict(values).resolve(prompt_length=7, **facts)
    assert "\n".join(explain_lines(resolution)) == text


def test_a_refusal_names_the_field_or_the_file_and_counts() -> None:
    def lines(text: str) -> list[str]:
        with pytest.raises(Rejected) as caught:
            GenerationConfig.from_json(text)
        return list(refusal_lines(caught.value))

    assert lines("[]") == [
        "Refused, for 1 reason",
        '  the file: the text holds a list, not an object. Write one JSON object, such as {"max_new_tokens": 64}.  '
        "[CONFIG-1]",
    ]
    assert lines('{"top_k": -1}') == [
        "Refused, for 1 reason",
        "  top_k = -1: -1 is outside the range [0, inf). Choose an integer of at least 0, or remove the field: 50 "
        "applies then.  [TOP-K-1]",
    ]
    assert lines('{"top_k": -1, "a": 1}')[0] == "Refused, for 2 reasons"
