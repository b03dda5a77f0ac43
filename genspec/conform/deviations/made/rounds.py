"""DEV-49, DEV-50, DEV-64, DEV-66, DEV-78, DEV-79, DEV-96, DEV-100 and DEV-101: assisted decoding round by round.

As transformers does it: with plain rounds and rows as they are specified, but for what a deviation makes of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from genspec.backends.call import Call
from genspec.config.mode import Mode
from genspec.config.plan import Operation
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.deviation import numbers
from genspec.conform.deviations.made.anew import begun_anew
from genspec.conform.deviations.made.assistance import closes
from genspec.conform.deviations.made.entropy import in_float32
from genspec.conform.deviations.made.guided import guided_in, with_function
from genspec.conform.deviations.made.marked import is_alone
from genspec.conform.deviations.made.nothing_left import raises_at_nothing
from genspec.conform.oracle.requests import with_operations
from genspec.conform.oracle.tolerance import tolerance
from genspec_reference import FinishReason, GenerateOutput, Row
from genspec_reference.context import Context
from genspec_reference.drafts import Draft, Drafts, assistance_of, before_eos, drafted, is_last
from genspec_reference.model import Model, ModelOutput, evaluate
from genspec_reference.modes.assisted import verified
from genspec_reference.output import Step
from genspec_reference.request import Request
from genspec_reference.scores import Scores
from genspec_reference.select import require_a_token
from genspec_reference.step import Scored, score_row, step_of
from genspec_reference.stopping import finish_reason

LOWEST = float(np.finfo(np.float32).min)
TAKING = ("SCORES-6", "GUIDANCE-4")
"""The clauses of what other deviations put at the end of the operations, to say which token is taken there."""

NEAR = tolerance("float32", 64.0)
"""The margin within which scores of an ordinary size are equal to float32."""

OF_SOURCE = ("ENCODER-REPETITION-PENALTY-1", "ENCODER-NO-REPEAT-NGRAM-1")
GIVEN = "PREFIX-ALLOWED-TOKENS-1"
"""The clauses of what an assistant cannot make for itself: it is given no ids of a source, and no allowed tokens."""

LAST = (*TAKING, "ASSISTED-15")
"""The clauses of what other deviations put behind all operations."""

Tokens = tuple[int, ...]


@dataclass(frozen=True)
class Rounds:
    """A decoder that drafts, judges all positions of a draft at once, and asks after a round whether the row ends."""

    dropped: bool = False                   # the row without the prompt reads what is dropped. DEV-50
    late: bool = False                      # a string that a draft completes is looked for at its end. DEV-49
    all_drawn: bool = False                 # dropped positions, and those of a draft, need a token too. DEV-66
    scheduled: bool = False                 # the length of drafts changes from round to round. DEV-78
    overlong: bool = False                  # a draft that goes past the length is kept as far as it goes. DEV-100
    unread: tuple[int, int] | None = None   # a token that the assistant does not read, of how many there are. DEV-64
    anew: Call | None = None                # whose assistant takes the row for a prompt in every round. DEV-96
    unseen: bool = False                    # an EOS within what is looked up ends nothing. DEV-101
    handed_on: tuple[str, ...] = ()         # clauses of operations that come late for an assistant. DEV-79
    release: tuple[int, ...] = (5,)         # of transformers
    answer: Tokens = ()                     # the new tokens that came: of equal scores any may be taken
    ways: ClassVar[int] = 1                 # of rounding

    def __call__(self, request: Request, *, rounding: int = 0) -> GenerateOutput:
        """Decode a request, of which there is one way. Raises `Rejected` where nothing is left."""
        found = guided_in(request) if self.dropped else None
        if found is not None:
            request = with_function(request, found[0], replace(found[1], u=Read(request).logits))
        tokens, steps, count = request.prompt, list[Step](), assistance_of(request).num_assistant_tokens or 0
        reason, held = finish_reason(request, tokens), tuple[int, ...]()
        while reason is None:
            held = held[:max(0, len(tokens) - 2)]           # the cache is cut to all but the last two
            drafts = self.drafts(self.assisted(request, tokens, count, held), tokens, count)
            held = with_read(held, len(tokens), len(drafts))
            taken = self.judged(request, tokens, drafts)
            tokens, steps = (*tokens, *(token for token, _ in taken)), [*steps, *(step for _, step in taken)]
            if self.scheduled:
                count = count + 2 if len(taken) > len(drafts) else max(1, count - 1)
            reason = finish_reason(request, tokens)
        return GenerateOutput((Row(tokens, len(request.prompt), reason),), (tuple(steps),))

    def assisted(self, request: Request, tokens: Tokens, count: int, held: Tokens) -> Request:
        """Give the request as the assistant has it in a round that starts behind these tokens. `held`: as below."""
        if self.anew is not None:
            request = begun_anew(self.anew, request, tokens, count, self.release)
        if self.handed_on:
            request = with_operations(request, with_late(request.plan.operations, self.handed_on))
        if self.unread is None or request.assistant is None:
            return request
        return replace(request, assistant=Unread(request.assistant, *self.unread, len(tokens), held))

    def drafts(self, request: Request, tokens: Tokens, count: int) -> Drafts:
        """Draft as an assistant does, or by looking up. Before 4.39 a draft that finds nothing is token 0."""
        assistance, room = assistance_of(request), request.plan.length.max_length - len(tokens) - 1
        if assistance.prompt_lookup_num_tokens is None:
            return () if request.assistant is None else self.of_assistant(request, tokens, min(count, room))
        old = self.release < (4, 39)
        if room == 0 and not old:
            return ()
        found = occurrences(request, tokens, assistance.prompt_lookup_num_tokens, assistance.max_matching_ngram_size)
        if self.release >= (4, 47):
            raises = self.all_drawn and raises_at_nothing(request.plan)
            found = (allowed_of(request, tokens, one, raises=raises) for one in found)
        draft = next(filter(None, found), (0,) if old else ())
        return tuple(map(Draft, draft if self.unseen else before_eos(draft, request.plan.stopping.eos_token_ids)))

    def of_assistant(self, request: Request, tokens: Tokens, count: int) -> Drafts:
        """Draft with the assistant. Raises `Rejected` where a token is to be drawn and its operations leave none."""
        assert request.assistant is not None
        asked = replace(request, model=request.assistant)
        drafts = drafted(asked, tokens, count)
        needed = self.handed_on or self.all_drawn
        if needed and request.plan.draws and len(drafts) < count and not is_last(request, drafts):
            require_a_token(score_row(asked, (*tokens, *(draft.token for draft in drafts))).scores)
        return drafts

    def judged(self, request: Request, tokens: Tokens, drafts: Drafts) -> list[tuple[int, Step]]:
        """Take the tokens of a round, with what is kept of each."""
        rows = [(*tokens, *(draft.token for draft in drafts[:place])) for place in range(len(drafts) + 1)]
        scored = [score_row(request, row) for row in rows]          # all are read before one is dropped
        if self.all_drawn and (request.assistant is None or raises_at_nothing(request.plan)):
            for one in scored:
                require_a_token(one.scores)
        taken = list[tuple[int, Step]]()
        for row, one, draft in zip(rows, scored, (*drafts, None), strict=True):
            token, step = self.position(request, row, one, draft)
            taken.append((token, step))
            if draft is None or token != draft.token or self.ends(request, (*row, token), last=draft is drafts[-1]):
                break
        if self.all_drawn and [token for token, _ in taken] == [draft.token for draft in drafts]:
            require_a_token(scored[-1].scores)          # drawn behind a draft that is kept whole and ends the row
        return taken

    def position(self, request: Request, row: Tokens, scored: Scored, draft: Draft | None) -> tuple[int, Step]:
        """Take the token of one position: of a mixture in which there is NaN, which is NaN all over, the first."""
        choice = verified(request, row, scored.scores, draft)
        proposed = None if draft is None or is_plain(request) else draft.scores
        token = choice.token
        if proposed is not None and (is_alone(scored.scores) or is_alone(proposed)):        # DEV-24
            token = 0
        elif proposed is None and not request.plan.draws:
            token = self.of_equal(scored.scores, token, len(row) - len(request.prompt))
        return token, step_of(request, [scored], [replace(choice, token=token)], choice.margin)

    def of_equal(self, scores: Scores, token: int, place: int) -> int:
        """Give the token that came, where its score is as good as that of the one that is taken, else that one."""
        came = self.answer[place] if place < len(self.answer) else token
        return came if came < scores.size and scores[came] >= scores[token] - NEAR else token

    def ends(self, request: Request, tokens: Tokens, *, last: bool) -> bool:
        """Tell whether a round ends within its draft: with an EOS, or with the length. `last`: of the draft."""
        reason = finish_reason(request, tokens)
        if (reason == FinishReason.LENGTH and self.overlong) or (reason == FinishReason.EOS and self.unseen):
            return last
        if reason == FinishReason.STOP_STRING and self.late:
            return len(tokens) >= request.plan.length.max_length
        return reason is not None


@dataclass
class Read:
    """The row without its prompt as it is read: one token more each time that guidance is asked, dropped or not."""

    request: Request
    row: Tokens = field(default=())

    def logits(self, context: Context) -> Scores:
        """Give the logits of u. float[V]."""
        if not self.row and self.request.negative_prompt is not None:
            self.row = self.request.negative_prompt
        else:
            self.row = (*self.row, context.tokens[-1])
        return evaluate(self.request.model, self.row, self.request.source).logits


@dataclass(frozen=True)
class Unread:
    """An assistant that reads no token of the row that is the pad. Of what it drafts itself it reads all.

    What its cache holds was read at positions that counted the pads of the row that there was then.
    """

    model: Model
    pad: int
    size: int                               # V
    start: int                              # tokens of the row before the draft
    held: Tokens = ()                       # of each token in the cache, how many those were when it was read

    def __call__(self, tokens: Tokens, source: Tokens = ()) -> Any:
        """Ask the assistant."""
        pads = [place for place, token in enumerate(tokens[:self.start]) if token == self.pad]
        starts = (*self.held, *[self.start] * len(tokens))
        read = tuple(
            (token + sum(pad < min(place, starts[place]) for pad in pads)) % self.size   # another at a wrong position
            for place, token in enumerate(tokens) if place not in pads
        )
        given = (source,) if source else ()
        return self.model(read, *given) if read else np.zeros(self.size)


def with_read(held: Tokens, start: int, count: int) -> Tokens:
    """Add what a round that starts at a place reads: all but the last token that it drafts, if it drafts any."""
    return (*held, *[start] * (start + count - 1 - len(held))) if count else held


def occurrences(request: Request, tokens: Tokens, count: int, longest: int) -> Iterator[Tokens]:
    """Give what follows each place at which the longest ending of a row stands, and then shorter ones."""
    for size in range(min(longest, len(tokens) - 1), 0, -1):
        for start in range(len(tokens) - size):
            if tokens[start:start + size] == tokens[-size:]:
                yield tokens[start + size:min(start + size + count, request.plan.length.max_length)]


def allowed_of(request: Request, tokens: Tokens, found: Tokens, *, raises: bool) -> Tokens:
    """Cut a draft at the first token that the operations ban from equal logits: these are asked as well.

    `raises`: raise `Rejected` where they leave none.
    """
    request = with_operations(request, tuple(one for one in request.plan.operations if one.clause not in TAKING))
    for place, token in enumerate(found):
        row = (*tokens, *found[:place])
        ones = ModelOutput(np.ones(evaluate(request.model, row, request.source).logits.size))
        scores = score_row(request, row, answer=ones).scores
        if raises:
            require_a_token(scores)
        if scores[token] <= LOWEST:
            return found[:place]
    return found


def with_late(operations: tuple[Operation, ...], clauses: tuple[str, ...]) -> tuple[Operation, ...]:
    """Put the operations of some clauses behind all others but the closing ones."""
    moved = [one for one in operations if one.clause in clauses]
    others = [one for one in operations if one.clause not in clauses]
    place = next((place for place, one in enumerate(others) if closes(one) or one.clause in LAST), len(others))
    return (*others[:place], *moved, *others[place:])


def is_plain(request: Request) -> bool:
    """Tell whether drafts are judged by the model alone, and by no mixture with the assistant."""
    return assistance_of(request).assistant_ensemble_weight is None


def rounds_of(situation: Situation) -> Rounds | None:
    """Give the rounds that other deviations have made, or plain ones; None where no draft is made."""
    if situation.request.plan.mode is not Mode.ASSISTED:
        return None
    if isinstance(situation.search, Rounds):
        return situation.search
    rows = situation.answered.rows if situation.answered is not None else ()
    return Rounds(release=numbers(situation.info.version), answer=rows[0].new_tokens if rows else ())


def reads_dropped_drafts(situation: Situation) -> Situation | None:
    """Let the row without the prompt keep drafts that are dropped. DEV-50."""
    rounds, request = rounds_of(situation), situation.request
    if rounds is None or guided_in(request) is None:
        return None
    if request.assistant is not None:       # the last bit decides what it drafts, and all that is guided reads that
        request = in_float32(request, len(request.plan.operations))
    return replace(situation, request=request, search=replace(rounds, dropped=True))


def goes_past_a_string(situation: Situation) -> Situation | None:
    """Let a string that a draft completes be seen at the end of the round alone. DEV-49."""
    rounds = rounds_of(situation)
    if rounds is None or not situation.request.plan.stopping.stop_strings:
        return None
    return replace(situation, search=replace(rounds, late=True))


def draws_for_dropped_drafts(situation: Situation) -> Situation | None:
    """Let every position of a draft need a token, where it is drafted and where it is judged. DEV-66.

    Where it is judged beside an assistant, it is the operations that need one, or the draw behind the whole draft.
    """
    rounds = rounds_of(situation)
    if rounds is None or not situation.request.plan.draws:
        return None
    return replace(situation, search=replace(rounds, all_drawn=True))


def lengths_are_scheduled(situation: Situation) -> Situation | None:
    """Let drafts of an assistant grow by two tokens when all are kept, and else shrink by one. DEV-78."""
    rounds, schedule = rounds_of(situation), situation.call.config.get("num_assistant_tokens_schedule")
    if rounds is None or situation.request.assistant is None or schedule not in ("heuristic", "heuristic_transient"):
        return None
    return replace(situation, search=replace(rounds, scheduled=True))


def pads_are_not_read(situation: Situation) -> Situation | None:
    """Let an assistant infer a mask, and read no token that is the pad. DEV-64."""
    rounds, pad = rounds_of(situation), situation.call.config.get("pad_token_id")
    plan = situation.request.plan
    if rounds is None or situation.request.assistant is None or pad is None or pad in plan.stopping.eos_token_ids:
        return None
    return replace(situation, search=replace(rounds, unread=(pad, situation.call.model.vocab_size)))


def assistants_begin_anew(situation: Situation) -> Situation | None:
    """Let the operations of an assistant take the row before a draft for the prompt. DEV-96."""
    rounds, plan = rounds_of(situation), situation.request.plan
    if rounds is None or situation.request.assistant is None or not (plan.draws or rounds.dropped):
        return None
    return replace(situation, search=replace(rounds, anew=situation.call))


def what_is_handed_on_comes_last(situation: Situation) -> Situation | None:
    """Let an assistant apply what it cannot make for itself, and the model hands on, behind the others. DEV-79."""
    rounds, operations = rounds_of(situation), situation.request.plan.operations
    handed_on = (GIVEN,) if situation.call.sources is None else (*OF_SOURCE, GIVEN)
    if rounds is None or situation.request.assistant is None or with_late(operations, handed_on) == operations:
        return None
    return replace(situation, search=replace(rounds, handed_on=handed_on))


def drafts_go_past_the_length(situation: Situation) -> Situation | None:
    """Let what is looked up go past the greatest length of the row, and be kept. DEV-100."""
    rounds, assistance = rounds_of(situation), situation.request.plan.assistance
    if rounds is None or assistance is None or assistance.prompt_lookup_num_tokens is None:
        return None
    return replace(situation, search=replace(rounds, overlong=True))


def drafts_go_past_an_eos(situation: Situation) -> Situation | None:
    """Let an EOS within what is looked up end nothing. DEV-101."""
    rounds, assistance = rounds_of(situation), situation.request.plan.assistance
    if rounds is None or assistance is None or assistance.prompt_lookup_num_tokens is None:
        return None
    return replace(situation, search=replace(rounds, unseen=True))
