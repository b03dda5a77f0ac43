"""The Translator of CTranslate2, for encoder-decoders: `Translator.translate_batch` on a checkpoint, in float32.

The token that the decoder starts from is given as `target_prefix`: the result does not have it, no length counts it.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from genspec.backends.checkpoints import Checkpoint
from genspec.backends.checkpoints.folder import save_json
from genspec.backends.checkpoints.tokenizer import text_of, token_of
from genspec.backends.engines.engine import Asked, Engine, Hypothesis, is_beams
from genspec.dialects.ctranslate2 import TRANSLATOR


def load(folder: Path, checkpoint: Checkpoint) -> Any:
    """Load a checkpoint of an encoder-decoder."""
    import ctranslate2

    name_tokens(folder / "config.json", checkpoint)
    return ctranslate2.Translator(str(folder), compute_type="float32", intra_threads=1)


def name_tokens(path: Path, checkpoint: Checkpoint) -> None:
    """Leave the start token to the call, and name the first EOS, by which a source is taken for an empty one."""
    ends = text_of(checkpoint.eos[0]) if checkpoint.eos else ""
    save_json(path, json.loads(path.read_text("utf-8")) | {"decoder_start_token": None, "eos_token": ends})


def generate(loaded: Any, asked: Asked) -> Sequence[Sequence[Hypothesis]]:
    """Decode a batch."""
    options = {"end_token": [], **asked.options}            # none: no token ends a row
    if asked.plan.draws:
        begin_anew(asked.seed or 0)
    else:
        options["sampling_topk"] = 1
    results = loaded.translate_batch(texts(asked.sources), texts(asked.prompts), **options)
    return [rows_of(result, is_beams(asked.plan)) for result in results]


def texts(rows: Sequence[Sequence[int]]) -> list[list[str]]:
    """Write rows of tokens as texts."""
    return [[text_of(token) for token in row] for row in rows]


def rows_of(result: Any, scored: bool) -> list[Hypothesis]:
    """Read the hypotheses of one source."""
    return [
        Hypothesis(tuple(map(token_of, row)), score if scored else None)
        for row, score in zip(result.hypotheses, result.scores, strict=True)
    ]


def begin_anew(seed: int) -> None:
    """Seed the random numbers."""
    import ctranslate2

    ctranslate2.set_random_seed(seed % 2**32)


MORE = {
    "fields": ["do_sample", *TRANSLATOR.fields, "decoder_start_token_id", "bos_token_id"],
    "inputs": ["prompts", "source"],
    "kinds": ["encoder-decoder"],
}
ENGINE = Engine(TRANSLATOR, "ctranslate2", load, generate, batched=True, ends_inside=True, more=MORE)
