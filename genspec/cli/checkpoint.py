"""genspec checkpoint. What makes a model is imported when it runs: the help does without NumPy."""

from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from genspec.backends.checkpoints import FORMATS, KINDS
from genspec.cli.errors import Failure, UsageError
from genspec.cli.output import emit
from genspec.cli.parser import Parser, at_least, one_of
from genspec.cli.tracing.arguments import token_ids

if TYPE_CHECKING:
    from pathlib import Path

    from genspec.backends.checkpoints import Checkpoint
    from genspec_reference import Scripted, Table

QUESTIONS = "questions"


def add_arguments(parser: Parser) -> None:
    """Declare the command line."""
    parser.description = """Write a model folder whose logits are known exactly, to test an engine whole: how it loads,
        batches, keeps its cache, searches with beams. The same options give the same model in every format.

        KIND is bigram, a Llama whose logits depend on the last token and are exact in float32; history, a Llama that
        reads the whole row, in order; encoder-decoder, a BART that reads its source and its row. With --eos these
        ids often come first; without, rows end by length only. questions is a bigram in which the models of the
        conformance kit lie side by side, for a server that `genspec conform` asks."""
    parser.epilog = "Status: 0 written, 2 error, 130 interrupted."
    parser.add_operands("DIR", least=1, most=1)
    option = parser.add_option
    option("--format", type=one_of(*FORMATS), default="hf", metavar="NAME",
           help=f"What to write: {', '.join(FORMATS)}; default hf, the folder of transformers.")
    option("--model", type=one_of(*KINDS, QUESTIONS), default="bigram", metavar="KIND",
           help="Which model; default bigram.")
    option("--seed", type=at_least(0), default=0, metavar="N", help="Of the made-up logits; default 0.")
    option("--vocab-size", type=at_least(1), default=48, metavar="V", help="How many tokens; default 48.")
    option("--eos", type=token_ids, default=(), metavar="IDS", help="Tokens that end a row, as 2,3; default none.")
    option("--force", action="store_true", help="Replace the checkpoint in DIR, if there is one.")


def run(options: Namespace) -> int:
    """Write one checkpoint and return the status."""
    from genspec.backends.checkpoints import Checkpoint, write_checkpoint
    from genspec.backends.checkpoints.formats import NotWritten

    try:
        table = table_of(options)
    except ValueError as error:
        raise UsageError(f"--eos: {error}") from None
    try:
        checkpoint = Checkpoint("bigram" if options.model == QUESTIONS else options.model, table)
    except ValueError as error:
        raise UsageError(f"--vocab-size: {error}") from None
    try:
        folder = write_checkpoint(options.operands[0], checkpoint, options.format, options.force)
    except NotWritten as error:
        raise Failure(str(error)) from None
    emit(f"{line}\n" for line in said(checkpoint, folder, options))
    return 0


def table_of(options: Namespace) -> "Scripted | Table":
    """Make the table of the options. Raises ValueError for EOS ids that are no tokens."""
    from genspec_reference import Scripted

    if options.model != QUESTIONS:
        return Scripted("table", options.seed, options.vocab_size, tuple(dict.fromkeys(options.eos)))
    from genspec.conform.served import questions

    return questions()


def said(checkpoint: "Checkpoint", folder: "Path", options: Namespace) -> Iterator[str]:
    """Say what was written and how to use it."""
    from genspec.backends.checkpoints.formats import TABLE

    ends = f"EOS {', '.join(map(str, checkpoint.eos))}" if checkpoint.eos else "no EOS"
    near = f"within {checkpoint.bound:.1e} of" if checkpoint.bound else "equal to"
    yield f"{options.operands[0]}: a {checkpoint.kind} model, format {options.format}"
    seed = "" if options.model == QUESTIONS else f"seed {options.seed}, "
    yield f"  {checkpoint.vocab_size} tokens, {seed}{ends}; logits in float32 are {near} the reference's"
    yield f"  engine     {TABLE[options.format].load_line(checkpoint.kind, str(folder))}"
    yield f"  reference  genspec.backends.checkpoints.model_of({str(folder)!r})"
