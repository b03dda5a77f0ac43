"""Operations that are computed another way: at their boundaries, for equal scores, for what is banned."""

import math

import numpy as np

from support.defects import formulas as f
from support.defects.computed import inside, operation, setting
from support.defects.generic import of_output

PACKAGE = "genspec_reference.operations"
# At p of typical_p, at epsilon and at h no decision is exact: masses other than of equal tokens are rounded.
DEFECTS = (
    operation("top_k", "the lowest are kept", f.lowest_kept, "SCORES"),
    operation("top_k", "one of equal scores", setting(top_k_ties="exact")),
    operation("top_p", "what crosses p is dropped", f.crossing_dropped),
    operation("top_p", "in the order of the ids", f.unsorted),
    operation("top_p", "p itself is not reached", setting(nucleus_boundary="<=")),
    operation("top_p", "with all of equal scores", setting(nucleus_ties="kept")),
    operation("top_p", "of the mass of all tokens", setting(nucleus_mass="full")),
    operation("min_p", "of 1, not of the highest", f.absolute),
    operation("min_p", "p itself is dropped", f.strictly_above),
    operation("typical_p", "one of equal distances", setting(typical_ties="exact")),
    inside("typical_p", "entropy in bits", (f"{PACKAGE}.typical_p", "distances"), f.typical_of(f.distance_in_bits)),
    inside(
        "typical_p",
        "without the f.absolute value",
        (f"{PACKAGE}.typical_p", "distances"),
        f.typical_of(f.distance_signed),
    ),
    operation("epsilon_cutoff", "of the highest probability", f.of_highest),
    inside(
        "eta_cutoff",
        "the greater of both",
        (f"{PACKAGE}.eta_cutoff", "eta"),
        f.eta_of(lambda e, h: max(e, math.sqrt(e) * math.exp(-h))),
    ),
    inside(
        "eta_cutoff",
        "without the root",
        (f"{PACKAGE}.eta_cutoff", "eta"),
        f.eta_of(lambda e, h: min(e, e * math.exp(-h))),
    ),
    inside(
        "eta_cutoff",
        "entropy in bits",
        (f"{PACKAGE}.eta_cutoff", "eta"),
        f.eta_of(lambda e, h: min(e, math.sqrt(e) * math.exp(-h / math.log(2)))),
    ),
    inside("eta_cutoff", "without the entropy", (f"{PACKAGE}.eta_cutoff", "eta"), f.eta_of(lambda e, h: e)),
    operation("top_h", "of the greatest entropy", f.entropy_of_all),
    operation("top_n_sigma", "of a sample", f.ddof),
    operation("top_n_sigma", "of the mean", f.of_mean),
    operation("top_n_sigma", "of banned tokens, too", f.of_banned),
    operation("xtc", "the least choice is removed, too", f.least_removed),
    operation("xtc", "with the other probability", f.xtc_unless),
    operation("xtc", "the threshold itself is none", setting(xtc_boundary=">")),
    operation("xtc", "all of equal scores stay", setting(xtc_ties="kept")),
    operation("repetition_penalty", "divides negative scores", f.always_divided),
    operation("repetition_penalty", "once for each time", f.each_time),
    operation("repetition_penalty", "of the new tokens", of_output),
    operation("presence_penalty", "once for each time", f.each_time),
    operation("presence_penalty", "of the prompt, too", setting(count_scope="row")),
    operation("frequency_penalty", "once for all times", f.never_twice),
    operation("frequency_penalty", "of the prompt, too", setting(count_scope="row")),
    operation("no_repeat_ngram", "of the new tokens", of_output),
    operation("no_repeat_ngram", "of smaller n-grams, too", f.sizes_below),
    operation("no_repeat_ngram", "not of single tokens", f.only_large(1)),
    inside(
        "no_repeat_ngram", "not of the newest n-gram", (f"{PACKAGE}.no_repeat_ngram", "ngram_endings"), f.ngrams_short
    ),
    inside(
        "no_repeat_ngram", "not of the first n-gram", (f"{PACKAGE}.no_repeat_ngram", "ngram_endings"), f.ngrams_late
    ),
    operation("encoder_no_repeat_ngram", "of the row", f.of_row),
    operation("encoder_no_repeat_ngram", "not of single tokens", f.only_large(1)),
    operation(
        "encoder_repetition_penalty",
        "divides negative scores wrongly",
        lambda right, scores, *, penalty, **named: right(scores, penalty=1 / penalty, **named),
    ),
    operation("bad_words", "of one token alone", f.one_token_words),
    operation("bad_words", "the last token always", f.whole_words),
    operation("bad_words", "after the token before alone", f.last_two),
    operation("bad_words", "the first token always", f.first_of_words),
    operation("sequence_bias", "the last one replaces others", f.bias_replaces),
    operation("sequence_bias", "is the score", f.bias_sets),
    operation("sequence_bias", "after the token before alone", f.bias_of_last_two),
    operation("sequence_bias", "of one token alone", f.bias_of_one),
    operation("logit_bias", "the last one replaces others", f.bias_replaces),
    operation("logit_bias", "is the score", f.bias_sets),
    operation("forced_bos", "at a second token, too", f.forced_first),
    operation("forced_bos", "keeps its score", f.keeping_score, "OUTPUTS"),
    operation("forced_bos", "others are not banned", f.adding),
    operation("forced_eos", "keeps its score", f.keeping_score, "OUTPUTS"),
    operation("forced_eos", "others are not banned", f.adding),
    operation("exponential_decay_length_penalty", "negative scores fall", f.raised_signed),
    operation("exponential_decay_length_penalty", "without taking one away", f.raised_whole),
    operation("exponential_decay_length_penalty", "the same at every step", f.raised_at_once),
    operation("guidance", "once more", f.guided_on),
    operation("guidance", "of the logits", f.guided_raw),
    operation("remove_invalid_values", "NaN is the least", f.invalid_as(-float(np.finfo(np.float32).max))),
    operation("remove_invalid_values", "infinity is 0", f.invalid_as(0.0, posinf=0.0)),
    operation("remove_invalid_values", "minus infinity stays", f.invalid_as(0.0, neginf=-np.inf)),
    operation("remove_invalid_values", "of float64", f.invalid_as(0.0, posinf=1.7976931348623157e308)),
    operation("renormalize", "probabilities, not their logarithms", f.normal),
    operation("renormalize", "overflows", f.plain_sum, "SCORES"),
    operation("suppress", "unless nothing is left", f.bans_only_if_others, "SCORES"),
    operation("no_repeat_ngram", "unless nothing is left", f.bans_only_if_others, "SCORES"),
    operation("bad_words", "unless nothing is left", f.bans_only_if_others, "SCORES"),
    operation("min_new_tokens", "unless nothing is left", f.bans_only_if_others, "SCORES"),
    operation("prefix_allowed_tokens", "what the first token allows", f.prefix_of_prompt),
    operation("temperature", "multiplies", f.over),
    operation("temperature", "never below 1", f.not_below_one),
    operation("temperature", "of log-probabilities", f.softened, "OUTPUTS"),
    operation("watermark", "of the token before", f.green_before),
    operation("watermark", "of the other list", f.red),
)
