"""What a statement of so many rows costs beside the same rows one by one.

python -m tests.bench.batches: CPU of the backend, the peer-mentor rules, in order, by turns.
"""

from __future__ import annotations

import itertools
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.bench.machine import measured_database
from tests.bench.single import Mentors, peer_mentors
from tests.bench.stand import OURS, Stand, stand

SIZES = (10, 30, 31, 60, 120, 250, 500, 501, 1000)
EACH = (1, 10)  # rows a person
ROUNDS = 7


def costs(place: Stand, size: int, each: int) -> tuple[float, float]:
    """Give microseconds a row: in a statement of so many, and one by one."""
    groups = [Mentors(f"{way} {size} {each}", -(-size // each), 450) for way in "ab"]
    for group in groups:
        place.fill(group.past(50), (OURS,))
    together, apart = [], []
    for _ in range(ROUNDS):
        first, second = (
            [row for _ in range(each) for row in group.next(1)][:size] for group in groups
        )
        together.append(place.insert_together(first) / size)
        apart.append(place.insert(second))
    return median(together), median(apart)


def run() -> None:
    """Print the table."""
    table = Table("rows", "rows a person", "µs a row", "one by one", "", pad_edge=False)
    with measured_database(None, None, None) as machine, stand(machine) as place:
        peer_mentors(place)
        for each, size in itertools.product(EACH, SIZES):
            together, apart = costs(place, size, each)
            table.add_row(
                str(size), str(each), f"{together:.0f}", f"{apart:.0f}", f"{together / apart:.2f}"
            )
    Console().print(table)


if __name__ == "__main__":
    run()
