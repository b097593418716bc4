"""How long a curve takes: one badge of each kind, rules that nobody has measured yet.

python -m tests.bench.calibrating [ACTIVITIES]: two million unless told, of 40,000 people, three
years of them, few people with many and many with few. Seconds are the backend's own on a processor.
"""

from __future__ import annotations

import sys

from pgmerit import routines
from pgmerit.database import Connection
from rich.console import Console
from rich.table import Table

from tests.bench.machine import measured_database
from tests.bench.stand import stand
from tests.engine import ORG, rule_set

PER_PERSON = 50
MADE = """
insert into badges.activities (
    org_id, peer_mentor_id, activity_type, occurred_at, quantity, attributes
)
select
    %(org)s, md5(person::text)::uuid,
    (array['assignment', 'assignment', 'call', 'group_meeting'])[1 + abs(hashint8(n)) %% 4],
    now() - interval '3 years' * (abs(hashint8(n + person)) %% 1000000) / 1000000.0,
    1 + abs(hashint8(n * 3)) %% 8,
    jsonb_build_object(
        'kind', (array['visit', 'clinic', 'phone', 'school'])[1 + abs(hashint8(n * 5)) %% 4],
        'minutes', 10 + abs(hashint8(n * 7)) %% 110
    )
from generate_series(1, %(activities)s) as n
cross join lateral (
    select 1 + floor(
        %(people)s * (abs(hashint8(n * 11)) %% 1000000 / 1000000.0) ^ 2
    )::bigint as person
) as chosen
"""
VISITS = {"activity": "assignment", "where": {"kind": "visit"}}
RULES = {
    "kept in the snapshot, a count": {"type": "threshold", "activity": "call", "at_least": 20},
    "count with where, best quarter": {
        "type": "threshold", **VISITS, "window": "quarter", "at_least": 4,
    },
    "sum of an attribute": {
        "type": "threshold", "measure": "sum", "field": "minutes", "at_least": 600,
    },
    "best 30 days": {
        "type": "threshold", "activity": "call", "window": {"rolling_days": 30}, "at_least": 5,
    },
    "weeks in a row": {"type": "streak", "unit": "week", "length": 8},
    "tenure": {"type": "tenure", "activity": "assignment", "months": 12},
    "all of three": {
        "type": "all_of",
        "criteria": [
            {"type": "threshold", **VISITS, "at_least": 10},
            {"type": "threshold", "measure": "active_days", "at_least": 20},
            {"type": "tenure", "days": 100},
        ],
    },
}  # fmt: skip
PARTS = {"all of three": "$.criteria[0]"}


def fell(connection: Connection, people: int) -> None:
    """Take something back of every tenth person."""
    connection.execute(
        "insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at,"
        " quantity, attributes)"
        " select %s, md5(person::text)::uuid, 'assignment', now(), -1, '{\"minutes\": -30}'"
        " from generate_series(1, %s, 10) as person",
        (ORG, people),
    )


def run(activities: int) -> None:
    """Measure and print."""
    people = activities // PER_PERSON
    table = Table("rule", "seconds")
    with measured_database(None, None, None) as machine, stand(machine) as place:
        connection = place.connection
        place.apply(rule_set({"calls": RULES["kept in the snapshot, a count"]}))
        connection.execute(MADE.encode(), {"org": ORG, "activities": activities, "people": people})
        connection.execute("vacuum analyze")

        def measured(name: str) -> str:
            document = rule_set({"asked": RULES[name]})
            taken = place.spent(
                lambda: routines.calibrate_badge(
                    connection, "asked", share=0.1, part=PARTS.get(name), document=document
                )
            )
            return f"{taken / 1e6:.1f}"

        for name in RULES:
            table.add_row(name, measured(name))
        fell(connection, people)
        for name in ("sum of an attribute", "all of three"):
            table.add_row(f"{name}, a sum fell of every tenth person", measured(name))
    Console().print(f"{activities:,} activities of {people:,} people", table)


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000)
