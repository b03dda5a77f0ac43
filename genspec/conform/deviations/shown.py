"""Calls in which transformers is known to differ, by the id of the deviation that shows there and no other."""

from genspec.backends.call import Call
from genspec_reference import Scripted, Table

INF = float("inf")
CYCLE = Table(tuple(tuple(3.0 if token == (last + 1) % 6 else -token / 8 for token in range(6)) for last in range(6)))
"""Greedy: after t comes t + 1."""
HISTORY = Scripted("history", 3, 6)

SHOWN: dict[str, tuple[Call, ...]] = {
    "DEV-1": (Call({"max_length": 3}, CYCLE, ((1, 2, 3),)), Call({"max_length": 3}, CYCLE, ((1,), (1, 2, 3)))),
    "DEV-2": (Call({}, CYCLE, ((1, 2, 3),), context_length=3),),
    "DEV-3": (
        Call({"eos_token_id": 6, "max_new_tokens": 3}, CYCLE, ((1,),)),
        Call({"suppress_tokens": [3, -1], "max_new_tokens": 2}, CYCLE, ((1,),)),
        Call({"bos_token_id": 6, "decoder_start_token_id": 6, "forced_bos_token_id": 6, "max_new_tokens": 1}, CYCLE,
             ((1, 2),)),
    ),
    "DEV-4": (Call({"top_p": 1.5, "do_sample": True, "max_new_tokens": 3}, CYCLE, ((1,),), seed=0),),
    "DEV-5": (Call({"eta_cutoff": 3, "do_sample": True, "max_new_tokens": 3}, CYCLE, ((1,),), seed=0),),
    "DEV-6": (Call({"no_repeat_ngram_size": -1, "max_new_tokens": 3}, CYCLE, ((1,),)),),
    "DEV-9": (Call({"num_beams": True, "max_new_tokens": 3}, CYCLE, ((1,),)),),
    "DEV-10": (Call({"do_sample": "false", "max_new_tokens": 3}, CYCLE, ((1,),), seed=0),),
    "DEV-12": (Call({"min_new_tokens": -1, "eos_token_id": 3, "max_new_tokens": 3}, CYCLE, ((1,),)),),
    "DEV-13": (Call({"eos_token_id": [], "max_new_tokens": 3}, CYCLE, ((1,),)),),
    "DEV-14": (
        Call({"top_kk": 1, "max_new_tokens": 3}, CYCLE, ((1,),)),
        Call({"streamer": None, "max_new_tokens": 3}, CYCLE, ((1,),)),
    ),
    "DEV-17": (Call({"early_stopping": 1, "num_beams": 2, "max_new_tokens": 3}, HISTORY, ((1,),)),),
    "DEV-19": (Call({"num_return_sequences": 0, "max_new_tokens": 3}, CYCLE, ((1,),)),),
    "DEV-21": (
        Call({"top_k": -1, "max_new_tokens": 3}, CYCLE, ((1,),)),
        Call({"num_assistant_tokens": 0, "max_cache_len": -1, "max_new_tokens": 3}, CYCLE, ((1,),)),
    ),
    "DEV-23": (
        Call({"max_new_tokens": 1}, Table(((0.0, float("nan"), INF),)), ((0,),)),
        Call({"max_new_tokens": 1}, Table(((0.0, 1.0, INF),)), ((0,),)),
    ),
    "DEV-25": (Call({"guidance_scale": -1.0, "max_new_tokens": 3}, HISTORY, ((1, 2),)),),
    "DEV-49": (
        Call({"prompt_lookup_num_tokens": 4, "stop_strings": ["bc"], "max_new_tokens": 9}, Scripted("table", 6, 3),
             ((0, 1, 2, 0, 1, 2, 0),), pieces=tuple("abc")),
    ),
    "DEV-70": (Call({"remove_invalid_values": 1, "max_new_tokens": 3}, CYCLE, ((1,),)),),
    "DEV-71": (Call({"temperature": "0.7", "generation_kwargs": [1], "max_new_tokens": 3}, CYCLE, ((1,),)),),
    "DEV-72": (Call({"forced_decoder_ids": [1, 2], "max_new_tokens": 3}, CYCLE, ((1,),)),),
    "DEV-73": (
        Call({"prompt_lookup_num_tokens": 2, "max_matching_ngram_size": 0, "max_new_tokens": 3}, CYCLE, ((1,),)),
    ),
    "DEV-74": (Call({"stop_strings": [], "max_new_tokens": 3}, CYCLE, ((1,),)),),
    "DEV-75": (Call({"decoder_start_token_id": [4, 5], "max_new_tokens": 3}, CYCLE, ((),), ((1,),)),),
    "DEV-76": (
        Call({"bad_words_ids": [[], [2]], "max_new_tokens": 3}, CYCLE, ((1,),)),
        Call({"sequence_bias": [[[], 9.0]], "max_new_tokens": 3}, CYCLE, ((1,),)),
    ),
    "DEV-77": tuple(
        Call({"exponential_decay_length_penalty": given, "eos_token_id": 5, "max_new_tokens": 5}, CYCLE, ((0,),))
        for given in ([-1, 1.5], [0, -1.5])
    ),
    "DEV-78": tuple(
        Call({**more, "num_assistant_tokens": 1, "num_assistant_tokens_schedule": "heuristic", "max_new_tokens": 8,
              "assistant_confidence_threshold": 0.0}, Scripted("table", seed, 5), ((0,),), seeds=(seed,),
             assistant=Scripted("table", seed + 100, 5))
        for more, seed in (({"assistant_ensemble_weight": 0.01}, 1), ({"do_sample": True}, 4))
    ),
    "DEV-8": (
        Call({"repetition_penalty": 2, "max_new_tokens": 1}, CYCLE, ((1,),)),
        Call({"sequence_bias": [[[3], 2]], "max_new_tokens": 1}, CYCLE, ((1,),)),
    ),
    "DEV-18": tuple(
        Call({name: [], "max_new_tokens": 1}, CYCLE, ((1,),))
        for name in ("bad_words_ids", "sequence_bias", "forced_eos_token_id")
    ),
    "DEV-20": (Call({"num_beams": 2, "low_memory": True, "max_new_tokens": 1}, CYCLE, ((1,),)),),
    "DEV-22": (
        Call({"suppress_tokens": [0, 1, 2, 3, 4, 5], "max_new_tokens": 2}, CYCLE, ((1,),)),
        *(Call({"do_sample": True, "num_beams": 2, "no_repeat_ngram_size": 2, "max_new_tokens": 2, **raising},
               Scripted("table", 0, 2), ((0, 0, 1),), seed=0)
          for raising in ({"eta_cutoff": 0.5}, {"renormalize_logits": True})),
    ),
    "DEV-24": (
        Call({"guidance_scale": 2.0, "max_new_tokens": 1}, Table(((1.0, -INF, 0.0),)), ((0,),)),
        Call({"guidance_scale": 2.0, "max_new_tokens": 2, "output_scores": True, "return_dict_in_generate": True},
             Table(((1.0, -INF, 0.0),)), ((0,),)),
        Call({"guidance_scale": 2.0, "max_new_tokens": 1, "do_sample": True}, Table(((1.0, -INF, 0.0),)), ((0,),),
             seeds=(1,)),
        Call({"guidance_scale": 2.0, "max_new_tokens": 2, "suppress_tokens": [1], "bad_words_ids": [[2]]},
             Table(((1.0, -INF, -INF, 0.0),)), ((0,),)),
        Call({"guidance_scale": 2.0, "max_new_tokens": 2, "num_beams": 2, "output_scores": True,
              "return_dict_in_generate": True}, Table(((1.0, -INF, 0.0),)), ((0,),)),
    ),
    "DEV-26": tuple(
        Call({"guidance_scale": 3.0, "num_beams": 3, "max_new_tokens": 5}, Scripted("history", seed, 6), ((1, 2),))
        for seed in (0, 2, 3)
    ),
    "DEV-27": (
        Call({"guidance_scale": 2.0, "num_beams": 2, "max_new_tokens": 2}, HISTORY, ((1, 2),),
             negative_prompts=((1,),)),
    ),
    "DEV-28": (Call({"sequence_bias": [[[5], 4.0], [[5], -4.0]], "max_new_tokens": 1},
                    Table(((0.0, 0.0, 0.0, 0.0, 0.0, 1.0),)), ((0,),)),),
    "DEV-29": (
        Call({"no_repeat_ngram_size": 1, "max_new_tokens": 2, "pad_token_id": 3}, CYCLE, ((2,), (5, 0))),
        Call({"encoder_no_repeat_ngram_size": 1, "max_new_tokens": 2, "pad_token_id": 5, "decoder_start_token_id": 0},
             Table(((0.0, 0.0, 0.0, 0.0, 1.0, 2.0),)), ((), ()), ((1,), (2, 3))),
        Call({"stop_strings": ["abab"], "pad_token_id": 2, "eos_token_id": 2, "max_new_tokens": 2},
             Table(((0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (1.0, 0.0, 0.0))), ((1, 1), (0,)), pieces=("a", "b", "ab")),
    ),
    "DEV-32": (
        Call({"bad_words_ids": [[1]], "max_new_tokens": 1}, CYCLE, ((0,),), allowed_tokens=((1,),) * 6),
    ),
    "DEV-34": (
        Call({"exponential_decay_length_penalty": [0, 1e39], "max_new_tokens": 4, "do_sample": True, "num_beams": 2,
              "eos_token_id": 5}, Table(((0.0, 1.0, 2.0, 3.0, 2.5, -1.5),)), ((0,),), seeds=(1,)),
        Call({"exponential_decay_length_penalty": [0, 1.5], "remove_invalid_values": True, "min_new_tokens": 4,
              "eos_token_id": 5, "do_sample": True, "max_new_tokens": 3}, CYCLE, ((0,),), seeds=(1,)),
    ),
    "DEV-35": (
        Call({"top_h": 1.0, "do_sample": True, "max_new_tokens": 1, "output_scores": True,
              "return_dict_in_generate": True}, Table(((0.0,) * 128,)), ((0,),), seeds=(2,)),
    ),
    "DEV-36": (
        Call({"top_h": 1.0, "do_sample": True, "num_beams": 5, "repetition_penalty": 2.0,
              "encoder_repetition_penalty": 1.5, "eos_token_id": [0, 1], "max_new_tokens": 3,
              "output_scores": True, "return_dict_in_generate": True},
             Scripted("history", 716, 3, (0, 1)), ((1,),), seeds=(2546,)),
        Call({"top_h": 1.0, "do_sample": True, "num_beams": 2, "renormalize_logits": True, "bos_token_id": 2,
              "max_new_tokens": 3}, Scripted("history", 1211, 5), ((),), ((0, 1, 1, 2, 0),), seed=9179),
    ),
    "DEV-38": (
        Call({"watermarking_config": {"seeding_scheme": "selfhash"}, "max_new_tokens": 1}, CYCLE, ((1,),)),
        Call({"watermarking_config": {"greenlist_ratio": 1.0}, "max_new_tokens": 1}, CYCLE, ((1,),)),
    ),
    "DEV-37": (
        Call({"do_sample": True, "top_p": 0.5, "max_new_tokens": 4}, Table(((0.0, 0.0, 0.0, 0.0),)), ((0,),),
             seeds=(7,)),
        Call({"do_sample": True, "top_p": 0.45, "sequence_bias": [[[0], 0.1], [[1], 3.6]], "max_new_tokens": 2},
             Table(((0.0, -3.375, -0.25),)), ((0,),), seeds=(0,), assistant=Table(((0.0, -3.5, -3.0),))),
    ),
    "DEV-39": (
        Call({"num_beams": 2, "num_return_sequences": 2, "eos_token_id": 2, "pad_token_id": 0, "max_new_tokens": 3},
             Table(((-INF, -INF, 0.0, -INF),)), ((1,),)),
        Call({"num_beams": 2, "bad_words_ids": [[0], [1], [2], [3], [4], [5]], "max_new_tokens": 3}, CYCLE, ((1,),)),
        Call({"num_beams": 2, "no_repeat_ngram_size": 1, "renormalize_logits": True, "eos_token_id": 1,
              "pad_token_id": 0, "max_new_tokens": 6}, Scripted("history", 0, 5, (1,)), ((0, 2), (0, 2, 3, 4))),
        Call({"num_beams": 2, "num_return_sequences": 2, "early_stopping": "never", "length_penalty": 0.5,
              "suppress_tokens": [1], "eos_token_id": [0], "max_new_tokens": 8, "output_scores": True,
              "return_dict_in_generate": True}, Scripted("table", 0, 2, (0,)), ((0,),)),
    ),
    "DEV-40": (
        Call({"num_beams": 2, "eos_token_id": [0, 1], "max_new_tokens": 4}, Scripted("table", 5, 2), ((1,),)),
        Call({"num_beams": 2, "do_sample": True, "max_new_tokens": 4}, Scripted("table", 5, 1), ((0,),), seeds=(1,)),
    ),
    "DEV-50": tuple(
        Call({"prompt_lookup_num_tokens": 3, "guidance_scale": 1.7, "max_new_tokens": 12},
             Scripted("history", seed, 4), ((1, 2, 3, 1, 2, 3),))
        for seed in (0, 1)
    ) + tuple(
        Call({"guidance_scale": 1.7, "num_assistant_tokens": 2, "max_new_tokens": 8}, Scripted("history", seed, 5),
             ((1,),), assistant=Scripted("history", seed + 100, 5))
        for seed in (0, 1)
    ),
    "DEV-51": tuple(
        Call({"do_sample": True, "temperature": 0.5, "max_new_tokens": 6}, Scripted("table", seed, 8), ((1,),),
             seeds=(seed,), assistant=Scripted("table", seed + 100, 8))
        for seed in (0, 2)
    ),
    "DEV-53": (
        Call({"stop_strings": ["ab"], "max_new_tokens": 4}, Table((*((0.0, 0.0, 1.0),) * 2, (0.0, 1.0, 0.0))), ((0,),),
             pieces=("a", "b", "")),
        Call({"stop_strings": ["x"], "max_new_tokens": 4}, CYCLE, ((0,),), pieces=tuple("abcdef")),
    ),
    "DEV-54": (
        Call({"stop_strings": ["ab"], "max_new_tokens": 5}, Table((*((0.0, 1.0, 0.0),) * 2, (1.0, 0.0, 0.0))),
             ((0,), (2,)), pieces=("a", "b", "c")),
    ),
    "DEV-58": (
        Call({"guidance_scale": 2.0, "decoder_start_token_id": 0, "max_new_tokens": 1}, CYCLE, ((),), ((1, 2),)),
    ),
    "DEV-59": (Call({"prompt_lookup_num_tokens": 2, "use_cache": False, "max_new_tokens": 3}, CYCLE, ((1, 2),)),),
    "DEV-60": (Call({"stop_strings": ["a"], "max_new_tokens": 3}, CYCLE, ((1, 2),), assistant=CYCLE,
                    pieces=tuple("abcdef")),),
    "DEV-61": (Call({"compile_config": {}, "max_new_tokens": 1}, CYCLE, ((1,),)),),
    "DEV-62": (
        Call({"prefill_chunk_size": 1, "decoder_start_token_id": 0, "max_new_tokens": 2}, HISTORY, ((), ()),
             ((1, 2, 3), (4,))),
    ),
    "DEV-64": (
        *(Call({"do_sample": True, "pad_token_id": 0, "max_new_tokens": 6}, Scripted("history", seed, 5), ((1, 0),),
               seeds=(seed,), assistant=Scripted("history", seed + 100, 5)) for seed in (0, 1, 3)),
        Call({"do_sample": True, "pad_token_id": 0, "max_new_tokens": 12}, Scripted("ties", 53, 3), ((1,),),
             seeds=(53,), assistant=Scripted("ties", 62, 3)),
    ),
    "DEV-65": (
        Call({"do_sample": True, "decoder_start_token_id": 3, "max_new_tokens": 6}, Scripted("table", 0, 33), ((),),
             ((0,),), seeds=(0,), assistant=Scripted("table", 100, 33)),
    ),
    "DEV-66": (
        Call({"prompt_lookup_num_tokens": 2, "do_sample": True, "no_repeat_ngram_size": 3, "max_new_tokens": 4,
              "temperature": 0.1}, Scripted("ties", 1215, 2), ((0, 0, 0, 0),), seeds=(796,)),
        Call({"do_sample": True, "forced_bos_token_id": 0, "begin_suppress_tokens": [0], "eos_token_id": 0,
              "max_new_tokens": 2}, Scripted("ties", 1, 1), ((0,),), seeds=(2,), assistant=Scripted("table", 0, 1)),
        *(Call({"do_sample": True, "no_repeat_ngram_size": 2, **others}, Table(((0.0, 0.0, 9.0),)), ((1, 1, 2, 1, 0),),
               seeds=(0,), assistant=Table(((0.0, 9.0, 0.0),)))      # it drafts 1, behind which all tokens are banned
          for others in ({"max_new_tokens": 3}, {"max_new_tokens": 2, "eta_cutoff": 0.0001},
                         {"max_new_tokens": 2, "top_h": 0.9})),
        Call({"prompt_lookup_num_tokens": 2, "max_matching_ngram_size": 1, "do_sample": True, "eos_token_id": 1,
              "no_repeat_ngram_size": 3, "eta_cutoff": 0.5, "max_new_tokens": 3}, Scripted("table", 0, 2),
             ((0, 1, 0, 0, 1, 1, 0),), seeds=(0,)),
    ),
    "DEV-67": (
        Call({"do_sample": True, "no_repeat_ngram_size": 1, "eos_token_id": 3, "max_new_tokens": 3},
             Table(((0.0, 0.0, 9.0, -9.0), (9.0, 0.0, 0.0, -9.0), (0.0, 0.0, 0.0, 9.0), (0.0,) * 4)),
             ((0, 1, 2), (1, 1, 1)), seeds=(1, 2)),
    ),
    "DEV-68": (
        Call({"prompt_lookup_num_tokens": 2, "cache_implementation": "static", "max_new_tokens": 3}, CYCLE, ((1, 2),)),
        Call({"cache_implementation": "dynamic", "max_new_tokens": 3}, Scripted("table", 0, 3), ((0,),),
             assistant=Scripted("table", 1, 3)),
    ),
    "DEV-69": (
        Call({"no_repeat_ngram_size": 1, "remove_invalid_values": True, "temperature": 0.5, "do_sample": True,
              "max_new_tokens": 1}, CYCLE, ((0, 1, 2, 3, 4, 5),), seeds=(1,)),
        Call({"no_repeat_ngram_size": 1, "remove_invalid_values": True, "num_beams": 2, "do_sample": True,
              "max_new_tokens": 3}, Table(((1.0, 0.0), (0.0, 1.0))), ((0, 1),), seeds=(1,)),
    ),
    "DEV-63": (Call({"prefill_chunk_size": 1, "use_cache": False, "max_new_tokens": 1}, CYCLE, ((1, 2),)),),
    "DEV-79": (
        Call({"do_sample": True, "encoder_no_repeat_ngram_size": 1, "forced_bos_token_id": 0,
              "decoder_start_token_id": 0, "max_new_tokens": 2}, Scripted("table", 0, 3), ((),), ((0,),), seeds=(0,),
             assistant=Scripted("table", 0, 3)),
    ),
    "DEV-111": (Call({"num_beam_groups": 0, "max_new_tokens": 1}, CYCLE, ((1,),)),),
    "DEV-112": (Call({"penalty_alpha": -0.5, "max_new_tokens": 1}, CYCLE, ((1,),)),),
}
"""Calls that show each of the deviations that a campaign can see."""
