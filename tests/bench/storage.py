"""Goal 13: what the engine writes to the log for a single activity, and what it keeps."""

from __future__ import annotations

import random

from tests.bench.machine import Machine
from tests.bench.single import Mentors, peer_mentors
from tests.bench.stand import BARE, OURS, Activity, Line, Scale, Stand, line, ratios, rounds, stand

KEPT = ("badges.peer_mentor_stats", "badges_internal.stat_elements")
SIZES = ((50, 35), (200, 12))  # activities a person, and what may be kept for them, percent


def of_bytes(machine: Machine, scale: Scale) -> list[Line]:
    """Goal 13: bytes logged for an activity, and kept for a person."""
    return [_logged(machine, scale), *_kept(machine, scale)]


def _logged(machine: Machine, scale: Scale) -> Line:
    with stand(machine) as place:
        peer_mentors(place)
        group = Mentors("logged", scale.block, 540)
        place.fill(group.past(60))
        place.connection.execute("checkpoint")
        # The unseen first round takes the full-page images that follow a checkpoint.
        found = rounds(
            scale.rounds,
            {
                table: (lambda table=table: _bytes(place, table, group.next()))
                for table in (BARE, OURS)
            },  # type: ignore[misc]
        )
    return line(
        13,
        "bytes logged for an activity in order, full-page images apart",
        ratios(found[OURS], found[BARE]),
        2.5,
        "x bare",
        note=f"{sum(found[OURS]) / scale.rounds:.0f}, bare {sum(found[BARE]) / scale.rounds:.0f}",
    )


def _bytes(place: Stand, table: str, rows: list[Activity]) -> float:
    """Insert one by one; gives the bytes of log a row."""
    query = "select pg_current_wal_insert_lsn() - '0/0' as position"
    before = place.value(query)
    place.insert(rows, table)
    return float(place.value(query) - before) / len(rows)


def _kept(machine: Machine, scale: Scale) -> list[Line]:
    """Insert whole histories one by one, people in turns, as they come in life."""
    lines = []
    people = max(100, 240 // scale.shrink)  # fewer, and the maps of free space tell
    with stand(machine) as place:
        peer_mentors(place)
        group = Mentors("kept", people, 9 * 200)
        chance = random.Random("turns")
        past = list(group.past(200))
        days = [past[n : n + people] for n in range(0, len(past), people)]
        done = 0
        for history, aim in SIZES:
            for day in days[done:history]:
                chance.shuffle(day)
                place.insert(day)
            done = history
            sizes = {
                name: place.value("select pg_total_relation_size(%s::regclass)", name)
                for name in (OURS, *KEPT)
            }
            kept = [sizes[name] for name in KEPT]
            shares = ", ".join(f"{size / people:,.0f}" for size in (*kept, sizes[OURS]))
            lines.append(
                line(
                    13,
                    f"bytes kept of the activities', {history} a person",
                    [100 * sum(kept) / sizes[OURS]],
                    aim,
                    "%",
                    note=f"snapshot, elements, activities: {shares} a person",
                )
            )
    return lines
