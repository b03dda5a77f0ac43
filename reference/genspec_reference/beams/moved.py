"""The rules of the modes that transformers moved out. Text: docs/spec/group_beam_search.md."""

from dataclasses import replace

from genspec_reference.request import Request


def with_moved_rules(request: Request) -> Request:
    """Let an EOS alone finish a candidate and the best candidate bound the search. GROUP-BEAM-SEARCH-6."""
    profile = replace(request.plan.profile, finishing_rules="eos", stop_bound="candidate")
    return replace(request, plan=replace(request.plan, profile=profile))
