"""Who is in the way is named, writers queue for a moment only, and one runner works at a time."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pgmerit.database import Connection, connect
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.conftest import CliResult
from tests.dedupe.legacy import (
    INSERT,
    LEGACY,
    Once,
    apply,
    apply_hooked,
    content,
    duplicates,
    fill,
)
from tests.engine import in_background, rows, until, value

Cli = Callable[..., CliResult]
Session = Callable[..., Connection]


def test_giving_up_says_who_holds_what_and_stops_nobody(
    legacy: Connection, session: Session, run: Cli
) -> None:
    fill(legacy, people=3, copies=2)
    holder = session(autocommit=False)
    holder.execute(INSERT.encode(), (9,))
    told = run(*LEGACY, "--apply", "--lock-timeout", 0.05, "--give-up-after", 0.2)
    assert told.exit_code == 2
    error = [line for line in told.stderr.splitlines() if line.startswith("error: ")]
    assert len(error) == 1
    assert "public.user_badges is held by" in error[0]
    assert f"pid {holder.info.backend_pid} (pgmerit, user " in error[0]
    assert "idle in transaction, transaction since " in error[0]
    holder.commit()
    (batch,) = json.loads(run("dedupe", "--status", "--format", "json").stdout)
    assert (batch["phase"], batch["guard"], batch["runner_pid"]) == ("made", "none", None)
    assert batch["next"].startswith("pgmerit dedupe public.user_badges --key user_id,badge_id")
    assert apply(run)["batch"] == batch["batch"]
    assert duplicates(legacy) == 0


def test_a_long_reader_holds_up_a_build_and_is_named(
    legacy: Connection, session: Session, run: Cli
) -> None:
    fill(legacy, people=3, copies=2)
    reader = session(autocommit=False)
    reader.execute("set transaction isolation level repeatable read")
    reader.execute("select from user_badges")
    told = run(*LEGACY, "--apply", "--give-up-after", 0.3)
    assert told.exit_code == 2
    assert "building an index on the key waits for pid" in told.stderr
    assert f"pid {reader.info.backend_pid} (" in told.stderr
    reader.commit()
    assert apply(run)["removed"] == 3
    assert rows(legacy, "select from pg_index where not indisvalid") == []


def test_a_writer_behind_our_lock_waits_no_longer_than_the_timeout(
    legacy: Connection, session: Session, empty_dsn: str
) -> None:
    fill(legacy, people=3, copies=2)
    holder, writer = session(autocommit=False), session()
    holder.execute(INSERT.encode(), (9,))
    done = in_background(lambda: apply_hooked(empty_dsn, lock_timeout=1.0))
    queued = (
        "select exists (select from pg_locks where mode = 'ShareRowExclusiveLock' and not granted)"
    )
    until(lambda: bool(value(legacy, queued)))
    began = time.monotonic()
    writer.execute(INSERT.encode(), (10,))
    assert time.monotonic() - began < 1.0
    holder.commit()
    assert done.result()["removed"] == 3


def test_a_table_that_is_locked_whole_for_a_while_is_waited_for(
    legacy: Connection, session: Session, empty_dsn: str
) -> None:
    fill(legacy, people=3, copies=2)
    holder = session(autocommit=False)
    told: list[str] = []
    lock = Once(
        "Looking for duplicates",
        lambda: holder.execute("lock table user_badges in access exclusive mode"),
    )
    run = in_background(
        lambda: apply_hooked(empty_dsn, on_progress=lock, tell=told.append, lock_timeout=0.1)
    )
    until(lambda: bool(told) or run.done())
    holder.rollback()
    assert run.result()["removed"] == 3


def test_rows_that_somebody_holds_are_left_and_come_later(
    legacy: Connection, session: Session, empty_dsn: str
) -> None:
    fill(legacy, people=3, copies=2)
    holder = session(autocommit=False)
    holder.execute("select from user_badges where user_id = 2 for update")
    told: list[str] = []
    run = in_background(lambda: apply_hooked(empty_dsn, lock_timeout=0.1, tell=told.append))
    until(lambda: bool(told) or run.done())
    assert f"pid {holder.info.backend_pid} (" in told[0]
    assert value(legacy, "select removed_count from pgmerit_dedupe.steps") == 2
    holder.commit()
    assert run.result()["removed"] == 3


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_a_kept_row_that_somebody_is_deleting_leaves_the_other(
    legacy: Connection, session: Session, empty_dsn: str, ending: str
) -> None:
    fill(legacy, people=3, copies=2)
    holder = session(autocommit=False)
    told: list[str] = []

    def delete() -> None:
        holder.execute("delete from user_badges where user_id = 2 and note = 'copy 2'")

    run = in_background(
        lambda: apply_hooked(
            empty_dsn,
            on_progress=Once("Removing duplicates", delete),
            tell=told.append,
            lock_timeout=0.1,
        )
    )
    until(lambda: bool(told) or run.done())
    getattr(holder, ending)()
    assert run.result()["removed"] == (2 if ending == "commit" else 3)
    left = rows(legacy, "select note from user_badges where user_id = 2")
    assert [row["note"] for row in left] == ["copy 1" if ending == "commit" else "copy 2"]


def test_a_second_runner_is_refused_with_the_pid_of_the_first(
    legacy: Connection, session: Session, empty_dsn: str, run: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgmerit.dedupe.batches._RUNNER_SECONDS", 0.0)
    fill(legacy, people=3, copies=2)
    told: list[CliResult] = []

    def run_beside() -> None:
        told.append(run(*LEGACY, "--apply"))
        told.append(run("dedupe", "--undo", 1))
        told.append(run("dedupe", "--status", "--format", "json"))

    done = apply_hooked(empty_dsn, on_progress=Once("Removing duplicates", run_beside))
    assert done["removed"] == 3
    (batch,) = json.loads(told[2].stdout)
    assert batch["phase"] == "scanned"
    for refused in told[:2]:
        assert refused.exit_code == 2
        assert refused.stderr.startswith(
            f"error: batch 1 is worked on by pid {batch['runner_pid']} ("
        )


def test_other_options_do_not_take_up_a_batch(
    legacy: Connection, session: Session, run: Cli
) -> None:
    fill(legacy, people=3, copies=2)
    holder = session(autocommit=False)
    holder.execute(INSERT.encode(), (9,))
    assert run(*LEGACY, "--apply", "--give-up-after", 0, "--lock-timeout", 0.05).exit_code == 2
    holder.commit()
    told = run("dedupe", "user_badges", "--key", "user_id", "--keep", "id", "--apply")
    assert told.exit_code == 2
    assert told.stderr.startswith(
        "error: batch 1 of public.user_badges is unfinished, with other options\nhint: `pgmerit "
        "dedupe public.user_badges --key user_id,badge_id --keep earned_at --apply` goes on"
    )
    assert run("dedupe", "--undo", 1).exit_code == 0


@contextlib.contextmanager
def pooled(dsn: str, folder: Path) -> Iterator[str]:
    """Stand between as a pooler does: the key that the client is given is not the server's."""
    given = conninfo_to_dict(dsn)
    place = str(folder / f".s.PGSQL.{given['port']}")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)
        listener.listen()
        threading.Thread(
            target=_relay, args=(listener, f"{given['host']}/.s.PGSQL.{given['port']}"), daemon=True
        ).start()
        yield make_conninfo(dsn, host=str(folder))


def _relay(listener: socket.socket, server: str) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            upstream = socket.socket(socket.AF_UNIX)
            upstream.connect(server)
            threading.Thread(target=_pass_on, args=(client, upstream), daemon=True).start()


def _pass_on(client: socket.socket, upstream: socket.socket) -> None:
    """Carry bytes both ways; change the pid in BackendKeyData (K, length 12, pid, secret)."""
    with client, upstream, contextlib.suppress(OSError):
        while True:
            for ready in select.select([client, upstream], [], [])[0]:
                data = ready.recv(65536)
                if not data:
                    return
                if ready is client:
                    upstream.sendall(data)
                    continue
                at = data.find(b"K\0\0\0\x0c")
                if at >= 0:
                    data = data[: at + 5] + b"\0\0\0\x01" + data[at + 9 :]
                client.sendall(data)


def test_through_a_pooler_a_direct_connection_is_demanded(
    legacy: Connection, empty_dsn: str, cli: Cli, tmp_path: Path
) -> None:
    fill(legacy, people=3, copies=2)
    before = content(legacy)
    with pooled(empty_dsn, tmp_path) as through:
        with contextlib.closing(connect(through)) as connection:
            assert connection.info.backend_pid == 1
        for words in ([*LEGACY, "--apply"], ["dedupe", "--undo", "1"]):
            told = cli(*words, dsn=through)
            assert told.exit_code == 2
            assert told.stderr.startswith("error: a pooler stands between here and the server\n")
        assert cli(*LEGACY, dsn=through).exit_code == 1
    assert content(legacy) == before
