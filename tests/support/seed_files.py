"""A small file of every kind that the linter reads, shaped as real ones are. Tests that break files start from these.

A reader that is registered in `genspec.lint.sources.readers` needs a file here: its name decides which reader gets it.
"""

import json
import struct
from typing import Any

CONFIG = {
    "bos_token_id": 1, "do_sample": True, "eos_token_id": [2, 7], "max_length": 600, "max_new_tokens": 512,
    "pad_token_id": 0,
    "temperature": 0.7, "top_k": 20, "top_p": 0.8, "bad_words_ids": [[5, 6]], "transformers_version": "5.2.0",
}
MODEL = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 32000, "eos_token_id": 2,
         "max_length": 20, "text_config": {"vocab_size": 32000}}
GENAI = {"model": {"type": "llama", "context_length": 4096, "eos_token_id": [2], "vocab_size": 32000},
         "search": {"do_sample": False, "max_length": 4096, "temperature": 0.7, "top_k": 1, "top_p": 1.0}}
REQUEST = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "temperature": 3, "max_tokens": 64}
PROGRAM = '''"""Answer."""
import sys
from transformers import AutoModelForCausalLM, GenerationConfig, pipeline
from vllm import LLM, SamplingParams

OPTIONS = {"top_k": 5, **{"do_sample": False}}
model = AutoModelForCausalLM.from_pretrained(sys.argv[1])
model.generation_config.temperature = 0.5  # genspec: ignore[GS201]
config = GenerationConfig(num_beams=2, early_stopping=True, eos_token_id=[2, -1])


def answer(ids, n=5):
    """\u00c9crit."""
    return model.generate(ids, **OPTIONS, max_new_tokens=n * 2, temperature=0.7), pipeline("text-generation")(
        "x", max_length=50)


print(f"{answer(1)!r}", LLM("m").generate("x", SamplingParams(temperature=0.0, best_of=3, max_tokens=-1)))
'''
CELLS = [
    {"cell_type": "markdown", "metadata": {}, "source": "# A"},
    {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [],
     "source": ["%pip install transformers\n", *PROGRAM.splitlines(True)]},
    {"cell_type": "code", "metadata": {}, "execution_count": 1, "outputs": [], "source": "%%bash\nls\n"},
]
NOTEBOOK = {"cells": CELLS, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
SERVE = "python -m vllm.entrypoints.openai.api_server --model m --max-model-len 4096"
SCRIPT = f"""#!/bin/bash
set -e  # genspec: ignore
{SERVE} \\
    --override-generation-config '{{"temperature": 0.5, "top_p": 1.5}}' "$@" &
vllm serve "m" --generation-config=vllm --max-num-seqs 8
llama-server -m model.gguf --temp 0.8 --top-k 40 -n -1
curl http://localhost:8000/v1/completions -d '{{"model": "m", "prompt": "x", "temperature": 3}}'
"""
DOCKERFILE = f"""FROM vllm/vllm-openai:latest
ENV A=1
ENTRYPOINT ["python3", "-m", "vllm.entrypoints.openai.api_server"]
CMD ["--model", "m", "--override-generation-config", "{{\\"top_p\\": 1.5}}"]
# {SERVE}
"""
MODELFILE = '''FROM ./model.gguf
PARAMETER temperature 0.7
PARAMETER stop "<|im_end|>"
PARAMETER num_predict -1
PARAMETER repeat_penalty 2.5
TEMPLATE """{{ if .System }}<|im_start|>system
{{ .System }}<|im_end|>{{ end }}"""
SYSTEM You are "brief".
'''
YAML = f"""# how it is served
services:
  llm: &base
    image: vllm/vllm-openai:latest
    command: ["--model", "m", "--max-model-len", "4096"]
  other:
    <<: *base
    command: >-
      {SERVE}
      --seed 1
generation_kwargs: {{do_sample: false, temperature: 0.7, until: ["\\n\\n"], max_gen_toks: 256}}
task: triviaqa
dataset_path: trivia_qa
output_type: generate_until
generation:
  - top_p: 1.5
    max_new_tokens: 0x10
"""


def gguf(values: dict[str, Any]) -> bytes:
    """Return the head of a GGUF file of version 3 with these values."""
    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    kinds = {str: (8, text), int: (4, struct.Struct("<I").pack), float: (6, struct.Struct("<f").pack)}
    members = []
    for key, value in values.items():
        if isinstance(value, list):
            kind, pack = kinds[type(value[0])]
            data = struct.pack("<IIQ", 9, kind, len(value)) + b"".join(map(pack, value))
        else:
            kind, pack = kinds[type(value)]
            data = struct.pack("<I", kind) + pack(value)
        members.append(text(key) + data)
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(members)) + b"".join(members)


def dumped(value: object, indent: int | None = 2) -> bytes:
    """Return a value as JSON."""
    return json.dumps(value, indent=indent).encode() + b"\n"


SEEDS: dict[str, bytes] = {
    "generation_config.json": dumped(CONFIG),
    "config.json": dumped(MODEL),
    "genai_config.json": dumped(GENAI),
    "run.py": PROGRAM.encode(),
    "study.ipynb": dumped(NOTEBOOK, 1),
    "a.modelfile": MODELFILE.encode(),
    "Modelfile": MODELFILE.encode(),
    "Dockerfile": DOCKERFILE.encode(),
    "Containerfile": DOCKERFILE.encode(),
    "serve.sh": SCRIPT.encode(),
    "serve.bash": SCRIPT.encode(),
    "serve.sbatch": SCRIPT.encode(),
    "serve.slurm": SCRIPT.encode(),
    "serve.mk": SCRIPT.encode(),
    "Makefile": SCRIPT.encode(),
    "justfile": SCRIPT.encode(),
    "model.gguf": gguf({"general.architecture": "llama", "llama.context_length": 4096, "tokenizer.ggml.model": "gpt2",
                        "tokenizer.ggml.tokens": ["a", "b", "<|im_end|>"], "tokenizer.ggml.eos_token_id": 2,
                        "general.sampling.temp": 0.7, "tokenizer.chat_template": "{{ messages }}<|im_end|>"}),
    "request.json": dumped(REQUEST),
    "requests.jsonl": dumped(REQUEST, None) + dumped({"custom_id": "1", "url": "/v1/chat", "body": REQUEST}, None),
    "task.yaml": YAML.encode(),
    "task.yml": YAML.encode(),
}
"""Files by name."""
