"""What an insert reads right after an apply, with statistics of the rules and without.

Compiled rules without statistics made an insert read millions of rows until autovacuum came. An
apply leaves statistics behind, and what they say does not matter.
"""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import activity, person, rule_set, value
from tests.engine import insert as insert_rows
from tests.sources import stand

CALL = {"type": "threshold", "activity": "call"}
RULES: dict[str, dict[str, Any]] = {
    "occurrences": {
        f"r{n}": CALL | {"measure": measure, "at_least": 1, "repeat": {"every": 1, "max": 1000}}
        for n, measure in enumerate(("count", "sum", "active_days", "count", "sum"))
    },
    "tiers": {
        f"t{n}": {
            "type": "tier",
            "activity": "call",
            "where": {"kind": f"k{n % 7}"},
            "tiers": [{"tier": f"t{k}", "at_least": k + n + 1} for k in range(50)],
        }
        for n in range(100)
    },
    "parts": {
        f"c{n}": {
            "type": "all_of",
            "criteria": [
                CALL | {"where": {"kind": f"k{(k + n) % 9}"}, "at_least": k + 1} for k in range(40)
            ],
        }
        for n in range(20)
    },
    "tenures": {
        f"d{n}": {"type": "tenure", "activity": "call", "days": n % 400 + 1} for n in range(300)
    },
}
# What pg_class and pg_statistic say of a table that nobody ever analyzed.
FORGET = (
    """
    delete from pg_statistic where starelid in (
        select oid from pg_class
        where relnamespace in ('badges'::regnamespace, 'badges_internal'::regnamespace)
    )
    """,
    """
    update pg_class set reltuples = -1, relpages = 0
    where relkind in ('r', 'i')
    and relnamespace in ('badges'::regnamespace, 'badges_internal'::regnamespace)
    """,
)
BY_VERSION = "peer_mentor_stats_base_rows"
INSERT = (
    "select badges.record_activity(%s, 'nhf', 'call', timestamptz '2025-01-01 12:00+00'"
    """ + make_interval(days => %s), 1, '{"kind": "k5"}')"""
)


def buffers(dsn: str, name: str) -> list[int]:
    """Give what each of a dozen inserts of a new person reads: the lower of two sessions.

    Databases that come and go beside make a session forget names and plans.
    """
    first, second = (_buffers(dsn, f"{name}, {number}") for number in range(2))
    return list(map(min, first, second))


def _buffers(dsn: str, name: str) -> list[int]:
    found = []
    with psycopg.connect(dsn, autocommit=True) as session:
        for day in range(12):
            row = session.execute(
                f"explain (analyze, buffers, timing off, format json) {INSERT}".encode(),
                (person(name), day),
            ).fetchone()
            assert row is not None
            plan = row[0][0]["Plan"]
            found.append(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
    return found


@pytest.mark.parametrize("rules", RULES)
def test_an_insert_reads_the_same_with_statistics_and_without(
    connection: Connection, dsn: str, rules: str
) -> None:
    document = rule_set(RULES[rules], {"nhf": {"time_zone": "UTC"}, "hlf": {"time_zone": "UTC"}})
    value(connection, "select badges.apply_rule_set(%s)", Jsonb(document))
    buffers(dsn, "the first reads the catalogue")
    known = buffers(dsn, "with statistics")
    for statement in FORGET:
        connection.execute(statement.encode())
    unknown = buffers(dsn, "without statistics")
    # Planning and the catalogue's cache are in the first of a session.
    assert max(unknown[1:]) <= 1.5 * max(known[1:]) + 50


def test_milestones_are_marked_within_their_pages(connection: Connection) -> None:
    """A second entry each would make an index larger, and another one look as cheap."""
    document = rule_set(RULES["parts"], {"nhf": {"time_zone": "UTC"}})
    with connection.transaction():
        value(connection, "select badges.apply_rule_set(%s)", Jsonb(document))
        changed = "select pg_stat_get_xact_tuples_{}('badges_internal.milestones'::regclass)"
        marked = value(connection, changed.format("updated"))
        assert marked == value(connection, "select count(*) from badges_internal.milestones") == 800
        assert value(connection, changed.format("hot_updated")) == marked


def test_without_statistics_nobody_known_is_looked_for_by_their_version(
    connection: Connection,
) -> None:
    stand.prepare(connection)
    stand.add(connection, 3000, user_id="n")
    connection.execute("set plan_cache_mode = force_generic_plan")
    stand.attach(connection, batch=1000)
    read = f"select idx_tup_read from pg_stat_all_indexes where indexrelname = '{BY_VERSION}'"
    for statement in FORGET:
        connection.execute(statement.encode())
    connection.execute("discard plans")
    connection.execute("select pg_stat_force_next_flush()")
    before = value(connection, read)
    stand.add(connection, 40, user_id="n * 3")
    for size in (1, 20, 40):
        insert_rows(connection, *(activity("2026-03-01", who=person(f"p{n}")) for n in range(size)))
    connection.execute("delete from badges.activities where activity_date = '2026-03-01'")
    value(connection, "select badges.repair_source('quiz', 1000, true)")
    connection.execute("select pg_stat_force_next_flush()")
    assert value(connection, read) == before
