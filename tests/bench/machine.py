"""The server that is measured, what it is made of, and the programs that load it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from pgmerit import database, schema
from pgmerit.errors import PgmeritError
from pgmerit.server.attached import attached_server
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Conninfo

SETTINGS = {
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "max_connections": "40",
}
SHOWN = (
    "fsync",
    "full_page_writes",
    "wal_level",
    "shared_buffers",
    "max_wal_size",
    "checkpoint_timeout",
    "autovacuum",
    "jit",
)


@dataclass(frozen=True)
class Machine:
    """A database to measure in, and how its server's programs are found."""

    dsn: str
    bindir: Path | None
    folder: Path | None

    def settings(self) -> dict[str, Any]:
        """Tell what the figures depend on; fsync is measured where the server is our own."""
        found: dict[str, Any] = {}
        with database.connect(self.dsn, autocommit=True) as connection:
            row = connection.execute("select current_setting('server_version') as v").fetchone()
            found["server"] = f"PostgreSQL {row['v'] if row else '?'}"
            found["fsync_ms"] = self.fsync_ms()
            found["cores"] = os.cpu_count()
            found["load_average_at_start"] = round(os.getloadavg()[0], 2)
            for name in SHOWN:
                row = connection.execute(
                    "select current_setting(%s, true) as v", (name,)
                ).fetchone()
                found[name] = row["v"] if row else None
        return found

    def fsync_ms(self, writes: int = 200) -> float | None:
        """Measure the median time of writing and syncing one page beside the data."""
        if self.folder is None:
            return None
        page = b"\0" * 8192
        taken = []
        handle, name = tempfile.mkstemp(dir=self.folder)
        try:
            for _ in range(writes):
                os.pwrite(handle, page, 0)
                begun = time.perf_counter()
                os.fdatasync(handle)
                taken.append(time.perf_counter() - begun)
        finally:
            os.close(handle)
            os.unlink(name)
        return round(median(taken) * 1000, 3)

    def pgbench(
        self,
        scripts: Sequence[tuple[str, int]],
        transactions: int,
        *,
        clients: int,
        durable: bool,
        variables: dict[str, int],
    ) -> float:
        """Run weighted scripts a number of times for each client; give transactions a second."""
        arguments = ["-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, 2))]
        arguments += ["-t", str(transactions), "--random-seed=1"]
        for name, value in variables.items():
            arguments += ["-D", f"{name}={value}"]
        with tempfile.TemporaryDirectory(prefix="pgmerit-bench-") as place:
            for n, (script, weight) in enumerate(scripts):
                path = Path(place) / f"script-{n}.sql"
                path.write_text(script)
                arguments += ["-f", f"{path}@{weight}"]
            done = subprocess.run(
                [str(self._program("pgbench")), *arguments],
                env=self._environment(durable),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        rate = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
        failed = re.search(r"^number of failed transactions: ([1-9][0-9]*)", done.stdout, re.M)
        if done.returncode != 0 or rate is None or failed:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()
            raise PgmeritError(f"pgbench failed: {said[-1] if said else 'it said nothing'}")
        return float(rate.group(1))

    def _program(self, name: str) -> Path:
        if self.bindir is not None and (self.bindir / name).is_file():
            return self.bindir / name
        found = shutil.which(name)
        if found is None:
            raise PgmeritError(
                f"there is no {name} beside the server's programs or on the PATH",
                "Install PostgreSQL's client programs, or name a folder with --pg-bindir.",
            )
        return Path(found)

    def _environment(self, durable: bool) -> dict[str, str]:
        """Say where the database is by environment: a process list shows no password."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        given = conninfo_to_dict(self.dsn)
        commit = f"-c synchronous_commit={'on' if durable else 'off'}"
        given["options"] = f"{given.get('options', '')} {commit}".strip()
        for option in Conninfo.get_defaults():
            name = option.keyword.decode()
            if option.envvar and given.get(name) is not None:
                kept[option.envvar.decode()] = str(given[name])
        return kept


@contextlib.contextmanager
def measured_database(
    dsn: str | None, bindir: Path | None, folder: Path | None
) -> Iterator[Machine]:
    """Give a migrated database of its own, on an own server or on the named one."""
    with contextlib.ExitStack() as open_:
        if dsn is None:
            home = Path(tempfile.mkdtemp(prefix="pgmerit-bench-", dir=folder))
            home.chmod(0o755)
            open_.callback(shutil.rmtree, home, ignore_errors=True)
            cluster = open_.enter_context(attached_server(home, bindir, SETTINGS))
            admin, bindir, place = cluster.dsn("postgres"), cluster.bindir, home
        else:
            admin, place = dsn, None
        name = sql.Identifier(f"pgmerit_bench_{os.getpid()}")
        with database.connect(admin, autocommit=True) as connection:
            connection.execute(sql.SQL("create database {} template template0").format(name))
            open_.callback(_drop, admin, name)
        machine = Machine(make_conninfo(admin, dbname=name.as_string().strip('"')), bindir, place)
        schema.migrate(machine.dsn)
        yield machine


def _drop(admin: str, name: sql.Identifier) -> None:
    # The server may be gone already.
    with (
        contextlib.suppress(psycopg.Error, PgmeritError),
        database.connect(admin, autocommit=True) as connection,
    ):
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))
