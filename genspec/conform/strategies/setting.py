"""What the values of a config depend on: drawn first, so that every field fits it."""

from dataclasses import dataclass
from typing import NamedTuple

from genspec.config.mode import ANY, BEAMS, Mode
from genspec.config.plan import Architecture
from genspec.config.profile import Profile

SUPPORTED = frozenset({Mode.GREEDY, Mode.SAMPLE, Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE, Mode.ASSISTED})
"""The modes of transformers 5.23."""


class Facts(NamedTuple):
    """What the fields that a config may have depend on: few enough that their strategies are made once."""

    vocab_size: int
    longest: int                    # tokens of the longest prompt
    mode: Mode = Mode.GREEDY
    draws: bool = False
    ends: bool = False              # whether there is an EOS
    layers: int = 0
    pieces: tuple[str, ...] = ()    # the text of each token; none without
    assistant: bool = False         # whether the call gives one

    @property
    def several(self) -> bool:
        """Tell whether the mode can return more than one row."""
        return self.mode in BEAMS or self.mode is Mode.SAMPLE


@dataclass(frozen=True)
class Setting:
    """The facts of a request that a config is drawn for."""

    vocab_size: int
    mode: Mode
    profile: Profile
    eos: tuple[int, ...] = ()                   # the ids that end a row
    architecture: Architecture = "decoder-only"
    prompt_lengths: tuple[int, ...] = (1,)      # tokens of each decoder's prompt
    pieces: tuple[str, ...] | None = None       # the text of each token
    layers: int = 0                             # of the model, where it shows them
    assistant: bool = False                     # whether the call gives one
    one_generator: bool = False                 # all rows of the batch draw from one

    @property
    def draws(self) -> bool:
        """Tell whether the mode always draws."""
        return self.mode in (Mode.SAMPLE, Mode.BEAM_SAMPLE)

    @property
    def may_draw(self) -> bool:
        """Tell whether the mode can be had with and without drawing.

        An assistant draws too, more numbers than one generator of a batch is replayed for.
        """
        return self.mode is Mode.DOLA or (self.mode is Mode.ASSISTED and not (self.assistant and self.one_generator))

    def facts(self, draws: bool) -> Facts:
        """Return what the fields that it may have depend on."""
        return Facts(
            self.vocab_size, max(self.prompt_lengths), self.mode, draws, bool(self.eos), self.layers,
            self.pieces or (), self.assistant,
        )

    @property
    def beams(self) -> bool:
        """Tell whether the mode keeps beams."""
        return self.mode in BEAMS


def modes_of(profile: Profile, wanted: frozenset[Mode] | None = None) -> list[Mode]:
    """List the modes that a profile has, the simplest first; of those wanted, where some are."""
    return [mode for mode in Mode if mode in profile.modes & (ANY if wanted is None else wanted)]
