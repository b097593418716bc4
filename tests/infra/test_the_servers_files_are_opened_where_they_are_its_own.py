"""No link is followed, nothing of another user's is opened, and a home that others rule is refused.

As root and as an ordinary user: what root opens lies in a folder that the server's user owns.
"""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pgmerit.errors import PgmeritError
from pgmerit.server import cluster as clusters
from pgmerit.server.attached import attached_server
from pgmerit.server.cluster import Cluster
from pgmerit.server.persistent import PersistentServer

from tests.conftest import CliResult
from tests.infra.conftest import answer

Cli = Callable[..., CliResult]

BINDIR = os.environ.get("TEST_PG_BINDIR")
SECRET = "the secret of somebody\n"
STRANGER = 4242
is_root = os.geteuid() == 0
as_root = pytest.mark.skipif(not is_root, reason="only root can give a folder away")


def as_link(place: Path, secret: Path) -> None:
    place.symlink_to(secret)


def as_second_name(place: Path, secret: Path) -> None:
    place.hardlink_to(secret)


def as_pipe(place: Path, secret: Path) -> None:
    os.mkfifo(place)


def as_anothers(place: Path, secret: Path) -> None:
    place.write_text(SECRET)
    os.chown(place, STRANGER, STRANGER)


TRAPS = [as_link, as_second_name, as_pipe, pytest.param(as_anothers, marks=as_root)]


@pytest.fixture
def secret(home: Path) -> Path:
    """A file that nobody reads or changes by way of the server's folder, though he may."""
    found = home / "secret"
    found.write_text(SECRET)
    found.chmod(0o666)
    return found


@pytest.mark.parametrize("name", ["lock", "log"])
@pytest.mark.parametrize("lay", TRAPS)
def test_a_file_that_is_not_the_servers_own_is_neither_opened_nor_told(
    persistent: PersistentServer, secret: Path, lay: Callable[[Path, Path], None], name: str
) -> None:
    place = persistent.folder / name
    place.unlink(missing_ok=True)
    lay(place, secret)
    with pytest.raises(PgmeritError, match=f"server/{name} is ") as refused:
        persistent.start()
    assert SECRET.strip() not in str(refused.value)
    with (
        pytest.raises(PgmeritError, match=f"server/{name} is "),
        attached_server(persistent.home, BINDIR, durable=False),
    ):
        pass
    assert secret.read_text() == SECRET
    assert not persistent.is_running()


@pytest.mark.parametrize("name", ["PG_VERSION", "postmaster.pid", "postmaster.opts"])
def test_a_link_among_the_data_is_not_read(
    persistent: PersistentServer, secret: Path, cli: Cli, name: str
) -> None:
    place = persistent.data / name
    place.unlink(missing_ok=True)
    place.symlink_to(secret)
    where: dict[str, str | None] = {"PGMERIT_HOME": str(persistent.home)}
    for command in ("start", "status", "stop"):
        told = cli("db", command, env=where)
        assert SECRET.strip() not in told.stdout + told.stderr
        assert told.exit_code in (0, 1, 2)
    assert secret.read_text() == SECRET


@pytest.mark.parametrize("name", ["server", "server/data", "server/socket"])
def test_a_link_in_place_of_a_folder_is_refused(
    persistent: PersistentServer, home: Path, name: str
) -> None:
    place = home / name
    place.rename(home / "elsewhere")
    place.symlink_to(home / "elsewhere")
    with pytest.raises(PgmeritError, match=f"{name} is not a folder"):
        persistent.start()


@pytest.mark.parametrize("name", ["server", "server/data", "server/socket"])
def test_a_folder_that_others_may_write_in_is_refused(
    persistent: PersistentServer, home: Path, name: str
) -> None:
    place = home / name
    place.chmod(place.stat().st_mode | stat.S_IWGRP)
    with pytest.raises(PgmeritError, match=f"others may write in {place}") as refused:
        persistent.start()
    assert refused.value.hint == f"Run `chmod go-w {place}`."


def anothers_home(home: Path) -> Path:
    """Give a folder of another user's."""
    if not is_root:
        return Path("/usr")
    given = home / "given"
    given.mkdir()
    os.chown(given, STRANGER, STRANGER)
    return given


@pytest.mark.parametrize("command", ["start", "stop", "status", "dsn", "psql"])
def test_another_users_home_is_refused_by_every_command(home: Path, cli: Cli, command: str) -> None:
    given = anothers_home(home)
    told = cli("db", command, env={"PGMERIT_HOME": str(given)})
    assert told.exit_code == 2
    first, *rest = told.stderr.splitlines()
    assert first.startswith(f"error: {given} belongs to another user, ")
    assert rest == ["hint: Set PGMERIT_HOME to a folder of your own that nobody else may write in."]


def test_nor_does_any_other_command_take_it(home: Path, cli: Cli) -> None:
    told = cli("doctor", env={"PGMERIT_HOME": str(anothers_home(home))})
    assert (told.exit_code, told.stdout) == (2, "")
    assert "belongs to another user" in told.stderr


@as_root
def test_whose_data_it_is_makes_root_no_servant_of_his(home: Path) -> None:
    """A folder of a user's with a server's data in it: root neither reads nor serves it."""
    user = pwd.getpwnam("daemon").pw_uid
    data = home / "given" / "server" / "data"
    data.mkdir(parents=True)
    for folder in (data, data.parent, data.parent.parent):
        os.chown(folder, user, -1)
    with pytest.raises(PgmeritError, match="belongs to another user, daemon"):
        PersistentServer(home / "given")


def test_data_that_is_not_postgresqls_is_not_told(persistent: PersistentServer) -> None:
    (persistent.data / "PG_VERSION").write_text(SECRET)
    with pytest.raises(PgmeritError, match="PG_VERSION is not PostgreSQL's"):
        persistent.status()


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o775])
def test_a_home_that_others_may_write_in_is_refused(home: Path, mode: int) -> None:
    home.chmod(mode)
    with pytest.raises(PgmeritError, match=f"others may write in {home}") as refused:
        PersistentServer(home)
    assert refused.value.hint is not None
    assert f"chmod go-w {home}" in refused.value.hint


@as_root
def test_a_home_that_others_could_replace_is_refused(home: Path) -> None:
    open_to_all = home / "open"
    (open_to_all / "state").mkdir(parents=True)
    open_to_all.chmod(0o777)
    with pytest.raises(PgmeritError, match=f"others may write in {open_to_all}"):
        PersistentServer(open_to_all / "state")
    # In a sticky one, such as /tmp, only its owner replaces a folder.
    open_to_all.chmod(0o1777)
    PersistentServer(open_to_all / "state")
    os.chown(open_to_all, STRANGER, STRANGER)
    with pytest.raises(PgmeritError, match=f"{open_to_all} belongs to another user"):
        PersistentServer(open_to_all / "state")


@as_root
def test_a_link_of_another_users_leads_to_no_home(home: Path) -> None:
    (home / "state").mkdir()
    link = home / "link"
    link.symlink_to(home / "state")
    PersistentServer(link)
    os.chown(link, STRANGER, STRANGER, follow_symlinks=False)
    with pytest.raises(PgmeritError, match=f"{link} belongs to another user"):
        PersistentServer(link)


def test_a_home_that_cannot_be_made_is_one_clear_line(home: Path) -> None:
    (home / "file").write_text("")
    with pytest.raises(PgmeritError, match="cannot be reached: Not a directory"):
        PersistentServer(home / "file" / "state")
    loop = home / "loop"
    loop.symlink_to(loop)
    with pytest.raises(PgmeritError, match="cannot be reached"):
        PersistentServer(loop)


def test_by_tcp_nobody_comes_in(new_server: PersistentServer, persistent: PersistentServer) -> None:
    entries = [
        line.split()
        for line in (persistent.data / "pg_hba.conf").read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]
    assert {(kind, words[-1]) for kind, *words in entries} == {
        ("local", "trust"),
        ("host", "reject"),
    }
    # Data that an earlier version made, or somebody configured: it still listens nowhere.
    with (persistent.data / "postgresql.auto.conf").open("a") as file:
        file.write("listen_addresses = '*'\n")
    persistent.start()
    assert answer(persistent.dsn(), "show listen_addresses") == ""
    with (persistent.data / "postmaster.opts").open() as file:
        assert "listen_addresses=" in file.read()


def test_no_secret_of_the_callers_reaches_the_servers_user(
    persistent: PersistentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUD_SECRET_KEY", SECRET)
    persistent.start()
    given = Path(f"/proc/{persistent.server_pid()}/environ").read_text()
    assert SECRET.strip() not in given


def test_psql_is_not_a_program_of_the_servers_choice(
    persistent: PersistentServer, home: Path
) -> None:
    persistent.start()
    for name in ("psql", "postgres", "initdb"):
        (home / name).write_text("#!/bin/sh\necho trapped\n")
        (home / name).chmod(0o755)
    (persistent.data / "postmaster.opts").write_text(f"{home}/postgres\n")
    done = subprocess.run(
        [sys.executable, "-m", "pgmerit", "db", "psql", "-XAtc", "select 6 * 7"],
        env={**os.environ, "PGMERIT_HOME": str(home), **_own_binaries()},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "42\n"


def _own_binaries() -> dict[str, str]:
    return {"PGMERIT_PG_BINDIR": BINDIR} if BINDIR else {}


def test_the_short_folder_of_a_socket_must_be_the_servers_own(
    persistent: PersistentServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name in /tmp can be guessed, so somebody may have been there before."""
    monkeypatch.setattr(clusters, "_LONGEST_SOCKET_PATH", 10)
    guessed = persistent.socket_dir
    guessed.symlink_to(home)
    try:
        with pytest.raises(PgmeritError, match="is not a folder"):
            persistent.start()
    finally:
        guessed.unlink()


@as_root
def test_binaries_are_copied_into_a_home_of_roots_alone(home: Path) -> None:
    private = home / "private"
    private.mkdir(mode=0o700)
    for name in ("postgres", "initdb"):
        (private / name).write_text("")
    given = home / "given"
    given.mkdir()
    user = Cluster(home / "state").user
    assert user.uid is not None
    os.chown(given, user.uid, -1)
    with pytest.raises(PgmeritError, match=f"cannot reach {private}"):
        _ = Cluster(given, private).bindir
    assert list(given.glob("[bc]*")) == []
