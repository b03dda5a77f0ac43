"""Write what derives from the code: docs/fields.md, docs/rules/, docs/spec/deviations.md, outputs in written pages.

And docs/conformance from what campaigns and runs of engines said. `make docs` runs this.
"""

import os
import re
import shlex
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import genspec.lint.rules  # noqa: F401  fills RULES
from genspec.cli.app import run
from genspec.config.page import fields_page
from genspec.conform.campaign.page import campaigns_page
from genspec.conform.deviations.page import deviations_page
from genspec.conform.engines.matrix import engine_pages
from genspec.conform.laws.page import with_laws
from genspec.lint.page import rule_page, rules_index
from genspec.lint.rule import RULES

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent

CONSOLE = re.compile(r"(?<=^```console\n)\$ genspec (?P<arguments>[^\n|]*)\n.*?(?=^```$)", re.DOTALL | re.MULTILINE)
"""A block with a command of genspec and its output."""

WITH_OUTPUTS = ("README.md", "docs/guide/trace.md")
"""The written pages that have such blocks."""


def pages() -> dict[str, str]:
    """Return every page that is wholly or partly generated, by its path in the repository."""
    rules = {f"docs/rules/{code}.md": rule_page(RULES[code]) for code in sorted(RULES)}
    engines = engine_pages(DOCS / "conformance" / "data" / "engines")
    with_outputs = {name: (ROOT / name).read_text(encoding="utf-8") for name in WITH_OUTPUTS}
    return {
        "docs/fields.md": fields_page(),
        "docs/spec/deviations.md": deviations_page(),
        "docs/conformance/transformers.md": campaigns_page(DOCS / "conformance" / "data"),
        "docs/guide/laws.md": with_laws((DOCS / "guide" / "laws.md").read_text(encoding="utf-8")),
        **{f"docs/conformance/{name}": text for name, text in engines.items()},
        "docs/rules/README.md": rules_index(),
        **rules,
        **{name: CONSOLE.sub(with_output, text) for name, text in with_outputs.items()},
    }


def with_output(block: re.Match[str]) -> str:
    """Return a console block with what its command prints now, run where a reader runs it."""
    printed, before = StringIO(), Path.cwd()
    os.chdir(ROOT)
    try:
        with redirect_stdout(printed):
            run(shlex.split(block["arguments"]))
    finally:
        os.chdir(before)
    return f"$ genspec {block['arguments']}\n{printed.getvalue().rstrip()}\n"


def superfluous() -> set[str]:
    """Return the pages of rules that are gone."""
    return {page.relative_to(ROOT).as_posix() for page in DOCS.glob("rules/GS*.md") if page.stem not in RULES}


def main() -> None:
    """Write what changed and remove what nothing generates any more."""
    for name in superfluous():
        (ROOT / name).unlink()
        print(f"removed {name}")
    for name, text in pages().items():
        page = ROOT / name
        page.parent.mkdir(exist_ok=True)
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8", newline="\n")
            print(f"wrote {name}")


if __name__ == "__main__":
    main()
