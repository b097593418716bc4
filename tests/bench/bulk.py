"""Goal 8: 300,000 rows at once, by one statement and by COPY."""

from __future__ import annotations

import io
from collections.abc import Iterator

from tests.bench.machine import Machine
from tests.bench.single import peer_mentors
from tests.bench.stand import BARE, COLUMNS, GROWING, HAND, OURS, Line, Scale, Stand, line, stand

ROWS = 300_000
AIMS = {150: 2.0, 15: 4.0}  # by activities a person, times bare
WITHOUT_DAY = COLUMNS.replace(" activity_date,", "")
DAY_LOOKUP = 0.4  # times bare, for a day that is not given
HAND_ROWS = 3000
SOURCE = f"""
insert into bench.source ({COLUMNS})
select made.*
from generate_series(1, %(each)s::integer) as n
cross join generate_series(%(first)s::integer, %(first)s::integer + %(people)s::integer - 1) as p
cross join lateral bench.activity(
    p, n, date '2018-01-01' + n * 1000 / %(each)s::integer
) as made
"""


def of_bulk(machine: Machine, scale: Scale) -> list[Line]:
    """Goal 8: in a fresh database, and beside millions of rows."""
    return [*_fresh(machine, scale), *_beside(machine, scale)]


def _fresh(machine: Machine, scale: Scale) -> list[Line]:
    lines = []
    for each, aim in AIMS.items():
        bare = costs = 0.0
        for columns, way, name in (
            (COLUMNS, _statement, "one INSERT"),
            (COLUMNS, _copy, "COPY"),
            (WITHOUT_DAY, _statement, "one INSERT, day not given"),
        ):
            with stand(machine) as place:
                peer_mentors(place)
                _fill_source(place, scale, each)
                if columns == COLUMNS:
                    bare = way(place, BARE, columns)
                costs = way(place, OURS, columns)
                hand = _by_hand(place, each) if name == "one INSERT" else ""
                awards = place.value("select count(*) from badges.earned_badges")
            lines.append(
                line(
                    8,
                    f"{ROWS // scale.shrink:,} rows, {name}, {each} a person",
                    [costs / bare],
                    aim if columns == COLUMNS else aim + DAY_LOOKUP,
                    "x bare",
                    beside=hand,
                    note=f"{costs / 1e6:.1f} s, bare {bare / 1e6:.1f}; {awards:,} awards",
                )
            )
    return lines


def _beside(machine: Machine, scale: Scale) -> list[Line]:
    """Insert people who are new into tables of people with fifty activities each."""
    lines = []
    standing = (2_000_000 if scale.is_full else 600_000) // scale.shrink
    with stand(machine) as place:
        peer_mentors(place)
        _fill_source(place, scale, 50, people=standing // 50)
        for table in (BARE, OURS):
            _statement(place, table, COLUMNS)
        for table in (BARE, OURS, *GROWING):
            place.connection.execute(f"vacuum analyze {table}".encode())
        first = standing
        for each, aim in AIMS.items():
            for way, name in ((_statement, "one INSERT"), (_copy, "COPY")):
                _fill_source(place, scale, each, first=first)
                first += ROWS
                bare, cost = (way(place, table, COLUMNS) for table in (BARE, OURS))
                lines.append(
                    line(
                        8,
                        f"the same beside {standing:,}, {name}, {each} a person",
                        [cost / bare],
                        aim,
                        "x bare",
                        note=f"{cost / 1e6:.1f} s, bare {bare / 1e6:.1f}",
                    )
                )
    return lines


def _fill_source(
    place: Stand, scale: Scale, each: int, first: int = 1, people: int | None = None
) -> None:
    """Write what is inserted, in the order in which such rows come: by day."""
    people = people or ROWS // scale.shrink // each
    place.connection.execute("truncate bench.source")
    place.connection.execute(SOURCE.encode(), {"each": each, "first": first, "people": people})
    place.connection.execute("vacuum analyze bench.source")
    place.connection.execute("checkpoint")


def _statement(place: Stand, table: str, columns: str) -> float:
    """Insert all of the source in one statement; gives CPU microseconds."""
    return place.cost(f"insert into {table} ({columns}) select {columns} from bench.source", [()])


def _copy(place: Stand, table: str, columns: str) -> float:
    """Copy all of the source in; gives CPU microseconds."""
    lines = io.BytesIO()
    with place.connection.cursor().copy(
        f"copy (select {columns} from bench.source) to stdout".encode()
    ) as stream:
        for chunk in stream:
            lines.write(chunk)

    def work() -> None:
        with place.connection.cursor().copy(
            f"copy {table} ({columns}) from stdin".encode()
        ) as stream:
            for chunk in _chunks(lines.getvalue()):
                stream.write(chunk)

    return place.spent(work)


def _chunks(lines: bytes, size: int = 1 << 20) -> Iterator[bytes]:
    for start in range(0, len(lines), size):
        yield lines[start : start + size]


def _by_hand(place: Stand, each: int) -> str:
    """Give the recomputing trigger fewer people, and tell what all would take."""
    cost = place.cost(
        f"insert into {HAND} ({COLUMNS}) select {COLUMNS} from bench.source where peer_mentor_id in"
        f" (select md5(p::text)::uuid from generate_series(1, {HAND_ROWS // each}) as p)",
        [()],
    )
    rows = place.value("select count(*) from bench.source")
    return f"{cost * rows / (HAND_ROWS // each * each) / 1e6:.0f} s"
