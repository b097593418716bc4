"""A badge that somebody holds many times: one award more reads no other occurrence of it.

A badge is given up to a thousand times, and has as many tiers as its author likes. What an award
has to know of what is held, it asks by the whole key.
"""

from __future__ import annotations

from datetime import datetime

import pytest
from pgmerit.database import Connection

from tests.engine import ORG, apply, entries_read, rule_set, value

CALLS = {
    "type": "threshold",
    "activity": "call",
    "at_least": 1,
    "repeat": {"every": 1, "max": 1000},
}
HELD = 300
FOLDED = 40  # more than thirty rows are folded
INSERT = """
insert into badges.activities (
    org_id, peer_mentor_id, activity_type, occurred_at, activity_date
)
select %s, md5('one')::uuid, 'call', %s + n * interval '1 minute', %s::date
from generate_series(1, %s) as n
"""
OTHERS = """
insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at, activity_date)
select %s, md5(n::text)::uuid, 'call', '2026-03-01 12:00+00', '2026-03-01'
from generate_series(1, 300) as n
"""


def insert(connection: Connection, day: int, rows: int) -> None:
    at = datetime.fromisoformat(f"2026-03-{day:02} 12:00+00:00")
    connection.execute(INSERT.encode(), (ORG, at, at, rows))


@pytest.mark.parametrize(
    ("rows", "most"),
    # Whether anything is dated later is asked once by a statement that folds, not by each award.
    [(1, 2), (FOLDED, HELD + 2 * FOLDED)],
)
def test_what_is_held_already_does_not_make_an_award_dearer(
    connection: Connection, rows: int, most: int
) -> None:
    apply(connection, rule_set({"calls": CALLS}, {ORG: {"time_zone": "UTC"}}))
    insert(connection, 1, HELD)
    assert value(connection, "select count(*) from badges.earned_badges") == HELD
    with connection.transaction():
        before = entries_read(connection, "badges.earned_badges")
        insert(connection, 2, rows)
        assert entries_read(connection, "badges.earned_badges") - before <= most
    assert value(connection, "select count(*) from badges.earned_badges") == HELD + rows


def test_a_correction_asks_each_award_for_its_own_milestones(connection: Connection) -> None:
    apply(connection, rule_set({"calls": CALLS}, {ORG: {"time_zone": "UTC"}}))
    insert(connection, 1, HELD)
    # Most people hold little, which is what plans are made for.
    connection.execute(OTHERS.encode(), (ORG,))
    connection.execute("vacuum analyze")
    changed = "update badges.activities set quantity = 2 where activity_id = %s"
    first = value(connection, "select min(activity_id) from badges.activities")
    with connection.transaction():
        before = entries_read(connection, "badges_internal.milestones")
        connection.execute(changed.encode(), (first,))
        # Those that are held and all of the badge a few times, not all of it for each that is held.
        assert entries_read(connection, "badges_internal.milestones") - before <= 10 * (HELD + 1000)
