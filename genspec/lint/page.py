"""A rule as a page of the documentation, and as text on a terminal. All of it comes from the rule itself."""

from itertools import groupby
from textwrap import fill

import genspec.lint.rules  # noqa: F401  fills RULES
from genspec.lint.example import FILE, Shown, check_example, shown
from genspec.lint.finding import Finding, Fix
from genspec.lint.rule import RULES, Rule
from genspec.lint.target import ENGINE, Target, parse_target

FAMILIES = {
    "GS1": "Length", "GS2": "Sampling", "GS3": "Beams", "GS4": "Token ids", "GS5": "Across files",
    "GS6": "Output and cache", "GS7": "Versions", "GS8": "Engines", "GS9": "Format",
}
PAGES = {"TOKENS": "special_tokens"}
"""Pages of the specification that are not called as their clauses are."""

HEADING = "| code | name | severity | what to do |\n| --- | --- | --- | --- |"
WIDTH = 88


def rule_page(rule: Rule) -> str:
    """Return the page of a rule in Markdown."""
    clauses = ", ".join(f"[{clause}]({page_of(clause)})" for clause in rule.clauses)
    sections = [
        f"# {rule.code} {rule.name}",
        f"{str(rule.severity).capitalize()}{'' if rule.default else ', off by default'}. "
        f"For {named_target(rule.targets)}. Clauses: {clauses}.",
        rule.rationale,
        *examples(rule),
        f"## What to do\n\n{rule.help}",
        *(f"{fix_text(fix)}" for fix in fixes(rule)),
        *evidence(rule),
    ]
    return "\n\n".join(sections) + "\n"


def rules_index() -> str:
    """Return the table of all rules in Markdown, a section a family."""
    sections = ["# Rules", "Written from the rules themselves: `genspec rule CODE` prints the same."]
    for family, codes in groupby(sorted(RULES), key=lambda code: code[:3]):
        rows = "\n".join(index_row(RULES[code]) for code in codes)
        sections.append(f"## {FAMILIES[family]}\n\n{HEADING}\n{rows}")
    return "\n\n".join(sections) + "\n"


def index_row(rule: Rule) -> str:
    """Return the row of one rule."""
    off = "" if rule.default else ", off by default"
    advice = rule.help.replace("|", "\\|")
    return f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.severity!s}{off} | {advice} |"


def rule_text(rule: Rule) -> str:
    """Return what a rule says as plain text for a terminal."""
    off = "" if rule.default else ", off by default"
    parts = [
        f"{rule.code} {rule.name} ({rule.severity!s}{off})",
        f"For {named_target(rule.targets)}. Clauses: {', '.join(rule.clauses)}.",
        fill(rule.rationale, WIDTH),
        f"Bad:\n{indented(plain(rule.bad))}" if rule.bad is not None else "",
        *(f"  {finding.message}" for finding in found(rule)[:1]),
        f"Good:\n{indented(plain(rule.good))}",
        fill(f"What to do: {rule.help}", WIDTH),
        *(fill(fix_text(fix), WIDTH) for fix in fixes(rule)),
        "\n".join(["See:", *(f"  {link}" for _, link in links(rule)), f"  {rule.url}"]),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def examples(rule: Rule) -> list[str]:
    """Return the bad and the good example as code blocks, with what genspec says of the bad one."""
    good = f"Without it:\n\n{block(rule.good)}"
    if rule.bad is None:
        return ["## Example\n\nThe fault is not in the text, so no text can show it.", good]
    said = "\n".join(f"> {finding.message}" for finding in found(rule)[:1])
    return [f"## Example\n\n{block(rule.bad)}", said, good]


def block(example: object) -> str:
    """Return an example as code blocks, one a file."""
    return "\n\n".join(f"{titled(file)}```{file.language}\n{file.text}\n```" for file in shown(example))


def titled(file: Shown) -> str:
    """Return the name of a file above its text, unless it is the one that is meant when none is named."""
    return "" if file.name == FILE else f"`{file.name}`:\n\n"


def plain(example: object) -> str:
    """Return an example as text for a terminal."""
    return "\n".join(("" if file.name == FILE else f"{file.name}:\n") + file.text for file in shown(example))


def indented(text: str) -> str:
    """Move a text to the right."""
    return "\n".join(f"  {line}" for line in text.splitlines())


def found(rule: Rule) -> list[Finding]:
    """Return what the rule finds in its bad example."""
    if rule.bad is None:
        return []
    return check_example(rule.bad, target_of(rule), (rule,))


def target_of(rule: Rule) -> Target:
    """Return the target for which the examples are written: the newest version of the first engine."""
    engine = ENGINE.match(rule.targets)
    return parse_target(engine[1] if engine else rule.targets)


def fixes(rule: Rule) -> list[Fix]:
    """Return the fix that the bad example gets, if any."""
    return [finding.fix for finding in found(rule) if finding.fix is not None][:1]


def fix_text(fix: Fix) -> str:
    """Say what the fix does and whether it is safe."""
    safety = (
        "safe: no supported engine decodes differently after it" if fix.safe
        else "unsafe: what an engine produces can change"
    )
    return f"Fix: {fix.message[0].lower()}{fix.message[1:]} ({safety})."


def evidence(rule: Rule) -> list[str]:
    """Return the threads that a rule comes from, as a list of links."""
    if not rule.evidence:
        return []
    return ["## Seen in\n\n" + "\n".join(f"- [{thread}]({link})" for thread, link in links(rule))]


def links(rule: Rule) -> list[tuple[str, str]]:
    """Return the threads with their addresses: `owner/name#12` is an issue, or a pull request, on GitHub."""
    return [(thread, f"https://github.com/{thread.replace('#', '/issues/')}") for thread in rule.evidence]


def page_of(clause: str) -> str:
    """Return the page of the specification that holds a clause, seen from docs/rules."""
    name = clause.rpartition("-")[0]
    return f"../spec/{PAGES.get(name, name.lower().replace('-', '_'))}.md"


def named_target(condition: str) -> str:
    """Spell a rule's condition for a reader: `transformers 4.57 or newer, every version of vLLM and SGLang`."""
    parts = [part.strip() for part in condition.split("|")]
    some = [named_engine(part) for part in parts if not is_plain(part)]
    every = [title_of(part) for part in parts if is_plain(part)]
    if every:
        *others, last = every
        some.append(f"every version of {', '.join(others)}{' and ' if others else ''}{last}")
    return ", ".join(some)


def is_plain(condition: str) -> bool:
    """Tell whether a condition names an engine and no version."""
    return ENGINE.fullmatch(condition) is not None


def named_engine(condition: str) -> str:
    """Spell what a condition says of the versions of one engine."""
    engine, sign, version = condition.partition(">=")
    low, comma, high = version.partition(",<")
    if not sign:
        engine, _, high = condition.partition("<")
        return f"{title_of(engine)} before {high}"
    return f"{title_of(engine)} {low} {f'to before {high}' if comma else 'or newer'}"


def title_of(engine: str) -> str:
    """Return an engine's name as people write it."""
    from genspec.dialects import NAMES, SERVED, dialect_named

    return dialect_named(engine).title if engine in (*NAMES, *SERVED) else engine
