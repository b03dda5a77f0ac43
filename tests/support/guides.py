"""Read what the guides show."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def blocks(language: str, page: str) -> list[str]:
    """Give the blocks of a page that are written in a language."""
    text = (ROOT / "docs/guide" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def tables(page: str) -> list[list[list[str]]]:
    """Give the cells of the tables of a page, row by row, without their heads."""
    text = (ROOT / "docs/guide" / page).read_text(encoding="utf-8")
    found = [one.splitlines()[2:] for one in re.findall(r"(?:^\|.*\|\n)+", text, re.M)]
    return [[[cell.strip() for cell in line.strip("| ").split("|")] for line in lines] for lines in found]
