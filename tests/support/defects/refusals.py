"""What is refused and must not be, and what is answered and must be refused."""

from collections.abc import Callable
from typing import Any

from support.defects.defect import Defect, Json

ROW = {"sequences": [[0, 0]]}
PAGES = (
    "BEAMS",
    "CONFIG",
    "LENGTH",
    "MODE",
    "TOKENS",
    "SCORES",
    "TEMPERATURE",
    "TOP-K",
    "TOP-P",
    "MIN-P",
    "TYPICAL-P",
    "EPSILON-CUTOFF",
    "ETA-CUTOFF",
    "TOP-H",
    "REPETITION-PENALTY",
    "NO-REPEAT-NGRAM",
    "BAD-WORDS",
    "SEQUENCE-BIAS",
    "SUPPRESS",
    "GUIDANCE",
    "WATERMARK",
    "STOPPING",
    "ASSISTED",
    "OUTPUTS",
    "CACHE",
    "EXPONENTIAL-DECAY-LENGTH-PENALTY",
    "PREFIX-ALLOWED-TOKENS",
    "ENCODER-REPETITION-PENALTY",
    "ENCODER-NO-REPEAT-NGRAM",
)


def accepts(page: str) -> Defect:
    """Answer what a page refuses."""

    def says(level: str, given: Json, reply: Json) -> Json:
        clauses = reply.get("reject", ())
        if not any(clause.startswith(f"{page}-") for clause in clauses):
            return reply
        prompt = given.get("prompt") or [0]
        return {"L3": {"sequences": [[*prompt, 0]]}, "L2": {"token": 0}}.get(
            level, {"scores": given.get("scores") or given.get("logits")}
        )

    return Defect(f"accepts what {page} refuses", (page, "SCORES"), says=says)


def refuses(what: str, wrong: Callable[[dict[str, Any]], bool]) -> Defect:
    """Refuse what is to be answered."""

    def says(level: str, given: Json, reply: Json) -> Json:
        config = given.get("config")
        if level == "L3" and isinstance(config, dict) and wrong(config):
            return {"reject": [], "error": "ValueError: no"}
        return reply

    return Defect(f"refuses {what}", ("",), says=says)


def at(name: str, value: Any) -> Callable[[dict[str, Any]], bool]:
    return lambda config: config.get(name) == value and type(config.get(name)) in (type(value), int, float)


DEFECTS = (
    *(accepts(page) for page in PAGES),
    refuses("a nucleus of 0", at("top_p", 0.0)),
    refuses("a nucleus of 1", at("top_p", 1.0)),
    refuses("top_k of 0", at("top_k", 0)),
    refuses("a min_p of 1", at("min_p", 1.0)),
    refuses("a typical_p of 1", at("typical_p", 1.0)),
    refuses("a length penalty of 0", at("length_penalty", 0.0)),
    refuses("a length penalty below 0", lambda config: (config.get("length_penalty") or 0) < 0),
    refuses("a repetition penalty below 1", lambda config: (config.get("repetition_penalty") or 1) < 1),
    refuses("a guidance below 1", lambda config: (config.get("guidance_scale") or 1) < 1),
    refuses(
        "as many rows as beams",
        lambda config: (
            (config.get("num_beams") or 1) > 1 and config.get("num_beams") == config.get("num_return_sequences")
        ),
    ),
    refuses("no EOS", lambda config: "eos_token_id" not in config and (config.get("num_beams") or 1) > 1),
    refuses(
        "several EOS", lambda config: isinstance(config.get("eos_token_id"), list) and len(config["eos_token_id"]) > 1
    ),
    refuses("two lengths", lambda config: None not in (config.get("max_length"), config.get("max_new_tokens"))),
    refuses(
        "a minimum above the maximum",
        lambda config: (config.get("min_new_tokens") or 0) > (config.get("max_new_tokens") or 99),
    ),
    refuses(
        "a temperature without drawing",
        lambda config: config.get("temperature") not in (None, 1.0) and not config.get("do_sample"),
    ),
    refuses("never", at("early_stopping", "never")),
    Defect(
        "names another clause",
        ("",),
        says=lambda level, given, reply: (
            {**reply, "reject": ["TOP-P-1"]} if reply.get("reject") and "TOP-P-1" not in reply["reject"] else reply
        ),
    ),
    Defect(
        "refuses scores that are all banned, after a repair",
        ("",),
        says=lambda level, given, reply: (
            {"reject": ["SCORES-6"]}
            if level == "L3" and isinstance(given.get("config"), dict) and given["config"].get("remove_invalid_values")
            else reply
        ),
    ),
)
