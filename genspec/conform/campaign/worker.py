"""What answers calls in the process of a decoder. It is given calls and never the expected answers."""

from typing import Any

from genspec.backends.decoder import Decoder, Info, Refusal, Unsupported
from genspec.conform.campaign.decoders import decoder_named
from genspec.conform.workers.told import Broken
from genspec_reference import GenerateOutput


class Calls:
    """A decoder that answers calls."""

    def __init__(self, name: str) -> None:
        """Load it. Raises `NoDecoder`."""
        self.decoder: Decoder = decoder_named(name)
        self.hello: Info = self.decoder.info

    def answer(self, message: Any) -> object:
        """Decode a call; an exception, or what is no answer, is what is told then."""
        try:
            answer = self.decoder.decode(message)
        except BaseException as error:      # a decoder that calls sys.exit is broken, too
            return Broken(type(error).__name__, str(error)[:2000])
        rows = isinstance(answer, tuple) and all(isinstance(output, GenerateOutput) for output in answer)
        if rows or isinstance(answer, (Refusal, Unsupported)):
            return answer
        return Broken("TypeError", f"the decoder answered with {type(answer).__name__}, which is no Answer")
