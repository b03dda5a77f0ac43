"""Write a checkpoint: all of it in a folder beside the wanted one, which then takes its name."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from genspec.backends.checkpoints.checkpoint import Checkpoint
from genspec.backends.checkpoints.folder import NAME, describe
from genspec.backends.checkpoints.formats import TABLE, NotWritten


def write_checkpoint(folder: str | Path, checkpoint: Checkpoint, form: str = "hf", force: bool = False) -> Path:
    """Write a checkpoint in a format and return its folder.

    `force`: replace the checkpoint that is there. A folder that holds anything else is never touched.
    Raises `NotWritten` for a format that cannot be written, here or at all, and for a folder that is taken.
    """
    target = Path(folder).resolve()
    require_possible(checkpoint, form)
    require_free(target, force)
    target.parent.mkdir(parents=True, exist_ok=True)
    with folder_for(target) as begun:
        import_module(f"genspec.backends.checkpoints.formats.{form}").write(checkpoint, begun)
        describe(checkpoint, form, begun)
    return target


def require_possible(checkpoint: Checkpoint, form: str) -> None:
    """Raise `NotWritten` for a format that is not known, or holds no such model, or needs what is not installed."""
    if form not in TABLE:
        raise NotWritten(f"no format is called {form!r}: there are {', '.join(TABLE)}")
    known = TABLE[form]
    if not known.load_line(checkpoint.kind, ""):
        raise NotWritten(f"{form} holds no {checkpoint.kind} model: {known.refuses}")
    if known.without_eos and not checkpoint.eos:
        raise NotWritten(f"{form} needs a model with an EOS, as --eos 2: {known.without_eos}")
    if known.most_eos is not None and len(checkpoint.eos) > known.most_eos:
        raise NotWritten(f"{form} names at most {known.most_eos} ids that end a row, not {len(checkpoint.eos)}")
    missing = [name for name in known.packages if not installed(name)]
    if missing:
        raise NotWritten(f"the format {form} needs {', '.join(missing)}, which cannot be imported: "
                         f"pip install 'genspec[{known.extra}]'")


def installed(package: str) -> bool:
    """Tell whether a package can be imported, without importing it."""
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:         # the package that it is a part of
        return False


def require_free(target: Path, force: bool) -> None:
    """Raise `NotWritten` where a checkpoint would be written over something."""
    if not target.exists():
        return
    if not target.is_dir():
        raise NotWritten(f"{target} is a file: name a folder")
    if not any(target.iterdir()):
        return
    if not (target / NAME).is_file():
        raise NotWritten(f"{target} is not empty, and no checkpoint of genspec: name another folder")
    if not force:
        raise NotWritten(f"{target} holds a checkpoint already: --force replaces it")


@contextmanager
def folder_for(target: Path) -> Iterator[Path]:
    """Give an empty folder that becomes the target when all goes well, and vanishes when it does not."""
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as scratch:
        begun = Path(scratch) / "new"
        begun.mkdir()                   # with the user's usual permissions, which a temporary folder has not
        yield begun
        replaced = Path(scratch) / "old"
        try:
            if target.exists():
                os.rename(target, replaced)
            os.rename(begun, target)
        except BaseException:           # ^C between the two as well
            if replaced.exists() and not target.exists():
                os.rename(replaced, target)
            raise
