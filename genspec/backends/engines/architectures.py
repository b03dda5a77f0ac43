"""An engine that has one interface for decoder-only models, and another one for encoder-decoders."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genspec.backends.call import Call
from genspec.backends.checkpoints.models import EncoderDecoder
from genspec.backends.decoder import Answer, Info, Unsupported
from genspec.backends.engines.engine import EngineDecoder


@dataclass(frozen=True)
class ByArchitecture:
    """Two decoders as one: a call with sources is for the second."""

    decoder_only: EngineDecoder
    encoder_decoder: EngineDecoder

    @property
    def info(self) -> Info:
        """Tell which decoder this is."""
        return self.decoder_only.info

    @property
    def capabilities(self) -> Mapping[str, Any]:
        """Say what both can do."""
        one, other = self.decoder_only.capabilities, self.encoder_decoder.capabilities
        both = {name: [*dict.fromkeys((*one[name], *other[name]))] for name in ("modes", "fields", "inputs", "kinds")}
        return {**one, **both}

    def decode(self, call: Call) -> Answer:
        """Decode every prompt of a call."""
        if call.sources is None:
            return self.decoder_only.decode(call)
        if not isinstance(call.model, EncoderDecoder):
            return Unsupported(f"no checkpoint reads a source as a model of the kind {call.model.kind} does")
        return self.encoder_decoder.decode(call)
