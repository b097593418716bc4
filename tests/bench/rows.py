"""What row-level security costs: a writer's insert, and what a token reads of its own.

python -m tests.bench.rows [ACTIVITIES]: CPU of the backend, with and without row-level security in
turn; then a token's statements over that many activities, a hundred a person.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from statistics import quantiles

from rich.console import Console
from rich.table import Table

from tests.bench.machine import measured_database
from tests.bench.stand import OURS, Activity, Stand, at, made, person, stand
from tests.engine import rule_set

BLOCK, ROUNDS = 45, 400
DOCUMENT = rule_set(
    {
        "first": {"type": "threshold", "at_least": 1},
        "fifty": {"type": "threshold", "activity": "call", "at_least": 50},
        "many": {"type": "threshold", "activity": "call", "at_least": 1000},
    }
)
FILL = """
insert into badges.activities (peer_mentor_id, org_id, activity_type, occurred_at, activity_date)
select md5((n %% (%s / 100))::text)::uuid, 'nhf', 'call', moment, moment::date
from generate_series(%s + 1, %s + 200000) as n
cross join lateral (
    select timestamptz '2020-01-01 12:00+00' + n * interval '1 minute'
) as m (moment)
"""
READS = {
    "own activities, by the table": "select * from badges.activities",
    "own awards, by the table": "select org_id, badge_definition_id from badges.earned_badges",
    "`my_badges()`": "select * from badges.my_badges()",
    "`my_progress()`": "select * from badges.my_progress()",
}
BESIDE = {
    "own activities, by the table": "select * from badges.activities"
    " where peer_mentor_id = '{who}'",
    "own awards, by the table": "select org_id, badge_definition_id from badges.earned_badges"
    " where peer_mentor_id = '{who}'",
    "`my_progress()`": "select * from badges.get_badge_progress('{who}', 'nhf')",
}


def writing(place: Stand) -> float:
    """Insert as the application does; gives what it takes bound by policies, of what it takes free.

    Members of pgmerit_writer in turn, of whom one has BYPASSRLS.
    """
    roles = ("pgmerit_bench_bound", "pgmerit_bench_free")
    for role in roles:
        place.connection.execute(f"create role {role} in role pgmerit_writer".encode())
    place.connection.execute("alter role pgmerit_bench_free bypassrls")
    found: dict[str, list[float]] = {role: [] for role in roles}
    for n in range(ROUNDS):
        # Who goes first changes, so that what the tables grow by falls on both alike.
        for role in sorted(roles, reverse=bool(n % 2)):
            place.connection.execute(f"set role {role}".encode())
            for values in (_block(n, 5), _block(n, BLOCK)):
                spent = place.insert(values)
            found[role].append(spent)
    place.connection.execute("reset role")
    place.connection.execute(f"drop role {', '.join(roles)}".encode())
    bound, free = (quantiles(found[role], n=4) for role in roles)
    Console().print(f"bound {bound[1]:.0f}, free {free[1]:.0f} microseconds")
    return bound[1] / free[1]


def _block(day: int, size: int) -> list[Activity]:
    return [
        made("nhf", person(n % 200), "call", at(day // 8) + timedelta(seconds=day * 7 + n))
        for n in range(size)
    ]


def reading(place: Stand, activities: int) -> dict[str, tuple[float, float | None]]:
    """Read as a token does; gives microseconds, and those of a service that names the person."""
    for begun in range(0, activities, 200_000):
        place.connection.execute(FILL.encode(), (activities, begun, begun))
    for table in (OURS, "badges.peer_mentor_stats", "badges.earned_badges"):
        place.connection.execute(f"vacuum analyze {table}".encode())
    who = place.value("select md5('77')::uuid")
    place.connection.execute(
        "select set_config('request.jwt.claims', %s, false)", (json.dumps({"sub": str(who)}),)
    )
    found: dict[str, tuple[float, float | None]] = {}
    for name, query in READS.items():
        place.connection.execute("set role pgmerit_person")
        place.cost(query, [()] * 20)
        token = place.cost(query, [()] * 300)
        place.connection.execute("set role pgmerit_reader")
        beside = BESIDE.get(name)
        if beside:
            place.cost(beside.format(who=who), [()] * 20)
        found[name] = (token, place.cost(beside.format(who=who), [()] * 300) if beside else None)
    found["an organization's, counted by its administrator"] = _administered(place)
    place.connection.execute("set role pgmerit_person")
    plan = place.connection.execute(b"explain (costs off) select * from badges.activities")
    Console().print("\n".join(line["QUERY PLAN"] for line in plan.fetchall()))
    return found


def _administered(place: Stand) -> tuple[float, float]:
    query = "select count(*) from badges.activities"
    place.connection.execute("set role pgmerit_reader")
    service = place.cost(query, [()] * 3)
    with place.connection.transaction():
        place.connection.execute("set local role pgmerit_person")
        place.connection.execute('set local request.jwt.claims = \'{"pgmerit_admin_of": "nhf"}\'')
        return place.cost(query, [()] * 3), service


def run(activities: int) -> None:
    """Measure and print."""
    table = Table("what", "microseconds", "a service", title=f"{activities:,} activities")
    with measured_database(None, None, None) as machine, stand(machine) as place:
        place.apply(DOCUMENT)
        Console().print(f"insert as pgmerit_writer: {writing(place):.3f} of one with BYPASSRLS")
        for name, (token, beside) in reading(place, activities).items():
            table.add_row(name, f"{token:,.0f}", "" if beside is None else f"{beside:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000)
