"""An apply in a database that was vacuumed while it held little: it plans for empty tables.

What it writes of its people it looks at person by person: by an index, or its time would grow with
their square.
"""

from __future__ import annotations

from pgmerit.database import Connection

from tests.engine import ORG, apply, rule_set, value

PEOPLE = 300
CALL = {"type": "threshold", "activity": "call", "at_least": 1}
TENURE = {"type": "tenure", "activity": "call", "days": 30}
LAPSING = CALL | {"window": {"last_days": 90}}
FILL = """
insert into badges.activities (
    org_id, peer_mentor_id, activity_type, occurred_at, activity_date
)
select %s, md5(who::text)::uuid, 'call', at, at::date
from generate_series(1, %s) as who
cross join (values (timestamptz '2026-01-01 12:00+00'), ('2026-02-20 12:00+00')) as made (at)
"""
READ = """
select pg_stat_get_xact_tuples_returned('badges_internal.due_people'::regclass)
"""


def test_no_apply_reads_a_table_person_by_person(connection: Connection) -> None:
    apply(connection, rule_set({"call": CALL}, {ORG: {"time_zone": "UTC"}}))
    connection.execute(FILL.encode(), (ORG, PEOPLE))
    connection.execute("vacuum analyze")
    new = rule_set({"call": CALL, "old": TENURE, "lately": LAPSING}, {ORG: {"time_zone": "UTC"}})
    new["badges"]["lately"]["on_unmet"] = "lapse"
    before = value(connection, READ)
    apply(connection, new)
    assert value(connection, "select count(*) from badges_internal.due_people") == PEOPLE
    assert value(connection, READ) - before <= 20 * PEOPLE
