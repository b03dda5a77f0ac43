"""The operations that act only when tokens are drawn: their arguments, and when a plan has them. PIPELINE-2."""

from genspec.config.resolve.situation import Situation, Step


def temperature(s: Situation) -> Step | None:
    """Divide the scores; 1 leaves them as they are and 0 is refused. TEMPERATURE-1, TEMPERATURE-2."""
    value = s.ledger.real("temperature")
    if value == 0:
        s.ledger.refuse("temperature", "it is 0, and scores are divided by it.",
                        "Set do_sample to false for greedy search, or the temperature above 0.", clause="TEMPERATURE-2")
    return Step({"temperature": value}, f"scores are divided by {value:g}.") if value not in (0, 1) else None


def top_h(s: Situation) -> Step | None:
    """Keep a part of the entropy. TOP-H-1."""
    if not s.ledger.is_set("top_h"):
        return None
    value = s.ledger.real("top_h")
    return Step({"h": value}, f"tokens are kept up to {value:g} of the entropy.")


def top_k(s: Situation) -> Step | None:
    """Keep the highest scores; 0 keeps all, unset keeps 50. TOP-K-1, TOP-K-2."""
    k = s.ledger.integer("top_k")
    if k == 0:
        return None
    kept = max(k, s.min_keep)
    why = "unset: " if not s.ledger.is_set("top_k") else "raised for the beams: " if kept > k else ""
    ties = ", ties included" if s.ledger.facts.profile.top_k_ties == "kept" else ""
    arguments = {"k": kept, "min_keep": s.min_keep}
    return Step(arguments, f"{why}the {kept} highest scores are kept{ties}.", kept if kept > k else None)


def top_p(s: Situation) -> Step | None:
    """Keep the nucleus; 1 keeps all. TOP-P-1."""
    p = s.ledger.real("top_p")
    sentence = f"the most probable tokens are kept until their mass reaches {p:g}."
    return None if p == 1 else Step({"p": p, "min_keep": s.min_keep}, sentence)


def min_p(s: Situation) -> Step | None:
    """Drop what is improbable beside the most probable token; 0 keeps all. MIN-P-1."""
    if not s.ledger.is_set("min_p") or s.ledger.real("min_p") == 0:
        return None
    p = s.ledger.real("min_p")
    return Step({"p": p, "min_keep": s.min_keep}, f"tokens below {p:g} of the highest probability are dropped.")


def typical_p(s: Situation) -> Step | None:
    """Keep the typical tokens; 1 keeps all. TYPICAL-P-1."""
    p = s.ledger.real("typical_p")
    sentence = f"the most typical tokens are kept until their mass reaches {p:g}."
    return None if p == 1 else Step({"p": p, "min_keep": s.min_keep}, sentence)


def epsilon_cutoff(s: Situation) -> Step | None:
    """Drop what is improbable; 0 keeps all. EPSILON-CUTOFF-1."""
    epsilon = s.ledger.real("epsilon_cutoff")
    sentence = f"tokens of probability below {epsilon:g} are dropped."
    return Step({"epsilon": epsilon, "min_keep": s.min_keep}, sentence) if epsilon else None


def eta_cutoff(s: Situation) -> Step | None:
    """Drop what is improbable for the entropy; 0 keeps all. ETA-CUTOFF-1."""
    eta = s.ledger.real("eta_cutoff")
    sentence = f"tokens below the lesser of {eta:g} and the entropy's cutoff are dropped."
    return Step({"epsilon": eta, "min_keep": s.min_keep}, sentence) if eta else None
