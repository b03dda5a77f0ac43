"""Which token ids have a meaning. Text: docs/spec/special_tokens.md."""

from collections.abc import Iterable
from typing import cast

from genspec.config.decision import Status
from genspec.config.plan import SpecialTokens
from genspec.config.resolve.ledger import Ledger

ID_FIELDS = (
    "bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id", "forced_bos_token_id",
    "forced_eos_token_id", "suppress_tokens", "begin_suppress_tokens", "bad_words_ids", "sequence_bias",
    "force_words_ids",
)


def decide_tokens(ledger: Ledger) -> SpecialTokens:
    """Decide BOS, EOS, pad and the decoder's start token. TOKENS-1 to TOKENS-6."""
    refuse_ids_outside_vocabulary(ledger)
    bos = cast("int | None", ledger.given("bos_token_id"))
    eos = decide_eos(ledger)
    return SpecialTokens(decide_bos(ledger, bos), eos, decide_pad(ledger, eos), decide_start(ledger, bos))


def decide_eos(ledger: Ledger) -> tuple[int, ...]:
    """Return the EOS ids, each once, in the order given. TOKENS-2."""
    eos = tuple(dict.fromkeys(ids_in(ledger.given("eos_token_id"))))
    if eos:
        ledger.decide("eos_token_id", eos, f"a row ends with {' or '.join(map(str, eos))}.", clause="TOKENS-2")
    else:
        ledger.decide("eos_token_id", (), "there is no EOS: a row ends only at its length or by another stopping rule.",
                      clause="TOKENS-2", status=Status.WARNING)
    return eos


def decide_pad(ledger: Ledger, eos: tuple[int, ...]) -> int | None:
    """Return the pad id: the given one, 0 included, else the first EOS. TOKENS-3, TOKENS-4."""
    given = cast("int | None", ledger.given("pad_token_id"))
    if given is None:
        if eos:
            ledger.decide("pad_token_id", eos[0], f"unset: the first EOS ({eos[0]}) fills finished rows.")
        return eos[0] if eos else None
    if given in eos:
        ledger.decide("pad_token_id", given, "it is an EOS too, which changes no row.", clause="TOKENS-4")
    else:
        ledger.decide("pad_token_id", given, f"{given} fills finished rows.", clause="TOKENS-3")
    return given


def decide_bos(ledger: Ledger, bos: int | None) -> int | None:
    """Say what BOS starts, and refuse an empty prompt without it. TOKENS-5, TOKENS-6."""
    if ledger.facts.architecture == "decoder-only" and ledger.facts.prompt_length == 0:
        if bos is None:
            ledger.refuse("bos_token_id", "the prompt is empty and there is no BOS to start from.",
                          "Set bos_token_id, or give a prompt.", clause="TOKENS-6")
        else:
            ledger.decide("bos_token_id", bos, f"the prompt is empty: it starts with {bos}.", clause="TOKENS-6")
    elif bos is not None and ledger.facts.architecture == "decoder-only":
        ledger.decide("bos_token_id", bos, "the prompt has tokens of its own: no BOS is added.",
                      clause="TOKENS-6", status=Status.INERT)
    elif bos is not None and ledger.is_set("decoder_start_token_id"):
        ledger.decide("bos_token_id", bos, "the decoder starts from decoder_start_token_id.",
                      clause="TOKENS-5", status=Status.INERT)
    elif bos is not None:
        ledger.decide("bos_token_id", bos, "the decoder starts from it.", clause="TOKENS-5")
    return bos


def decide_start(ledger: Ledger, bos: int | None) -> int | tuple[int, ...] | None:
    """Return the token that an encoder-decoder model's decoder starts from. TOKENS-5."""
    given = ledger.given("decoder_start_token_id")
    if ledger.facts.architecture == "decoder-only":
        if given is not None:
            ledger.decide("decoder_start_token_id", None, "it acts in encoder-decoder models only.",
                          clause="TOKENS-5", status=Status.INERT)
        return None
    if given is None and bos is None:
        ledger.refuse("decoder_start_token_id", "the decoder has no token to start from.",
                      "Set decoder_start_token_id, or bos_token_id.", clause="TOKENS-5")
        return None
    if given is None:
        ledger.decide("decoder_start_token_id", bos, f"unset: the decoder starts from BOS ({bos}).", clause="TOKENS-5")
        return bos
    ledger.decide("decoder_start_token_id", given, "the decoder starts from it.", clause="TOKENS-5")
    return tuple(cast("list[int]", given)) if isinstance(given, list) else cast("int", given)


def decide_healing(ledger: Ledger) -> bool:
    """Tell whether the end of the prompt is replaced before the first step. TOKEN-HEALING-1."""
    healing = ledger.flag("token_healing")
    if healing:
        ledger.decide("token_healing", True, "the last token of the prompt is replaced by one whose text begins with "
                      "its text; needs a tokenizer.")
    return healing


def refuse_ids_outside_vocabulary(ledger: Ledger) -> None:
    """Refuse ids that are no token of the model. TOKENS-1."""
    size = ledger.facts.vocab_size
    if size is None:
        return
    for name in ID_FIELDS:
        outside = sorted({token for token in ids_in(token_part(name, ledger.given(name))) if token >= size})
        if outside:
            ids = ", ".join(map(str, outside[:5])) + (", ..." if len(outside) > 5 else "")
            ledger.refuse(name, f"{ids}: the vocabulary has {size} tokens, ids 0 to {size - 1}.",
                          "Use ids of this model's tokenizer.", clause="TOKENS-1")


def token_part(name: str, value: object) -> object:
    """Leave out the biases of sequence_bias, which are numbers and no ids."""
    if name != "sequence_bias" or value is None:
        return value
    return list(value) if isinstance(value, dict) else [pair[0] for pair in cast("list[list[object]]", value)]


def ids_in(value: object) -> Iterable[int]:
    """Yield the token ids in a value: one, a list of them, or lists of lists."""
    if isinstance(value, int):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from ids_in(item)
