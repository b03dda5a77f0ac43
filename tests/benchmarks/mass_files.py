"""A folder of many files as repositories have them: configs, model folders, programs, notebooks; some have a fault."""

import json
import sysconfig
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

FAULTY = 30
"""Of so many files of a kind one has a fault."""

LARGEST = 12_000
"""Bytes of the modules of the standard library that stand for programs which generate nothing."""

CONFIGS: list[dict[str, object]] = [
    {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "transformers_version": "4.46.0"},
    {"bos_token_id": 151643, "do_sample": True, "eos_token_id": [151645, 151643], "max_new_tokens": 512,
     "pad_token_id": 151643, "repetition_penalty": 1.05, "temperature": 0.7, "top_k": 20, "top_p": 0.8,
     "transformers_version": "5.2.0"},
    {"bos_token_id": 0, "decoder_start_token_id": 2, "early_stopping": True, "eos_token_id": 2,
     "forced_bos_token_id": 0, "forced_eos_token_id": 2, "length_penalty": 2.0, "max_length": 142, "num_beams": 4,
     "no_repeat_ngram_size": 6, "pad_token_id": 1, "transformers_version": "5.0.0"},
]
FAULTS: list[dict[str, object]] = [
    {"temperature": 0.6, "do_sample": False}, {"max_tokens": 64}, {"top_p": 1.5}, {"eos_token_id": "2"}, {"topk": 50},
]
MODEL = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 151936, "hidden_size": 1024,
         "max_position_embeddings": 32768, "torch_dtype": "bfloat16"}

PROGRAM = '''"""Answer the questions of a file."""

import json
import sys

from transformers import AutoModelForCausalLM, AutoTokenizer

name = sys.argv[1]
tokenizer = AutoTokenizer.from_pretrained(name)
model = AutoModelForCausalLM.from_pretrained(name, device_map="auto")


def answer(question):
    """Return the answer of the model number {number}."""
    ids = tokenizer(question, return_tensors="pt").to(model.device)
    out = model.generate(**ids, max_new_tokens=256, {options})
    return tokenizer.decode(out[0, ids["input_ids"].shape[1]:], skip_special_tokens=True)


for line in sys.stdin:
    print(json.dumps({{"answer": answer(line)}}))
'''
RIGHT, WRONG = "do_sample=True, temperature=0.7", "do_sample=False, temperature=0.7"

KINDS = ("plain", "config", "plain", "plain", "config", "program", "plain", "config", "model", "plain")
"""In which order kinds of files come: half of them are programs without any generation. A model is two files."""

NOTEBOOKS = 50
"""Of so many files one is a notebook."""


def write_files(folder: Path, count: int) -> None:
    """Write so many files that are checked, and those beside them that are not, always the same ones."""
    for number, (path, text) in enumerate(islice(files(folder), count)):
        if number % 20 == 0 or not path.parent.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if path.parent.name.startswith("model"):
            (path.parent / "config.json").write_text(json.dumps(model_of(text), indent=2) + "\n", encoding="utf-8")


def files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield paths and texts without end: folders in folders, twenty files or so in each."""
    modules = cycle(plain_modules())
    number = 0
    while True:
        for kind in KINDS:
            place = folder / f"team-{number // 5000:03}" / f"project-{number // 500:04}" / f"part-{number // 20:06}"
            faulty = number % (FAULTY * len(KINDS)) < len(KINDS)
            if number % NOTEBOOKS == 0:
                yield place / f"study_{number}.ipynb", notebook(program(number, faulty))
            elif kind == "plain":
                yield place / f"module_{number}.py", next(modules)
            elif kind == "program":
                yield place / f"answer_{number}.py", program(number, faulty)
            else:
                yield place / f"{kind}-{number}" / "generation_config.json", config(number, faulty)
            number += 1


def config(number: int, faulty: bool) -> str:
    """Return a generation config, no two alike."""
    values = CONFIGS[number % len(CONFIGS)] | {"max_new_tokens": 100 + number % 900}
    values.pop("max_length", None)
    return json.dumps(values | (FAULTS[number % len(FAULTS)] if faulty else {}), indent=2) + "\n"


def model_of(text: str) -> dict[str, object]:
    """Return the config of the model that a generation config is for."""
    names = ("eos_token_id", "bos_token_id", "pad_token_id")
    return MODEL | {name: value for name, value in json.loads(text).items() if name in names}


def program(number: int, faulty: bool) -> str:
    """Return a program that generates text."""
    return PROGRAM.format(number=number, options=WRONG if faulty else RIGHT)


def notebook(text: str) -> str:
    """Return a notebook with a program in its second cell."""
    cells: list[dict[str, object]] = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Answers\n"]},
        {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": text.splitlines(True)},
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def plain_modules() -> list[str]:
    """Return modules of the standard library that have nothing to do with generation, of usual sizes."""
    library = Path(sysconfig.get_path("stdlib"))
    found = (path.read_bytes() for path in sorted(library.glob("[a-z]*/*.py")) if path.stat().st_size < LARGEST
             and "site-packages" not in path.parts)
    texts = [data.decode() for data in found if data.isascii() and b"generat" not in data.lower()]
    return [text for text in texts if len(text) > 500 and "pipeline(" not in text]
