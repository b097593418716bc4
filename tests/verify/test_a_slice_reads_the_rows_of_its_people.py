"""Verification looks at the people slice by slice: each reads what its own people have.

A slice that read a whole table would make the time of all grow with its square. Awards of a limited
badge are the exception, since its places are counted over everybody.
"""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from pgmerit.database import Connection

from tests.engine import ORG, apply, rule_set, value
from tests.verify.hand_filled import past_the_triggers

OURS = UUID(int=0), UUID(int=1 << 100)
TABLES = (
    "badges.activities",
    "badges.earned_badges",
    "badges.peer_mentor_stats",
    "badges_internal.stat_elements",
    "badges_internal.due_people",
)
VISIT = {"type": "threshold", "activity": "visit"}
RULES = {
    "often": VISIT | {"at_least": 2},
    "long": VISIT | {"measure": "sum", "at_least": 5},
    "kinds": VISIT | {"measure": "distinct", "field": "kind", "at_least": 3},
    "lately": VISIT | {"window": {"rolling_days": 3}, "at_least": 2},
    "weeks": {"type": "streak", "activity": "visit", "unit": "week", "length": 2},
    "mostly": {"type": "share", "qualify": {"kind": "k1"}, "at_least": 0.1, "of_last": 3},
    "member": {"type": "tenure", "days": 30},
    "collector": {"type": "badges_earned", "at_least": 2},
    "still": VISIT | {"window": {"last_days": 9}, "at_least": 2},
}
# Each has twenty activities, a day apart.
FILL = """
insert into badges.activities (
    org_id, peer_mentor_id, activity_type, occurred_at, activity_date, attributes
)
select
    %(org)s, lpad(to_hex(who), 32, %(fill)s)::uuid, 'visit', at, at::date,
    jsonb_build_object('kind', 'k' || day %% 4)
from generate_series(1, %(people)s) as who
cross join generate_series(1, 20) as day
cross join lateral (values (timestamptz '2024-01-01 12:00+00' + day * interval '1 day')) as m (at)
"""
LOSE = """
delete from badges.earned_badges
where badge_definition_id = 'often'
and peer_mentor_id between %s and %s
"""
READ = """
select
    pg_stat_get_xact_tuples_returned('TABLE'::regclass)
    + pg_stat_get_xact_tuples_fetched('TABLE'::regclass)
"""


def _prepare(connection: Connection) -> None:
    document = rule_set(RULES, {ORG: {"name": ORG, "time_zone": "UTC", "badges": list(RULES)}})
    document["badges"]["still"]["on_unmet"] = "lapse"
    apply(connection, document)
    for people, fill in ((5, "0"), (600, "f")):
        connection.execute(FILL.encode(), {"org": ORG, "people": people, "fill": fill})
    with past_the_triggers(connection), connection.transaction():
        # What differs is looked at once more.
        connection.execute(LOSE, OURS)
    connection.execute("analyze")


def _reads(connection: Connection) -> Counter[str]:
    """Give how many rows the session has read of each table."""
    return Counter({table: value(connection, READ.replace("TABLE", table)) for table in TABLES})


def test_a_slice_reads_the_rows_of_its_people(connection: Connection) -> None:
    _prepare(connection)
    kept = {table: value(connection, f"select count(*) from {table}") for table in TABLES}
    assert min(kept.values()) > 500
    for routine, differences in (("verify_stats", 0), ("verify_awards", 5)):
        query = f"select count(*) from badges.{routine}(null, %s, %s, null)"
        with connection.transaction():
            before = _reads(connection)
            assert value(connection, query, *OURS) == differences
            reads = _reads(connection) - before
        assert reads["badges.activities"] >= 100
        too_many = {table: reads[table] for table in TABLES if reads[table] >= kept[table]}
        assert not too_many, f"{routine} reads more than there is of {too_many}"
