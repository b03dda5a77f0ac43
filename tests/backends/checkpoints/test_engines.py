"""Engines load their checkpoints whole and say what the reference says, each where it is installed.

What is known to differ on purpose stands in the profile of an engine; here are only calls that all of them share.
"""

import importlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from support.strategies import described

from genspec.backends.checkpoints import checkpoint_of, model_of
from genspec_reference.scores import log_softmax

SIZE, ENDS, NEW = 48, (2, 5), 8
PROMPTS = [*((token,) for token in range(0, SIZE, 3)), (40, 31, 0), (7, 7, 7, 1, 45, 20, 33), (2, 9)]
KINDS = ["bigram", "history"]


def engine(name):
    """Import an engine, or skip the test."""
    return pytest.importorskip(name)


def checkpoint(written, kind, form):
    """Give a folder, its model and how far logits may be."""
    folder = written(kind, vocab_size=SIZE, eos=ENDS, form=form)
    return str(folder), model_of(folder), checkpoint_of(folder).bound


def without_eos(row):
    """Cut a final EOS: some engines return it and some do not."""
    return tuple(row[:-1] if len(row) and row[-1] in ENDS else row)


def hold(call, got, want):
    """Compare hypotheses in order. Those of equal scores may change places."""
    found, known = [without_eos(row) for row in got], [without_eos(row) for row, _ in want]
    scores = dict(zip(known, (score for _, score in want), strict=True))
    assert sorted(found) == sorted(known), described(call=call, got=got, want=want)
    in_order = [scores[row] for row in found]
    assert all(a >= b - 1e-6 for a, b in pairwise(in_order)), described(call=call, got=got)


def worst(logits, model, row):
    """Give the largest difference of what an engine says after each token of a row. float[n, V] -> float."""
    known = [model(row[: place + 1]) for place in range(len(row))]
    return np.abs(np.asarray(logits, np.float64) - known).max()


@pytest.mark.parametrize("kind", KINDS)
def test_ctranslate2_generator(written, rows, kind):
    ctranslate2 = engine("ctranslate2")
    folder, model, bound = checkpoint(written, kind, "ctranslate2")
    generator = ctranslate2.Generator(folder, compute_type="float32")
    text = {"end_token": texts(ENDS), "include_prompt_in_result": False, "return_end_token": True}
    for prompt in PROMPTS:          # one at a time: a batch of prompts of several lengths is another matter
        assert worst(np.array(generator.forward_batch([texts(prompt)]))[0], model, prompt) <= bound
        greedy = generator.generate_batch([texts(prompt)], max_length=NEW, min_length=0, **text)
        hold(prompt, greedy[0].sequences_ids, rows(model, prompt, max_new_tokens=NEW))
        beams = generator.generate_batch([texts(prompt)], max_length=NEW, min_length=0, beam_size=3, num_hypotheses=3,
                                         length_penalty=1.0, **text)
        hold(prompt, beams[0].sequences_ids, rows(model, prompt, **three_beams()))


def test_ctranslate2_translator(written, rows):
    ctranslate2 = engine("ctranslate2")
    folder, model, _ = checkpoint(written, "encoder-decoder", "ctranslate2")
    translator = ctranslate2.Translator(folder, compute_type="float32")
    text = {"end_token": texts(ENDS), "return_end_token": True, "min_decoding_length": 0, "max_decoding_length": NEW}
    for source in ((1, *prompt) for prompt in PROMPTS):     # not an EOS first: such a source is taken for an empty one
        greedy = translator.translate_batch([texts(source)], beam_size=1, **text)
        hold(source, ids(greedy[0].hypotheses), rows(model, (0,), source, max_new_tokens=NEW))
        beams = translator.translate_batch([texts(source)], beam_size=3, num_hypotheses=3, length_penalty=1.0, **text)
        hold(source, ids(beams[0].hypotheses), rows(model, (0,), source, **three_beams()))


def texts(tokens):
    return [f"<{token}>" for token in tokens]


def ids(found):
    return [[int(text[1:-1]) for text in row] for row in found]


def three_beams():
    return {"num_beams": 3, "num_return_sequences": 3, "early_stopping": True, "max_new_tokens": NEW}


@pytest.mark.parametrize("kind", KINDS)
def test_onnxruntime_genai(written, rows, kind):
    genai = engine("onnxruntime_genai")
    folder, model, bound = checkpoint(written, kind, "onnx")
    loaded = genai.Model(folder)

    def begin(prompt, **options):
        settings = genai.GeneratorParams(loaded)
        settings.set_search_options(max_length=len(prompt) + NEW, do_sample=False, **options)
        generator = genai.Generator(loaded, settings)
        generator.append_tokens([*prompt])
        return generator

    def sequences(prompt, count, **options):
        generator = begin(prompt, **options)
        while not generator.is_done():
            generator.generate_next_token()
        return [generator.get_sequence(number).tolist()[len(prompt):] for number in range(count)]

    for prompt in PROMPTS:
        logits = np.asarray(begin(prompt).get_logits()).reshape(-1, SIZE)[-1:]
        assert np.abs(logits[0] - model(prompt)).max() <= bound
        hold(prompt, sequences(prompt, 1), rows(model, prompt, max_new_tokens=NEW))
        found = sequences(prompt, 3, num_beams=3, num_return_sequences=3, length_penalty=0.0, early_stopping=True)
        hold(prompt, found, rows(model, prompt, length_penalty=0.0, **three_beams()))


@pytest.mark.parametrize("kind", KINDS)
def test_openvino_genai(written, rows, kind):
    genai, openvino = engine("openvino_genai"), engine("openvino")
    folder, model, _ = checkpoint(written, kind, "openvino")
    pipeline = genai.LLMPipeline(folder, "CPU", INFERENCE_PRECISION_HINT="f32", KV_CACHE_PRECISION="f32")

    def run(prompt, **options):
        config = genai.GenerationConfig()
        settings = {"max_new_tokens": NEW, "do_sample": False, "stop_token_ids": {*ENDS}, **options}
        for name, value in settings.items():
            setattr(config, name, value)
        return pipeline.generate(openvino.Tensor(np.array([prompt], dtype=np.int64)), config)

    for prompt in PROMPTS:
        hold(prompt, run(prompt).tokens, rows(model, prompt, max_new_tokens=NEW))
        found = run(prompt, num_beams=3, num_return_sequences=3, stop_criteria=genai.StopCriteria.EARLY)
        hold(prompt, found.tokens, rows(model, prompt, **three_beams()))


@pytest.mark.parametrize("kind", KINDS)
def test_llama_cpp(written, rows, kind):
    cpp = engine("xllamacpp")
    folder, model, bound = checkpoint(written, kind, "gguf")
    settings = cpp.CommonParams()
    settings.model.path, settings.n_ctx, settings.n_parallel, settings.warmup = f"{folder}/model.gguf", 512, 1, False
    settings.cache_type_k = settings.cache_type_v = cpp.ggml_type.GGML_TYPE_F32
    settings.flash_attn_type = cpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    server = cpp.Server(settings)
    for prompt in PROMPTS:
        answer = server.handle_completions({"prompt": [*prompt], "n_predict": NEW, "temperature": 0.0, "n_probs": SIZE,
                                            "samplers": ["temperature"], "cache_prompt": False})
        steps = answer["choices"][0]["logprobs"]["content"]
        row = prompt
        for step in steps:
            known = log_softmax(model(row))
            found = {each["id"]: each["logprob"] for each in step["top_logprobs"]}
            assert found.keys() == {*range(SIZE)}
            assert max(abs(known[token] - found[token]) for token in found) <= max(bound, 1e-5)
            row = (*row, step["id"])
        hold(prompt, [[step["id"] for step in steps]], rows(model, prompt, max_new_tokens=NEW))


@pytest.mark.parametrize("kind", KINDS)
def test_mlx_lm(written, rows, kind):
    mlx, utils = engine("mlx.core"), engine("mlx_lm.utils")
    generate = importlib.import_module("mlx_lm.generate")
    folder, model, bound = checkpoint(written, kind, "hf")
    loaded = utils.load_model(Path(folder))[0]
    for prompt in PROMPTS:
        row = prompt
        for token, logprobs in generate.generate_step(mlx.array(prompt), loaded, max_tokens=NEW):
            found = np.array(logprobs.astype(mlx.float32)).astype(np.float64)
            assert np.abs(found - log_softmax(model(row))).max() <= max(bound, 1e-5)
            row = (*row, int(token))
            if row[-1] in ENDS:
                break
        hold(prompt, [row[len(prompt):]], rows(model, prompt, max_new_tokens=NEW))
