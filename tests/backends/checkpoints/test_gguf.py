"""The file of llama.cpp: its tensors and vocabulary are those of the checkpoint, and transformers reads it too."""

import numpy as np
import pytest

from genspec.backends.checkpoints import checkpoint_of, llama, model_of

gguf = pytest.importorskip("gguf")


def read(folder):
    return gguf.GGUFReader(folder / "model.gguf")


def value(file, name):
    """Give a field, or None when the file has none."""
    field = file.get_field(name)
    return None if field is None else field.contents()


@pytest.mark.parametrize("kind", ["bigram", "history"])
def test_every_tensor_is_there_in_float32(written, kind):
    folder = written(kind, vocab_size=48, form="gguf")
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, 1)
    wanted = {f"{names.get_name(name.removesuffix('.weight'))}.weight": tensor
              for name, tensor in llama.tensors(checkpoint_of(folder)).items()}
    found = {tensor.name: tensor for tensor in read(folder).tensors}
    assert found.keys() == wanted.keys()
    for name, tensor in found.items():
        assert tensor.tensor_type == gguf.GGMLQuantizationType.F32
        assert np.array_equal(tensor.data, wanted[name]), name


def test_every_token_is_text_of_its_own(written):
    file = read(written("bigram", vocab_size=130, form="gguf"))
    assert value(file, "tokenizer.ggml.tokens") == [f"<{token}>" for token in range(130)]
    assert value(file, "llama.vocab_size") == 130 and value(file, "tokenizer.ggml.add_bos_token") is False


@pytest.mark.parametrize("eos", [(), (2,), (5, 2), (1, 2, 3)])
def test_what_ends_a_row_is_named_and_nothing_else(written, eos):
    file = read(written("bigram", eos=eos, form="gguf"))
    named = [value(file, f"tokenizer.ggml.{name}_token_id") for name in ("eos", "eot", "eom")]
    assert named == [*eos, *[None] * (3 - len(eos))]
    # Vocabularies of other kinds have an EOS in llama.cpp even when none is named.
    assert value(file, "tokenizer.ggml.model") == "rwkv"
    assert value(file, "tokenizer.ggml.bos_token_id") is None


@pytest.mark.parametrize("kind", ["bigram", "history"])
def test_transformers_reads_the_same_logits_from_it(written, kind):
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    folder = written(kind, vocab_size=48, form="gguf")
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file="model.gguf").eval()
    reference, row = model_of(folder), (3, 1, 41, 5, 9, 26)
    with torch.no_grad():
        logits = model(torch.tensor([row])).logits[0].double().numpy()
    known = [reference(row[: place + 1]) for place in range(len(row))]
    assert np.abs(logits - known).max() <= checkpoint_of(folder).bound
