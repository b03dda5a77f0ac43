"""CTranslate2, `Generator.generate_batch` and `Translator.translate_batch`. Read: 4.8.1; run: 4.8.5."""

from dataclasses import replace

from genspec.dialects.dialect import Dialect, Option

GENERATOR = Dialect(
    name="ctranslate2",
    title="CTranslate2",
    package="ctranslate2",
    module="ctranslate2",
    least="4.8",
    newest="4.8.5",
    profile="ctranslate2",
    call="ctranslate2.Generator.generate_batch",
    modes=("greedy", "sample", "beam_search"),
    options=(
        Option("max_new_tokens", "max_length", default=512, note="new tokens while the prompt is not in the result"),
        Option("max_length", "max_length", "less the prompt"),
        Option("min_new_tokens", "min_length", default=0, off=0),
        Option("min_length", "min_length", "less the prompt", off=0),
        Option("num_beams", "beam_size", default=1, least=1),
        Option("num_return_sequences", "num_hypotheses", default=1, least=1),
        Option("early_stopping", "patience", "patience", default=1.0, unset="left out",
               note="1: as early_stopping true. A row ends when round(num_beams * patience) hypotheses are finished"),
        Option("length_penalty", "length_penalty", default=1.0),
        Option("temperature", "sampling_temperature", default=1.0, note="0 takes the highest score"),
        Option("top_k", "sampling_topk", "within the vocabulary", default=1, off=0,
               note="1, its default, never draws; more than V is refused"),
        Option("top_p", "sampling_topp", default=1.0, off=1.0),
        Option("repetition_penalty", "repetition_penalty", default=1.0, off=1.0),
        Option("no_repeat_ngram_size", "no_repeat_ngram_size", default=0, off=0, least=0),
        Option("bad_words_ids", "suppress_sequences", "lists of texts", note="an EOS alone is banned, too"),
        Option("eos_token_id", "end_token", "list", note="the EOS of the model folder, unless given"),
    ),
    always={"include_prompt_in_result": False, "return_end_token": True, "return_scores": True},
)

NAMES = {"max_length": "max_decoding_length", "min_length": "min_decoding_length"}
"""What the Translator calls by another name."""
DEFAULTS = {"max_decoding_length": 256, "min_decoding_length": 1, "beam_size": 2}
"""What it does with other options that are left out."""


def translators(option: Option) -> Option:
    """Give an option as the Translator has it."""
    name = NAMES.get(option.name, option.name)
    note = "with what of a target prefix follows its first token" if name in NAMES.values() else option.note
    return replace(option, name=name, default=DEFAULTS.get(name, option.default), note=note)


TRANSLATOR = replace(
    GENERATOR, call="ctranslate2.Translator.translate_batch", options=tuple(map(translators, GENERATOR.options)),
    always={"return_end_token": True, "return_scores": True},
)
DIALECT = replace(GENERATOR, encoder_decoder=TRANSLATOR)
