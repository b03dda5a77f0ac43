"""Decoders with planted faults, and few simple calls, for tests of campaigns."""

import os
import sys
import time
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from genspec.backends.call import Call
from genspec.backends.decoder import Answer, Info
from genspec.backends.reference import ReferenceDecoder
from genspec.conform.campaign.campaign import Campaign
from genspec_reference import Scripted

BUG = "history"
"""The kind of model on which the faulty decoders fail."""


@st.composite
def calls(draw: st.DrawFn, **_: Any) -> Call:
    """Draw a greedy call whose config may have a few fields."""
    fields = {
        "no_repeat_ngram_size": st.integers(1, 3), "suppress_tokens": st.lists(st.integers(0, 4), max_size=2),
        "repetition_penalty": st.sampled_from((0.5, 1.5)), "min_new_tokens": st.integers(0, 3),
    }
    config = draw(st.fixed_dictionaries({"max_new_tokens": st.integers(1, 6)}, optional=fields))
    rows = draw(st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=4).map(tuple), min_size=1, max_size=2))
    model = Scripted(draw(st.sampled_from(("table", BUG))), draw(st.integers(0, 999)), 5, (3,))
    return Call({**config, "eos_token_id": 3}, model, tuple(rows))


@st.composite
def no_calls(draw: st.DrawFn, **_: Any) -> Call:
    """Draw nothing at all."""
    draw(st.nothing())
    raise AssertionError


def small(decoder: str, **given: Any) -> Campaign:
    """Make a campaign of those calls."""
    defaults = {"cases": 60, "chunk": 20, "strategy": "support.campaigns:calls", "case_seconds": 20.0}
    return Campaign(f"support.campaigns:{decoder}", **{**defaults, **given})


class Faulty:
    """The reference, but for calls of one kind of model."""

    info = Info("faulty", "1.0", "float64", "hf")

    def decode(self, call: Call) -> Answer:
        """Decode, or fail."""
        return self.fail(call) if call.model.kind == BUG else ReferenceDecoder().decode(call)

    def fail(self, call: Call) -> Any:
        """Fail, each in its own way."""
        raise NotImplementedError


class Right(Faulty):
    def fail(self, call: Call) -> Any:
        return ReferenceDecoder().decode(call)


class Slow(Right):
    def decode(self, call: Call) -> Answer:
        time.sleep(0.02)
        return super().decode(call)


class Forgetful(Faulty):
    """Two bugs: n-grams may occur again, and nothing is suppressed."""

    def decode(self, call: Call) -> Answer:
        left = {key: value for key, value in call.config.items()
                if key not in ("no_repeat_ngram_size", "suppress_tokens")}
        return ReferenceDecoder().decode(replace(call, config=left))


class Raising(Faulty):
    def fail(self, call: Call) -> Any:
        raise IndexError(f"index {len(call.prompts[0])} is out of range")


class Crashing(Faulty):
    def fail(self, call: Call) -> Any:
        os.abort()


class Leaving(Faulty):
    def fail(self, call: Call) -> Any:
        sys.exit(3)


class Hanging(Faulty):
    def fail(self, call: Call) -> Any:
        time.sleep(600)


class Hungry(Faulty):
    def fail(self, call: Call) -> Any:
        return [bytearray(1 << 28) for _ in range(1 << 12)]


class Noisy(Right):
    """Prints far more than a pipe holds, and reads standard input."""

    def decode(self, call: Call) -> Answer:
        print("x" * (1 << 20), flush=True)
        os.write(1, b"y" * (1 << 16))
        assert sys.stdin.read() == ""
        return super().decode(call)


class Strange(Faulty):
    def fail(self, call: Call) -> Any:
        return "tokens"


class NoDecoder:
    """What is none."""


def broken() -> Any:
    """Make no decoder."""
    raise RuntimeError("no device")
