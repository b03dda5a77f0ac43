"""A server that speaks the completions of the OpenAI API as a decoder: token ids in, token ids or their texts out.

The model there is not ours, so the folder that it serves is named: a checkpoint of genspec, whose logits are known. Of
each call the model is looked for among the blocks of its table; others are not asked.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from genspec.backends.call import Tokens
from genspec.backends.checkpoints import Checkpoint, checkpoint_of
from genspec.backends.checkpoints.blocks import Block, blocks_of
from genspec.backends.checkpoints.models import lines_of
from genspec.backends.decoder import Info
from genspec.backends.engines.engine import Asked, Engine, EngineDecoder, Hypothesis
from genspec.backends.served.client import Client, ServerFault, ServerRefusal
from genspec.backends.served.models import DRAWN, text_of_model
from genspec.dialects import Dialect
from genspec.dialects.spelling import Unspoken
from genspec_reference import Scripted, Table
from genspec_reference.scores import log_softmax

SECONDS = 60.0
"""For one answer of a server; a case has its own limit."""
NEAR = 1e-3
"""How near a log-probability is to be: float32 is far nearer, and a model in 16 bits is not."""
NEVER = -1000.0
"""A log-probability below this is that of no token, however it is written."""
PROBED = 8
"""Tokens after which the model of a server is looked at."""
NAMES = {"max_completion_tokens": "max_tokens"}
"""Options of chat completions that are called otherwise here."""
MORE: Mapping[str, Mapping[str, Any]] = {
    "vllm": {"return_token_ids": True, "ignore_eos": True, "skip_special_tokens": False,
             "spaces_between_special_tokens": False},
}
"""Options of a server that make it tell token ids, and end a row at those alone that a call names."""
TOKEN = re.compile(r"(?:<|token_id:)(\d+)>?")


class NotServed(Exception):
    """Why a server cannot be asked, and what to do."""


@dataclass(frozen=True)
class Loaded:
    """A block of the model of a server."""

    served: "Served"
    block: Block


class Served(EngineDecoder):
    """A server, in the words of a dialect."""

    def __init__(self, dialect: Dialect, folder: str, url: str) -> None:
        """Find the server and look at its model. Raises `NotServed`."""
        self.client = Client(url.rstrip("/"), SECONDS)
        self.checkpoint = served_checkpoint(folder, dialect)
        self.blocks = blocks_of(self.checkpoint.table)
        self.models = self              # type: ignore[assignment]  # it finds models itself
        self.dtype = "float32"
        drawn = [one for one in (*DRAWN, self.checkpoint.table) if any(is_said(block, one) for block in self.blocks)]
        spoken = [name for name in dialect.fields if name != "stop_strings"]        # tokens have texts of their own
        more = {"fields": ["do_sample", *spoken], "models": [text_of_model(one) for one in drawn[:len(DRAWN) + 1]]}
        self.engine = Engine(dialect, "hf", lambda *_: None, generate, batched=True, more=more)
        try:
            self.model = model_name(self.client)
            probe(self, folder)
        except (ServerFault, ServerRefusal) as error:
            raise NotServed(f"{error}: is a server of the OpenAI API there?") from None

    @cached_property
    def info(self) -> Info:
        """Tell which decoder this is, with the version that vLLM tells."""
        dialect = self.engine.dialect
        try:
            version = str(Client(self.client.url.removesuffix("/v1"), SECONDS).get("version")["version"])
        except (ServerFault, ServerRefusal, KeyError, TypeError):
            version = "unknown"
        return Info(dialect.name, version, self.dtype, dialect.profile)

    def of(self, model: object, _: Tokens = ()) -> Loaded:
        """Find a model among the blocks. Raises `Unspoken`."""
        found = next((one for one in self.blocks if isinstance(model, Scripted | Table) and is_said(one, model)), None)
        if found is None:
            raise Unspoken("the checkpoint that is served holds no such model")
        return Loaded(self, found)


def is_said(block: Block, model: Scripted | Table) -> bool:
    """Tell whether a block is a model; one of the whole row is none."""
    try:
        return block.says(model)
    except ValueError:
        return False


def served_checkpoint(folder: str, dialect: Dialect) -> Checkpoint:
    """Read the checkpoint that is served. Raises `NotServed` for one that cannot be asked about."""
    try:
        checkpoint = checkpoint_of(folder)
    except ValueError as error:
        raise NotServed(f"{error}: write one with `genspec checkpoint`, and serve it") from None
    if checkpoint.kind != "bigram":
        raise NotServed(f"{folder} holds a {checkpoint.kind} model, and the cases of the kit are for a bigram")
    if checkpoint.eos and dialect.name not in MORE:
        raise NotServed(f"{folder} has tokens that end a row, and {dialect.title} cannot be told to go on behind them: "
                        "write one without --eos")
    return checkpoint


def model_name(client: Client) -> str:
    """Ask for the name of the model. Raises `NotServed` where there is none, and what the client raises."""
    told = client.get("models")
    try:
        return str(told["data"][0]["id"])
    except (KeyError, IndexError, TypeError):
        raise NotServed(f"{client.url}/models names no model: {told!r:.200}") from None


def probe(served: Served, folder: str) -> None:
    """Compare what the server says after a few tokens with the checkpoint. Raises `NotServed`."""
    lines = lines_of(served.checkpoint.table)
    for token in sorted({*np.linspace(0, len(lines) - 1, PROBED).astype(int).tolist()}):
        body = {"model": served.model, "prompt": [token], "max_tokens": 1, "temperature": 0.0, "logprobs": 5,
                **MORE.get(served.engine.dialect.name, {})}
        (choice,) = choices_of(served.client.post("completions", body), 1)
        right = log_softmax(lines[token])
        for other, said in said_after(choice).items():
            near = other < len(lines) and (abs(said - right[other]) <= NEAR or max(said, right[other]) < NEVER)
            if not near:
                known = f"{right[other]:.4f}" if other < len(lines) else "no such token"
                raise NotServed(f"{served.client.url} does not serve {folder} in float32: after token {token} the "
                                f"log-probability of {other} is {said:.4f} there and {known} here")
        (first,) = tokens_of(choice)[:1] or (-1,)
        if not 0 <= first < len(lines) or lines[token][first] < lines[token].max():
            raise NotServed(f"{served.client.url} does not serve {folder}: after token {token} comes {first}, and not "
                            f"{int(lines[token].argmax())}")


def said_after(choice: Mapping[str, Any]) -> dict[int, float]:
    """Read the log-probabilities of the first new token; empty where the server tells none."""
    given = choice.get("logprobs") or {}
    try:
        if "content" in given:
            return {id_of(one["token"]): float(one["logprob"]) for one in given["content"][0]["top_logprobs"]}
        return {id_of(text): float(said) for text, said in given["top_logprobs"][0].items()}
    except (KeyError, IndexError, TypeError, AttributeError):
        return {}


def generate(loaded: Loaded, asked: Asked) -> Sequence[Sequence[Hypothesis]]:
    """Decode a batch in one request."""
    served, block, plan = loaded.served, loaded.block, asked.plan
    options = {NAMES.get(name, name): value for name, value in asked.options.items()}
    ends = set(plan.stopping.eos_token_ids)
    if ends and not served.engine.dialect.option("eos_token_id"):
        raise Unspoken(f"{served.engine.dialect.title} has no word for the tokens that end a row")
    if ends.issuperset(range(block.size)) and plan.length.min_new_tokens:
        raise Unspoken("every token is banned, and beside the block the server has others")
    if "stop_token_ids" in options:
        options["stop_token_ids"] = [token + block.first for token in options["stop_token_ids"]]
    options |= {"seed": asked.seed} if plan.draws and asked.seed is not None else {}
    options |= {} if plan.draws else served.engine.dialect.greedy
    body = {
        "model": served.model, "prompt": [[token + block.first for token in prompt] for prompt in asked.prompts],
        "logprobs": 1, **options, **MORE.get(served.engine.dialect.name, {}),
    }
    count = plan.outputs.num_return_sequences
    choices = choices_of(served.client.post("completions", body), count * len(asked.prompts))
    rows: list[list[Hypothesis]] = [[] for _ in asked.prompts]
    for choice in choices:
        made = [within(token, block) for token in tokens_of(choice)]
        rows[choice["index"] // count].append(Hypothesis(ended(made, choice, block)))
    return rows


def choices_of(told: Any, most: int) -> list[Mapping[str, Any]]:
    """Read the choices of an answer, in their order. Raises `ServerFault`."""
    try:
        choices = sorted(told["choices"], key=lambda choice: choice["index"])
        if all(0 <= choice["index"] < most for choice in choices):
            return choices
    except (KeyError, TypeError):
        pass
    raise ServerFault(f"the answer has no choices that are numbered from 0 to {most - 1}: {told!r:.200}")


def tokens_of(choice: Mapping[str, Any]) -> list[int]:
    """Read the new tokens: their ids, or those of their texts. Raises `ServerFault`."""
    if isinstance(choice.get("token_ids"), list):
        return [int(token) for token in choice["token_ids"]]
    logprobs = choice.get("logprobs") or {}
    if isinstance(logprobs.get("tokens"), list):
        return [id_of(text) for text in logprobs["tokens"]]
    if isinstance(logprobs.get("content"), list):       # as chat completions have it
        return [id_of(one["token"]) for one in logprobs["content"]]
    return [int(token) for token in TOKEN.findall(str(choice.get("text", "")))]


def id_of(text: str) -> int:
    """Read the id of a token. Raises `ServerFault`."""
    found = TOKEN.fullmatch(text)
    if found is None:
        raise ServerFault(f"the text {text!r:.60} is none of a token of the checkpoint")
    return int(found[1])


def within(token: int, block: Block) -> int:
    """Give the number of a token in its block. Raises `ServerFault` for one whose probability is 0."""
    if not 0 <= token - block.first < block.size:
        raise ServerFault(f"token {token} came, whose probability is 0: it is none of {block.first} to "
                          f"{block.first + block.size - 1}")
    return token - block.first


def ended(made: list[int], choice: Mapping[str, Any], block: Block) -> Tokens:
    """Write the EOS behind a row that comes without it, where the server tells which one it was."""
    reason = choice.get("stop_reason")
    if choice.get("finish_reason") == "stop" and isinstance(reason, int) and made[-1:] != [reason - block.first]:
        return (*made, within(reason, block))
    return tuple(made)
