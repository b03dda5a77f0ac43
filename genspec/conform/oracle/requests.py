"""The requests of a call: what the reference runs for each of its prompts."""

from dataclasses import replace

from genspec.backends.call import Call
from genspec.backends.noise import noises_of
from genspec.config.plan import Operation
from genspec_reference import Noise
from genspec_reference.decode import kept_prompt
from genspec_reference.request import Request


def requests_of(call: Call) -> list[Request]:
    """Give the request of each prompt. Raises `Rejected`."""
    noises = noises_of(call) if call.plans[0].draws else [None] * len(call.prompts)
    return [request_of(call, number, noise) for number, noise in enumerate(noises)]


def request_of(call: Call, number: int, noise: Noise | None) -> Request:
    """Give the request of one prompt, as the reference's `decode` makes it."""
    plan, pieces, allowed = call.plans[number], call.pieces, call.allowed_tokens
    return Request(
        plan=plan,
        model=call.model,
        prompt=kept_prompt(plan, call.decoder_prompt(number)),
        source=None if call.sources is None else call.sources[number],
        noise=noise,
        detokenize=None if pieces is None else lambda tokens: "".join(pieces[token] for token in tokens),
        allowed_tokens=None if allowed is None else lambda tokens: allowed[tokens[-1]],
        negative_prompt=None if call.negative_prompts is None else call.negative_prompts[number],
        assistant=call.assistant,
    )


def with_operations(request: Request, operations: tuple[Operation, ...]) -> Request:
    """Give the request with another pipeline."""
    return replace(request, plan=replace(request.plan, operations=operations))
