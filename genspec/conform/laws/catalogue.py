"""The laws that a decoder is held to. What each one tells apart is its list of changes. Guide: docs/guide/laws.md."""

from collections.abc import Mapping

from genspec.conform.laws.changes import (
    argument,
    choice,
    ends,
    greedy,
    one_off,
    orders,
    sampler,
    unnormalised,
    without,
)
from genspec.conform.laws.drafts import drafts
from genspec.conform.laws.law import all_of, last
from genspec.conform.laws.sketch import Sketch

STEPS = (0.0, -0.25, -0.5, -0.75, -1.0, -1.5, -2.0, -2.5)
"""Eight tokens, each less probable than the one before."""
MIXED = (-1.0, 0.5, -2.0, 1.25, 0.0, -0.5, 0.875, -1.5)
"""Eight tokens, their ranking another one than that of their ids."""
EVEN = (0.0, 0.0, 0.0, 0.0)
SIXTEEN = (0.0,) * 16
DRAFTS = (-1.25, 2.75, 1.25, 0.75)
"""The logits of an assistant that is often wrong."""

ALL = (
    Sketch("sampler", ("SAMPLE-3", "SAMPLE-1"), {}, ((3.90625,) + (0.0,) * 40,), (sampler,)),
    Sketch("vocabulary", ("SAMPLE-3", "SAMPLE-2"), {}, ((1.0, 0.0, 0.5, 0.0, 0.5, 0.0, 0.5, 1.0),), (ends,)),
    Sketch("rows", ("SAMPLE-4", "SAMPLE-2"), {}, (SIXTEEN,), rows=4),
    Sketch("rows-together", ("SAMPLE-4", "OUTPUTS-6"), {}, ((1.0, 0.0, -1.0, -2.0),), steps=1, rows=2, together=True),
    Sketch("calls", ("SAMPLE-8", "SAMPLE-2"), {}, (SIXTEEN,), rows=1),
    Sketch("batch", ("SAMPLE-2",), {}, (SIXTEEN,), prompts=4, rows=1),
    Sketch("temperature", ("TEMPERATURE-1", "SAMPLE-3"), {"temperature": 0.5}, (STEPS,),
           (without("temperature"), argument("temperature", temperature=0.25), argument("temperature", temperature=2.0),
            greedy), ("temperature",)),
    Sketch("top-k", ("TOP-K-2", "SAMPLE-3"), {"top_k": 3}, (MIXED,), (without("top_k"), one_off, unnormalised),
           ("top_k",)),
    Sketch("top-k-ties", ("TOP-K-3", "TOP-K-4"), {"top_k": 2}, ((1.0, 0.0, 0.0, 0.0, -1.0),),
           (choice("top_k_ties"), without("top_k")), ("top_k",), tied=(1, 2, 3)),
    Sketch("top-p", ("TOP-P-2", "SAMPLE-3"), {"top_p": 0.7}, (MIXED,), (without("top_p"), one_off, unnormalised),
           ("top_p",)),
    Sketch("nucleus-boundary", ("TOP-P-2", "TOP-P-6"), {"top_p": 0.5}, (EVEN,),
           (choice("nucleus_boundary"), choice("nucleus_ties"), without("top_p")), ("top_p",), tied=(0, 1, 2, 3)),
    Sketch("nucleus-mass", ("TOP-P-5", "PIPELINE-1"), {"temperature": 2.0, "top_k": 4, "top_p": 0.65},
           ((1.25, 0.5, 0.375, 0.125, -0.125, -0.375, -0.5, -1.375),),
           (choice("nucleus_mass"), orders, one_off, unnormalised), ("temperature", "top_k", "top_p")),
    Sketch("min-p", ("MIN-P-2", "PIPELINE-1"), {"temperature": 2.0, "min_p": 0.5},
           ((1.125, 0.625, 0.3125, -0.125, -0.375, -0.625, -0.75, -0.8125),),
           (without("min_p"), orders, one_off, unnormalised), ("temperature", "min_p")),
    Sketch("top-p-and-min-p", ("PIPELINE-1", "MIN-P-2"), {"temperature": 2.0, "top_p": 0.55, "min_p": 0.45},
           ((0.8125, 0.6875, 0.25, 0.0625, -0.625, -0.75, -0.8125, -0.875),),
           (without("top_p"), orders, one_off, unnormalised), ("temperature", "top_p", "min_p")),
    Sketch("typical-p", ("TYPICAL-P-2", "PIPELINE-1"), {"temperature": 2.0, "typical_p": 0.4},
           ((2.0, -0.25, -0.625, -0.75, -0.875, -1.375, -1.625, -2.0),), (without("typical_p"), orders, unnormalised),
           ("temperature", "typical_p")),
    Sketch("typical-ties", ("TYPICAL-P-3", "TYPICAL-P-2"), {"typical_p": 0.5}, (EVEN,),
           (choice("typical_ties"), choice("typical_boundary"), without("typical_p")), ("typical_p",),
           tied=(0, 1, 2, 3)),
    Sketch("epsilon-cutoff", ("EPSILON-CUTOFF-2", "PIPELINE-1"), {"temperature": 2.0, "epsilon_cutoff": 0.1125},
           (MIXED,), (without("epsilon_cutoff"), orders, one_off, unnormalised), ("temperature", "epsilon_cutoff")),
    Sketch("eta-cutoff", ("ETA-CUTOFF-2", "PIPELINE-1"), {"temperature": 2.0, "eta_cutoff": 0.4}, (MIXED,),
           (without("eta_cutoff"), orders, one_off, unnormalised), ("temperature", "eta_cutoff")),
    Sketch("top-h", ("TOP-H-2", "PIPELINE-1"), {"temperature": 2.0, "top_h": 0.5}, (MIXED,),
           (without("top_h"), orders, one_off, unnormalised), ("temperature", "top_h")),
    Sketch("top-n-sigma", ("TOP-N-SIGMA-2",), {}, (MIXED,), (without("top_n_sigma"), one_off, unnormalised),
           ("top_n_sigma",), operations=({"operation": "top_n_sigma", "arguments": {"n": 1.0}},)),
    Sketch("xtc", ("XTC-2", "XTC-3"), {}, (MIXED,),
           (without("xtc"), argument("xtc", probability=1.0), argument("xtc", probability=0.25)), ("xtc",),
           operations=({"operation": "xtc", "arguments": {"threshold": 0.125, "probability": 0.5}},)),
    Sketch("xtc-boundary", ("XTC-3", "XTC-4"), {}, (EVEN,),
           (choice("xtc_boundary"), choice("xtc_ties"), without("xtc")), ("xtc",), tied=(0, 1, 2, 3),
           operations=({"operation": "xtc", "arguments": {"threshold": 0.25, "probability": 1.0}},)),
    Sketch("mirostat", ("MIROSTAT-2", "MIROSTAT-4"), {}, (MIXED[:5],),
           (without("mirostat"), argument("mirostat", eta=0.0), argument("mirostat", tau=0.5)), ("mirostat",),
           all_of, 4, operations=({"operation": "mirostat", "arguments": {"tau": 1.5, "eta": 0.5, "version": 2}},)),
    Sketch("repetition-penalty", ("REPETITION-PENALTY-2", "PIPELINE-1"), {"repetition_penalty": 2.0, "top_k": 3},
           ((2.0, 1.5, 2.5, 0.5, 1.75),),
           (without("repetition_penalty"), argument("repetition_penalty", penalty=4.0), choice("penalty_scope"),
            orders), ("repetition_penalty", "top_k"), all_of, 4),
    Sketch("watermark", ("WATERMARK-3", "WATERMARK-2"),
           {"watermarking_config": {"greenlist_ratio": 0.5, "bias": 2.0}}, ((0.0, 0.25, 0.5, 0.25, 0.0, 0.5),),
           (without("watermark"), argument("watermark", bias=4.0), argument("watermark", hashing_key=15485864)),
           ("watermark",), last, 8),
    Sketch("assisted", ("ASSISTED-9", "ASSISTED-13"),
           {"num_assistant_tokens": 3, "assistant_confidence_threshold": 0.0},
           ((1.25, 1.0, -0.25, -1.0),), (drafts(DRAFTS),), rows=1, assistant=(DRAFTS,)),
    Sketch("beam-sample", ("BEAM-SAMPLE-5", "BEAM-SAMPLE-1", "SAMPLE-5"), {"num_beams": 2},
           ((2.0, 1.5, 0.0, -0.25, -0.5, -0.75),), steps=1, rows=2, together=True),
)

SKETCHES: Mapping[str, Sketch] = {sketch.name: sketch for sketch in ALL}
ERROR_RATE = 1e-6
"""The probability, at most, with which a whole run says of a decoder with the right laws that it violates one."""
SHARE = ERROR_RATE / len(ALL)
"""That of one law."""
