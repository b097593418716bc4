"""What an activity reads of a person with thousands of windows, values and elements.

The session has its plans from when the tables were empty, as a pool's sessions have them, and the
tables are never analyzed: an insert may neither read all rows of its person nor all stats of its
organization.
"""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection

from tests.engine import apply, person, rule_set, value

NEVER = 10**6
CALL: dict[str, Any] = {"type": "threshold", "activity": "call", "at_least": NEVER}
STREAK: dict[str, Any] = {"type": "streak", "activity": "call", "length": NEVER}
RULES: dict[str, dict[str, Any]] = {
    "window": CALL | {"window": "day"},
    "per": CALL | {"per": "place"},
    "field": CALL | {"measure": "sum", "field": "minutes", "window": "day"},
    "distinct": CALL | {"measure": "distinct", "field": "topic"},
    "per_value": CALL | {"measure": "distinct", "field": "topic", "per_value": {"at_least": 2}},
    "per_unit": STREAK | {"unit": "week", "per_unit": {"at_least": 2}},
    "grace": STREAK | {"unit": "day", "grace": 2},
    "rolling_days": CALL | {"window": {"rolling_days": 7}},
    "often": CALL | {"at_least": 10, "repeat": {"every": 10, "max": 1000}},
}
FEW, MANY = 20, 2000  # days, each with an activity, a place and a topic of its own
INSERT = """
    select badges.record_activity(
        %s, %s, 'call', timestamptz '2015-01-01 12:00+00' + make_interval(days => %s, secs => %s),
        1, jsonb_build_object('place', 'p' || %s::text, 'topic', 't' || %s::text, 'minutes', %s)
    )
"""
FILL = """
    insert into badges.activities (
        org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity, attributes
    )
    select
        %s, %s, 'call', at, at::date, 1,
        jsonb_build_object('place', 'p' || n, 'topic', 't' || n, 'minutes', n)
    from generate_series(1, %s) as n
    cross join lateral (values (timestamptz '2015-01-01 12:00+00' + make_interval(days => n)))
        as made (at)
"""
# Days after the last, seconds, place, topic, minutes.
WAYS = {
    "in order, all of it new": (1, 0, "new", "new", 5),
    "in order, nothing new": (0, 60, "1", "1", 5),
    "late, of an old day": (-9, 90, "2", "2", 5),
    "late, with a new topic": (-9, 91, "newer", "newer", 5),
    "negative": (0, 120, "3", "3", -5),
}


def read(session: psycopg.Connection[Any], org: str, name: str, days: int, way: str) -> int:
    """Give how many pages an activity reads that nothing is left of."""
    day, second, place, topic, minutes = WAYS[way]
    values = (person(name), org, days + day, second, place, topic, minutes)
    session.execute("begin")
    row = session.execute(
        f"explain (analyze, buffers, timing off, format json) {INSERT}".encode(), values
    ).fetchone()
    session.execute("rollback")
    assert row is not None
    plan = row[0][0]["Plan"]
    found: int = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return found


@pytest.mark.parametrize("key", RULES)
def test_an_insert_reads_no_more_of_a_person_with_many_rows(
    connection: Connection, dsn: str, key: str
) -> None:
    others = {
        f"other{n}": CALL | {"at_least": NEVER, "where": {"place": f"o{n}"}} for n in range(60)
    }
    orgs = {"few": [key], "many": [key, *others]}
    apply(
        connection,
        rule_set(
            {key: RULES[key]} | others,
            {org: {"time_zone": "UTC", "badges": badges} for org, badges in orgs.items()},
        ),
    )
    with psycopg.connect(dsn, autocommit=True) as session:
        for way in WAYS:
            for org in orgs:
                read(session, org, "the first makes the plans", 3, way)
                read(session, org, "and a second", 3, way)
        sizes = {"few": FEW, "many": MANY}
        for name, days in sizes.items():
            for org in orgs:
                connection.execute(FILL.encode(), (org, person(name), days))
        found: dict[tuple[str, str], dict[str, int]] = {}
        for way in WAYS:
            for org in orgs:
                for name, days in sizes.items():
                    read(session, org, name, days, way)
                    found.setdefault((way, org), {})[name] = read(session, org, name, days, way)
    assert value(connection, "select count(*) from badges.activities") == 2 * (FEW + MANY)
    for way, by_name in found.items():
        assert by_name["many"] <= 1.5 * by_name["few"] + 25, (way, by_name)
