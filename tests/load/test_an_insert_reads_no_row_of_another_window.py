"""A person has a row of the snapshot for each day, month or value in which something was counted.

An activity reads those that it counts in, by their keys, however many the years have left: on
servers before 17, too, whose plans find no row by two lists.
"""

from __future__ import annotations

from uuid import NAMESPACE_OID, uuid5

import pytest
from pgmerit.database import Connection

from tests.engine import (
    ORG,
    activity,
    apply,
    assert_exact,
    entries_read,
    insert,
    rule_set,
    value,
)

DAYS = 300
OTHERS = 300
CALL = {"type": "threshold", "activity": "call"}
RULES = {
    "busy_day": CALL | {"window": "day", "at_least": 9},
    "hours": CALL | {"window": "month", "measure": "sum", "field": "hours", "at_least": 999},
    "places": CALL | {"per": "place", "at_least": 9},
    "kinds": CALL | {"measure": "distinct", "field": "kind", "at_least": 1},
    "each": CALL | {"at_least": 1, "repeat": {"every": 1, "max": 1000}},
}
FILL = """
insert into badges.activities (
    org_id, peer_mentor_id, activity_type, occurred_at, activity_date, attributes
)
select
    %s, %s, 'call', at, at::date, jsonb_build_object('hours', 1, 'place', 'p' || n)
from generate_series(1, %s) as n
cross join lateral (select timestamptz '2024-01-01 12:00+00' + n * interval '1 day') as day (at)
"""
SNAPSHOT = "badges.peer_mentor_stats"


@pytest.mark.parametrize(
    ("day", "kind", "quantity", "most"),
    [
        # Five rows, one of which is begun; a key that is not there yet may be looked at twice.
        ("2025-03-03", None, 1, 30),
        ("2025-03-03", "new", 1, 30),
        ("2024-03-03", None, 1, 60),
        ("2025-03-03", None, -1, 60),
    ],
    ids=["in order", "a new value", "late", "negative"],
)
def test_an_insert_reads_no_row_of_another_window(
    connection: Connection, day: str, kind: str | None, quantity: int, most: int
) -> None:
    apply(connection, rule_set(RULES, {ORG: {"time_zone": "UTC"}}))
    attributes = {"hours": 2, "place": "p7"} | ({"kind": kind} if kind else {})
    one = activity(f"{day} 09:00", quantity=quantity, attributes=attributes)
    connection.execute(FILL.encode(), (ORG, one[1], DAYS))
    # Most people have few rows, which is what plans are made for.
    for n in range(OTHERS):
        connection.execute(FILL.encode(), (ORG, uuid5(NAMESPACE_OID, str(n)), 1))
    connection.execute("vacuum analyze")
    assert value(connection, f"select count(*) from {SNAPSHOT}") >= 2 * DAYS
    with connection.transaction():
        before = entries_read(connection, SNAPSHOT)
        insert(connection, one)
        assert entries_read(connection, SNAPSHOT) - before <= most
    assert_exact(connection)
