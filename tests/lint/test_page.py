"""How a rule's condition is spelt for a reader."""

import pytest

from genspec.lint.page import named_target


@pytest.mark.parametrize(("condition", "spelt"), [
    ("transformers", "every version of transformers"), ("transformers>=4.57", "transformers 4.57 or newer"),
    ("transformers>=4.37,<5", "transformers 4.37 to before 5"), ("vllm<0.17", "vLLM before 0.17"),
    ("vllm | sglang | llama.cpp", "every version of vLLM, SGLang and llama.cpp"),
    ("transformers>=5 | vllm", "transformers 5 or newer, every version of vLLM"),
])
def test_a_condition_is_spelt_for_a_reader(condition, spelt):
    assert named_target(condition) == spelt
