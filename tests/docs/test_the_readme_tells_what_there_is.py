"""README.md: tables that come from the code are as the code is; links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs import tables
from tests.house.sources import ROOT

PAGES = [ROOT / "README.md", ROOT / "migrations/README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("name", ["sql", "commands"])
def test_a_generated_table_is_as_the_code_is(name: str, dsn: str) -> None:
    stands = tables.find_section(tables.README.read_text(), name)
    assert stands == tables.sections(dsn)[name], "write it anew: python -m tests.docs.tables"


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]*)\)", page.read_text()):
        name, _, anchor = target.partition("#")
        linked = page.parent / name if name else page
        assert linked.exists(), target
        assert not anchor or anchor in _anchors(linked), target


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_sql_file_named_is_there(page: Path) -> None:
    there = {path.name for path in (ROOT / "sql").rglob("*.sql")}
    there |= {path.name for path in (ROOT / "migrations").glob("*.sql")} | {"schema.sql"}
    named = re.findall(r"`(?:[\w/]*/)?(\w+\.sql)`", page.read_text())
    assert not {name for name in named if not name.startswith("NNNN")} - there


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "README.md").read_text().partition("\n## Docs\n")[2]
    missing = [page.name for page in (ROOT / "docs").iterdir() if f"docs/{page.name}" not in index]
    assert not missing


def _anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", head.lower()).strip().replace(" ", "-") for head in heads}
