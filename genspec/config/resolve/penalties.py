"""The operations that act in every mode: their arguments, and when a plan has them. Text: one page an operation."""

from collections.abc import Sequence
from typing import cast

from genspec.config.decision import Status
from genspec.config.resolve.situation import Situation, Step


def guidance(s: Situation) -> Step | None:
    """Scale the difference to the unconditional logits; a scale of 1 leaves them as they are. GUIDANCE-1."""
    if not s.ledger.is_set("guidance_scale") or s.ledger.real("guidance_scale") == 1:
        return None
    scale = s.ledger.real("guidance_scale")
    return Step({"scale": scale}, f"the difference to the unconditional logits is scaled by {scale:g}.")


def sequence_bias(s: Situation) -> Step | None:
    """Pair each token sequence with what is added to the token that completes it. SEQUENCE-BIAS-1."""
    given = s.ledger.given("sequence_bias")
    if not given:
        return None
    pairs = given.items() if isinstance(given, dict) else cast("list[tuple[list[int], float]]", given)
    biases = tuple((tuple(sequence), float(bias)) for sequence, bias in pairs)
    if any(not sequence for sequence, _ in biases):
        s.ledger.refuse("sequence_bias", "a pair has no token ids.", "Give it token ids, or remove it.")
    return Step({"biases": biases}, f"{counted(biases, 'token sequence')} biased.")


def encoder_repetition_penalty(s: Situation) -> Step | None:
    """Favour tokens of the input; a penalty of 1 leaves the scores as they are. ENCODER-REPETITION-PENALTY-1."""
    penalty = s.ledger.real("encoder_repetition_penalty")
    return None if penalty == 1 else Step({"penalty": penalty}, f"tokens of the input are favoured by {penalty:g}.")


def repetition_penalty(s: Situation) -> Step | None:
    """Penalise tokens seen before; a penalty of 1 leaves the scores as they are. REPETITION-PENALTY-1."""
    penalty = s.ledger.real("repetition_penalty")
    profile = s.ledger.facts.profile
    where = "the output so far" if profile.penalty_scope == "output" else "the prompt and of the output so far"
    last = "" if profile.penalty_window is None else f"the last {profile.penalty_window} "
    sentence = f"{last}tokens of {where} are penalised by {penalty:g}."
    return None if penalty == 1 else Step({"penalty": penalty}, sentence)


def no_repeat_ngram(s: Situation) -> Step | None:
    """Ban n-grams seen before; a size of 0 bans nothing. NO-REPEAT-NGRAM-1."""
    size = s.ledger.integer("no_repeat_ngram_size")
    where = "twice in the output" if s.ledger.facts.profile.ngram_scope == "output" else "twice, prompt included"
    return Step({"size": size}, f"no sequence of {size} tokens occurs {where}.") if size else None


def encoder_no_repeat_ngram(s: Situation) -> Step | None:
    """Ban n-grams of the input; a size of 0 bans nothing. ENCODER-NO-REPEAT-NGRAM-1."""
    size = s.ledger.integer("encoder_no_repeat_ngram_size")
    return Step({"size": size}, f"no sequence of {size} tokens of the input occurs in the output.") if size else None


def bad_words(s: Situation) -> Step | None:
    """Ban token sequences, except one EOS alone: a row must be able to end. BAD-WORDS-1."""
    given = cast("list[list[int]]", s.ledger.given("bad_words_ids") or [])
    kept = tuple(tuple(word) for word in given if not (len(word) == 1 and word[0] in s.tokens.eos))
    if () in kept:
        s.ledger.refuse("bad_words_ids", "an entry has no token ids.", "Give it token ids, or remove it.")
    return Step({"words": kept}, f"{counted(kept, 'token sequence')} banned.") if kept else None


def min_length(s: Situation) -> Step | None:
    """Hold EOS back, where there is one and min_new_tokens does not decide. MIN-LENGTH-1."""
    least = s.ledger.integer("min_length")
    decided = s.ledger.is_set("min_new_tokens") and "min_new_tokens" in s.order
    if decided or least <= 0 or not s.tokens.eos:
        return None
    return Step({"length": least, "eos": s.tokens.eos}, f"no EOS before the row has {least} tokens, prompt included.")


def min_new_tokens(s: Situation) -> Step | None:
    """Hold EOS back, where there is one. MIN-NEW-TOKENS-1."""
    least = cast("int | None", s.ledger.given("min_new_tokens"))
    if not least or not s.tokens.eos:
        return None
    return Step({"count": least, "eos": s.tokens.eos}, f"no EOS before {least} new tokens.")


def forced_bos(s: Situation) -> Step | None:
    """Force the first new token, when the decoder starts from one token only. FORCED-BOS-1."""
    token, prompt = s.ledger.given("forced_bos_token_id"), s.ledger.facts.decoder_prompt_length
    if token is None:
        return None
    if prompt != 1:
        s.ledger.decide("forced_bos_token_id", None, f"it acts on a prompt of 1 token, and this one has {prompt}.",
                        status=Status.INERT)
        return None
    return Step({"token": token}, f"the first new token is {token}.")


def forced_eos(s: Situation) -> Step | None:
    """Force the last token that the budget allows. FORCED-EOS-1."""
    tokens = id_list(s.ledger.given("forced_eos_token_id"))
    if not tokens:
        return None
    sentence = f"token {s.length.max_length} of the row, the last one allowed, is {' or '.join(map(str, tokens))}."
    return Step({"tokens": tokens, "max_length": s.length.max_length}, sentence)


def remove_invalid_values(s: Situation) -> Step | None:
    """Make NaN and infinite scores finite. REMOVE-INVALID-VALUES-1."""
    return Step({}, "NaN and infinite scores become finite.") if s.ledger.flag("remove_invalid_values") else None


def exponential_decay_length_penalty(s: Situation) -> Step | None:
    """Raise EOS from some step on; so there must be one. EXPONENTIAL-DECAY-LENGTH-PENALTY-1."""
    given = s.ledger.given("exponential_decay_length_penalty")
    if given is None:
        return None
    start, factor = cast("tuple[int, float]", given)
    if not s.tokens.eos:
        s.ledger.refuse("exponential_decay_length_penalty", "it raises the score of EOS, and there is none.",
                        "Set eos_token_id, or unset the penalty.")
    arguments: dict[str, object] = {"start": start, "factor": float(factor), "eos": s.tokens.eos}
    return Step(arguments, f"after {start} new tokens the score of EOS grows by the factor {factor:g} a step.")


def suppress(s: Situation) -> Step | None:
    """Rule tokens out at every step. SUPPRESS-1."""
    tokens = id_list(s.ledger.given("suppress_tokens"))
    return Step({"tokens": tokens}, f"{counted(tokens, 'token')} never chosen.") if tokens else None


def begin_suppress(s: Situation) -> Step | None:
    """Rule tokens out as the first new token, or the second when the first is forced. BEGIN-SUPPRESS-1."""
    tokens = id_list(s.ledger.given("begin_suppress_tokens"))
    if not tokens:
        return None
    forced = s.ledger.is_set("forced_bos_token_id") and s.ledger.facts.decoder_prompt_length == 1
    sentence = f"{counted(tokens, 'token')} not chosen as the {'second' if forced else 'first'} new token."
    return Step({"tokens": tokens, "new_token": int(forced)}, sentence)


def renormalize(s: Situation) -> Step | None:
    """Turn scores into log-probabilities again. RENORMALIZE-1."""
    return Step({}, "scores become log-probabilities again.") if s.ledger.flag("renormalize_logits") else None


def counted(items: Sequence[object], noun: str) -> str:
    """Count things at the head of a sentence: `1 token is`, `3 tokens are`."""
    return f"{len(items)} {noun}{'s are' if len(items) > 1 else ' is'}"


def id_list(value: object) -> tuple[int, ...]:
    """Return token ids given as one id, as a list, or not at all."""
    if value is None:
        return ()
    return (value,) if isinstance(value, int) else tuple(cast("list[int]", value))
