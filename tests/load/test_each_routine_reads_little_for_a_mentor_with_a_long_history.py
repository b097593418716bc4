"""The buffers each routine reads for a mentor with 500 and one with 10,000 activities.

Both lie among many rows of others. A routine in order, or late, reads what the snapshot and a few
index probes hold; only deletes may read the person's history, and dating an award the rows of its
stat. Run with -s, the test prints the table.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from pgmerit.database import Connection

from tests.engine import ORG, apply, assert_exact, person, rows, rule_set, value

SMALL, LARGE = person("five hundred"), person("ten thousand")
RULES: dict[str, Any] = {
    "first": {"type": "threshold", "activity": "call", "at_least": 1},
    "hours": {
        "type": "tier",
        "measure": "sum",
        "tiers": [{"tier": "a", "at_least": 50}, {"tier": "b", "at_least": 1_000_000}],
    },
    "home": {
        "type": "threshold",
        "activity": "call",
        "where": {"kind": "home"},
        "at_least": 1_000_000,
    },
    "daily": {"type": "streak", "unit": "day", "length": 100_000},
    "weekly": {"type": "streak", "activity": "call", "unit": "week", "length": 4},
    "kinds": {"type": "threshold", "measure": "distinct", "field": "kind", "at_least": 50},
}
# Days are spread over five years for everybody; the last is 2025-12-27.
FILL = """
    insert into badges.activities (
        org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity, attributes
    )
    select
        'nhf', id, 'call', at, at::date, 1,
        jsonb_build_object('kind', (array['home', 'tel'])[1 + n %% 2])
    from (
        select id, n, timestamptz '2021-01-01 12:00+00' + n * span / of_them as at
        from (
            select %(small)s::uuid as id, 500 as of_them
            union all
            select %(large)s::uuid, 10000
            union all
            select md5(other::text)::uuid, 60 from generate_series(1, %(others)s / 60) as other
        ) as people
        cross join lateral generate_series(0, of_them - 1) as n
        cross join (values (interval '1820 days')) as length (span)
    ) as numbered
"""
ROUTINES = {
    "record_activity in order": (
        "select badges.record_activity(%s, 'nhf', 'call', '2026-01-05 12:00+00', 1,"
        """ '{"kind": "home"}')"""
    ),
    "record_activity late": (
        "select badges.record_activity(%s, 'nhf', 'call', '2023-05-05 12:00+00', 1,"
        """ '{"kind": "home"}')"""
    ),
    "get_badge_progress": "select * from badges.get_badge_progress(%s, 'nhf')",
    "explain_badge": "select badges.explain_badge(%s, 'kinds', 'nhf')",
    "explain_badge earned": "select badges.explain_badge(%s, 'hours', 'nhf')",
    "evaluate_badges": "select * from badges.evaluate_badges(%s, 'nhf')",
    "delete of one": "select pg_temp.delete_one(%s)",
}
# A trigger's buffers are told only as part of the function that fires it.
DELETE_ONE = """
    create function pg_temp.delete_one(p_peer_mentor_id uuid) returns void language sql as $$
        delete from badges.activities
        where peer_mentor_id = p_peer_mentor_id
        and activity_id = (
            select min(activity_id) from badges.activities where peer_mentor_id = p_peer_mentor_id
        )
    $$
"""
KEEPS_TO_THE_SNAPSHOT = (
    "record_activity in order",
    "record_activity late",
    "get_badge_progress",
    "explain_badge",
)


def buffers(connection: Connection, query: str, who: UUID) -> int:
    """Count the buffers that a warm run of the query hits and reads; it leaves nothing.

    The least of three: databases that come and go beside make a session forget names and plans.
    """
    explain = f"explain (analyze, buffers, format json) {query}".encode()
    counts: list[int] = []
    for _ in range(3):
        connection.execute("begin")
        found = connection.execute(explain, (who,)).fetchone()
        connection.execute("rollback")
        assert found is not None
        told = found["QUERY PLAN"]
        (plan,) = told if isinstance(told, list) else json.loads(told)
        counts.append(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])
    return min(counts)


def measured(connection: Connection, others: int) -> dict[str, tuple[int, int]]:
    apply(connection, rule_set(RULES, {ORG: {"time_zone": "UTC"}}))
    connection.execute(FILL.encode(), {"small": SMALL, "large": LARGE, "others": others})
    connection.execute("analyze")
    connection.execute(DELETE_ONE)
    assert value(connection, "select count(*) from badges.activities") >= others
    found = {
        name: (buffers(connection, query, SMALL), buffers(connection, query, LARGE))
        for name, query in ROUTINES.items()
    }
    print(f"\nbuffers among {others:,} rows of others      500    10,000")
    for name, (small, large) in found.items():
        print(f"{name:40} {small:6,} {large:9,}")
    return found


def assert_history_costs_nothing(found: dict[str, tuple[int, int]]) -> None:
    for name in KEEPS_TO_THE_SNAPSHOT:
        small, large = found[name]
        assert large <= 1.5 * small + 20, name
    # A delete rebuilds the stats it touches; nothing reads more than the person's own rows.
    assert all(large < 40_000 for _, large in found.values()), found


def test_history_costs_nothing_among_a_hundred_thousand(connection: Connection) -> None:
    assert_history_costs_nothing(measured(connection, 100_000))
    assert rows(connection, "select * from badges.verify_stats(%s)", SMALL) == []
    assert rows(connection, "select * from badges.verify_stats(%s)", LARGE) == []


@pytest.mark.soak
def test_history_costs_nothing_among_a_million(connection: Connection) -> None:
    assert_history_costs_nothing(measured(connection, 1_000_000))
    assert_exact(connection)
