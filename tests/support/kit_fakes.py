"""Decoders that are right, and decoders that fail in one way each, for tests of the kit. Each is a target by name."""

import math
import os
import signal
import sys
import time
from typing import Any

from genspec.backends.call import Call
from genspec.backends.decoder import Answer, EngineEnded, Info
from genspec.backends.reference import ReferenceDecoder
from genspec.conform import Unsupported
from genspec.conform.request import DecodeRequest, ProcessRequest, SelectRequest

HARD = 4
"""Rows of more tokens than this are where the fakes fail."""

INFO = {"name": "greedy", "version": "1.0", "dtype": "float64", "profile": "hf"}
CAN = {"modes": ["greedy"], "operations": ["temperature"], "refuses": False,
       "fields": ["max_new_tokens", "eos_token_id"]}
LIES = {**CAN, "modes": ["greedy", "sample"], "fields": ["max_new_tokens", "eos_token_id", "do_sample", "top_k"]}
MISSPELT = {"feilds": ["top_p"]}
NO_DTYPE = {"name": "x", "dtype": "float33"}


class Greedy:
    """Right at greedy search with an EOS."""

    info = INFO
    capabilities = CAN

    def decode(self, request: DecodeRequest) -> Any:
        row = list(request.prompt)
        for _ in range(request.config.get("max_new_tokens", 20)):
            row.append(self.token(request, row))
            if row[-1] in self.ends(request):
                break
        return [row]

    def ends(self, request: DecodeRequest) -> list[int]:
        ends = request.config.get("eos_token_id")
        return ends if isinstance(ends, list) else [ends]

    def token(self, request: DecodeRequest, row: list[int]) -> int:
        if len(row) > HARD:
            self.fail(request)
        scores = request.model(row)
        return scores.index(max(scores))

    def fail(self, request: DecodeRequest) -> None:
        """Fail, each in its own way; or not."""


class Levelled(Greedy):
    """Right at a temperature and at the highest score, too."""

    def process(self, request: ProcessRequest) -> Any:
        scores = request.scores
        for _, arguments in request.operations:
            scores = [score / arguments["temperature"] for score in scores]
        return scores

    def select(self, request: SelectRequest) -> Any:
        if request.noise is not None or request.count is not None:
            raise Unsupported("draws nothing")
        return request.scores.index(max(request.scores))


class Crashing(Greedy):
    def fail(self, request: DecodeRequest) -> None:
        os.kill(os.getpid(), signal.SIGSEGV)


class Leaving(Greedy):
    def fail(self, request: DecodeRequest) -> None:
        sys.exit(3)


class Vanishing(Greedy):
    def fail(self, request: DecodeRequest) -> None:
        os._exit(0)


class Orphaned(Greedy):
    """Asks an engine in another process, and is of no use any more when that one has ended."""

    alone = False

    def decode(self, request: DecodeRequest) -> Any:
        if self.alone:
            raise EngineEnded("the engine ended earlier")
        return super().decode(request)

    def fail(self, request: DecodeRequest) -> None:
        self.alone = True
        raise EngineEnded("the engine ended")


class Hanging(Greedy):
    def fail(self, request: DecodeRequest) -> None:
        time.sleep(60)


class Hungry(Greedy):
    def fail(self, request: DecodeRequest) -> None:
        bytearray(64 << 30)


class Raising(Greedy):
    def fail(self, request: DecodeRequest) -> None:
        raise KeyError("nothing there")


class Refusing(Greedy):
    def fail(self, request: DecodeRequest) -> None:
        raise ValueError("too long")


class Mutating(Greedy):
    def fail(self, request: DecodeRequest) -> None:
        request.prompts[0].append(0)


class Noisy(Greedy):
    """Prints, floods and closes what it can. Nobody listens, and nothing is wrong."""

    def fail(self, request: DecodeRequest) -> None:
        print("{\"sequences\": [[0]]}" * 1000, flush=True)
        os.write(1, b"\x80\x04garbage" * 1000)
        sys.stdout.write("more")


class Nondeterministic(Greedy):
    """Right every second time."""

    asked = 0

    def token(self, request: DecodeRequest, row: list[int]) -> int:
        scores = request.model(row)
        self.asked += 1
        return scores.index(max(scores)) if self.asked % 2 else scores.index(min(scores))


class Remembering(Greedy):
    """Right for the first question after the trivial ones, and wrong for all others: something is kept of it."""

    kept = ""

    def token(self, request: DecodeRequest, row: list[int]) -> int:
        scores = request.model(row)
        if not request.id.startswith("smoke/"):
            self.kept = self.kept or request.id
        return scores.index(max(scores) if self.kept in ("", request.id) else min(scores))


class Lowest(Greedy):
    """Always wrong."""

    def token(self, request: DecodeRequest, row: list[int]) -> int:
        scores = request.model(row)
        return scores.index(min(scores))


class Deaf(Greedy):
    """Goes on after an EOS."""

    def ends(self, request: DecodeRequest) -> list[int]:
        return []


class Wrapped(Greedy):
    """Changes what is returned."""

    def decode(self, request: DecodeRequest) -> Any:
        rows = super().decode(request)
        return rows if len(rows[0]) <= HARD else self.changed(rows)

    def changed(self, rows: list[list[int]]) -> Any:
        raise NotImplementedError


class TwoRows(Wrapped):
    def changed(self, rows: list[list[int]]) -> Any:
        return [*rows, *rows]


class NoRows(Wrapped):
    def changed(self, rows: list[list[int]]) -> Any:
        return []


class Fractions(Wrapped):
    def changed(self, rows: list[list[int]]) -> Any:
        return [[float(token) for token in row] for row in rows]


class Nothing(Wrapped):
    def changed(self, rows: list[list[int]]) -> Any:
        return None


class Strange(Wrapped):
    def changed(self, rows: list[list[int]]) -> Any:
        return object()


class WrongReason(Wrapped):
    def changed(self, rows: list[list[int]]) -> Any:
        return {"sequences": rows, "finish_reasons": ["because"]}


class NotANumber(Levelled):
    """Gives NaN for the first score."""

    def process(self, request: ProcessRequest) -> Any:
        return [math.nan, *super().process(request)[1:]]


class Ulp(Levelled):
    """Gives the next number instead of each score: nobody can do better everywhere."""

    def process(self, request: ProcessRequest) -> Any:
        scores = super().process(request)
        return [math.nextafter(score, math.inf) if math.isfinite(score) else score for score in scores]


class ManyUlps(Levelled):
    """Gives a number a thousand numbers away from each score."""

    def process(self, request: ProcessRequest) -> Any:
        return [score * (1 + 2.0**-42) for score in super().process(request)]


class Short(Levelled):
    """Gives a score too few, but for three."""

    def process(self, request: ProcessRequest) -> Any:
        scores = super().process(request)
        return scores if len(scores) <= 3 else scores[1:]


class InPlace(Levelled):
    """Writes into the scores that it was given."""

    def process(self, request: ProcessRequest) -> Any:
        request.scores[:] = super().process(request)
        return list(request.scores)


class Liar(Greedy):
    """Says that it samples."""

    capabilities = LIES


class Unable(Greedy):
    """Takes part in nothing."""

    def decode(self, request: DecodeRequest) -> Any:
        raise Unsupported("not today")


class Mute(Greedy):
    """A broken adapter: returns nothing, ever."""

    def decode(self, request: DecodeRequest) -> Any:
        return None


class Promptless(Greedy):
    """A broken adapter: leaves the prompt away."""

    def decode(self, request: DecodeRequest) -> Any:
        return [super().decode(request)[0][len(request.prompt):]]


class Unready(Greedy):
    """A broken adapter: wants an attribute that there is not."""

    def decode(self, request: DecodeRequest) -> Any:
        return request.input_ids


class Sleepy(Greedy):
    """A broken adapter: never answers."""

    def decode(self, request: DecodeRequest) -> Any:
        time.sleep(60)


class Spy:
    """Keeps everything that it is given: answers to nothing may be in it."""

    info = Info("spy", "1.0", "float64", "hf")

    def answer(self, level: str, profile: str, given: Any) -> Any:
        SEEN.append((level, profile, given))
        raise Unsupported("looks only")


SEEN: list[Any] = []


class FaultyBackend:
    """The reference behind `Decoder`, with the last new token of long rows left away, but in searches."""

    info = Info("faulty", "1.0", "float64", "hf")

    def decode(self, call: Call) -> Answer:
        from dataclasses import replace

        answer = ReferenceDecoder().decode(call)
        if not isinstance(answer, tuple) or call.plans[0].beams is not None:
            return answer
        return tuple(
            replace(output, rows=tuple(
                replace(row, tokens=row.tokens[:-1], beam_indices=row.beam_indices[:-1])
                if len(row.new_tokens) > HARD else row for row in output.rows
            )) for output in answer
        )


class Ragged:
    """The reference behind `Decoder`, with the last new token left away where another prompt is longer."""

    info = Info("ragged", "1.0", "float64", "hf")

    def decode(self, call: Call) -> Answer:
        from dataclasses import replace

        answer = ReferenceDecoder().decode(call)
        longest = max(map(len, call.prompts))
        if not isinstance(answer, tuple) or call.plans[0].beams is not None:
            return answer
        return tuple(
            replace(output, rows=tuple(replace(row, tokens=row.tokens[:-1]) for row in output.rows))
            if len(prompt) < longest else output for prompt, output in zip(call.prompts, answer, strict=True)
        )


class Misspelt(Greedy):
    capabilities = MISSPELT


class NoDtype(Greedy):
    info = NO_DTYPE
