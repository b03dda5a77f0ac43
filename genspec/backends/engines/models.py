"""A scripted model as what an engine loads: a checkpoint on disk, written once, and the loaded engine, kept.

A converter takes seconds, and a run asks for hundreds of models. They differ in one matrix, the head, which holds the
table. So each size is converted once, and the head of that template is replaced.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from genspec.backends.checkpoints import Checkpoint, write_checkpoint
from genspec.backends.checkpoints.formats import NotWritten
from genspec.backends.checkpoints.llama import head
from genspec.backends.checkpoints.models import EncoderDecoder, History, lines_of
from genspec.dialects.spelling import Unspoken
from genspec_reference import Scripted, Table
from genspec_reference.scores import Scores

CONVERTED = frozenset({"onnx", "ctranslate2", "openvino"})
"""The formats that a converter writes; the others are written in milliseconds."""
LOADED = 8
"""How many engines are kept."""
SIZES = (1, 2, 3, 4, 5, 6, 8, 11, 13, 16, 17, 24, 33, 41)
"""The V that the kit draws. Their templates are converted before an engine is asked: that takes longer than a case."""
SIZES_OF: Mapping[str, tuple[int, ...]] = {
    "history": (24,), "encoder-decoder": (1, 2, 3, 4, 5, 6, 8, 11, 13, 17, 24, 33),
}
"""The V of models that read more than the last token, by the kind of their checkpoint."""
HELD_AS: Mapping[str, str] = {
    "table": "bigram", "lines": "bigram", "attention": "history", "encoder-decoder": "encoder-decoder",
}
"""The kind of checkpoint that holds a kind of scripted model."""
TEMPLATE = 20260101
"""The seed of the tables of templates."""


Load = Callable[[Path, Checkpoint], Any]
"""Loads an engine from a folder. The checkpoint tells the EOS ids, where the engine reads them from the folder."""


class Models:
    """Engines by the model that they have loaded."""

    def __init__(self, form: str, load: Load, ends_inside: bool, spare: int = 0) -> None:
        """Keep how to load one. `form`: of the checkpoint. `ends_inside`: whether EOS ids are read from the folder.

        `spare`: improbable tokens behind those of a model without an EOS, for an engine that has to have one.
        """
        self.form, self.load, self.ends_inside, self.spare = form, load, ends_inside, spare
        self.kept: OrderedDict[Checkpoint, tuple[Path, Any]] = OrderedDict()
        self.scratch = tempfile.TemporaryDirectory(prefix="genspec-models-")
        self.written = 0

    def of(self, model: object, ends: tuple[int, ...] = ()) -> Any:
        """Give the engine that has loaded a model. Raises `Unspoken` for one that no checkpoint holds."""
        checkpoint = checkpoint_for(model, ends if self.ends_inside else (), 0 if ends else self.spare)
        if checkpoint not in self.kept:
            while len(self.kept) >= LOADED:
                self.drop()
            self.written += 1
            folder = Path(self.scratch.name) / str(self.written)
            write(checkpoint, folder, self.form)
            self.kept[checkpoint] = folder, self.load(folder, checkpoint)
        self.kept.move_to_end(checkpoint)
        return self.kept[checkpoint][1]

    def drop(self) -> None:
        """Forget the engine that was not asked for the longest time."""
        _, (folder, _) = self.kept.popitem(last=False)
        shutil.rmtree(folder, ignore_errors=True)


def checkpoint_for(model: object, ends: tuple[int, ...] = (), spare: int = 0) -> Checkpoint:
    """Give the checkpoint that computes what a scripted model does. Raises `Unspoken`. `ends`: its EOS ids."""
    if isinstance(model, History | EncoderDecoder):
        kind = "history" if isinstance(model, History) else "encoder-decoder"
        return Checkpoint(kind, checkpoint_for(model.table, ends).table)        # V is part of what it computes
    if not isinstance(model, Scripted | Table) or model.kind not in ("table", "lines"):
        raise Unspoken(f"no checkpoint holds a model of the kind {getattr(model, 'kind', type(model).__name__)}")
    try:
        return Checkpoint("bigram", Table(tuple(map(tuple, with_spare(lines_of(model), spare).tolist())), ends))
    except ValueError as error:
        raise Unspoken(str(error)) from None


def with_spare(lines: Scores, spare: int) -> Scores:
    """Add tokens that never come: their probability is 0 in float32. float[V, V] -> float[V + spare, V + spare]."""
    wider = np.full((len(lines) + spare, len(lines) + spare), IMPROBABLE)
    wider[:len(lines), :len(lines)] = lines
    wider[len(lines):] = 0.0
    return wider


IMPROBABLE = -(2.0**14)
"""A logit, exact in every number type."""


def write(checkpoint: Checkpoint, folder: Path, form: str) -> None:
    """Write a checkpoint, by way of a template where the format is converted."""
    if form not in CONVERTED:
        written(checkpoint, folder, form)
        return
    template = template_of(checkpoint.vocab_size, checkpoint.kind)
    shutil.copytree(template_folder(template, form), folder)
    replace_head(folder, template, checkpoint)


def prepare(form: str, spare: int = 0, kinds: Collection[str] = ("table", "lines")) -> None:
    """Convert the templates of a format that are missing: minutes the first time. `kinds`: of scripted models."""
    if form in CONVERTED:
        for kind in dict.fromkeys(HELD_AS[kind] for kind in kinds):
            sizes = {*SIZES, *(size + spare for size in SIZES)} if kind == "bigram" else SIZES_OF[kind]
            for size in sorted(sizes):
                template_folder(template_of(size, kind), form)


def template_of(size: int, kind: str = "bigram") -> Checkpoint:
    """Give the checkpoint of a V that is converted."""
    return Checkpoint(kind, Scripted("table", TEMPLATE, size, (0,)))


def template_folder(template: Checkpoint, form: str) -> Path:
    """Give the folder of a template, which is written when there is none."""
    name = hashlib.sha256(json.dumps([form, template.data], sort_keys=True).encode()).hexdigest()[:16]
    folder = cache() / f"{form}-{template.vocab_size}-{name}"
    if not folder.exists():
        written(template, folder, form)
    return folder


def written(checkpoint: Checkpoint, folder: Path, form: str) -> None:
    """Write a checkpoint. Raises `Unspoken` where the format does not hold it."""
    try:
        write_checkpoint(folder, checkpoint, form)
    except NotWritten as reason:
        if not folder.exists():         # another process was quicker, when it does
            raise Unspoken(str(reason)) from None


def cache() -> Path:
    """Give the folder of templates, the user's own. Raises OSError where it is somebody else's."""
    folder = Path(tempfile.gettempdir()) / f"genspec-templates-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to another user: set TMPDIR to a folder of your own")
    return folder


def replace_head(folder: Path, template: Checkpoint, checkpoint: Checkpoint) -> None:
    """Put the table of a checkpoint in the place of a template's, as it lies in the file or turned. Raises ValueError.

    Both heads are float32[V, width], the same number of bytes.
    """
    old, new = (head(lines_of(one.table), one.width) for one in (template, checkpoint))
    found = 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        for before, after in ((old, new), (turned(old), turned(new))):
            if before.tobytes() in data:
                found += data.count(before.tobytes())
                data = data.replace(before.tobytes(), after.tobytes())
                path.write_bytes(data)
                break
    if found != 1:
        raise ValueError(f"the head of the template in {folder} was found {found} times, and not once")


def turned(matrix: Any) -> Any:
    """Transpose. float32[V, d] -> float32[d, V], one line after the other."""
    return np.ascontiguousarray(matrix.T)
