"""A decoder that is right and rounds: the reference with noise as small as the rounding of a number type."""

from dataclasses import dataclass, replace

import numpy as np

from genspec.backends.call import Call
from genspec.backends.decoder import Answer, Info, Refusal
from genspec.config.decision import Rejected
from genspec.config.plan import Operation
from genspec.conform.oracle.requests import requests_of
from genspec_reference.decode import run
from genspec_reference.request import Request

EPSILONS = {"float32": 2.0**-23, "bfloat16": 2.0**-7, "float16": 2.0**-10}


@dataclass(frozen=True)
class Rounding:
    """The reference, whose scores are off by up to `size` units of its type after every operation."""

    seed: int = 0
    dtype: str = "float32"
    size: float = 1.0

    @property
    def info(self) -> Info:
        return Info("rounding", "0", self.dtype, "hf")

    def decode(self, call: Call) -> Answer:
        try:
            return tuple(run(self.rounded(request)) for request in requests_of(call))
        except Rejected as rejected:
            return Refusal("Rejected", str(rejected), tuple(reason.clause for reason in rejected.reasons))

    def rounded(self, request: Request) -> Request:
        def noisy(scores, context):
            generator = np.random.default_rng((self.seed, len(context.tokens), *context.tokens))
            off = generator.uniform(-1, 1, scores.size) * EPSILONS[self.dtype] * self.size
            _, same = np.unique(scores, return_inverse=True)        # equal scores are rounded alike
            return scores + off[same] * (1 + np.where(np.isfinite(scores), np.abs(scores), 0.0))

        rounding = Operation("processor", {"function": noisy}, "PIPELINE-4")
        operations = tuple(one for operation in request.plan.operations for one in (rounding, operation))
        return replace(request, plan=replace(request.plan, operations=(*operations, rounding)))
