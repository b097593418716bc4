"""Goal 12: what verification takes beside a bare scan, and its memory."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from pgmerit.database import Connection
from pgmerit.errors import PgmeritError

from tests.bench.stand import Line, Stand, line

LOOK_SECONDS = 0.05
KILOBYTE = 1024
SCAN = """
select count(*) as activities, max(occurred_at), sum(quantity), count(attributes ->> 'kind')
from badges.activities
"""


@dataclass
class Watch:
    """What the other sessions of a database use while a block runs: CPU and private memory."""

    cpu: dict[int, int] = field(default_factory=dict)  # nanoseconds at the last look
    before: dict[int, int] = field(default_factory=dict)
    memory: int = 0  # bytes, the most at a time

    def look(self, connection: Connection) -> None:
        """Read the figures of every other session that lives."""
        rows = connection.execute(
            "select pid from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        ).fetchall()
        memory = 0
        for pid in (row["pid"] for row in rows):
            # It may end between two looks.
            with contextlib.suppress(OSError, IndexError):
                cpu = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
                status = Path(f"/proc/{pid}/status").read_text()
                memory += int(status.split("RssAnon:")[1].split()[0]) * KILOBYTE
                self.before.setdefault(pid, 0 if self.cpu else cpu)
                self.cpu[pid] = cpu
        self.memory = max(self.memory, memory)

    @property
    def cpu_seconds(self) -> float:
        """The processor time of all sessions together."""
        return sum(self.cpu[pid] - self.before[pid] for pid in self.cpu) / 1e9


def verified(place: Stand, what: str) -> list[Line]:
    """Scan the activities and verify everybody."""
    connection = place.connection
    connection.execute("set max_parallel_workers_per_gather = 0")
    connection.execute(SCAN.encode())
    scan = place.cost(SCAN, [()]) / 1e6
    awards = place.value("select count(*) from badges.earned_badges")
    watch, stop = Watch(), threading.Event()
    watch.look(connection)

    def keep_looking() -> None:
        while not stop.wait(LOOK_SECONDS):
            watch.look(connection)

    looking = threading.Thread(target=keep_looking)
    looking.start()
    begun = time.monotonic()
    command = [sys.executable, "-m", "pgmerit", "verify", "--dsn", place.dsn]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as done:
        _, status, used = os.wait4(done.pid, 0)
        done.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - begun
    stop.set()
    looking.join()
    connection.execute("reset max_parallel_workers_per_gather")
    if done.returncode != 0:
        raise PgmeritError("the engine and its verification differ")
    memory = (watch.memory + used.ru_maxrss * KILOBYTE) / 1e6
    return [
        line(
            12,
            f"verify, {what}, {awards:,} awards",
            [seconds],
            20,
            "s",
            note=f"CPU {watch.cpu_seconds:.1f} s, a bare scan {scan:.1f}",
        ),
        line(12, "memory of client and backends", [memory], 300, "MB"),
    ]
