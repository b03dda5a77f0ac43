"""Family 5: what the files of a model say together. With 107, 210 and 406, which one file alone cannot show."""

from collections.abc import Iterator

from genspec.config.fields import FIELDS
from genspec.config.suggest import KEYS
from genspec.config.values import shown
from genspec.lint.draft import Draft
from genspec.lint.finding import Severity
from genspec.lint.folder import ADAPTER, CONFIG, GENERATION, TEMPLATE, TOKENIZER
from genspec.lint.node import ConfigNode, unsafe
from genspec.lint.rule import Files, rule
from genspec.lint.rules.effect import accepted, draws
from genspec.lint.rules.engine_words import ends_with_the_tokenizer
from genspec.lint.rules.shapes import ids, named, whole
from genspec.lint.sources.document import Source

FOLDER = (Source.MODEL_FOLDER,)
TOKEN_FIELDS = (
    "eos_token_id", "pad_token_id", "bos_token_id", "decoder_start_token_id", "forced_bos_token_id",
    "forced_eos_token_id", "suppress_tokens", "begin_suppress_tokens",
)
MULTILINGUAL = frozenset({"mbart", "m2m_100", "nllb-moe", "nllb"})
UNBOUNDED = frozenset({"t5", "mt5", "umt5", "longt5", "bloom", "mpt", "mamba", "mamba2", "rwkv", "xlnet"})
"""Model types whose positions are not counted, so that no length is too long for them."""

CARRIED = frozenset(TOKEN_FIELDS) | {"transformers_version", "use_cache", "forced_decoder_ids"} | {
    name for name in KEYS if name.startswith("output_") or name == "return_dict_in_generate"
}
"""Fields of a generation config that config.json holds for reasons of its own."""

ENDS = {"eos_token_id": 2, "pad_token_id": 0}
THOUGHTS = ("<think>", "enable_thinking")
"""What the chat templates of models hold that think before they answer."""

THINKING = ("{% for message in messages %}{{ message['role'] + message['content'] }}{% endfor %}"
            "{% if enable_thinking %}{{ '<think>' }}{% endif %}")
"""A chat template in the examples."""



@rule(
    "GS107", "exceeds-context", severity=Severity.WARNING, clauses=["LENGTH-4"], sources=FOLDER,
    rationale="""A length beyond the positions that the model knows: what comes after them is noise, or an index error,
    and engines such as vLLM refuse the request. Models without counted positions, and those that stretch them (rope
    scaling), are not held to this.""",
    help="Lower the length to what max_position_embeddings leaves beside the prompt.",
    bad=Files({GENERATION: {**ENDS, "max_new_tokens": 8192},
               CONFIG: {"model_type": "llama", "max_position_embeddings": 4096}}),
    good=Files({GENERATION: {**ENDS, "max_new_tokens": 1024},
                CONFIG: {"model_type": "llama", "max_position_embeddings": 4096}}),
    evidence=["huggingface/transformers#30759"],
)
def exceeds_context(config: ConfigNode) -> Iterator[Draft]:
    longest = config.folder.of_model("max_position_embeddings")
    if not whole(longest) or longest <= 0 or config.folder.of_model("model_type") in UNBOUNDED:
        return
    if any(config.folder.of_model(name) for name in ("rope_scaling", "rope_parameters", "is_encoder_decoder")):
        return
    field = "max_new_tokens" if config.value("max_new_tokens") is not None else "max_length"
    given = accepted(config, field)
    if given is not None and given > longest:
        yield config.finding(field, f"`{field}` ({given}) exceeds the {longest} positions that the model has")


@rule(
    "GS210", "greedy-on-thinking-model", severity=Severity.INFO, clauses=["MODE-2"], sources=FOLDER,
    rationale="""The chat template speaks of thoughts, and the file decodes greedily. Models that think before they
    answer are published for sampling: the makers of Qwen3 and DeepSeek-R1 warn of thoughts that repeat without end
    under greedy search. A heuristic: the template is read, not run.""",
    help="Set do_sample to true, with the temperature that the maker of the model names.",
    bad=Files({GENERATION: {**ENDS, "do_sample": False}, TEMPLATE: THINKING}),
    good=Files({GENERATION: {**ENDS, "do_sample": True, "temperature": 0.6, "top_k": 20}, TEMPLATE: THINKING}),
)
def greedy_on_thinking_model(config: ConfigNode) -> Iterator[Draft]:
    if draws(config) is not False:
        return
    template = config.folder.template or ""
    mark = next((mark for mark in THOUGHTS if mark in template), None)
    if mark is not None:
        where = "do_sample" if config.value("do_sample") is not None else ()
        message = f"decoding is greedy, and the chat template has `{mark}`: the model thinks, and is meant to sample"
        yield config.finding(where, message)._replace(confidence="medium")


@rule(
    "GS406", "token-id-out-of-vocabulary", severity=Severity.ERROR, clauses=["TOKENS-1"], sources=FOLDER,
    rationale="""The model has no token of this id. As EOS it never comes, so rows run to their limit; as a start, a
    pad or a forced token it is an index error, on a GPU an assertion that ends the process. Seen after a tokenizer
    was extended and the model was not, and in files copied from a larger model.""",
    help="Use an id below the model's vocab_size, or resize the model's embeddings.",
    bad=Files({GENERATION: {"eos_token_id": 32000, "pad_token_id": 0}, CONFIG: {"vocab_size": 32000}}),
    good=Files({GENERATION: ENDS, CONFIG: {"vocab_size": 32000}}),
    evidence=["meta-llama/llama-cookbook#189", "ggml-org/llama.cpp#3635"],
)
def token_id_out_of_vocabulary(config: ConfigNode) -> Iterator[Draft]:
    sizes = [size for inner in config.folder.configs if whole(size := inner.get("vocab_size"))]
    if not sizes or max(sizes) <= 0:
        return
    for field in TOKEN_FIELDS:
        outside = [token for token in ids(config.value(field)) if token >= max(sizes)]
        if outside:
            message = f"`{field}` {named(outside)}: the model has {max(sizes)} tokens, 0 to {max(sizes) - 1}"
            yield config.finding(field, message)


@rule(
    "GS501", "eos-mismatch", severity=Severity.WARNING, clauses=["TOKENS-2"], sources=FOLDER,
    rationale="""transformers ends rows at the EOS ids of generation_config.json, vLLM at these and at the tokenizer's,
    llama.cpp at those that the conversion took from config.json or the tokenizer. Where the files name different ids,
    the same model ends its answers in one engine and runs on in another. An id more in this file than in the others
    is usual and right.""",
    help="List in eos_token_id every id that ends an answer, and mend the other files.",
    bad=Files({GENERATION: {"eos_token_id": 2, "pad_token_id": 0}, CONFIG: {"eos_token_id": 7}}),
    good=Files({GENERATION: {"eos_token_id": [2, 7], "pad_token_id": 0}, CONFIG: {"eos_token_id": 7}}),
    evidence=["QwenLM/Qwen3#927", "QwenLM/Qwen3#1422", "modelscope/ms-swift#3113", "huggingface/open-r1#663",
              "huggingface/trl#7093"],
)
def eos_mismatch(config: ConfigNode) -> Iterator[Draft]:
    ends = set(ids(config.value("eos_token_id")))
    if not ends:
        return
    others = {CONFIG: ids(config.folder.of_model("eos_token_id")), TOKENIZER: eos_of_tokenizer(config)}
    missing = {file: sorted(set(tokens) - ends) for file, tokens in others.items() if set(tokens) - ends}
    if missing:
        said = " and ".join(f"{file} says {named(tokens)}" for file, tokens in missing.items())
        every = sorted(ends.union(*missing.values()))
        fix = unsafe(f"Set `eos_token_id` to {shown(every)}", config.set("eos_token_id", every))
        yield config.finding("eos_token_id", f"`eos_token_id` is {named(sorted(ends))}, and {said}", fix=fix)


@rule(
    "GS502", "chat-terminator-not-in-eos", severity=Severity.ERROR, clauses=["TOKENS-2"],
    targets="transformers | vllm", sources=FOLDER,
    rationale="""The chat template ends every message with a token that is no EOS of this file: the model learned to
    write it at the end of its answer, and nothing stops there. It then plays the user too, up to the length limit; of
    outputs that were looked at, 63 to 95% of the tokens came after the ignored end. vLLM ends rows at the tokenizer's
    EOS, too. A heuristic: the template is read, not run, and where it leaves doubt nothing is reported.""",
    help="Add the id to eos_token_id in generation_config.json.",
    bad=Files({
        GENERATION: ENDS,
        TOKENIZER: {
            "eos_token": "</s>",
            "added_tokens_decoder": {"2": {"content": "</s>"}, "7": {"content": "<|im_end|>"}},
            "chat_template": "{% for message in messages %}{{ message['role'] + '\n' + message['content'] + "
                             "'<|im_end|>' }}{% endfor %}",
        },
    }),
    good=Files({
        GENERATION: {"eos_token_id": [2, 7], "pad_token_id": 0},
        TOKENIZER: {
            "eos_token": "</s>",
            "added_tokens_decoder": {"2": {"content": "</s>"}, "7": {"content": "<|im_end|>"}},
            "chat_template": "{% for message in messages %}{{ message['role'] + '\n' + message['content'] + "
                             "'<|im_end|>' }}{% endfor %}",
        },
    }),
    evidence=["vllm-project/vllm#4180", "turboderp/exllamav2#803", "Blaizzy/mlx-vlm#1496",
              "axolotl-ai-cloud/axolotl#3756", "huggingface/lighteval#1279"],
)
def chat_terminator_not_in_eos(config: ConfigNode) -> Iterator[Draft]:
    folder = config.folder
    ends = ids(config.value("eos_token_id"))
    if not ends or folder.template is None or config.value("stop_strings"):
        return
    from genspec.lint.chat_template import terminator  # most folders have no template

    token = terminator(folder.template, folder.ids, folder.special("eos_token"))
    if token is None or token not in folder.ids or folder.ids[token] in ends:
        return
    if token == folder.special("eos_token") and ends_with_the_tokenizer(config.target.engine):
        return
    number = folder.ids[token]
    every = [*ends, number]
    fix = unsafe(f"Set `eos_token_id` to {shown(every)}", config.set("eos_token_id", every))
    message = f"the chat template ends messages with {token} ({number}), and `eos_token_id` is {named(ends)}"
    yield config.finding("eos_token_id", message, fix=fix)._replace(confidence="medium")


@rule(
    "GS503", "eos-lost", severity=Severity.WARNING, clauses=["TOKENS-2"], sources=FOLDER,
    rationale="""config.json names an EOS and generation_config.json does not. transformers takes the ids from this file
    alone once it exists, so no row ends before its limit. Seen in merged models.""",
    help="Copy eos_token_id from config.json.",
    bad=Files({GENERATION: {"do_sample": True, "top_k": 0}, CONFIG: {"eos_token_id": 2}}),
    good=Files({GENERATION: {"do_sample": True, "top_k": 0, **ENDS}, CONFIG: {"eos_token_id": 2}}),
    evidence=["arcee-ai/mergekit#275"],
)
def eos_lost(config: ConfigNode) -> Iterator[Draft]:
    ends = ids(config.folder.of_model("eos_token_id"))
    if ends and config.value("eos_token_id") is None and not config.value("stop_strings"):
        value = ends if len(ends) > 1 else ends[0]
        fix = unsafe(f"Set `eos_token_id` to {shown(value)}", config.set("eos_token_id", value))
        message = f"no `eos_token_id` here, and config.json says {named(ends)}: no token ends a row"
        yield config.finding((), message, fix=fix)


@rule(
    "GS504", "special-token-mismatch", severity=Severity.INFO, clauses=["TOKENS-3"], sources=FOLDER,
    rationale="""The start or the pad token differs between generation_config.json and config.json: transformers takes
    the first when it generates and the second when it trains, and converters take either.""",
    help="Write the tokenizer's id into both files.",
    bad=Files({GENERATION: {**ENDS, "bos_token_id": 1}, CONFIG: {"bos_token_id": 3}}),
    good=Files({GENERATION: {**ENDS, "bos_token_id": 1}, CONFIG: {"bos_token_id": 1}}),
    evidence=["huggingface/transformers#17431", "huggingface/transformers#48592", "huggingface/trl#7097"],
)
def special_token_mismatch(config: ConfigNode) -> Iterator[Draft]:
    for field in ("bos_token_id", "pad_token_id", "decoder_start_token_id"):
        here, there = config.value(field), config.folder.of_model(field)
        if whole(here) and whole(there) and here != there:
            yield config.finding(field, f"`{field}` is {here}, and config.json says {there}")


@rule(
    "GS505", "chat-model-without-generation-config", severity=Severity.WARNING, clauses=["CONFIG-8"], sources=FOLDER,
    rationale="""A model with a chat template and no generation_config.json: transformers derives one from config.json,
    so sampling is off and, where the turn ends with another token than the tokenizer's EOS, nothing stops there.""",
    help="Write a generation_config.json with eos_token_id and the sampling fields that the model is meant for.",
    bad=Files({CONFIG: {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "eos_token_id": 2},
               TOKENIZER: {"chat_template": "{{ messages[0]['content'] }}"}}),
    good=Files({CONFIG: {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "eos_token_id": 2},
                TOKENIZER: {"chat_template": "{{ messages[0]['content'] }}"}, GENERATION: ENDS}),
)
def chat_model_without_generation_config(config: ConfigNode) -> Iterator[Draft]:
    folder = config.folder
    if is_model_config(config) and folder.template is not None and not folder.has(GENERATION) and writes_text(config):
        yield config.finding((), "this model has a chat template, and no generation_config.json")


@rule(
    "GS506", "multilingual-start-missing", severity=Severity.INFO, clauses=["FORCED-BOS-1"], sources=FOLDER,
    rationale="""Models of many languages begin their output with the token of the target language. Without
    forced_bos_token_id, here or in the call, they choose the language themselves, often that of the source.""",
    help="Set forced_bos_token_id to the id of the target language, or pass it in every call.",
    bad=Files({GENERATION: {**ENDS, "decoder_start_token_id": 2},
               CONFIG: {"model_type": "m2m_100", "is_encoder_decoder": True}}),
    good=Files({GENERATION: {**ENDS, "decoder_start_token_id": 2, "forced_bos_token_id": 256057},
                CONFIG: {"model_type": "m2m_100", "is_encoder_decoder": True}}),
    evidence=["huggingface/transformers#41492", "huggingface/transformers#33172"],
)
def multilingual_start_missing(config: ConfigNode) -> Iterator[Draft]:
    if config.folder.of_model("model_type") not in MULTILINGUAL or not is_generation_config(config):
        return
    if config.value("forced_bos_token_id") is None:
        yield config.finding((), "no `forced_bos_token_id`: the model chooses the language of its output itself")


@rule(
    "GS507", "decoder-start-missing", severity=Severity.ERROR, clauses=["TOKENS-5"], sources=FOLDER,
    rationale="""The decoder of an encoder-decoder model starts from a token of its own. Where neither
    decoder_start_token_id nor bos_token_id is set, every call of `generate` that passes no decoder_input_ids raises
    ValueError.""",
    help="Set decoder_start_token_id; for models of the T5 family it is the pad id.",
    bad=Files({GENERATION: ENDS, CONFIG: {"is_encoder_decoder": True, "model_type": "t5"}}),
    good=Files({GENERATION: {**ENDS, "decoder_start_token_id": 0}, CONFIG: {"is_encoder_decoder": True,
                                                                            "model_type": "t5"}}),
    evidence=["huggingface/transformers#8218", "huggingface/transformers#42794"],
)
def decoder_start_missing(config: ConfigNode) -> Iterator[Draft]:
    if config.folder.of_model("is_encoder_decoder") is not True or not is_generation_config(config):
        return
    starts = ("decoder_start_token_id", "bos_token_id")
    if all(config.value(name) is None for name in starts):
        message = "no `decoder_start_token_id` and no `bos_token_id`: the decoder has nothing to start from"
        yield config.finding((), message)


@rule(
    "GS508", "generation-fields-in-model-config", severity=Severity.WARNING, clauses=["CONFIG-8"], sources=FOLDER,
    rationale="""Fields of generation in config.json are read only where there is no generation_config.json, and are
    moved there by whoever saves the model next. Beside a generation_config.json nothing reads them: what was set
    there, or is changed there, has no effect. `--fix` leaves them: a fix changes the file of its finding, and this
    would take two.""",
    help="Move the fields to generation_config.json.",
    bad=Files({GENERATION: ENDS, CONFIG: {"model_type": "gpt2", "num_beams": 4, "no_repeat_ngram_size": 3}}),
    good=Files({GENERATION: {**ENDS, "num_beams": 4, "no_repeat_ngram_size": 3}, CONFIG: {"model_type": "gpt2"}}),
    evidence=["huggingface/transformers#28514", "huggingface/transformers#32659", "huggingface/transformers#41695"],
)
def generation_fields_in_model_config(config: ConfigNode) -> Iterator[Draft]:
    document = config.folder.document(CONFIG)
    if document is None or not is_generation_config(config):
        return
    model = config.folder.values(CONFIG)
    lost = [name for name in model if is_lost(config, name, model[name])]
    if lost:
        names = ", ".join(f"`{name}`" for name in lost[:4])
        more = f" and {len(lost) - 4} more" if len(lost) > 4 else ""
        message = f"{names}{more}: nothing reads this beside generation_config.json, which does not say the same"
        yield Draft((lost[0],), message, document=document)


def is_lost(config: ConfigNode, name: str, value: object) -> bool:
    """Tell whether config.json sets a field of generation to something that generation_config.json does not say."""
    if name not in KEYS or name not in FIELDS or name in CARRIED or value is None:
        return False
    return value != FIELDS[name].unset and value != OLD_DEFAULTS.get(name) and value != config.value(name)


OLD_DEFAULTS: dict[str, object] = {
    "max_length": 20, "min_length": 0, "do_sample": False, "early_stopping": False, "num_beams": 1,
    "num_beam_groups": 1, "diversity_penalty": 0.0, "temperature": 1.0, "top_k": 50, "top_p": 1.0, "typical_p": 1.0,
    "repetition_penalty": 1.0, "length_penalty": 1.0, "no_repeat_ngram_size": 0, "encoder_no_repeat_ngram_size": 0,
    "num_return_sequences": 1, "remove_invalid_values": False,
}
"""What configs of older releases hold of every field, whether somebody chose it or not."""


@rule(
    "GS509", "right-padding", severity=Severity.INFO, clauses=["OUTPUTS-2"], sources=FOLDER,
    rationale="""A decoder-only model goes on behind the last token of a row. With padding on the right that is padding:
    in a batch, all rows but the longest continue from the wrong place. Training wants it so, and many published
    tokenizers say "right", so this is a note for whoever decodes in batches.""",
    help='Set padding_side to "left" before batches are decoded.', default=False,
    bad=Files({GENERATION: ENDS, CONFIG: {"model_type": "llama", "architectures": ["LlamaForCausalLM"]},
               TOKENIZER: {"padding_side": "right"}}),
    good=Files({GENERATION: ENDS, CONFIG: {"model_type": "llama", "architectures": ["LlamaForCausalLM"]},
                TOKENIZER: {"padding_side": "left"}}),
    evidence=["huggingface/transformers#26569"],
)
def right_padding(config: ConfigNode) -> Iterator[Draft]:
    document = config.folder.document(TOKENIZER)
    if document is None or not is_generation_config(config) or not writes_text(config):
        return
    if config.folder.values(TOKENIZER).get("padding_side") == "right":
        message = 'batches are padded on the right: decode with padding_side "left"'
        yield Draft(("padding_side",), message, document=document)


@rule(
    "GS510", "generation-config-of-adapter", severity=Severity.WARNING, clauses=["CONFIG-6"], sources=FOLDER,
    rationale="""An adapter is loaded on its base model, whose own generation_config.json decides. The one beside
    adapter_config.json is read by nobody, unless the folder holds a whole model with a config.json (read:
    transformers 5.23.0, auto_factory.py and modeling_utils.py).""",
    help="Set the fields in the call, or merge the adapter into the model and keep the file with that.",
    bad=Files({GENERATION: ENDS, ADAPTER: {"base_model_name_or_path": "moor/heather-1b", "task_type": "CAUSAL_LM"}}),
    good=Files({GENERATION: ENDS, CONFIG: {"model_type": "llama"},
                ADAPTER: {"base_model_name_or_path": "moor/heather-1b", "task_type": "CAUSAL_LM"}}),
)
def generation_config_of_adapter(config: ConfigNode) -> Iterator[Draft]:
    base = config.folder.values(ADAPTER).get("base_model_name_or_path")
    if isinstance(base, str) and base and is_generation_config(config) and not config.folder.has(CONFIG):
        yield config.finding((), f"not read: this folder is an adapter, and the file of `{base:.80}` decides")


def eos_of_tokenizer(config: ConfigNode) -> list[int]:
    """Return the id of the tokenizer's EOS, as far as the files tell it."""
    text = config.folder.special("eos_token")
    number = config.folder.ids.get(text) if text is not None else None
    return [] if number is None else [number]


def is_generation_config(config: ConfigNode) -> bool:
    """Tell whether the file at hand is the folder's generation_config.json."""
    return config.document.places is None


def is_model_config(config: ConfigNode) -> bool:
    """Tell whether the file at hand is the folder's config.json."""
    return config.document.places is not None


def writes_text(config: ConfigNode) -> bool:
    """Tell whether the model is decoder-only and writes text, by the name of its class."""
    named = config.folder.of_model("architectures")
    return isinstance(named, list) and any(isinstance(name, str) and name.endswith("ForCausalLM") for name in named)
