"""An attached table's inserts beside the trigger that one would write by hand, and the backfill."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from psycopg.types.json import Jsonb

from tests.bench.machine import Machine
from tests.bench.single import peer_mentors
from tests.bench.stand import Line, Scale, Stand, line, ratios, rounds, stand

ATTACHED, BY_HAND, BARE = "public.attached", "public.by_hand", "public.bare"
# By hand: no row is ever set aside, and the application fails where the engine does.
TABLES = """
create table public.attached (
    id bigint generated always as identity primary key,
    user_id uuid not null, at timestamptz not null, minutes integer not null, kind text not null
);
create table public.by_hand (like public.attached including all);
create table public.bare (like public.attached including all);
create function public.record_by_hand() returns trigger language plpgsql as $$
begin
    insert into badges.activities (
        org_id, peer_mentor_id, activity_type, occurred_at, quantity, attributes, idempotency_key
    )
    select 'nhf', user_id, 'call', at, minutes, jsonb_build_object('kind', kind), 'hand-' || id
    from new_rows;
    return null;
end;
$$;
create trigger record_by_hand after insert on public.by_hand referencing new table as new_rows
for each statement execute function public.record_by_hand();
"""
SOURCE = {
    "table": ATTACHED,
    "person": "user_id",
    "organization": "nhf",
    "type": "call",
    "at": "at",
    "quantity": "minutes",
    "attributes": ["kind"],
}
# Rows of people of their own for each round, or of the same people, in order.
MANY = """
insert into {table} (user_id, at, minutes, kind)
select md5(format('%%s %%s', %s::text, n %% 2000))::uuid,
    '2026-01-01 12:00+00'::timestamptz + n * interval '1 minute', n %% 90, 'phone'
from generate_series(1, %s) as n
"""
ONE = """
insert into {table} (user_id, at, minutes, kind)
values (md5(%s::text)::uuid, '2026-06-01 12:00+00'::timestamptz + %s * interval '1 second', 30,
    'phone')
"""


def of_attached(machine: Machine, scale: Scale) -> list[Line]:
    """Goal 16: an attached table's inserts, beside a trigger by hand; bringing in its rows."""
    rows = 100_000 // scale.shrink
    with stand(machine) as place:
        peer_mentors(place)
        place.connection.execute(TABLES.encode())
        place.value("select badges.attach_source('bench', %s)", Jsonb(SOURCE))
        place.value("select badges.bring_in_source('bench', 1)")
        numbers = itertools.count()
        for table in (ATTACHED, BY_HAND):
            _many(place, table, "past", 20_000 // scale.shrink)
        place.connection.execute("vacuum analyze")

        def single(table: str) -> Callable[[], float]:
            query = ONE.format(table=table)
            return lambda: place.cost(
                query, [(f"past {n % 2000}", next(numbers)) for n in range(scale.block)]
            )

        ones = rounds(scale.rounds, {name: single(name) for name in (BARE, BY_HAND, ATTACHED)})
        bulks = rounds(
            3 if scale.shrink == 1 else 1,
            {
                name: (lambda name=name: _many(place, name, f"{name} {next(numbers)}", rows))  # type: ignore[misc]
                for name in (BY_HAND, ATTACHED)
            },
        )
    return [
        _beside("a single row", ones[BY_HAND], ones[ATTACHED], 1.6),
        _beside(f"{rows:,} rows, one INSERT", bulks[BY_HAND], bulks[ATTACHED], 1.3),
        _brought_in(machine, rows),
    ]


def _many(place: Stand, table: str, people: str, rows: int) -> float:
    """Insert rows by one statement; gives CPU microseconds a row."""
    return place.cost(MANY.format(table=table), [(people, rows)]) / rows


def _beside(what: str, hand: list[float], own: list[float], aim: float) -> Line:
    note = f"{_middle(own):.0f} µs a row, by hand {_middle(hand):.0f}"
    return line(16, f"attached: {what}", ratios(own, hand), aim, "x trigger by hand", note=note)


def _middle(samples: list[float]) -> float:
    return sorted(samples)[len(samples) // 2]


def _brought_in(machine: Machine, rows: int) -> Line:
    with stand(machine) as place:
        peer_mentors(place)
        place.connection.execute(TABLES.encode())
        _many(place, ATTACHED, "past", rows)
        place.value("select badges.attach_source('bench', %s)", Jsonb(SOURCE))
        batches: list[float] = []
        state = "bringing in"
        while state == "bringing in":
            batches.append(place.cost("select badges.bring_in_source('bench', %s)", [(1000,)]))
            state = place.value("select state from badges.list_sources()")
        rate = rows / sum(batches) * 1e6
    return line(
        16,
        f"attached: {rows:,} rows brought in, batches of 1,000",
        [rate],
        5000,
        "rows a second",
        at_least=True,
        note=f"the dearest batch {max(batches) / 1000:.0f} ms",
    )
