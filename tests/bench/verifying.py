"""What verification costs beside a bare scan, and the memory it takes.

python -m tests.bench.verifying [ACTIVITIES] [DSN]: peer mentors with fifty activities each.
"""

from __future__ import annotations

import contextlib
import copy
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from pgmerit import database, schema
from pgmerit.database import Connection
from pgmerit.rules.files import load_document
from psycopg.types.json import Jsonb

from tests.bench.machine import measured_database

HISTORY = 50  # activities a person
BATCH = 2000  # people a statement
AT_HOME = {
    "name": "At home",
    "criteria": {
        "type": "threshold",
        "activity": "assignment",
        "where": {"kind": "home_visit"},
        "window": "quarter",
        "at_least": 4,
    },
}
LOOK_SECONDS = 0.05
KILOBYTE = 1024
SCAN = """
select count(*) as activities, max(occurred_at), sum(quantity), count(attributes ->> 'kind')
from badges.activities
"""
FILL = f"""
insert into badges.activities (
    org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity, attributes,
    idempotency_key
)
select made.*
from generate_series(%s::integer, %s::integer) as person
cross join generate_series(1, {HISTORY}) as n
cross join lateral bench.activity(person, n, date '2024-01-01' + n) as made
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


def fill(connection: Connection, activities: int) -> None:
    """Give as many people as it takes a past under the peer-mentor badges and one more."""
    with as_file(files("pgmerit.demo") / "rule_sets" / "peer-mentors.yaml") as path:
        document = copy.deepcopy(dict(load_document(path).value))
    document["badges"]["at_home"] = AT_HOME
    for organization in document["organizations"].values():
        organization["badges"].append("at_home")
    connection.execute("select badges.apply_rule_set(%s)", (Jsonb(document),))
    people = activities // HISTORY
    for first in range(1, people + 1, BATCH):
        connection.execute(FILL.encode(), (first, min(first + BATCH - 1, people)))
    connection.execute("vacuum analyze")


def verifying(dsn: str) -> dict[str, Any]:
    """Scan the activities and verify everybody: seconds, CPU seconds and bytes of each."""
    with database.connect(dsn, autocommit=True) as connection:
        connection.execute("set max_parallel_workers_per_gather = 0")
        pid = connection.info.backend_pid
        connection.execute(SCAN.encode())
        scan_cpu = _cpu(pid)
        begun = time.monotonic()
        scanned = connection.execute(SCAN.encode()).fetchone()
        scan_seconds, scan_cpu = time.monotonic() - begun, _cpu(pid) - scan_cpu
        awards = connection.execute("select count(*) as n from badges.earned_badges").fetchone()

        watch, stop = Watch(), threading.Event()
        watch.look(connection)

        def keep_looking() -> None:
            while not stop.wait(LOOK_SECONDS):
                watch.look(connection)

        looking = threading.Thread(target=keep_looking)
        looking.start()
        begun = time.monotonic()
        command = [sys.executable, "-m", "pgmerit", "verify", "--dsn", dsn]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as done:
            _, status, used = os.wait4(done.pid, 0)
            done.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begun
        stop.set()
        looking.join()
    if done.returncode != 0:
        raise AssertionError("the engine and its verification differ")
    return {
        "activities": scanned["activities"] if scanned else 0,
        "awards": awards["n"] if awards else 0,
        "scan_seconds": round(scan_seconds, 2),
        "scan_cpu_seconds": round(scan_cpu, 2),
        "verify_seconds": round(seconds, 2),
        "verify_cpu_seconds": round(watch.cpu_seconds, 2),
        "client_cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
        "client_bytes": used.ru_maxrss * KILOBYTE,
        "server_bytes": watch.memory,
    }


def _cpu(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def run(activities: int = 2_000_000, dsn: str | None = None) -> None:
    """Print the figures of a database made for it, or of the named one, which is left filled."""
    with contextlib.ExitStack() as open_:
        if dsn is None:
            dsn = open_.enter_context(measured_database(None, None, None)).dsn
        else:
            schema.migrate(dsn)
        with database.connect(dsn, autocommit=True) as connection:
            found = connection.execute("select to_regnamespace('bench') as place").fetchone()
            if found is None or found["place"] is None:
                connection.execute(Path(__file__).with_name("contenders.sql").read_bytes())
                fill(connection, activities)
        for name, figure in verifying(dsn).items():
            print(f"{name:20} {figure:,}")


if __name__ == "__main__":
    run(*(int(given) if given.isdecimal() else given for given in sys.argv[1:]))
