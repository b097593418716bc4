"""A migration and its mark are one; a killed run leaves no lock; concurrent runs wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import psycopg
import pytest
from pgmerit import schema
from pgmerit.database import connect
from pgmerit.errors import BusyError, NoRightsError, PgmeritError
from pgmerit.schema.yoyo import Backend

from tests.conftest import Server
from tests.migrations.conftest import add_migration, function, write_files

_RUN = """
import sys
from pathlib import Path
from pgmerit import schema
schema.migrate(sys.argv[1], schema.Sources(Path(sys.argv[2]), Path(sys.argv[3])))
"""


def _start(dsn: str, sources: schema.Sources) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", _RUN, dsn, str(sources.migrations), str(sources.files)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def _one(dsn: str, query: str) -> Any:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def _wait_for(dsn: str, query: str) -> None:
    deadline = time.monotonic() + 30
    while not _one(dsn, query):
        assert time.monotonic() < deadline, f"never true: {query}"


_SLEEPING = (
    "select count(*) > 0 from pg_stat_activity where datname = current_database()"
    " and query ~ 'pg_sleep' and pid <> pg_backend_pid() and state = 'active'"
)


def test_a_run_killed_inside_a_migration_leaves_nothing_and_the_next_one_succeeds(
    empty_dsn: str, sources: schema.Sources
) -> None:
    text = (sources.migrations / "0002_second.sql").read_text()
    (sources.migrations / "0002_second.sql").write_text(f"{text}\nselect pg_sleep(600);\n")
    process = _start(empty_dsn, sources)
    _wait_for(empty_dsn, _SLEEPING)
    process.send_signal(signal.SIGKILL)
    process.wait()
    _one(
        empty_dsn,
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where query ~ 'pg_sleep'"
        " and datname = current_database() and pid <> pg_backend_pid()",
    )
    (sources.migrations / "0002_second.sql").write_text(text)
    assert schema.migrate(empty_dsn, sources).applied == ["0002_second"]


def test_a_crash_between_the_tables_and_the_mark_leaves_neither(
    empty_dsn: str, sources: schema.Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Backend, "mark_one", crash)
        with pytest.raises(KeyboardInterrupt):
            schema.migrate(empty_dsn, sources)
    assert _one(empty_dsn, "select to_regclass('badges.first') is null")
    assert schema.migrate(empty_dsn, sources).applied == ["0001_first", "0002_second"]


def test_a_lock_row_left_by_a_killed_run_holds_nobody_up(
    empty_dsn: str, sources: schema.Sources
) -> None:
    schema.migrate(empty_dsn, sources)
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("insert into badges_internal.yoyo_lock values (1, now(), 1)")
    add_migration(sources, "0003_third", "create table badges.third (n int);")
    started = time.monotonic()
    assert schema.migrate(empty_dsn, sources).applied == ["0003_third"]
    assert time.monotonic() - started < 5


def test_concurrent_runs_wait_and_apply_everything_once(
    empty_dsn: str, sources: schema.Sources
) -> None:
    told: list[str] = []
    reports: list[schema.Report] = []

    def run() -> None:
        reports.append(schema.migrate(empty_dsn, sources, told.append))

    with connect(empty_dsn, autocommit=True) as holder:
        holder.execute("select pg_advisory_lock(%s)", (schema.LOCK_KEY,))
        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 30
        while told.count("waiting for another run to end") < 4:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    for thread in threads:
        thread.join()
    assert sorted(len(report.applied) for report in reports) == [0, 0, 0, 2]


def test_a_run_that_never_ends_is_told_of(empty_dsn: str, sources: schema.Sources) -> None:
    with connect(empty_dsn, autocommit=True) as holder:
        holder.execute("select pg_advisory_lock(%s)", (schema.LOCK_KEY,))
        with pytest.raises(BusyError, match="another pgmerit migrates") as told:
            schema.migrate(empty_dsn, sources, wait_seconds=0.2)
        pid, role = holder.info.backend_pid, holder.info.user
        assert told.value.hint == f"The lock is held by process {pid} of the role {role} (pgmerit)."


def test_a_failing_migration_is_named_and_leaves_the_earlier_ones(
    empty_dsn: str, sources: schema.Sources
) -> None:
    add_migration(sources, "0003_third", "create table badges.third (n int);\nselect 1 / 0;")
    with pytest.raises(PgmeritError, match="migration 0003_third: division by zero"):
        schema.migrate(empty_dsn, sources)
    assert _one(empty_dsn, "select to_regclass('badges.third') is null")
    assert _one(empty_dsn, "select count(*) from badges_internal.migration_files") == 2


def test_an_edited_migration_is_told_of(empty_dsn: str, sources: schema.Sources) -> None:
    schema.migrate(empty_dsn, sources)
    with (sources.migrations / "0001_first.sql").open("a") as file:
        file.write("-- an afterthought\n")
    with pytest.raises(PgmeritError) as caught:
        schema.migrate(empty_dsn, sources)
    assert caught.value.details == [
        {"path": "0001_first", "message": "was edited after it was applied"}
    ]


def test_a_missing_migration_is_told_of(empty_dsn: str, sources: schema.Sources) -> None:
    schema.migrate(empty_dsn, sources)
    for path in sources.migrations.glob("0002_*"):
        path.unlink()
    with pytest.raises(PgmeritError) as caught:
        schema.plan(empty_dsn, sources)
    assert "0002_second" in caught.value.details[0]["path"]
    assert "missing" in caught.value.details[0]["message"]


def test_a_migration_without_rollback_is_refused(empty_dsn: str, sources: schema.Sources) -> None:
    (sources.migrations / "0002_second.rollback.sql").unlink()
    with pytest.raises(PgmeritError, match="0002_second has no rollback"):
        schema.migrate(empty_dsn, sources)


def test_a_folder_without_migrations_is_refused(empty_dsn: str, sources: schema.Sources) -> None:
    nowhere = schema.Sources(sources.migrations / "nowhere", sources.files)
    with pytest.raises(PgmeritError, match="no migrations"):
        schema.migrate(empty_dsn, nowhere)


def test_a_concurrent_index_build_may_stand_in_a_migration(
    empty_dsn: str, sources: schema.Sources
) -> None:
    (sources.migrations / "0003_third.sql").write_text(
        "-- transactional: false\ncreate index concurrently first_by_n on badges.first (n);\n"
    )
    (sources.migrations / "0003_third.rollback.sql").write_text("drop index badges.first_by_n;\n")
    assert "0003_third" in schema.migrate(empty_dsn, sources).applied
    assert _one(
        empty_dsn,
        "select indisvalid from pg_index where indexrelid = 'badges.first_by_n'::regclass",
    )


def test_a_folder_with_odd_letters_in_its_name_is_found(
    empty_dsn: str, sources: schema.Sources
) -> None:
    odd = sources.migrations.with_name("mi[gra]tions *?")
    sources.migrations.rename(odd)
    assert len(schema.migrate(empty_dsn, schema.Sources(odd, sources.files)).applied) == 2


@pytest.mark.parametrize(
    "foreign",
    [
        "create table badges.theirs (n int)",
        "create function badges.theirs() returns int language sql as 'select 1'",
        "create type badges.theirs as enum ('a')",
    ],
)
def test_schemas_that_hold_what_is_not_ours_are_refused(
    empty_dsn: str, sources: schema.Sources, foreign: str
) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("create schema badges")
        connection.execute(foreign.encode())
    for run in (schema.migrate, schema.plan):
        with pytest.raises(PgmeritError, match=r"badges\.theirs"):
            run(empty_dsn, sources)
    assert _one(empty_dsn, "select to_regnamespace('badges_internal') is null")


def test_empty_schemas_that_an_administrator_made_are_used(
    empty_dsn: str, sources: schema.Sources
) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("create schema badges")
        connection.execute("create schema badges_internal")
    assert len(schema.migrate(empty_dsn, sources).applied) == 2


def test_a_role_without_rights_is_told_so_and_nothing_is_made(
    empty_dsn: str, server: Server, sources: schema.Sources
) -> None:
    name = f"pgmerit_nobody_{os.getpid()}"
    with psycopg.connect(server.admin_dsn, autocommit=True) as admin:
        admin.execute(f"create role {name} login".encode())
        try:
            with pytest.raises(NoRightsError, match="permission denied for database"):
                schema.migrate(psycopg.conninfo.make_conninfo(empty_dsn, user=name), sources)
        finally:
            admin.execute(f"drop role {name}".encode())


def test_migrations_do_not_lean_on_the_callers_search_path(
    empty_dsn: str, sources: schema.Sources
) -> None:
    write_files(sources, {"one.sql": function("one", "select n from first")})
    with pytest.raises(PgmeritError, match=r'sql/one.sql line 2: relation "first"'):
        schema.migrate(empty_dsn, sources)
