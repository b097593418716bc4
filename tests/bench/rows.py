"""What row-level security costs: a writer's insert, and what a token reads of its own.

python -m tests.bench.rows [ACTIVITIES]: CPU of the backend, with and without row-level security in
turn; then a token's statements over that many activities, a hundred a person.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from statistics import quantiles

from rich.console import Console
from rich.table import Table

from tests.bench.machine import measured_database
from tests.bench.stand import OURS, Activity, Stand, at, made, person, ratios, stand
from tests.engine import rule_set

BLOCK, ROUNDS = 500, 41
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


def writing(place: Stand) -> list[float]:
    """Insert as the application does; gives each round's ratio of with to without."""
    days = iter(range(10**6))

    def block() -> list[Activity]:
        day = next(days)
        return [
            made("nhf", person(n % 200), "call", at(day // 8) + timedelta(seconds=day * 7 + n))
            for n in range(BLOCK)
        ]

    def way(word: str) -> Callable[[], float]:
        def spent() -> float:
            place.connection.execute("reset role")
            place.connection.execute(f"alter table {OURS} {word} row level security".encode())
            place.connection.execute("set role pgmerit_writer")
            place.insert(block()[:100])
            return place.insert(block())

        return spent

    ways = {word: way(word) for word in ("enable", "disable")}
    found: dict[str, list[float]] = {word: [] for word in ways}
    for n in range(ROUNDS):
        # Who goes first changes, so that what the table grows by falls on both alike.
        for word in sorted(ways, reverse=bool(n % 2)):
            found[word].append(ways[word]())
    place.connection.execute("reset role")
    place.connection.execute(f"alter table {OURS} enable row level security".encode())
    return ratios(found["enable"], found["disable"])


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
    place.connection.execute("set role pgmerit_person")
    plan = place.connection.execute(b"explain (costs off) select * from badges.activities")
    Console().print("\n".join(line["QUERY PLAN"] for line in plan.fetchall()))
    return found


def run(activities: int) -> None:
    """Measure and print."""
    table = Table("what", "microseconds", "a service", title=f"{activities:,} activities")
    with measured_database(None, None, None) as machine, stand(machine) as place:
        place.apply(DOCUMENT)
        with_security = writing(place)
        low, middle, high = quantiles(with_security, n=4)
        Console().print(
            f"insert as pgmerit_writer: {middle:.3f} of one without row-level security"
            f" (half of the rounds from {low:.3f} to {high:.3f})"
        )
        for name, (token, beside) in reading(place, activities).items():
            table.add_row(name, f"{token:,.0f}", "" if beside is None else f"{beside:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000)
