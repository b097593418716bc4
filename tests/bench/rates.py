"""Goal 1: the whole machine with four clients, a commit each; goal 14: the demo."""

from __future__ import annotations

import dataclasses
import functools
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from statistics import median

from pgmerit.errors import PgmeritError

from tests.bench.machine import Machine
from tests.bench.single import MENTORS, MIX, peer_mentors
from tests.bench.stand import (
    BARE,
    COLUMNS,
    FLOOR,
    GROWING,
    HAND,
    OURS,
    Line,
    Scale,
    Stand,
    line,
    ratios,
    rounds,
    stand,
)

CLIENTS = 4
HISTORY, GAP = 50, 9  # activities a person, and days between two
# Person by person: each belongs to one client, whose days only rise.
SCRIPT = f"""\\set n :n + 1
\\set person random(0, :people / {CLIENTS} - 1) * {CLIENTS} + :client_id + 1
\\set day {(HISTORY + 1) * GAP} + :n * {CLIENTS * GAP} / :people
insert into {{table}} ({COLUMNS})
values (
    (array{list(MENTORS)}::text[])[:person::integer % 3 + 1],
    md5(:person::text)::uuid,
    '{{kind}}',
    timestamptz '2000-01-03 08:00:00+00' + make_interval(days => :day, secs => :n % 30000),
    date '2000-01-03' + :day::integer,
    {{quantity}},
    '{{attributes}}',
    :block::text || '-' || :n::text || '-' || :client_id::text
);
"""
PAST = f"""
insert into {{table}} ({COLUMNS})
select made.*
from generate_series(1, {HISTORY}) as n
cross join generate_series(1, %s::integer) as person
cross join lateral bench.activity(person, n, date '2000-01-03' + n * %s::integer) as made
"""


class Clients:
    """Four pgbench clients at work on one table or another, who go on where they stopped."""

    def __init__(self, machine: Machine, place: Stand, people: int) -> None:
        self.machine = dataclasses.replace(machine, dsn=place.dsn)
        self.people = people
        self.blocks = 0
        self.steps = dict.fromkeys((BARE, OURS, FLOOR, HAND), 0)

    def rate(self, table: str, transactions: int, *, durable: bool = False) -> float:
        """Insert so many rows a client; gives rows a second."""
        scripts = [
            (
                SCRIPT.format(table=table, kind=kind, quantity=quantity, attributes=attributes),
                MIX.count((kind, quantity, attributes)),
            )
            for kind, quantity, attributes in sorted(set(MIX))
        ]
        self.blocks += 1
        variables = {"n": self.steps[table], "block": self.blocks, "people": self.people}
        self.steps[table] += transactions
        return self.machine.pgbench(
            scripts, transactions, clients=CLIENTS, durable=durable, variables=variables
        )


def of_clients(machine: Machine, scale: Scale) -> list[Line]:
    """Goal 1: single rows in order, four clients."""
    people = 2000 // scale.shrink
    lines = []
    with stand(machine) as place:
        peer_mentors(place)
        past(place, people)
        place.stand_on_floor()
        clients = Clients(machine, place, people)
        for durable, kind, aim in ((False, "asynchronous", 0.30), (True, "durable", 0.55)):
            each = max(100, 8 * scale.block // (4 if durable else 1))
            found = rounds(
                min(scale.rounds, 7),
                {
                    table: functools.partial(clients.rate, table, share, durable=durable)
                    for table, share in (
                        (BARE, each),
                        (OURS, each),
                        (FLOOR, each),
                        (HAND, each // 4),
                    )
                },
            )
            floor = median(ratios(found[FLOOR], found[BARE]))
            lines.append(
                line(
                    1,
                    f"single rows in order, 4 clients, {kind} commit",
                    ratios(found[OURS], found[BARE]),
                    aim,
                    "of bare",
                    at_least=True,
                    beside=f"{median(found[HAND]):,.0f} a second",
                    note=f"{median(found[OURS]):,.0f} a second, bare {median(found[BARE]):,.0f};"
                    f" the least a trigger does: {floor:.2g} of bare",
                )
            )
    return lines


def past(
    place: Stand, people: int, gap: int = GAP, tables: Sequence[str] = (BARE, OURS, HAND)
) -> None:
    """Give people a history in each table, whose statistics are fresh afterwards."""
    place.connection.execute("alter table bench.hand_activities disable trigger user")
    for table in tables:
        place.connection.execute(PAST.format(table=table).encode(), (people, gap))
    place.connection.execute("alter table bench.hand_activities enable trigger user")
    for table in (*tables, *GROWING):
        place.connection.execute(f"vacuum analyze {table}".encode())


def of_demo(machine: Machine, scale: Scale) -> list[Line]:
    """Goal 14: the demo, by the clock, on a server of its own."""
    taken = []
    for _ in range(1 if scale.shrink > 1 else 3):
        with tempfile.TemporaryDirectory(prefix="pgmerit-demo-") as folder:
            begun = time.monotonic()
            done = subprocess.run(
                [sys.executable, "-m", "pgmerit", "demo"],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise PgmeritError(f"the demo failed: {done.stderr.strip()[-200:]}")
            taken.append(time.monotonic() - begun)
    return [line(14, "make demo, once installed", taken, 10, "s")]
