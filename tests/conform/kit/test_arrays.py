"""Batches as arrays, padding included, and noise that is written down: asked of decoders of genspec.backends, too."""

import pytest
from support.strategies import described

from genspec.backends.reference import ReferenceDecoder
from genspec.conform import run
from genspec.conform.cases.published import published
from genspec.conform.verdict import Kind

BATCHES = [case.question.id for case in published("hf") if case.level == "L3" and "prompts" in case.question.input]
NOISY = [case.question.id for case in published("hf") if case.level == "L3" and "noise" in case.question.input
         and case.question.id.split("/")[0] in ("sample", "beam_sample")]
PADDED = "outputs/batch-7"
"""Beams, the pad id 0, and a row that ends before another."""


class Arraying(ReferenceDecoder):
    """Fills rows with something."""

    fill = 0

    def arrays(self, call):
        rows = [row for output in self.decode(call) for row in output.rows]
        before, after = max(row.prompt_length for row in rows), max(len(row.new_tokens) for row in rows)
        return {"sequences": [
            [0] * (before - row.prompt_length) + [*row.tokens] + [self.fill] * (after - len(row.new_tokens))
            for row in rows
        ]}


class Overfilling(Arraying):
    fill = 5


def only(decoder, case):
    """Give the verdict on a case."""
    found, = run(decoder, case=case).results
    return found.verdict


def test_a_decoder_with_arrays_is_held_to_those_of_a_batch():
    assert only(Arraying(), PADDED).kind is Kind.CONFORMS
    said = only(Overfilling(), PADDED)
    assert said.kind is Kind.VIOLATES and "OUTPUTS-16" in said.clauses, described(said=said)


def test_a_decoder_without_arrays_takes_no_part_in_them():
    assert only(ReferenceDecoder(), PADDED).kind is Kind.UNSUPPORTED


@pytest.mark.parametrize("case", BATCHES)
def test_torch_writes_the_arrays_of_a_batch(case):
    pytest.importorskip("torch")
    from genspec.backends.torch.decoder import TorchDecoder

    said = only(TorchDecoder(), case)
    assert said.kind is Kind.CONFORMS, described(said=said)


def test_the_kit_finds_how_transformers_fills_beams_with_the_pad_id_0():
    pytest.importorskip("transformers")
    from genspec.backends.transformers.decoder import TransformersDecoder

    said = only(TransformersDecoder(), PADDED)
    assert (said.kind, said.deviation) == (Kind.KNOWN_DEVIATION, "DEV-41"), described(said=said)


@pytest.mark.parametrize("name", ["torch", "transformers"])
def test_written_noise_is_replayed(name):
    decoders = pytest.importorskip(f"genspec.backends.{name}.decoder", exc_type=ImportError)
    decoder = decoders.TorchDecoder() if name == "torch" else decoders.TransformersDecoder()
    said = {case: only(decoder, case) for case in NOISY[::5]}
    wrong = {case: one for case, one in said.items() if one.kind not in (Kind.CONFORMS, Kind.KNOWN_DEVIATION)}
    assert not wrong, described(wrong=wrong)
    assert name == "transformers" or all(one.deviation is None for one in said.values()), described(said=said)
