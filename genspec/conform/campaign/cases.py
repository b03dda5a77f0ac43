"""The calls of a chunk, drawn by Hypothesis, and the smallest call that still shows a finding."""

from functools import cache

from hypothesis import strategies as st

from genspec.backends.call import Call
from genspec.config.mode import Mode
from genspec.conform import drawing
from genspec.conform.campaign.campaign import Campaign
from genspec.conform.campaign.decoders import found
from genspec.conform.drawing import Shows


def calls_of(campaign: Campaign, number: int) -> list[Call]:
    """Draw the calls of a chunk: always the same ones. Fewer when the strategy has no more."""
    return drawing.drawn(strategy_for(campaign), campaign.seed_of(number), campaign.count_of(number))


def minimal(campaign: Campaign, number: int, target: Call, shows: Shows, seconds: float) -> Call:
    """Shrink a call that a chunk draws, as long as it shows the same, for so many seconds."""
    seed, count = campaign.seed_of(number), campaign.count_of(number)
    return drawing.minimal(
        strategy_for(campaign), seed, count, target=target, shows=shows, seconds=seconds,
    )


def strategy_for(campaign: Campaign) -> st.SearchStrategy[Call]:
    """Give the strategy of a campaign."""
    return strategy_of(campaign.strategy, campaign.profile, campaign.modes)


@cache
def strategy_of(path: str, profile: str, modes: tuple[str, ...]) -> st.SearchStrategy[Call]:
    """Make the strategy of a campaign."""
    wanted = {"decoder_modes": tuple(map(Mode, modes))} if modes else {}
    return found(path)(profile=profile, **wanted)   # type: ignore[no-any-return]  # found by its name
