"""transformers.js as a decoder: `generate` on a checkpoint of the model in ONNX, float32, in a process of Node.

`transformers_js.mjs` runs there. The options are sent as they are: what `generate` makes of them is its own.
"""

import atexit
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from genspec.backends.checkpoints import Checkpoint
from genspec.backends.checkpoints.folder import save_json
from genspec.backends.checkpoints.llama import config
from genspec.backends.decoder import EngineEnded
from genspec.backends.engines.engine import Asked, Engine, EngineDecoder, Hypothesis
from genspec.backends.engines.installed import node_package
from genspec.dialects.transformers_js import DIALECT

SCRIPT = Path(__file__).with_suffix(".mjs")
PAD = 0


class NodeError(Exception):
    """What transformers.js raises; its name stands before the message."""


@dataclass
class Node:
    """A process of Node that is asked one line at a time."""

    command: tuple[str, ...]
    process: subprocess.Popen[str] | None = field(default=None, init=False)
    complaints: IO[bytes] | None = field(default=None, init=False)      # its standard error

    def ask(self, question: Mapping[str, Any]) -> Any:
        """Have a question answered. Raises `NodeError` for a refusal, and `EngineEnded`."""
        process = self.started()
        assert process.stdin is not None and process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            self.process = None
            raise EngineEnded(f"{self.command[0]} ended with status {process.wait()}: {self.last_words()}")
        answer = json.loads(line)
        if "error" in answer:
            raise NodeError(f"{answer['error']}: {answer['message']}")
        return answer

    def started(self) -> subprocess.Popen[str]:
        """Give the process, which is started when it is asked first."""
        if self.process is None:
            self.complaints = tempfile.TemporaryFile()         # noqa: SIM115  it is read when the process has ended
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=self.complaints, text=True, encoding="utf-8")
            atexit.register(self.process.kill)
        return self.process

    def last_words(self) -> str:
        """Give the line in which the process said what is wrong, or the last one."""
        assert self.complaints is not None
        self.complaints.seek(0)
        lines = self.complaints.read().decode("utf-8", "replace").split("\n")
        told = [line for line in lines if re.match(r"\w*Error\b", line)] or [line for line in lines if line.strip()]
        return told[0][:200] if told else "nothing on standard error"


@dataclass(frozen=True)
class Loaded:
    """A checkpoint, and the process that loads it when it is asked."""

    folder: Path
    node: Node


def generate(loaded: Loaded, asked: Asked) -> Sequence[Sequence[Hypothesis]]:
    """Decode a batch, shorter prompts padded on the left; where rows are drawn, as often as there are to be."""
    longest = max(map(len, asked.prompts))
    question = {
        "folder": str(loaded.folder), "options": dict(asked.options),
        "prompts": [[PAD] * (longest - len(prompt)) + [*prompt] for prompt in asked.prompts],
        "masks": [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in asked.prompts],
    }
    calls = asked.plan.outputs.num_return_sequences if asked.plan.draws else 1
    answers = [loaded.node.ask({**question, "seed": ((asked.seed or 0) + number) % 2**31})["rows"]
               for number in range(calls)]
    return [[Hypothesis(tuple(rows[number][longest:])) for rows in answers] for number in range(len(asked.prompts))]


def complete(folder: Path, given: Mapping[str, Any]) -> None:
    """Add what transformers.js reads and the builder of the format leaves out: config.json, and the width of a head.

    The shape of an empty cache is that of the inputs of the graph; a width without a number would be 0 there.
    """
    import onnx

    save_json(folder / "config.json", given)
    graph = onnx.load(folder / "model.onnx", load_external_data=False)
    for one in (*graph.graph.input, *graph.graph.output):
        for size in one.type.tensor_type.shape.dim:
            if size.dim_param == "kv_cache_dim":
                size.dim_value = given["head_dim"]
    onnx.save(graph, folder / "model.onnx")


def decoder() -> EngineDecoder:
    """Make the decoder. Raises ImportError that says what to install."""
    def load(folder: Path, checkpoint: Checkpoint) -> Loaded:
        complete(folder, config(checkpoint))
        return Loaded(folder, node)

    more = {"kinds": ["table", "lines", "attention"]}
    made = EngineDecoder(Engine(DIALECT, "onnx", load, generate, batched=True, more=more))
    if shutil.which("node") is None:
        raise ImportError("transformers.js runs in Node, and there is no `node`: install Node 20 or newer")
    node = Node(("node", str(SCRIPT), str(node_package(DIALECT).parents[2])))
    node.started()      # before the memory of this process is limited: Node reserves more than it takes
    return made
