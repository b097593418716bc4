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
from typing import IO

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pgmerit.errors import PgmeritError
from pgmerit.server.binaries import find_bindir
from pgmerit.server.folder import Folder, check_home
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
        self.user = ServerUser.choose(self.home)
        self._own = Folder(self.folder, self.user.owner)
        self._own_data = Folder(self.data, self.user.owner)
        self._durable = durable
        self._named_bindir = bindir
        self._bindir: Path | None = None
        self._check_home()

    @property
    def socket_dir(self) -> Path:
        """The socket's folder; a short one elsewhere when the path would be too long."""
        beside = self.folder / "socket"
        if len(os.fsencode(beside / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
            return beside
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        return Path("/tmp") / f"pgmerit-{self.user.owner}-{name}"  # noqa: S108

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
        number, _, _ = (self._own_data.text("postmaster.pid") or "").partition("\n")
        pid = int(number) if number.isdecimal() else None
        return pid if pid is not None and is_server_on(pid, self.data) else None

    def made_by(self) -> str | None:
        """Give the major version that made the data, None where there is none."""
        text = self._own_data.text("PG_VERSION")
        if text is None or text.strip().isdecimal():
            return text and text.strip()
        raise PgmeritError(
            f"{self.data / 'PG_VERSION'} is not PostgreSQL's", f"Move {self.data} away."
        )

    def log_tail(self) -> str:
        """Give the end of the server's log."""
        return self._own.tail(self.log.name)

    def opened_log(self) -> IO[bytes]:
        """Open the server's log to write on; one that root left there is made anew."""
        opened = os.fdopen(self._own.open(self.log.name), "ab")
        if os.fstat(opened.fileno()).st_uid == self.user.owner:
            return opened
        opened.close()
        self._own.remove(self.log.name)
        return os.fdopen(self._own.open(self.log.name), "ab")

    def initialize(self) -> None:
        """Make the data folder unless it is there: whole, or not at all."""
        self._make_folders()
        made_by = self.made_by()
        if made_by is not None:
            self._check_version(made_by)
            return
        made = self._own_data.made_beside("new-")
        arguments = ["-D", str(made), "-U", "postgres", "-E", "UTF8", "--locale=C"]
        # Whoever can reach the socket is the server's user; by TCP nobody comes in.
        arguments += ["--auth-local=trust", "--auth-host=reject"]
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
        lock = self._own_data.text("postmaster.pid")
        if lock is None or self.server_pid() is not None:
            return
        deadline = time.monotonic() + 10
        while processes_in(self.data):
            if time.monotonic() > deadline:
                raise PgmeritError(
                    "processes of a killed server still work on the data",
                    f"End them first; the data is in {self.data}.",
                )
            time.sleep(0.05)
        self._own_data.remove("postmaster.pid")
        sockets = Folder(self.socket_dir, self.user.owner)
        sockets.remove(f"{_SOCKET_NAME}.lock")
        sockets.remove(_SOCKET_NAME)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock, so that two starts do not meet."""
        self._make_folders()
        deadline = time.monotonic() + START_SECONDS
        with os.fdopen(self._own.open("lock"), "ab") as handle:
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

    def _check_home(self) -> None:
        check_home(self.home, {os.geteuid(), self.user.owner})

    def _make_folders(self) -> None:
        self._check_home()
        if not self.home.exists() and self.user.can_enter(self.home):
            try:
                self.home.mkdir(parents=True, exist_ok=True)
            except OSError as exc:
                raise PgmeritError(
                    f"{self.home} cannot be made: {exc.strerror}",
                    "Set PGMERIT_HOME to a folder of your own.",
                ) from exc
            self.home.chmod(0o700 if self.user.uid is None else 0o755)
            self._check_home()
        if not self.user.can_enter(self.home):
            raise PgmeritError(
                f"the user {self.user.name}, who runs the server, cannot reach {self.home}",
                "Set PGMERIT_HOME to a folder that others may enter, such as /var/lib/pgmerit.",
            )
        self._own.make()
        Folder(self.socket_dir, self.user.owner).make()

    def _check_version(self, made_by: str) -> None:
        if int(made_by) != self.major_version():
            raise PgmeritError(
                f"the data is of PostgreSQL {made_by}, the binaries are of {self.major_version()}",
                f"Name binaries of {made_by} with --pg-bindir, or move {self.data} away.",
            )

    def _remembered_bindir(self) -> Path | None:
        """Give the binaries that a running server was started with."""
        program, *_ = (self._own_data.text("postmaster.opts") or "").split() or [""]
        found = Path(program.strip('"')).parent
        return found if self.is_running() and (found / "postgres").is_file() else None

    def _copied(self, bindir: Path) -> Path:
        """Copy binaries that lie in a private folder to where the server's user can read them."""
        self._make_folders()
        if self.home.stat().st_uid != os.geteuid():
            raise PgmeritError(
                f"the user {self.user.name}, who runs the server, cannot reach {bindir}",
                "Name binaries that he can run with --pg-bindir, or set PGMERIT_HOME to a folder of"
                " your own, where they are copied.",
            )
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
