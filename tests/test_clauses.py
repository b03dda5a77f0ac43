"""Every clause id is defined once, in docs/spec, and every id that code or text cites is defined."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from genspec.config.bounds import INFINITY, REALS, Bounds
from genspec.config.fields import FIELDS
from genspec.config.profile import HF_ORDER
from genspec.config.suggest import CALLS

ROOT = Path(__file__).parent.parent
SPEC = ROOT / "docs" / "spec"
SOURCES = [ROOT / "genspec", ROOT / "reference"]
NO_CLAUSES = {"README", "seed", "deviations"}
OPERATIONS = {path.stem for path in (ROOT / "reference/genspec_reference/operations").glob("*.py")} | set(HF_ORDER)
PAGES = {page.stem: page for page in sorted(SPEC.glob("*.md")) if page.stem not in NO_CLAUSES}
OTHER_PREFIXES = {"special_tokens": "TOKENS"}
NOT_CLAUSES = {
    "DEV", "KH", "LG", "ORT", "OV", "TJS", "VLLM", "GPT", "UTF", "ISO", "RFC", "SHA", "LLAMA", "BSD", "LGPL", "APACHE",
}
"""What stands before a hyphen and a number without being a clause prefix: UTF-8, GPT-2."""
ID = re.compile(r"(?<![A-Za-z0-9_-])([A-Z]+(?:-[A-Z]+)*)-(\d+)(?![A-Za-z0-9_])")
DEFINITION = re.compile(r"^\| ([A-Z]+(?:-[A-Z]+)*-\d+) \| (.+) \|$", re.MULTILINE)


def prefix_of(page: str) -> str:
    return OTHER_PREFIXES.get(page, page.upper().replace("_", "-"))


PREFIXES = {prefix_of(page) for page in PAGES}


def definitions(path: Path) -> list[tuple[str, str]]:
    """Ids and texts of the clauses that a page defines."""
    return DEFINITION.findall(path.read_text(encoding="utf-8"))


CLAUSES = {clause: text for page in PAGES.values() for clause, text in definitions(page)}
PAGE_OF = {prefix_of(page): path for page, path in PAGES.items()}


def retired() -> set[str]:
    """Ids under the heading of the list, which may be "none"."""
    listed = (SPEC / "README.md").read_text(encoding="utf-8").partition("Retired ids:")[2].partition("\n## ")[0]
    return {match[0] for match in ID.finditer(listed) if match[1] in PREFIXES}


def citing_files() -> Iterator[Path]:
    for folder in SOURCES:
        yield from sorted(folder.rglob("*.py"))
    yield from sorted((ROOT / "docs").rglob("*.md"))


def citations(path: Path) -> Iterator[tuple[str, str]]:
    """Places and ids, whatever their prefix."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        for match in ID.finditer(line):
            yield f"{path.relative_to(ROOT)}:{number}", match[0]


def test_every_id_is_defined_once() -> None:
    counts = Counter(clause for page in PAGES.values() for clause, _ in definitions(page))
    assert counts, "no clause was found"
    assert [clause for clause, count in counts.items() if count > 1] == []


def test_every_cited_id_is_defined() -> None:
    known = CLAUSES.keys() | retired()
    missing = [
        f"{place}: {clause}"
        for path in citing_files()
        for place, clause in citations(path)
        if clause.rpartition("-")[0] in PREFIXES and clause not in known
    ]
    assert missing == []


def test_every_id_has_the_prefix_of_a_page() -> None:
    strange = [
        f"{place}: {clause}"
        for path in citing_files()
        for place, clause in citations(path)
        if clause.rpartition("-")[0] not in PREFIXES | NOT_CLAUSES
    ]
    assert strange == [], "mistyped ids, or prefixes to add to NOT_CLAUSES"


@pytest.mark.parametrize("page", PAGES)
def test_the_ids_of_a_page_have_its_prefix_and_no_gaps(page: str) -> None:
    ids = [clause for clause, _ in definitions(PAGES[page])]
    left = [f"{prefix_of(page)}-{number}" for number in range(1, len(ids) + len(retired()) + 1)]
    assert ids, f"{page} has no clause"
    assert ids == [clause for clause in left if clause not in retired()][: len(ids)]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_its_parts(page: str) -> None:
    text = PAGES[page].read_text(encoding="utf-8")
    assert text.startswith(f"# {page}\n"), "the title is the name of the page"
    assert "\n| id | clause |\n| --- | --- |\n" in text
    assert "\nRefused: " in text
    assert "\nExamples" in text


@pytest.mark.parametrize("clause", sorted(CLAUSES))
def test_a_clause_is_made_of_sentences(clause: str) -> None:
    assert CLAUSES[clause].endswith("."), CLAUSES[clause]
    assert not re.search(r"\b(todo|tbd|tba)\b", CLAUSES[clause], re.IGNORECASE)


def test_no_retired_id_is_defined() -> None:
    assert retired() & CLAUSES.keys() == set()


def test_operations_and_pages_are_the_same() -> None:
    text = PAGES["pipeline"].read_text(encoding="utf-8")
    table = re.findall(r"^\| \d+ \| \[(\w+)\]\((\w+)\.md\) \|", text, re.MULTILINE)
    assert all(name == target for name, target in table)
    assert [name for name, _ in table] == list(HF_ORDER), "pipeline.md and the profile hf have one order"
    assert set(HF_ORDER) <= PAGES.keys()


def test_the_index_names_every_page() -> None:
    index = (SPEC / "README.md").read_text(encoding="utf-8")
    assert [page for page in (*PAGES, "seed", "deviations") if f"({page}.md)" not in index] == []
    assert [page for page in PAGES if f"| {prefix_of(page)} |" not in index and page not in OPERATIONS] == []


@pytest.mark.parametrize("name", FIELDS)
def test_the_clause_of_a_field_is_defined_on_a_page_that_names_it(name: str) -> None:
    field = FIELDS[name]
    assert field.clause in CLAUSES
    assert f"`{field.key}`" in PAGE_OF[field.clause.rpartition("-")[0]].read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name, field in FIELDS.items() if field.bounds not in (None, REALS)])
def test_the_clause_of_a_field_states_its_range(name: str) -> None:
    bounds, text = FIELDS[name].bounds, CLAUSES[FIELDS[name].clause]
    assert bounds is not None
    assert in_words(bounds) in text or is_about_token_ids(bounds, text), f"{in_words(bounds)!r} is not in {text!r}"


def in_words(bounds: Bounds) -> str:
    """How the specification writes a range."""
    if bounds.high == INFINITY:
        return f"at least {bounds.low:g}" if bounds.low_included else f"above {bounds.low:g}"
    return str(bounds)


def is_about_token_ids(bounds: Bounds, text: str) -> bool:
    """TOKENS-1 states the range of ids once for all fields."""
    return bounds.low == 0 and bounds.high == INFINITY and re.search(r"\bids?\b|_id\b|EOS id", text) is not None


def test_config_9_names_every_argument_of_the_call() -> None:
    assert set(re.findall(r"`(\w+)`", CLAUSES["CONFIG-9"])) == {"generate"} | CALLS.keys()


def test_every_deviation_that_a_page_names_is_listed() -> None:
    listed = set(re.findall(r"^\| (DEV-\d+) \|", (SPEC / "deviations.md").read_text(encoding="utf-8"), re.MULTILINE))
    named = {cited for page in SPEC.glob("*.md") for _, cited in citations(page) if cited.startswith("DEV-")}
    assert named <= listed, sorted(named - listed)


def test_every_link_leads_to_a_file() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in (*SPEC.glob("*.md"), ROOT / "docs" / "README.md")
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_test_that_the_deviations_name_exists() -> None:
    text = (SPEC / "deviations.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", text)
    assert named
    missing = [
        f"{module}::{test}" for module, test in named
        if f"def {test}(" not in (ROOT / "tests" / module).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_every_deviation_has_a_test() -> None:
    text = (SPEC / "deviations.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (DEV-\d+) \|", text, re.MULTILINE)
    assert {number: listed.count(number) for number in listed} == dict.fromkeys(listed, 2)
