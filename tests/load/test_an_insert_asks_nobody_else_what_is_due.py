"""Where badges lapse, what is next due is noted of each person: an insert reads its own people's.

Hardly anybody has a day noted before which nothing can be reached, so plans take such rows for few,
and would look through everybody's for them.
"""

from __future__ import annotations

from pgmerit.database import Connection

from tests.engine import ANN, ORG, activity, apply, insert, rule_set, value

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
READ = """
select sum(pg_stat_get_xact_tuples_returned(own.oid))
from (
    select indexrelid from pg_index where indrelid = 'badges_internal.due_people'::regclass
    union all
    select 'badges_internal.due_people'::regclass
) as own (oid)
"""


def test_an_insert_asks_nobody_else_what_is_due(connection: Connection) -> None:
    document = rule_set({"going": GOING}, {ORG: {"time_zone": "UTC"}})
    document["badges"]["going"]["on_unmet"] = "lapse"
    apply(connection, document)
    connection.execute(FILL.encode(), (ORG, PEOPLE))
    insert(connection, activity("2026-03-02"))
    connection.execute("vacuum analyze")
    noted = "select count(*) from badges_internal.due_people"
    assert value(connection, noted) >= PEOPLE
    with connection.transaction():
        before = value(connection, READ)
        insert(connection, activity("2026-03-02 15:00", who=ANN))
        insert(connection, activity("2026-03-01 15:00", who=ANN))
        assert value(connection, READ) - before <= 40
