"""A database that an earlier version made, its routines and data in it, becomes like a new one.

landed.sql.xz is a dump without owners: 19 migrations, the peer mentors' rules, 240
activities. A migration that drops what the routines of that time hold on to fails here, and only
here: in a new database no routine is loaded before the last migration.
"""

from __future__ import annotations

import contextlib
import lzma
from pathlib import Path

import psycopg
from pgmerit import schema
from pgmerit.database import connect

from tests.engine import assert_exact, value
from tests.house.schema_dump import DUMP, describe

LANDED = Path(__file__).with_name("landed.sql.xz")
INSERT = """
    insert into badges.activities (
        org_id, peer_mentor_id, activity_type, occurred_at, quantity, attributes
    )
    select
        org_id, peer_mentor_id, activity_type, occurred_at - interval '3 days', quantity, attributes
    from badges.activities
    where activity_id % 10 = 0
"""


def test_it_ends_as_a_new_one_and_exact(empty_dsn: str, dsn: str) -> None:
    assert describe(dsn) == DUMP.read_text()  # and so the roles are there
    with psycopg.connect(empty_dsn, autocommit=True) as session:
        session.execute(lzma.decompress(LANDED.read_bytes()))
    report = schema.migrate(empty_dsn)
    assert report.applied
    assert schema.migrate(empty_dsn).is_empty()
    assert describe(empty_dsn) == DUMP.read_text()
    with contextlib.closing(connect(empty_dsn, autocommit=True)) as connection:
        assert value(connection, "select count(*) from badges.earned_badges") == 38
        assert_exact(connection)
        connection.execute(INSERT)
        connection.execute("delete from badges.activities where activity_id % 17 = 0")
        assert_exact(connection)
