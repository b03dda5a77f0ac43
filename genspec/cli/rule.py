"""genspec rule."""

import sys
from difflib import get_close_matches

import click

import genspec.lint.rules  # noqa: F401  fills RULES
from genspec.cli.output import emit, paint_for
from genspec.lint.page import rule_text
from genspec.lint.report.paint import BOLD
from genspec.lint.rule import RULES, Rule


@click.command("rule")
@click.argument("name", required=False, metavar="[CODE|NAME]")
def command(name: str | None) -> None:
    """Explain a rule: why it is there, a bad and a good example, what to do. Without CODE, list all rules."""
    if name is None:
        emit(listing())
    else:
        emit([rule_text(find(name))])


def find(name: str) -> Rule:
    """Return the rule with a code or a name."""
    known = {rule.code.lower(): rule for rule in RULES.values()} | {rule.name: rule for rule in RULES.values()}
    if name.lower() in known:
        return known[name.lower()]
    close = get_close_matches(name.lower(), known, n=1)
    hint = f"did you mean `{known[close[0]].code}`?" if close else "`genspec rule` lists them."
    raise click.UsageError(f"no rule is called {name!r:.60}: {hint}", click.get_current_context())


def listing() -> list[str]:
    """Return one line a rule."""
    paint = paint_for(sys.stdout, no_color=False)
    longest = max(len(rule.name) for rule in RULES.values())
    return [
        f"{paint(code, BOLD)}  {RULES[code].severity!s:7}  {RULES[code].name:{longest}}"
        f"{'' if RULES[code].default else '  off by default'}".rstrip() + "\n"
        for code in sorted(RULES)
    ]
