"""A server of the completions of the OpenAI API, which samples from a checkpoint as vLLM does; and wrong ones."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from genspec.backends.checkpoints import checkpoint_of
from genspec.backends.checkpoints.models import lines_of
from genspec_reference.scores import log_softmax

FAULTS = ("ignores top_p", "ignores min_p", "ignores the penalty", "ignores stops", "one seed", "one row",
          "wrong log-probabilities", "another token", "status 500", "status 400", "no JSON", "no choices", "hangs",
          "closes the connection")


class Fake:
    """What a server knows, and what is wrong with it."""

    def __init__(self, folder: str | Path, fault: str = "", ids: bool = True) -> None:
        self.lines = lines_of(checkpoint_of(folder).table)
        self.fault, self.ids = fault, ids
        self.ready = False              # the fault begins after the model was looked at
        self.bodies: list[Any] = []

    def has(self, fault: str) -> bool:
        return self.fault == fault

    def completed(self, body: Any) -> Any:
        """Answer a request of completions."""
        prompts = body["prompt"] if isinstance(body["prompt"][0], list) else [body["prompt"]]
        count = 1 if self.has("one row") else body.get("n", 1)
        choices = [self.row(body, prompt, place * body.get("n", 1) + number)
                   for place, prompt in enumerate(prompts) for number in range(count)]
        return {} if self.has("no choices") and self.ready else {"choices": choices[::-1]}

    def row(self, body: Any, prompt: list[int], index: int) -> Any:
        seed = 0 if self.has("one seed") else (body.get("seed", 0), index)
        chance, row, tops = np.random.default_rng(seed), list(prompt), []
        stops = [] if self.has("ignores stops") else body.get("stop_token_ids", [])
        reason = None
        while reason is None and len(row) < len(prompt) + body["max_tokens"]:
            said = log_softmax(self.lines[row[-1]]) - (0.5 if self.has("wrong log-probabilities") else 0.0)
            tops.append({f"<{token}>": float(said[token]) for token in np.argsort(-said)[:body.get("logprobs", 1)]})
            row.append(self.drawn(body, row, len(row) - len(prompt), chance))
            reason = row[-1] if row[-1] in stops else None
        made = row[len(prompt):]
        whole = {"index": index, "text": "".join(f"<{token}>" for token in made), "stop_reason": reason,
                 "finish_reason": "length" if reason is None else "stop",
                 "logprobs": {"tokens": [f"<{token}>" for token in made], "top_logprobs": tops}}
        return whole | ({"token_ids": made} if self.ids and body.get("return_token_ids") else {})

    def drawn(self, body: Any, row: list[int], made: int, chance: Any) -> int:
        """Give the next token, in the order of vLLM."""
        scores = self.lines[row[-1]].copy()
        if made < body.get("min_tokens", 0):
            scores[body.get("stop_token_ids", [])] = -np.inf
        factor = 1.0 if self.has("ignores the penalty") else body.get("repetition_penalty", 1.0)
        seen = sorted(set(row))
        scores[seen] = np.where(scores[seen] > 0, scores[seen] / factor, scores[seen] * factor)
        if body["temperature"] == 0:
            return int(np.argsort(-scores, kind="stable")[1 if self.has("another token") else 0])
        weights = np.exp((scores - scores.max()) / body["temperature"])
        if not self.has("ignores min_p"):
            weights[weights < body.get("min_p", 0.0)] = 0.0
        if body.get("top_k", 0) > 0:
            weights[weights < np.sort(weights)[::-1][min(body["top_k"], len(weights)) - 1]] = 0.0
        ranked = np.argsort(-weights, kind="stable")
        if not self.has("ignores top_p"):
            above = np.cumsum(weights[ranked] / weights.sum()) - weights[ranked] / weights.sum()
            weights[ranked[above >= body.get("top_p", 1.0) - 1e-12]] = 0.0
        return int(chance.choice(len(weights), p=weights / weights.sum()))


def handler_of(fake: Fake) -> type[BaseHTTPRequestHandler]:
    """Make what answers the requests."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            known = {"/v1/models": {"data": [{"id": "served"}]}, "/version": {"version": "0.33.0"}}
            self.say(200 if self.path in known else 404, json.dumps(known.get(self.path, {"detail": "Not Found"})))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            fake.bodies.append(body)
            if fake.ready and fake.has("hangs"):
                time.sleep(5)
            if fake.ready and fake.has("closes the connection"):
                return
            if fake.ready and fake.fault.startswith("status"):
                self.say(int(fake.fault.split()[1]), json.dumps({"error": {"message": "no such luck"}}))
            elif fake.ready and fake.has("no JSON"):
                self.say(200, "<html>a proxy</html>")
            else:
                self.say(200, json.dumps(fake.completed(body)))

        def say(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

    return Handler


class Quiet(ThreadingHTTPServer):
    """A server that says nothing of whoever has gone before it answered."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass


@contextmanager
def serving(fake: Fake) -> Iterator[str]:
    """Run a server in a thread and give its address."""
    server = Quiet(("127.0.0.1", 0), handler_of(fake))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
