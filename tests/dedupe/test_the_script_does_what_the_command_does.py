"""`--print-sql`: with psql alone the same table, archive and constraint as by `--apply`."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection

from tests.conftest import CliResult
from tests.dedupe import storm
from tests.dedupe.legacy import LEGACY, content, fill
from tests.dedupe.pooler import transaction_pooler
from tests.engine import rows, until, value

Run = Callable[..., CliResult]
DSN = Callable[..., str]


def _execute(dsn: str, script: Path, *more: str) -> str:
    """Run a script to its good end."""
    return _run(dsn, script, *more, code=0)


def _refused(dsn: str, script: Path, *more: str) -> str:
    """Run a script to the error that ends it."""
    return _run(dsn, script, *more, code=3)


def _run(dsn: str, script: Path, *more: str, code: int) -> str:
    process = storm.start_script(dsn, script, *more)
    said = "".join(process.communicate(timeout=60))
    assert process.returncode == code, said
    return said


@pytest.fixture
def printed(run: Run, tmp_path: Path) -> Callable[..., Path]:
    """Print the script for a command line into a file."""

    def printing(*command: object) -> Path:
        done = run(*command, "--print-sql")
        assert done.exit_code == 0, done.stderr
        file = tmp_path / "script.sql"
        file.write_text(done.stdout)
        return file

    return printing


def _seen(connection: Connection, *tables: str) -> dict[str, Any]:
    """Tell what tables hold and what is on them."""
    seen: dict[str, Any] = {}
    for table in tables:
        seen[table] = [
            row["line"]
            for row in rows(connection, f"select t::text as line from {table} as t order by 1")
        ]
        for kind, query in (
            (
                "constraints",
                "select pg_get_constraintdef(oid) as line from pg_constraint where"
                " contype <> 'n' and conrelid",
            ),
            (
                "indexes",
                "select pg_get_indexdef(indexrelid) || indisvalid || indisready as line"
                " from pg_index where indrelid",
            ),
            (
                "triggers",
                "select tgname as line from pg_trigger where not tgisinternal and tgrelid",
            ),
        ):
            seen[f"{table} {kind}"] = [
                row["line"] for row in rows(connection, f"{query} = '{table}'::regclass order by 1")
            ]
    return seen


def _archive(connection: Connection, batch: int) -> list[str]:
    """Tell what was archived, without what is of one run alone."""
    archive = f"pgmerit_dedupe.archive_{batch}"
    columns = [
        row["name"]
        for row in rows(
            connection,
            "select quote_ident(attname) as name from pg_attribute"
            f" where attrelid = '{archive}'::regclass and attnum > 0 order by attnum",
        )
        if row["name"] not in ("pgmerit_batch", "pgmerit_row", "pgmerit_removed_at")
    ]
    query = f"select row({', '.join(columns)})::text as line from {archive} order by 1"
    return [row["line"] for row in rows(connection, query)]


TABLES = {
    "plain": (
        "user_badges",
        ("--key", "user_id,badge_id", "--keep", "earned_at", "--batch-rows", "7"),
        "create table user_badges (id bigint generated always as identity primary key,"
        " user_id bigint not null, badge_id text not null, earned_at timestamptz, note jsonb);"
        "insert into user_badges (user_id, badge_id, earned_at, note)"
        " select n % 20, 'badge ' || n % 2, timestamptz 'infinity' - n * interval '1 day',"
        " jsonb_build_object('n', n) from generate_series(1, 100) as n;"
        "insert into user_badges (user_id, badge_id) values (1, 'badge 1'), (77, 'x'), (77, 'x')",
    ),
    "of odd names": (
        '"My ""odd"" $pgmerit$ table"',
        ("--key", '"a, ""b""",select', "--keep", "When\\'s", "--constraint", 'Only $1 "once"; \\q'),
        'create table "My ""odd"" $pgmerit$ table" ("a, ""b""" text not null, "select" numeric'
        ' not null, "When\\\'s" date, n int, step text, held text, mask int, k1 int);'
        'insert into "My ""odd"" $pgmerit$ table" values (\'q\'\'\\\', 1.0, null, 1),'
        " ('q''\\', 1.00, '2026-01-02', 2), ('q''\\', 1, '2026-01-01', 3), ('r', 1, null, 4)",
    ),
    "with NULLs that are equal": (
        "user_badges",
        ("--key", "user_id,badge_id", "--keep", "earned_at", "--nulls", "not-distinct"),
        "create table user_badges (user_id bigint, badge_id text, earned_at float);"
        "insert into user_badges select nullif(n % 3, 0), nullif('b' || n % 2, 'b0'), -n"
        " from generate_series(1, 30) as n",
    ),
    "with NULLs that are none": (
        "user_badges",
        ("--key", "user_id,badge_id", "--keep", "earned_at", "--nulls", "distinct"),
        "create table user_badges (user_id bigint, badge_id text, earned_at float);"
        "insert into user_badges select nullif(n % 3, 0), nullif('b' || n % 2, 'b0'), -n"
        " from generate_series(1, 30) as n",
    ),
    "with children": (
        "user_badges",
        ("--key", "user_id", "--keep", "earned_at", "--children", "repoint", "--batch-rows", "2"),
        "create table user_badges (id int primary key, user_id int not null, earned_at int,"
        " previous int references user_badges);"
        "create table pins (id int primary key,"
        " award int references user_badges on delete cascade);"
        "insert into user_badges select n, n % 5, -n, nullif(n - 1, 0)"
        " from generate_series(1, 25) as n;"
        "insert into pins select id, id from user_badges",
    ),
    "with an invalid index": (
        "user_badges",
        ("--key", "user_id", "--keep", "earned_at"),
        "create table user_badges (id int primary key, user_id int not null, earned_at int);"
        "insert into user_badges select n, n % 5, -n from generate_series(1, 25) as n;",
    ),
}


@pytest.mark.parametrize("kind", TABLES)
def test_table_archive_and_constraint_are_the_same(
    session: Callable[..., Connection],
    empty_dsn: str,
    run: Run,
    printed: Callable[..., Path],
    kind: str,
) -> None:
    connection = session()
    table, options, made = TABLES[kind]
    connection.execute(made.encode())
    if kind == "with an invalid index":
        with pytest.raises(Exception, match="could not create unique index"):
            connection.execute("create unique index concurrently broken on user_badges (user_id)")
    tables = (table, "pins") if kind == "with children" else (table,)
    original = _seen(connection, *tables)

    done = run("dedupe", table, *options, "--apply", "--format", "json")
    assert done.exit_code == 0, done.stderr
    batch = json.loads(done.stdout)["batch"]
    applied, archived = _seen(connection, *tables), _archive(connection, batch)
    assert applied != original
    assert run("dedupe", "--undo", batch).exit_code == 0
    assert _seen(connection, *tables) == original

    script = printed("dedupe", table, *options)
    number = _number(script)
    _execute(empty_dsn, script)
    assert _seen(connection, *tables) == applied
    assert _archive(connection, number) == archived
    # Again: nothing happens.
    assert "nothing to do" in _execute(empty_dsn, script)
    assert _seen(connection, *tables) == applied

    status = json.loads(run("dedupe", "--status", "--format", "json").stdout)
    assert [(each["batch"], each["phase"]) for each in status] == [
        (batch, "undone"),
        (number, "done"),
    ]
    assert status[1]["removed"] == len(archived)
    # Either of the two puts it back.
    if kind in ("plain", "of odd names"):
        assert run("dedupe", "--undo", number).exit_code == 0
    else:
        _execute(empty_dsn, script, "-v", "undo=1")
    assert _seen(connection, *tables) == original
    assert "nothing to do" in _execute(empty_dsn, script, "-v", "undo=1")


def _number(script: Path) -> int:
    """Read the number of the script's batch."""
    found = re.search(r"batch (\d+)\.$", script.read_text(), re.M)
    assert found
    return int(found[1])


def _batch(connection: Connection, script: Path) -> dict[str, Any]:
    """Read the script's batch."""
    number = _number(script)
    return rows(connection, "select * from pgmerit_dedupe.batches where batch_id = %s", number)[0]


def test_beside_writers_and_killed_at_random_it_loses_nothing(
    session: Callable[..., Connection], empty_dsn: str, printed: Callable[..., Path]
) -> None:
    connection = session()
    with psycopg.connect(empty_dsn, autocommit=True) as plain:
        storm.make_table(plain, 2000, 400)
    key = ("--key", "user_id,badge_id", "--keep", "earned_at")
    script = printed("dedupe", storm.TABLE, *key, "--batch-rows", "50")
    writers = [storm.Writer(empty_dsn, seed) for seed in range(3)]
    with storm.writing(writers, storm.LongReader(empty_dsn, 0.2)) as ledger:
        for seconds in (0.1, 0.25, 0.4):
            process = storm.start_script(empty_dsn, script)
            time.sleep(seconds)
            process.kill()
            process.communicate()
            until(
                lambda: (
                    value(
                        connection,
                        "select count(*) from pg_stat_activity where application_name = %s"
                        " and datname = current_database()",
                        storm.RUNNER,
                    )
                    == 0
                )
            )
        _execute(empty_dsn, script)
        time.sleep(0.2)
    constraint = "user_badges_user_id_badge_id_key"
    with psycopg.connect(empty_dsn, autocommit=True) as plain:
        storm.assert_calm(plain, ledger, constraint)
    storm.assert_undisturbed(ledger, constraint)


def test_broken_off_before_each_phase_it_goes_on(
    legacy: Connection, empty_dsn: str, printed: Callable[..., Path]
) -> None:
    fill(legacy, people=20, copies=3)
    script = printed(*LEGACY)
    whole = script.read_text()
    for place in re.finditer(r"^\\echo (?!nothing|undo)", whole, re.M):
        script.write_text(whole[: place.start()])
        said = "".join(storm.start_script(empty_dsn, script).communicate(timeout=60))
        assert "ERROR" not in said
        assert _batch(legacy, script)["phase"] != "done"
    # Somebody drops what was built.
    assert _batch(legacy, script)["phase"] == "built"
    legacy.execute("drop index user_badges_user_id_badge_id_key")
    script.write_text(whole)
    _execute(empty_dsn, script)
    assert len(content(legacy)) == 20
    assert _batch(legacy, script)["phase"] == "done"


def test_a_duplicate_that_got_past_the_guard_is_removed_and_the_index_built_again(
    legacy: Connection, empty_dsn: str, printed: Callable[..., Path]
) -> None:
    fill(legacy, people=20, copies=3)
    script = printed(*LEGACY)
    guard = f'"pgmerit_dedupe_{_number(script)}_refuse"'
    script.write_text(
        script.read_text().replace(
            "\\echo unique index",
            f"alter table public.user_badges disable trigger {guard};\n"
            "insert into public.user_badges (user_id, badge_id) values (1, 'first');\n"
            f"alter table public.user_badges enable always trigger {guard};",
        )
    )
    said = _execute(empty_dsn, script)
    assert 'could not create unique index "user_badges_user_id_badge_id_key"' in said
    assert len(content(legacy)) == 20
    assert value(legacy, "select bool_and(indisvalid) from pg_index where indisunique")
    assert len(_archive(legacy, _number(script))) == 41


@pytest.mark.parametrize(
    ("before", "prepared", "more", "message"),
    [
        (
            "",
            "alter table user_badges alter user_id drop not null;"
            "insert into user_badges (user_id, badge_id) values (null, 'x'), (null, 'x')",
            (),
            "2 rows of public.user_badges have a NULL in the key",
        ),
        (
            "create table pins (award bigint references user_badges on delete cascade)",
            "insert into pins select id from user_badges",
            (),
            "rows to be removed are pointed at: 20 rows of public.pins by pins_award_fkey",
        ),
        (
            "",
            "create table pins (award bigint references user_badges on delete cascade)",
            (),
            "public.user_badges was altered since this script was printed",
        ),
        ("", "create table taken (n int)", ("--constraint", "taken"), "the name taken is taken"),
        (
            "",
            "create schema pgmerit_dedupe; create role pgmerit_other;"
            "alter schema pgmerit_dedupe owner to pgmerit_other;"
            "create role pgmerit_plain; grant all on schema public to pgmerit_plain;"
            "alter table user_badges owner to pgmerit_plain; set role pgmerit_plain",
            ("role",),
            "the schema pgmerit_dedupe belongs to another role",
        ),
        (
            "",
            "alter table user_badges rename to other;"
            "create table user_badges (user_id int, badge_id text, earned_at int)",
            (),
            "this script is for public.user_badges",
        ),
    ],
)
def test_what_is_in_the_way_is_refused_before_anything_is_written(
    legacy: Connection,
    empty_dsn: str,
    printed: Callable[..., Path],
    before: str,
    prepared: str,
    more: tuple[str, ...],
    message: str,
) -> None:
    fill(legacy, people=20, copies=2)
    legacy.execute(before.encode())
    is_of_a_role = more == ("role",)
    script = printed(*LEGACY, *(() if is_of_a_role else more))
    legacy.execute(prepared.encode())
    dsn = f"{empty_dsn} options='-c role=pgmerit_plain'" if is_of_a_role else empty_dsn
    try:
        said = _refused(dsn, script)
        assert message in said
        assert "HINT" in said
        if not is_of_a_role and value(
            legacy, "select to_regclass('pgmerit_dedupe.batches') is not null"
        ):
            assert value(legacy, "select count(*) from pgmerit_dedupe.batches") == 0
    finally:
        if is_of_a_role:
            legacy.execute("reset role")
            legacy.execute("drop owned by pgmerit_other, pgmerit_plain cascade")
            legacy.execute("drop role pgmerit_other, pgmerit_plain")


def test_rows_that_do_not_add_up_are_all_put_back(
    legacy: Connection, empty_dsn: str, printed: Callable[..., Path]
) -> None:
    fill(legacy, people=20, copies=3)
    before = _seen(legacy, "user_badges")
    script = printed(*LEGACY)
    # A row that nobody wrote is counted when the unique index is there.
    number = _number(script)
    text = script.read_text().replace(
        "\\echo counts, constraint",
        f"insert into pgmerit_dedupe.notes_{number} (xid, delta) values ('3', 1);",
    )
    script.write_text(text)
    said = _refused(empty_dsn, script)
    assert "the rows before, arrived, kept and archived do not add up" in said
    assert _seen(legacy, "user_badges") == before
    assert _batch(legacy, script)["phase"] == "undone"


def test_a_lock_that_is_not_had_is_told_and_the_other_one_goes_on(
    legacy: Connection,
    session: Callable[..., Connection],
    empty_dsn: str,
    run: Run,
    printed: Callable[..., Path],
) -> None:
    fill(legacy, people=20, copies=3)
    short = ("--lock-timeout", "0.05", "--give-up-after", "0.1")
    script = printed(*LEGACY, *short)
    idle = session(autocommit=False)
    idle.execute("update user_badges set note = 'held' where id = 1")
    began = time.monotonic()
    said = _refused(empty_dsn, script)
    assert time.monotonic() - began < 10
    assert f"pid {idle.info.backend_pid} (pgmerit, user postgres, idle in transaction" in said
    assert "gave up: public.user_badges is held by" in said
    assert "Nobody was stopped" in said
    idle.commit()
    # The command goes on with the script's batch.
    number = _batch(legacy, script)["batch_id"]
    done = run(*LEGACY, "--apply", "--format", "json")
    assert json.loads(done.stdout)["batch"] == number
    assert len(content(legacy)) == 20
    # And a script with a batch that the command began, and could not finish.
    assert run("dedupe", "--undo", number).exit_code == 0
    idle.execute("update user_badges set note = 'held' where id = 1")
    assert run(*LEGACY, *short, "--apply").exit_code == 2
    idle.commit()
    script = printed(*LEGACY)
    _execute(empty_dsn, script)
    assert _batch(legacy, script)["batch_id"] < 100
    assert len(content(legacy)) == 20


def _is_worked_on(connection: Connection) -> bool:
    if not value(connection, "select to_regclass('pgmerit_dedupe.batches') is not null"):
        return False
    return bool(rows(connection, "select from pgmerit_dedupe.batches where runner_pid > 0"))


def test_a_session_of_another_is_named_and_left(
    legacy: Connection,
    empty_dsn: str,
    session: Callable[..., Connection],
    printed: Callable[..., Path],
) -> None:
    fill(legacy, people=20, copies=3)
    script = printed(*LEGACY)
    idle = session(autocommit=False)
    idle.execute("update user_badges set note = 'held' where id = 1")
    first = storm.start_script(empty_dsn, script)
    until(lambda: _is_worked_on(legacy))
    said = _refused(empty_dsn, script)
    assert re.search(r"batch \d+ is worked on by pid \d+", said)
    idle.commit()
    assert first.communicate(timeout=60)
    assert first.returncode == 0
    assert len(content(legacy)) == 20


def test_a_pooler_that_mixes_sessions_is_refused(
    legacy: Connection, empty_dsn: str, printed: Callable[..., Path]
) -> None:
    fill(legacy, people=20, copies=3)
    script = printed(*LEGACY)
    with transaction_pooler(empty_dsn) as through:
        # Another client is given the session that the script began with.
        text = script.read_text().replace(
            "\\echo guard, counts",
            # While it waits no transaction is open.
            f"\\! psql -Xqc 'select pg_sleep(1)' '{through}' > /dev/null 2>&1 & sleep 0.4\n",
        )
        script.write_text(text)
        said = _refused(through, script)
    assert "a pooler gives one session to many" in said


def test_there_is_nothing_to_print_for_what_is_unique(legacy: Connection, run: Run) -> None:
    legacy.execute("alter table user_badges add unique (badge_id, user_id)")
    done = run(*LEGACY, "--print-sql")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "unchanged: user_badges is unique by this key already\n"
    done = run(*LEGACY, "--print-sql", "--format", "json")
    assert json.loads(done.stdout) == {"batch": None, "script": None}


def test_printing_writes_nothing(legacy: Connection, run: Run) -> None:
    fill(legacy, people=2, copies=3)
    assert run(*LEGACY, "--print-sql").exit_code == 0
    assert value(legacy, "select to_regnamespace('pgmerit_dedupe') is null")
    assert run(*LEGACY, "--print-sql", "--apply").exit_code == 2


def test_a_name_that_a_terminal_would_obey_is_not_printed(legacy: Connection, run: Run) -> None:
    legacy.execute('alter table user_badges rename note to "no\x1b[31mte"')
    done = run(*LEGACY, "--print-sql")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--format json" in done.stderr
    assert (
        "\x1b[31m" in json.loads(run(*LEGACY, "--print-sql", "--format", "json").stdout)["script"]
    )
