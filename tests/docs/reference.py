"""The reference pages that come from the source: SQL routines, commands, keys of rules.

`python -m tests.docs.reference` writes them anew; a test compares them. What is written stands
between `<!-- NAME: written by tests/docs/reference.py -->` and `<!-- end of NAME -->`; the examples
are in tests/docs/examples.sql and examples.yaml, and what they give is what they gave.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pgmerit.testing import TEMPLATE, migrated_server

from tests.docs import commands, keys, routines
from tests.docs.markdown import fill
from tests.house.sources import ROOT

PAGES = {
    ROOT / "docs/sql.md": routines.sections,
    ROOT / "docs/commands.md": commands.sections,
    ROOT / "docs/rule-keys.md": keys.sections,
}


def written(dsn: str) -> dict[Path, str]:
    """Give each page as it should be; the examples run on one migrated database without rules."""
    return {page: fill(page.read_text(), sections(dsn)) for page, sections in PAGES.items()}


def main() -> None:
    """Write the pages."""
    with migrated_server() as cluster:
        for page, text in written(cluster.dsn(TEMPLATE)).items():
            page.write_text(text)
            sys.stdout.write(f"{page.relative_to(ROOT)} is written\n")


if __name__ == "__main__":
    main()
