"""genspec rule."""

import sys
from argparse import Namespace

import genspec.lint.rules  # noqa: F401  fills RULES
from genspec.cli.errors import UsageError
from genspec.cli.output import emit, paint_for
from genspec.cli.parser import Parser
from genspec.lint.page import rule_text
from genspec.lint.report.paint import BOLD
from genspec.lint.rule import RULES, Rule


def add_arguments(parser: Parser) -> None:
    """Declare the command line."""
    parser.description = """Explain a rule: why it is there, a bad and a good example, what to do. Without CODE, list
        all rules."""
    parser.add_operands("[CODE|NAME]", least=0, most=1)


def run(options: Namespace) -> int:
    """Print one rule, or the list."""
    emit([rule_text(find(name)) for name in options.operands] or listing())
    return 0


def find(name: str) -> Rule:
    """Return the rule with a code or a name."""
    known = {rule.code.lower(): rule for rule in RULES.values()} | {rule.name: rule for rule in RULES.values()}
    if name.lower() in known:
        return known[name.lower()]
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), known, n=1)
    hint = f"did you mean `{known[close[0]].code}`?" if close else "`genspec rule` lists them."
    raise UsageError(f"no rule is called {name!r:.60}: {hint}")


def listing() -> list[str]:
    """Return one line a rule."""
    paint = paint_for(sys.stdout, no_color=False)
    longest = max(len(rule.name) for rule in RULES.values())
    return [
        f"{paint(code, BOLD)}  {RULES[code].severity!s:7}  {RULES[code].name:{longest}}"
        f"{'' if RULES[code].default else '  off by default'}".rstrip() + "\n"
        for code in sorted(RULES)
    ]
