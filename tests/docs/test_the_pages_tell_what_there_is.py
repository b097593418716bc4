"""README.md and docs/: what is generated is as the source is, links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs import reference
from tests.house.sources import ROOT

DOCS = ROOT / "docs"
PAGES = [
    *sorted(ROOT.glob("*.md")),
    ROOT / "migrations/README.md",
    *sorted(DOCS.rglob("*.md")),
]
KINDS = ["Tutorial", "How-tos", "Reference", "Explanation"]

each_page = pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(ROOT)) for p in PAGES])


def test_what_is_generated_is_as_the_source_is(dsn: str) -> None:
    for page, text in reference.written(dsn).items():
        assert page.read_text() == text, "write it anew: python -m tests.docs.reference"


@each_page
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]*)\)", _prose(page)):
        name, _, anchor = target.partition("#")
        linked = page.parent / name if name else page
        assert linked.exists(), target
        assert not anchor or anchor in _anchors(linked), target


@each_page
def test_every_sql_file_named_is_there(page: Path) -> None:
    folders = ("sql", "migrations", "orchestrator", "docs", "tests/docs")
    there = {path.name for folder in folders for path in (ROOT / folder).rglob("*.sql")}
    named = re.findall(r"`(?:[\w/]*/)?(\w+\.sql)`", page.read_text())
    assert not {name for name in named if not name.startswith("NNNN")} - there


def test_the_index_has_every_page_once_in_one_of_four_kinds() -> None:
    index = (DOCS / "README.md").read_text()
    assert re.findall(r"^## (.*)$", index, re.M) == KINDS
    listed = re.findall(r"\]\((?!\.\./)([^)]*)\)", index)
    there = {page for page in DOCS.iterdir() if page.is_file()} | set(DOCS.rglob("*.md"))
    assert sorted(listed) == sorted(
        str(page.relative_to(DOCS)) for page in there - {DOCS / "README.md"}
    )


def test_the_costs_that_readme_tells_are_measured() -> None:
    readme, measured = ((ROOT / name).read_text() for name in ("README.md", "docs/performance.md"))
    costs = readme.partition("\n## What it costs\n")[2].partition("\n## ")[0]
    figures = re.findall(r"(\d[\d,.]*) (?:µs|s|million|awards)\b", costs)
    assert len(figures) > 10
    assert not [
        figure
        for figure in figures
        if not re.search(rf"(?<![\d.,]){re.escape(figure)}(?![\d,]|\.\d)", measured)
    ]


def _prose(page: Path) -> str:
    """Give a page without its fenced blocks: what looks like a link there is none."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)


def _anchors(page: Path) -> set[str]:
    """Give the names of a page's headings as GitHub makes them: a repeated one is numbered."""
    found: set[str] = set()
    for head in re.findall(r"^#+ (.*)$", _prose(page), re.M):
        anchor = name = re.sub(r"[^\w -]", "", head.lower()).strip().replace(" ", "-")
        number = 0
        while anchor in found:
            number += 1
            anchor = f"{name}-{number}"
        found.add(anchor)
    return found
