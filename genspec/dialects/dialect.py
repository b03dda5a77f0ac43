"""What a dialect is: one engine's spelling of the fields of a generation config, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Spelling = Literal[
    "same", "list", "set", "texts", "lists of texts", "less the prompt", "with the prompt", "within the vocabulary",
    "0 from the vocabulary on",
    "none for 0", "none for 1", "-1 for 0", "list of texts", "one", "patience", "stop criteria", "true or false",
]
"""How a value is rewritten: the names of `genspec.dialects.spelling.SPELLINGS`."""


@dataclass(frozen=True, slots=True)
class Option:
    """How an engine spells one field."""

    field: str                          # of GenerationConfig
    name: str                           # the engine's own
    spelling: Spelling = "same"         # how a value of the field becomes one of the option
    default: object = None              # what the engine does when the option is left out
    off: object = None                  # the engine's value that does nothing; None: the option is left out
    least: float | None = None          # the smallest number that the engine takes
    greatest: float | None = None       # the greatest
    greatest_since: str = ""            # the first version that refuses more; empty: all do
    floor: float | None = None          # the smallest that is not refused, where the least is taken for it
    refused: tuple[float, ...] = ()     # numbers within these bounds that it does not take
    modes: tuple[str, ...] = ()         # in which the engine takes it; none: in all
    unset: Literal["sent", "left out"] = "sent"     # of a field that nobody sets: its value under genspec, or nothing
    note: str = ""                      # what is different, where the names do not say it
    section: str = ""                   # of the engine's file, where it is another one than the dialect's


@dataclass(frozen=True, slots=True)
class Own:
    """An option of an engine that says nothing that a field of GenerationConfig says."""

    name: str
    kind: Literal["int", "float", "bool", "text", "texts", "object", ""] = ""   # of its value; empty: any
    least: float | None = None
    greatest: float | None = None
    since: str = ""                     # the first version that has it
    until: str = ""                     # the first version that has it no more
    note: str = ""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One engine: what to install, what it calls things, and the semantics that it declares."""

    name: str                           # as on the command line
    title: str                          # as people write it
    package: str                        # to install
    module: str                         # to import
    least: str                          # the first version that is known to work
    newest: str                         # the last version that was run
    profile: str                        # of genspec.config.profiles
    call: str                           # what takes the options
    modes: tuple[str, ...]              # of DecodingPlan
    options: tuple[Option, ...]
    always: Mapping[str, object] = field(default_factory=dict)
    """Options that no field sets, and whose default is another one than genspec's meaning."""
    greedy: Mapping[str, object] = field(default_factory=dict)
    """Options that select greedy search, where no option says it as `do_sample` does."""
    form: Literal["JSON", "Modelfile"] = "JSON"         # how its options are written into a file
    section: str = ""                   # of that file, under which they stand
    own: tuple[Own, ...] = ()           # what else it takes, and what it took once
    runtime: Literal["Python", "Node"] = "Python"       # what its package is for
    tokenizer_eos: bool = False         # whether a row ends with the EOS of the tokenizer, too
    encoder_decoder: "Dialect | None" = None    # the same for encoder-decoders, where another call takes those

    @property
    def extra(self) -> str:
        """Return the extra of genspec that installs the engine, or what it needs besides npm."""
        return f"engine-{self.name.replace('.', '-')}"

    @property
    def install(self) -> str:
        """Return the command that installs the engine."""
        command = f"pip install 'genspec[{self.extra}]'"
        return command if self.runtime == "Python" else f"{command} && npm install --ignore-scripts {self.package}"

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the fields that it has a spelling for."""
        return tuple(dict.fromkeys(option.field for option in self.options))

    def option(self, name: str) -> Option | None:
        """Return the spelling of a field, or None."""
        return next((option for option in self.options if option.field == name), None)
