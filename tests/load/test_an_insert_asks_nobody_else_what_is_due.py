"""Where badges lapse, what is next due is noted of each person: an insert reads its own people's.

Hardly anybody has a day noted before which nothing can be reached, so plans take such rows for few,
and would look through everybody's for them.
"""

from __future__ import annotations

from pgmerit.database import Connection

from tests.engine import ANN, ORG, activity, apply, entries_read, insert, rule_set, value

PEOPLE = 300
GOING = {
    "type": "threshold",
    "activity": "call",
    "window": {"last_days": 9},
    "at_least": 2,
}
FILL = """
insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at, activity_date)
select %s, md5(n::text)::uuid, 'call', at, at::date
from generate_series(1, %s) as n
cross join (values (timestamptz '2026-03-01 12:00+00'), ('2026-03-02 12:00+00')) as made (at)
"""
DUE = "badges_internal.due_people"


def test_an_insert_asks_nobody_else_what_is_due(connection: Connection) -> None:
    document = rule_set({"going": GOING}, {ORG: {"time_zone": "UTC"}})
    document["badges"]["going"]["on_unmet"] = "lapse"
    apply(connection, document)
    connection.execute(FILL.encode(), (ORG, PEOPLE))
    insert(connection, activity("2026-03-02"))
    connection.execute("vacuum analyze")
    assert value(connection, f"select count(*) from {DUE}") >= PEOPLE
    with connection.transaction():
        before = entries_read(connection, DUE)
        insert(connection, activity("2026-03-02 15:00", who=ANN))
        insert(connection, activity("2026-03-01 15:00", who=ANN))
        assert entries_read(connection, DUE) - before <= 40
