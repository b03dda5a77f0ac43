"""The decoding modes and the sets of them in which a field can act. Text: docs/spec/mode.md."""

from enum import StrEnum


class Mode(StrEnum):
    """How the next token is chosen. MODE-1."""

    GREEDY = "greedy"
    SAMPLE = "sample"
    BEAM_SEARCH = "beam_search"
    BEAM_SAMPLE = "beam_sample"
    GROUP_BEAM_SEARCH = "group_beam_search"
    CONSTRAINED_BEAM_SEARCH = "constrained_beam_search"
    CONTRASTIVE_SEARCH = "contrastive_search"
    ASSISTED = "assisted"
    DOLA = "dola"


ANY = frozenset(Mode)
SAMPLING = frozenset({Mode.SAMPLE, Mode.BEAM_SAMPLE})
BEAMS = frozenset({Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE, Mode.GROUP_BEAM_SEARCH, Mode.CONSTRAINED_BEAM_SEARCH})
GROUP_BEAMS = frozenset({Mode.GROUP_BEAM_SEARCH})
CONSTRAINED = frozenset({Mode.CONSTRAINED_BEAM_SEARCH})
CONTRASTIVE = frozenset({Mode.CONTRASTIVE_SEARCH})
ASSISTED = frozenset({Mode.ASSISTED})
DOLA = frozenset({Mode.DOLA})
NEVER: frozenset[Mode] = frozenset()
"""Fields that change speed, memory or bookkeeping and never a token."""
