"""What a rule is: a small function beside its code, name, rationale and examples."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import NamedTuple

from genspec.lint.draft import Draft
from genspec.lint.finding import Severity
from genspec.lint.node import ConfigNode
from genspec.lint.sources.document import Source
from genspec.lint.target import Target, holds

Check = Callable[[ConfigNode], Iterator[Draft]]
PAGES = "https://genspec.readthedocs.io/en/latest/rules/"


class Files(NamedTuple):
    """An example that is not the text of one generation_config.json: files by name, each a text or a JSON value."""

    files: dict[str, object]


class Rule(NamedTuple):
    """One thing that can be wrong with a config, and how to see it."""

    code: str
    name: str
    severity: Severity
    clauses: tuple[str, ...]        # the first one is cited by the findings
    targets: str                    # the engines and versions it holds for: `transformers>=4.57 | vllm`
    rationale: str                  # why it is wrong, with what happens
    help: str                       # what to do
    bad: object                     # a config, the text of a file, or `Files`, with the fault
    good: object                    # the same without
    evidence: tuple[str, ...]       # threads and sources
    default: bool                   # whether it runs without being selected by its code
    any_file: bool                  # whether it speaks of the file itself, whatever it holds
    check: Check
    sources: frozenset[Source] = frozenset({Source.GENERATION_CONFIG})      # the kinds of places it speaks for

    @property
    def url(self) -> str:
        """Return the address of the rule's page."""
        return f"{PAGES}{self.code}/"


RULES: dict[str, Rule] = {}
"""Every rule by code. Filled by importing `genspec.lint.rules`."""


def rule(
    code: str,
    name: str,
    *,
    severity: Severity,
    clauses: list[str],
    rationale: str,
    help: str,
    bad: object,
    good: object,
    targets: str = "transformers",
    evidence: list[str] | None = None,
    default: bool = True,
    any_file: bool = False,
    sources: Iterable[Source] = (Source.GENERATION_CONFIG,),
) -> Callable[[Check], Check]:
    """Register the function below as a rule. Codes and names are unique and never reused.

    Raises ValueError when a code or a name is already taken.
    """

    def register(check: Check) -> Check:
        if code in RULES or any(known.name == name for known in RULES.values()):
            raise ValueError(f"rule {code} {name} is registered twice")
        RULES[code] = Rule(
            code, name, severity, tuple(clauses), targets, " ".join(rationale.split()), " ".join(help.split()),
            bad, good, tuple(evidence or ()), default, any_file, check, frozenset(sources),
        )
        return check

    return register


@cache
def rules_for(target: Target) -> tuple[Rule, ...]:
    """Return the rules that hold for a target, or for any version of its range, in the order of their codes."""
    every = (RULES[code] for code in sorted(RULES))
    return tuple(rule for rule in every if any(holds(rule.targets, point) for point in target.points))


class Selection:
    """Rules that are to run, by what they speak of: looked up once for each kind of place and target of a run."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Take the rules, in the order in which they are to run."""
        self.rules = tuple(rules)
        self.known: dict[tuple[Source, Target], tuple[Rule, ...]] = {}

    def speaking_of(self, source: Source, target: Target) -> tuple[Rule, ...]:
        """Return the rules for a kind of place that hold for one version of an engine.

        Rules about the text of a file hold for every engine: none can read what is no text.
        """
        found = self.known.get((source, target))
        if found is None:
            found = self.known[source, target] = tuple(
                rule for rule in self.rules
                if source in rule.sources and (rule.any_file or holds(rule.targets, target))
            )
        return found
