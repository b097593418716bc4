"""A batch broken off anywhere is taken up where it was, and what is its own is found."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from pgmerit.database import Connection
from pgmerit.dedupe import batches
from pgmerit.errors import PgmeritError, StoppedError

from tests.conftest import CliResult
from tests.dedupe.legacy import (
    CONSTRAINT,
    INSERT,
    LEGACY,
    Once,
    apply,
    apply_hooked,
    content,
    duplicates,
    fill,
)
from tests.engine import rows, until, value

Cli = Callable[..., CliResult]
Session = Callable[..., Connection]
REACHED = [phase for phase in batches.PHASES if phase not in ("made", "undoing", "undone")]


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """End the session's backend as a phase is written, before or after it is."""
    reached = batches.update

    def end_at(phase: str, when: str) -> None:
        is_ended: list[bool] = []

        def update(connection: Connection, batch_id: int, **values: object) -> None:
            is_now = values.get("phase") == phase and not is_ended
            if not is_now or when == "after":
                reached(connection, batch_id, **values)
            if is_now:
                is_ended.append(True)
                connection.execute("select pg_catalog.pg_terminate_backend(pg_backend_pid())")

        monkeypatch.setattr(batches, "update", update)

    return end_at


@pytest.mark.parametrize(
    ("phase", "when"),
    [
        *((phase, "after") for phase in REACHED),
        *((phase, "before") for phase in ("guarded", "fenced", "attached")),
    ],
)
def test_a_session_that_ends_at_a_phase(
    legacy: Connection,
    empty_dsn: str,
    run: Cli,
    ending: Callable[[str, str], None],
    phase: str,
    when: str,
) -> None:
    fill(legacy, people=3, copies=2)
    before = content(legacy)
    ending(phase, when)
    with pytest.raises(PgmeritError, match="terminating connection") as caught:
        apply_hooked(empty_dsn)
    assert "--keep earned_at --apply` goes on where this ended." in str(caught.value.hint)
    told = run(*LEGACY)
    assert (told.exit_code, "batch 1 is unfinished" in told.stderr) == (1, True)
    done = apply(run)
    assert not done["changed"] or done["removed"] == 3
    assert duplicates(legacy) == 0
    assert rows(legacy, "select from pg_index where not indisvalid") == []
    assert rows(legacy, "select from pg_trigger where not tgisinternal") == []
    (batch,) = json.loads(run("dedupe", "--status", "--format", "json").stdout)
    assert (batch["phase"], batch["removed"]) == ("done", 3)
    left = "select relname from pg_class where relname ~ '^pgmerit_dedupe|_1$'"
    assert [row["relname"] for row in rows(legacy, left)] == ["archive_1"]
    assert run("dedupe", "--undo", 1).exit_code == 0
    assert content(legacy) == before


@pytest.mark.parametrize("phase", ["guarded", "scanned", "fenced", "built", "attached"])
def test_undo_from_any_phase(
    legacy: Connection,
    empty_dsn: str,
    run: Cli,
    ending: Callable[[str, str], None],
    phase: str,
) -> None:
    fill(legacy, people=3, copies=2)
    before = content(legacy)
    ending(phase, "after")
    with contextlib.suppress(PgmeritError):
        apply_hooked(empty_dsn)
    assert run("dedupe", "--undo", 1).exit_code == 0
    assert content(legacy) == before
    assert rows(legacy, "select from pg_trigger where not tgisinternal") == []
    found = rows(legacy, "select indexname from pg_indexes where tablename = 'user_badges'")
    assert [row["indexname"] for row in found] == ["user_badges_pkey"]


def test_an_index_that_was_dropped_since_is_built_again(
    legacy: Connection, empty_dsn: str, ending: Callable[[str, str], None]
) -> None:
    fill(legacy, people=3, copies=2)
    ending("built", "after")
    with pytest.raises(PgmeritError):
        apply_hooked(empty_dsn)
    legacy.execute(f"drop index {CONSTRAINT}".encode())
    assert apply_hooked(empty_dsn)["removed"] == 3
    with pytest.raises(psycopg.errors.UniqueViolation, match=CONSTRAINT):
        legacy.execute(INSERT.encode(), (1,))


def test_a_build_of_ours_that_was_broken_off_is_found(
    legacy: Connection, empty_dsn: str, ending: Callable[[str, str], None]
) -> None:
    fill(legacy, people=3, copies=2)
    ending("drained", "after")
    with pytest.raises(PgmeritError):
        apply_hooked(empty_dsn)
    legacy.execute(f"create unique index {CONSTRAINT} on user_badges (user_id, badge_id)".encode())
    legacy.execute(
        "update pg_index set indisvalid = false where indexrelid = %s::regclass", (CONSTRAINT,)
    )
    told: list[str] = []
    assert apply_hooked(empty_dsn, tell=told.append)["removed"] == 3
    assert told == [f'the index "{CONSTRAINT}" is invalid and refuses some duplicates: dropped']
    assert rows(legacy, "select from pg_index where not indisvalid") == []


def test_an_undo_that_gives_up_on_an_index_is_taken_up(
    legacy: Connection,
    session: Session,
    empty_dsn: str,
    run: Cli,
    ending: Callable[[str, str], None],
) -> None:
    fill(legacy, people=3, copies=2)
    before = content(legacy)
    ending("built", "after")
    with pytest.raises(PgmeritError):
        apply_hooked(empty_dsn)
    reader = session(autocommit=False)
    reader.execute("select from user_badges")
    told = run("dedupe", "--undo", 1, "--give-up-after", 0.1, "--lock-timeout", 0.05)
    assert told.exit_code == 2
    assert f"pid {reader.info.backend_pid} (" in told.stderr
    reader.rollback()
    assert run("dedupe", "--undo", 1).exit_code == 0
    assert content(legacy) == before


def test_an_undo_that_ends_is_taken_up(
    legacy: Connection, run: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(legacy, people=3, copies=3)
    before = content(legacy)
    done = apply(run, "--batch-rows", 2)
    # The first step that is put back stands in the way of nothing; the last one does.
    first = value(legacy, f"select min(id) from {done['archive']} where pgmerit_step = 1")
    legacy.execute(
        "insert into user_badges (id, user_id, badge_id) overriding system value"
        " values (%s, 9, 'x')",
        (first,),
    )
    assert run("dedupe", "--undo", done["batch"]).exit_code == 2
    assert value(legacy, f"select count(*) from {done['archive']}") == 2
    again = run(*LEGACY, "--apply")
    assert again.stderr.startswith("error: batch 1 is being put back\nhint: `pgmerit dedupe --undo")
    legacy.execute("delete from user_badges where user_id = 9")
    assert run("dedupe", "--undo", done["batch"]).exit_code == 0
    assert content(legacy) == before


def test_a_table_that_was_altered_meanwhile_stops_it(legacy: Connection, empty_dsn: str) -> None:
    fill(legacy, people=3, copies=2)
    alter = Once(
        "Removing duplicates", lambda: legacy.execute("alter table user_badges add extra text")
    )
    with pytest.raises(PgmeritError, match="was altered since batch 1 began"):
        apply_hooked(empty_dsn, on_progress=alter)
    assert value(legacy, "select count(*) from user_badges") == 6


# A shell that starts its jobs in the background lets them ignore the signal.
_RUN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " from pgmerit.cli import main; main(prog_name='pgmerit')"
)


@contextlib.contextmanager
def applying(dsn: str, home: Path) -> Iterator[subprocess.Popen[str]]:
    """Apply in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", _RUN, *LEGACY, "--apply"],
        env=os.environ | {"PGMERIT_DSN": dsn, "PGMERIT_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_build_whose_client_died_ends_and_is_taken_up(
    legacy: Connection, session: Session, empty_dsn: str, tmp_path: Path, run: Cli
) -> None:
    fill(legacy, people=3, copies=2)
    reader = session(autocommit=False)
    reader.execute("set transaction isolation level repeatable read")
    reader.execute("select from user_badges")
    # The view shows all databases.
    builds = (
        "select pid from pg_stat_progress_create_index"
        " where datname = current_database() and command ~ 'CONCURRENTLY'"
    )
    with applying(empty_dsn, tmp_path) as process:
        until(lambda: bool(rows(legacy, builds)))
        (died,) = rows(legacy, builds)
        process.kill()
    # The server still builds, and notices; what it waited for is waited for anew.
    told = run(*LEGACY, "--apply", "--give-up-after", 0.3)
    assert told.exit_code == 2
    assert f"waits for pid {reader.info.backend_pid} (" in told.stderr
    assert not value(
        legacy, "select exists (select from pg_stat_activity where pid = %s)", died["pid"]
    )
    reader.rollback()
    assert apply(run)["removed"] == 3
    assert rows(legacy, "select from pg_index where not indisvalid") == []


def test_ctrl_c_says_what_stands_and_what_goes_on(
    legacy: Connection, session: Session, empty_dsn: str, tmp_path: Path, run: Cli
) -> None:
    fill(legacy, people=3, copies=2)
    legacy.execute("create index on user_badges (user_id, badge_id)")
    holder = session(autocommit=False)
    holder.execute("select from user_badges where user_id = 2 for update")
    with applying(empty_dsn, tmp_path) as process:
        until(
            lambda: (
                value(legacy, "select to_regclass('pgmerit_dedupe.batches')") is not None
                and value(legacy, "select phase from pgmerit_dedupe.batches") == "fenced"
            )
        )
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert told.splitlines()[-1] == (
        "error: stopped: what was removed is archived in batch 1; writers go on as before, and "
        "what arrives is noted; `pgmerit dedupe public.user_badges --key user_id,badge_id --keep "
        "earned_at --apply` goes on"
    )
    (batch,) = json.loads(run("dedupe", "--status", "--format", "json").stdout)
    assert (batch["phase"], batch["guard"], batch["removed"]) == ("scanned", "note", 2)
    # Not refused any more, and found by the next run.
    legacy.execute(INSERT.encode(), (1,))
    holder.commit()
    assert apply(run)["removed"] == 4
    assert duplicates(legacy) == 0


def test_a_stop_that_cannot_step_back_says_that_writers_are_refused(
    legacy: Connection, session: Session, empty_dsn: str
) -> None:
    fill(legacy, people=3, copies=2)
    holder = session(autocommit=False)

    def stop(description: str) -> None:
        if value(legacy, "select phase from pgmerit_dedupe.batches") == "fenced":
            holder.execute(INSERT.encode(), (9,))
            raise KeyboardInterrupt

    with pytest.raises(StoppedError, match="writers are refused duplicates"):
        apply_hooked(empty_dsn, on_progress=stop, lock_timeout=0.1)
    holder.commit()
    with pytest.raises(psycopg.errors.UniqueViolation, match=CONSTRAINT):
        legacy.execute(INSERT.encode(), (9,))
    apply_hooked(empty_dsn)
    assert duplicates(legacy) == 0
