"""What is returned. Text: docs/spec/outputs.md."""

from genspec.config.decision import Status
from genspec.config.plan import Outputs
from genspec.config.resolve.ledger import Ledger

FLAGS = ("output_scores", "output_logits", "output_attentions", "output_hidden_states")


def decide_outputs(ledger: Ledger) -> Outputs:
    """Gather what is returned for each prompt. OUTPUTS-1 to OUTPUTS-6."""
    as_dict = ledger.flag("return_dict_in_generate")
    wanted = ledger.integer("num_return_sequences")
    if ledger.is_set("num_return_sequences"):
        ledger.decide("num_return_sequences", wanted, f"{wanted} sequence{'s' * (wanted > 1)} for each prompt.")
    if ledger.is_set("return_dict_in_generate"):
        what = "a record of the sequences and the outputs asked for is" if as_dict else "the sequences alone are"
        ledger.decide("return_dict_in_generate", as_dict, f"{what} returned.")
    scores, logits, attentions, hidden = (decide_flag(ledger, name, as_dict) for name in FLAGS)
    return Outputs(wanted, as_dict, scores, logits, attentions, hidden)


def decide_flag(ledger: Ledger, name: str, as_dict: bool) -> bool:
    """Tell whether an output is returned: it has no place to go without the record. OUTPUTS-1."""
    asked = ledger.flag(name)
    if asked and not as_dict:
        ledger.decide(name, False, "it is not returned: return_dict_in_generate is not true.",
                      clause="OUTPUTS-1", status=Status.INERT)
    elif ledger.is_set(name):
        ledger.decide(name, asked, f"{name.removeprefix('output_')} {'are' if asked else 'are not'} returned.")
    return asked and as_dict
