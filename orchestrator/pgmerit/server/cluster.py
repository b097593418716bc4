"""One data folder with its socket, log and lock: made, locked and described."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pgmerit.errors import PgmeritError
from pgmerit.server.binaries import find_bindir
from pgmerit.server.processes import (
    clean_environment,
    is_server_on,
    last_line,
    processes_in,
)
from pgmerit.server.user import ServerUser

DATABASE = "pgmerit"
PORT = 5432
START_SECONDS = 60.0
_LONGEST_SOCKET_PATH = 103
_SOCKET_NAME = f".s.PGSQL.{PORT}"


class Cluster:
    """One PostgreSQL data folder below `home`, with its socket, log and lock.

    `bindir` is where the binaries are; None takes the data's own, else the wheel's. Not `durable`
    means that nothing has to outlive a power cut: for tests and demonstrations.
    """

    def __init__(
        self, home: Path, bindir: Path | str | None = None, *, durable: bool = True
    ) -> None:
        self.home = home.absolute()
        self.folder = self.home / "server"
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.user = ServerUser.choose(self.data)
        self._durable = durable
        self._named_bindir = bindir
        self._bindir: Path | None = None

    @property
    def socket_dir(self) -> Path:
        """The socket's folder; a short one elsewhere when the path would be too long."""
        beside = self.folder / "socket"
        if len(os.fsencode(beside / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
            return beside
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        owner = self.user.uid if self.user.uid is not None else os.geteuid()
        return Path("/tmp") / f"pgmerit-{owner}-{name}"  # noqa: S108

    @property
    def bindir(self) -> Path:
        """The folder of the binaries, where the server's user can run them."""
        if self._bindir is None:
            named = self._named_bindir or os.environ.get("PGMERIT_PG_BINDIR")
            found = find_bindir(named or self._remembered_bindir())
            self._bindir = found if self.user.can_enter(found) else self._copied(found)
        return self._bindir

    def dsn(self, database: str = DATABASE) -> str:
        """Give the connection string of one of the cluster's databases."""
        return make_conninfo(host=str(self.socket_dir), port=PORT, user="postgres", dbname=database)

    def is_running(self) -> bool:
        """Tell whether a live server works on the data."""
        return self.server_pid() is not None

    def server_pid(self) -> int | None:
        """Give the server's process id, or None when none lives."""
        pid = self._pid_in(self.data / "postmaster.pid")
        return pid if pid is not None and is_server_on(pid, self.data) else None

    def initialize(self) -> None:
        """Make the data folder unless it is there: whole, or not at all."""
        self._make_folders()
        if (self.data / "PG_VERSION").exists():
            self._check_version()
            return
        made = Path(tempfile.mkdtemp(prefix="new-", dir=self.folder))
        self.user.take(made)
        arguments = ["-D", str(made), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        arguments += ["--locale=C"]
        if self.major_version() >= 17:
            arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not self._durable:
            arguments += ["--no-sync"]
        done = self.run("initdb", arguments)
        if done.returncode != 0:
            shutil.rmtree(made, ignore_errors=True)
            raise PgmeritError(
                f"initdb failed: {last_line(done.stderr or done.stdout)}",
                f"The server's user is {self.user.name or 'yours'}; its home is {self.folder}.",
            )
        made.rename(self.data)

    def major_version(self) -> int:
        """Give the major version of the binaries."""
        done = self.run("postgres", ["--version"])
        words = done.stdout.split()
        if done.returncode != 0 or not words:
            raise PgmeritError(
                f"PostgreSQL in {self.bindir} does not run: {last_line(done.stderr)}"
            )
        number = next(word for word in words if word[0].isdigit())
        return int(number.split(".")[0].rstrip("abcdefghijklmnopqrstuvwxyz"))

    def run(self, program: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run one of the server's programs to its end, as the server's user."""
        return subprocess.run(
            [str(self.bindir / program), *arguments],
            cwd="/",
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **self.user.process_options(),
        )

    def server_options(self, settings: Mapping[str, str] | None = None) -> list[str]:
        """Give the server's command-line options: the socket only, and `settings`."""
        options = ["-k", str(self.socket_dir), "-p", str(PORT)]
        chosen = {"listen_addresses": "", "unix_socket_permissions": "0700"}
        if not self._durable:
            chosen |= dict.fromkeys(("fsync", "full_page_writes", "synchronous_commit"), "off")
        for name, value in {**chosen, **(settings or {})}.items():
            options += ["-c", f"{name}={value}"]
        return options

    def create_database(self, database: str = DATABASE) -> None:
        """Create a database unless it is there."""
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            found = connection.execute(
                "select from pg_catalog.pg_database where datname = %s", (database,)
            ).fetchone()
            if found is None:
                with contextlib.suppress(psycopg.errors.DuplicateDatabase):
                    connection.execute(
                        sql.SQL("create database {}").format(sql.Identifier(database))
                    )

    def clear_stale_locks(self) -> None:
        """Remove the locks of a server that was killed: its process is dead or another's.

        Waits for the killed server's children, who may still write.
        """
        lock = self.data / "postmaster.pid"
        if not lock.exists() or self.server_pid() is not None:
            return
        deadline = time.monotonic() + 10
        while processes_in(self.data):
            if time.monotonic() > deadline:
                raise PgmeritError(
                    "processes of a killed server still work on the data",
                    f"End them first; the data is in {self.data}.",
                )
            time.sleep(0.05)
        for path in (
            lock,
            self.socket_dir / f"{_SOCKET_NAME}.lock",
            self.socket_dir / _SOCKET_NAME,
        ):
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock, so that two starts do not meet."""
        self._make_folders()
        deadline = time.monotonic() + START_SECONDS
        with (self.folder / "lock").open("w") as handle:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise PgmeritError(
                            f"another process uses the server in {self.folder}",
                            "Wait for it, or set PGMERIT_HOME to another folder.",
                        ) from None
                    time.sleep(0.05)
            yield

    def _make_folders(self) -> None:
        if not self.home.exists() and self.user.can_enter(self.home):
            self.home.mkdir(parents=True, exist_ok=True)
            if self.user.uid is not None:
                self.home.chmod(0o755)
        if not self.user.can_enter(self.home):
            raise PgmeritError(
                f"the user {self.user.name}, who runs the server, cannot reach {self.home}",
                "Set PGMERIT_HOME to a folder that others may enter, such as /var/lib/pgmerit.",
            )
        owner = self.user.uid if self.user.uid is not None else os.geteuid()
        for folder in (self.folder, self.socket_dir):
            if not folder.exists():
                # Whole at once: another start may look at the same moment.
                made = Path(tempfile.mkdtemp(prefix="new-", dir=folder.parent))
                self.user.take(made)
                try:
                    made.rename(folder)
                except OSError:
                    made.rmdir()
            if not folder.is_dir() or folder.lstat().st_uid != owner:
                raise PgmeritError(
                    f"{folder} belongs to another user",
                    "Set PGMERIT_HOME to a folder of your own.",
                )

    def _check_version(self) -> None:
        made_by = int((self.data / "PG_VERSION").read_text().strip())
        if made_by != self.major_version():
            raise PgmeritError(
                f"the data is of PostgreSQL {made_by}, the binaries are of {self.major_version()}",
                f"Name binaries of {made_by} with --pg-bindir, or move {self.data} away.",
            )

    def _remembered_bindir(self) -> Path | None:
        """Give the binaries that a running server was started with."""
        with contextlib.suppress(OSError):
            program = (self.data / "postmaster.opts").read_text().split()[0].strip('"')
            found = Path(program).parent
            if self.is_running() and (found / "postgres").is_file():
                return found
        return None

    def _copied(self, bindir: Path) -> Path:
        """Copy binaries that lie in a private folder to where the server's user can read them."""
        self._make_folders()
        size = (bindir / "postgres").stat()
        mark = hashlib.sha256(f"{bindir}:{size.st_size}:{size.st_mtime_ns}".encode()).hexdigest()
        target = self.home / f"binaries-{mark[:12]}"
        if not target.exists():
            copying = Path(tempfile.mkdtemp(prefix="copying-", dir=self.home))
            # The wheel's programs look for their libraries beside the package.
            package = bindir.parent.parent
            shutil.copytree(bindir.parent, copying / package.name / bindir.parent.name)
            libraries = package.parent / f"{package.name}.libs"
            if libraries.is_dir():
                shutil.copytree(libraries, copying / libraries.name)
            copying.chmod(0o755)
            try:
                copying.rename(target)
            except OSError:  # another start was faster
                shutil.rmtree(copying, ignore_errors=True)
        return target / bindir.parent.parent.name / bindir.parent.name / bindir.name

    @staticmethod
    def _pid_in(path: Path) -> int | None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            return int(path.read_text().splitlines()[0])
        return None
