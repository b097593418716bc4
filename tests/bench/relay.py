"""How fast the relay tells of awards, and what a day of them leaves in the tables.

python -m tests.bench.relay [EVENTS]: a relay process and a receiver on this machine; each round is
one statement that awards a quarter of the events. What autovacuum has a day for is done between
rounds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pgmerit import database
from pgmerit.database import Connection
from rich.console import Console
from rich.table import Table

from tests.bench.machine import measured_database
from tests.engine import activity, apply, copy_in, person, rule_set
from tests.relay.conftest import SECRET
from tests.relay.receiver import receiving

ROUNDS = 4
WORKERS = (4, 16)
TABLES = ("badges.award_events", "badges_internal.event_queue", "badges_internal.delivery_attempts")


def _relay(dsn: str, url: str, secret_file: Path, workers: int) -> float:
    """Deliver what is due; gives the seconds, without those that a relay takes to begin."""
    command = [sys.executable, "-m", "pgmerit", "relay", "--to", url, "--once"]
    command += ["--secret-file", str(secret_file), "--allow-network", "127.0.0.0/8"]
    command += ["--workers", str(workers)]
    begun = time.monotonic()
    subprocess.run(command, env=os.environ | {"PGMERIT_DSN": dsn}, check=True, capture_output=True)
    return time.monotonic() - begun


def _sizes(connection: Connection) -> dict[str, int]:
    query = "select pg_catalog.pg_total_relation_size(%s::regclass) as size"
    found = {name: connection.execute(query, (name,)).fetchone() for name in TABLES}
    return {name: row["size"] for name, row in found.items() if row}


def run(events: int) -> None:
    """Measure and print."""
    table = Table("workers", "events", "seconds", "events/s")
    with (
        measured_database(None, None, None) as machine,
        database.connect(machine.dsn, autocommit=True) as connection,
        receiving() as receiver,
        tempfile.TemporaryDirectory() as folder,
    ):
        secret_file = Path(folder) / "secret"
        secret_file.write_text(SECRET)
        secret_file.chmod(0o600)
        apply(connection, rule_set({"first": {"type": "threshold", "at_least": 1}}))
        before = _sizes(connection)
        idle = _relay(machine.dsn, receiver.url(), secret_file, 1)
        size = events // ROUNDS
        for n in range(ROUNDS):
            people = [person(f"{n} {m}") for m in range(size)]
            copy_in(connection, [activity("2026-03-01", who=who) for who in people])
            workers = WORKERS[n % len(WORKERS)]
            taken = _relay(machine.dsn, receiver.url(), secret_file, workers) - idle
            connection.execute("vacuum badges_internal.event_queue")
            table.add_row(str(workers), f"{size:,}", f"{taken:.1f}", f"{size / taken:,.0f}")
        after = _sizes(connection)
    assert len(set(receiver.ids())) == size * ROUNDS
    kept = Table("table", "bytes", "bytes an event")
    for name in TABLES:
        grown = after[name] - before[name]
        kept.add_row(name, f"{after[name]:,}", f"{grown / (size * ROUNDS):,.0f}")
    console = Console(width=None if Console().is_terminal else 110)
    console.print(table)
    console.print(kept)


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
