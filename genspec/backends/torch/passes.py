"""The forward passes of a step: one, or with guidance a second one without the prompt."""

from collections.abc import Sequence

from torch import Tensor

from genspec.backends.torch.drivers.driver import Forward
from genspec.backends.torch.request import Request


class Passes:
    """The model of a request in the middle of a call, twice where guidance asks for it. GUIDANCE-2."""

    def __init__(self, request: Request) -> None:
        """Begin before the prompts are read."""
        self.drivers, self.prompts = [request.driver], [request.prompts]
        if request.unconditional is not None:
            self.drivers.append(request.unconditional)
            self.prompts.append(request.negatives or tuple(prompt[-1:] for prompt in request.prompts))

    def start(self, repeats: int) -> tuple[Forward, Tensor | None]:
        """Read the prompts, as `Driver.start`. Gives what the model gives, and its logits without the prompt."""
        return paired([
            driver.start(prompts, repeats) for driver, prompts in zip(self.drivers, self.prompts, strict=True)
        ])

    def step(self, tokens: Sequence[int], parents: Sequence[int]) -> tuple[Forward, Tensor | None]:
        """Take one token a line, as `Driver.step`; a line without its prompt follows the line that it belongs to."""
        return paired([driver.step(tokens, parents) for driver in self.drivers])


def paired(forwards: Sequence[Forward]) -> tuple[Forward, Tensor | None]:
    """Tell the pass with the prompt from the one without: float[N, V]."""
    return forwards[0], forwards[1].logits if len(forwards) > 1 else None
