"""A readable account of everything in our schemas, the same on every server version.

`make schema` writes docs/schema.sql; a house test compares it with a fresh database, so that no
change of the schema goes unseen in a review.
"""

from __future__ import annotations

import contextlib
import sys

from pgmerit.database import connect
from pgmerit.schema import description
from pgmerit.testing import TEMPLATE, migrated_server

from tests.house.sources import ROOT

DUMP = ROOT / "docs" / "schema.sql"
HEADING = """\
-- The schema as it is after `pgmerit migrate`: read it, change migrations/ and sql/ instead.
-- Written by `make schema`, compared by a test.
"""


def describe(dsn: str) -> str:
    """Give the account of a migrated database."""
    parts = [HEADING]
    with contextlib.closing(connect(dsn, autocommit=True)) as connection:
        connection.execute("set search_path = pg_catalog, pg_temp")
        for title, lines in description.describe(connection).items():
            gap = "\n\n" if title in ("Types", "Tables", "Views") else "\n"
            if lines:
                parts.append(f"-- {title}\n\n{gap.join(lines)}\n")
    return "\n".join(parts)


def main() -> None:
    """Write docs/schema.sql from a fresh database."""
    with migrated_server() as cluster:
        DUMP.write_text(describe(cluster.dsn(TEMPLATE)))
    sys.stdout.write(f"{DUMP.relative_to(ROOT)} is written\n")


if __name__ == "__main__":
    main()
