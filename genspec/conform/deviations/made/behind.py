"""DEV-65: an assistant that is an encoder-decoder, and reads a row behind what its cache holds of it."""

from dataclasses import dataclass, fields, replace
from typing import Any

from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.made.rounds import Rounds, rounds_of
from genspec_reference import GenerateOutput, Noise
from genspec_reference.drafts import Drafts
from genspec_reference.model import Model
from genspec_reference.output import Step
from genspec_reference.request import Request
from genspec_reference.scores import Scores

Tokens = tuple[int, ...]


def reads_behind_its_cache(situation: Situation) -> Situation | None:
    """Let an assistant with a source read the whole row in each round, behind what its cache holds."""
    rounds, request = rounds_of(situation), situation.request
    if rounds is None or situation.call.sources is None or request.assistant is None:
        return None
    given = {one.name: getattr(rounds, one.name) for one in fields(rounds)}
    return replace(situation, search=Behind(**given))


class Behind(Rounds):
    """Rounds of which the assistant keeps a cache."""

    def __call__(self, request: Request, *, rounding: int = 0) -> GenerateOutput:
        """Decode a request. Raises `Rejected` where nothing is left."""
        assert request.assistant is not None
        cached = Cached(request.assistant, request.noise)
        noise = None if request.noise is None else cached.numbers
        return super().__call__(replace(request, assistant=cached, noise=noise), rounding=rounding)

    def judged(self, request: Request, tokens: Tokens, drafts: Drafts) -> list[tuple[int, Step]]:
        """Take the tokens of a round. The next one that the assistant reads begins another."""
        assert isinstance(request.assistant, Cached)
        request.assistant.begins = True
        return super().judged(request, tokens, drafts)


@dataclass
class Cached:
    """An assistant with a cache, which is cut to two tokens less than the row has when a round begins.

    It draws at the place to which it has read, which is as far behind that of the row as its cache is long.
    """

    model: Model
    noise: Noise | None
    held: Tokens = ()                       # before what is read in this round
    read: Tokens = ()                       # of what was asked last, all
    begins: bool = True                     # whether the next one asked begins a round

    def __call__(self, tokens: Tokens, source: Tokens = ()) -> Any:
        """Ask the assistant."""
        if self.begins:
            self.held, self.begins = self.read[:max(0, len(tokens) - 2)], False
        self.read = (*self.held, *tokens)
        return self.model(self.read, *((source,) if source else ()))

    def numbers(self, row: int, step: int, size: int) -> Scores:
        """Give the noise of a step, of the row or of what the assistant reads. float[size]."""
        assert self.noise is not None
        return self.noise(row, step if self.begins else step + len(self.held), size)
