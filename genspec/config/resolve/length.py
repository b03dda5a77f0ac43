"""How many tokens the row may and must get. Text: docs/spec/length.md."""

from genspec.config.decision import Status
from genspec.config.plan import LengthBudget
from genspec.config.resolve.ledger import Ledger

DEFAULT_LENGTH = 20


def decide_length(ledger: Ledger, order: tuple[str, ...]) -> LengthBudget:
    """Decide the budget: the limit first, then the overlong prompt, then the minimum.

    `order`: the operations that the profile has; without those that hold EOS back there is no minimum. PIPELINE-5
    """
    prompt = ledger.facts.decoder_prompt_length
    limit, field, clause = limit_on_length(ledger, prompt)
    dropped = 0
    if limit <= prompt:
        dropped = overflow(ledger, prompt, limit, field)
        prompt = limit
    else:
        decide_maximum(ledger, field, clause, limit - prompt, prompt)
    most = limit - prompt
    warn_beyond_context(ledger, field, prompt + most)
    return LengthBudget(prompt, dropped, decide_minimum(ledger, most, prompt, order), most)


def limit_on_length(ledger: Ledger, prompt: int) -> tuple[int, str, str]:
    """Return the greatest total length, the field that sets it and the clause. LENGTH-1 to LENGTH-4."""
    if ledger.is_set("max_new_tokens"):
        return prompt + ledger.integer("max_new_tokens"), "max_new_tokens", "LENGTH-1"
    if ledger.is_set("max_length"):
        return ledger.integer("max_length"), "max_length", "LENGTH-2"
    if ledger.facts.profile.default_length == "total length":
        return DEFAULT_LENGTH, "max_length", "LENGTH-4"
    context = ledger.facts.context_length
    return min(prompt + DEFAULT_LENGTH, context or prompt + DEFAULT_LENGTH), "max_new_tokens", "LENGTH-4"


def overflow(ledger: Ledger, prompt: int, limit: int, field: str) -> int:
    """Cut an overlong prompt from the front, or refuse it. Returns the tokens dropped. LENGTH-5."""
    bound = f"max_length ({limit})" if field == "max_length" else f"the context length ({limit})"
    message = f"the prompt has {prompt} tokens and {bound} leaves room for no new token."
    if ledger.facts.on_overflow == "error":
        ledger.refuse(field, message, "Shorten the prompt, or set max_new_tokens.", clause="LENGTH-5")
        return 0
    ledger.decide(
        field, 0, f"{message} The last {limit} tokens are kept and none is generated.",
        clause="LENGTH-5", status=Status.WARNING,
    )
    return prompt - limit


def decide_maximum(ledger: Ledger, field: str, clause: str, most: int, prompt: int) -> None:
    """Write down which field bounds the output, and which one it overrides. LENGTH-1 to LENGTH-4."""
    if clause == "LENGTH-4":
        capped = " (capped by the context length)" if 0 < most < DEFAULT_LENGTH and field == "max_new_tokens" else ""
        counted = "new tokens" if field == "max_new_tokens" else "tokens with the prompt"
        ledger.decide(field, most, f"no length is set: {DEFAULT_LENGTH} {counted}{capped}.", clause=clause)
    elif field == "max_length":
        ledger.decide(field, most, f"{most} new tokens: it counts the {prompt} prompt tokens.", clause=clause)
    else:
        ledger.decide(field, most, f"at most {most} new tokens, whatever the prompt.", clause=clause)
    if field == "max_new_tokens" and ledger.is_set("max_length"):
        ledger.decide("max_length", prompt + most, f"it is ignored: max_new_tokens ({most}) decides.",
                      clause="LENGTH-3", status=Status.OVERRIDDEN)


def warn_beyond_context(ledger: Ledger, field: str, longest: int) -> None:
    """Say when an explicit budget reaches past what the decoder can hold. LENGTH-10."""
    context = ledger.facts.context_length
    if ledger.is_set(field) and context is not None and longest > context:
        reason = f"the sequence may reach {longest} tokens and the context holds {context}."
        ledger.decide(field, ledger.given(field), reason, clause="LENGTH-10", status=Status.WARNING)


def decide_minimum(ledger: Ledger, most: int, prompt: int, order: tuple[str, ...]) -> int:
    """Return the number of new tokens before which no EOS may come. LENGTH-6 to LENGTH-9."""
    if ledger.is_set("min_new_tokens") and "min_new_tokens" in order:
        least, field = ledger.integer("min_new_tokens"), "min_new_tokens"
        if ledger.is_set("min_length") and ledger.integer("min_length") > 0:
            ledger.decide("min_length", prompt + least, f"it is ignored: min_new_tokens ({least}) decides.",
                          clause="LENGTH-8", status=Status.OVERRIDDEN)
    elif "min_length" in order:
        least, field = max(0, ledger.integer("min_length") - prompt), "min_length"
    else:
        return 0
    if least > most:
        reason = f"{least} new tokens are asked for at least and {most} are allowed at most: the maximum wins."
        ledger.decide(field, most, reason, clause="LENGTH-9", status=Status.WARNING)
    elif ledger.is_set(field):
        ledger.decide(field, least, f"no EOS before {least} new tokens.")
    return min(least, most)
