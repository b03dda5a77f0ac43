"""Modelfiles that a script writes: `cat > Modelfile <<EOF`."""

from collections.abc import Iterable, Iterator

from genspec.lint.sources.document import Source
from genspec.lint.sources.modelfile import LISTS, Instruction, instructions
from genspec.lint.sources.scalars import number
from genspec.lint.sources.shell.flags import Given, Setting
from genspec.lint.sources.shell.words import Body

NEEDED = {"from", "parameter"}
"""Instructions that make a text a Modelfile."""


def modelfiles_in(text: str, bodies: Iterable[Body]) -> Iterator[Given]:
    """Yield the parameters of the here-documents that are Modelfiles."""
    for body in bodies:
        written = text[body.start:body.end]
        found = list(instructions(written)) if "PARAMETER" in written else []
        if NEEDED.issubset(one.command for one in found if not one.fault):
            settings = tuple(setting_of(one, body) for one in found if is_parameter(one))
            start, end = body.start + found[0].start, body.start + found[-1].end
            yield Given(Source.OLLAMA_MODELFILE, start, end, settings, open=False)


def is_parameter(instruction: Instruction) -> bool:
    """Tell whether an instruction sets one value. A stop string is one of several, and is left to real Modelfiles."""
    return instruction.command == "parameter" and not instruction.fault and instruction.name not in LISTS


def setting_of(instruction: Instruction, body: Body) -> Setting:
    """Make a setting of a parameter. What a shell puts in is unknown."""
    known = body.literal or not {"$", "`"} & set(instruction.value)
    value = number(instruction.value) if known else None
    start, name_end, value_start, end = (body.start + offset for offset in (
        instruction.start, instruction.name_end, instruction.value_start, instruction.end))
    return Setting(instruction.name, value, known, start, name_end, value_start, end)
