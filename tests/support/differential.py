"""Random calls through a decoder and the reference, judged and counted."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from hypothesis import HealthCheck, Phase, given, settings

from genspec.backends.call import Call
from genspec.backends.decoder import Decoder
from genspec.backends.reference import ReferenceDecoder
from genspec.conform.oracle import judge
from genspec.conform.verdict import Kind, Verdict
from support.strategies import described

Explain = Callable[..., Verdict]


def unexplained(decoder: Decoder, call: Call) -> Verdict:
    """Judge what a decoder answers to a call."""
    return judge(call, ReferenceDecoder().decode(call), decoder.decode(call), decoder.info)


def with_deviations(decoder: Decoder, call: Call) -> Verdict:
    """Judge it, and tell known deviations from the rest."""
    from genspec.conform.deviations import Seen, explaining

    expected, answer = ReferenceDecoder().decode(call), decoder.decode(call)
    verdict = judge(call, expected, answer, decoder.info)
    if verdict.kind is not Kind.VIOLATES:
        return verdict
    names = [one.id for one in explaining(Seen(call, expected, answer, verdict, decoder.info))]
    return replace(verdict, kind=Kind.KNOWN_DEVIATION, deviation=", ".join(names)) if names else verdict


def held(decoder: Decoder, calls, examples: int, judged=unexplained) -> Counter[str]:
    """Hold a decoder to the reference. Fails with the smallest call that violates; returns how often what came out.

    "tied" is what another order of equal totals explains, "ambiguous" what rounding explains.
    """
    counts: Counter[str] = Counter()

    @settings(max_examples=examples, deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink])
    @given(call=calls)
    def hold(call):
        verdict = judged(decoder, call)
        counts["tied" if verdict.tied else str(verdict.kind)] += 1
        assert verdict.kind is not Kind.VIOLATES, described(call=call, verdict=verdict)

    hold()
    return counts


def share(counts: Counter[str], kind: str) -> float:
    """Give the share of a kind among the calls that the decoder takes part in."""
    return counts[kind] / max(1, sum(counts.values()) - counts["unsupported"])
