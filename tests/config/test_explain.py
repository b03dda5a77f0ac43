"""The lines of an explanation."""

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
    assert "early_stopping = True" in inert
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
