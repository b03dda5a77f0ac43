"""The reference behind the interface: what the specification answers to a call."""

from dataclasses import dataclass

from genspec import __version__
from genspec.backends.call import Call
from genspec.backends.decoder import Answer, Info, Refusal
from genspec.backends.noise import noises_of
from genspec.config.decision import Rejected
from genspec_reference import GenerateOutput, Noise, decode


@dataclass(frozen=True, slots=True)
class ReferenceDecoder:
    """Each prompt alone, one after the other."""

    trace: bool = False                 # keep the scores after every operation

    @property
    def info(self) -> Info:
        """Tell which decoder this is."""
        return Info("reference", __version__, "float64", "hf")

    def decode(self, call: Call) -> Answer:
        """Decode every prompt of a call by the reference."""
        try:
            noises = noises_of(call) if call.plans[0].draws else [None] * len(call.prompts)
            return tuple(self.decode_one(call, number, noise) for number, noise in enumerate(noises))
        except Rejected as rejected:
            clauses = tuple(sorted({reason.clause for reason in rejected.reasons}))
            return Refusal("Rejected", str(rejected), clauses)

    def decode_one(self, call: Call, number: int, noise: Noise | None) -> GenerateOutput:
        """Decode one prompt. Raises `Rejected`."""
        pieces, allowed = call.pieces, call.allowed_tokens
        return decode(
            call.plans[number], call.model, call.decoder_prompt(number),
            source=None if call.sources is None else call.sources[number],
            noise=noise,
            detokenize=None if pieces is None else lambda tokens: "".join(pieces[token] for token in tokens),
            allowed_tokens=None if allowed is None else lambda tokens: allowed[tokens[-1]],
            negative_prompt=None if call.negative_prompts is None else call.negative_prompts[number],
            assistant=call.assistant,
            trace=self.trace,
        )
