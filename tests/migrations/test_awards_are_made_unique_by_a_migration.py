"""Migration 0005: awards that stood twice are archived and their key comes back, whatever was."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from pgmerit import doctor, schema
from pgmerit.database import Connection, connect

from tests.engine import (
    ANN,
    BEN,
    activity,
    apply,
    assert_exact,
    in_background,
    insert,
    rows,
    rule_set,
    value,
)
from tests.house.schema_dump import DUMP, describe
from tests.migrations.conftest import plain_yoyo

NAME = "0005_awards_once"
KEY = "(peer_mentor_id, badge_definition_id, org_id, tier, occurrence)"
DROP = "alter table badges.earned_badges drop constraint earned_badges_are_awarded_once;"
BADGES = {
    "first": {"type": "threshold", "at_least": 1},
    "second": {"type": "threshold", "at_least": 2},
    "both": {"type": "badges_earned", "badges": ["first", "second"], "at_least": 2},
}


def _run(connection: Connection, statements: str) -> None:
    connection.execute(statements.encode())


def _double(connection: Connection, shift: str = "1 day", **changed: str) -> None:
    """Write each award once more, with other values where told."""
    columns = [
        row["attname"]
        for row in rows(
            connection,
            "select attname from pg_attribute where attrelid = 'badges.earned_badges'::regclass"
            " and attnum > 0",
        )
    ]
    values = {"earned_at": f"earned_at + interval '{shift}'", **changed}
    _run(
        connection,
        f"insert into badges.earned_badges ({', '.join(columns)})"
        f" select {', '.join(values.get(name, name) for name in columns)}"
        " from badges.earned_badges",
    )


def _awards(connection: Connection, table: str = "badges.earned_badges") -> list[str]:
    """Give the rows as text, to the last bit."""
    return [
        row["line"]
        for row in rows(
            connection,
            "select (row(peer_mentor_id, badge_definition_id, org_id, tier, occurrence, earned_at,"
            " granted_at, activity_id, threshold, threshold_source, rule_set, rule_set_version,"
            f" idempotency_key, source, revoked_at, revoked_by, revoke_reason))::text as line"
            f" from {table} order by 1",
        )
    ]


def _migrate(connection: Connection) -> None:
    with connection.transaction():
        _run(connection, (schema.migrations_dir() / f"{NAME}.sql").read_text())


@pytest.fixture
def early(connection: Connection) -> Connection:
    """A database as it was before the migration, with six awards of two people."""
    _run(connection, "drop table badges_internal.removed_awards")
    for who in (ANN, BEN):
        _run(
            connection,
            "insert into badges.earned_badges (peer_mentor_id, badge_definition_id, org_id,"
            " earned_at, granted_at, threshold, idempotency_key, source)"
            f" select '{who}', badge, 'nhf', '2026-03-01 10:00', now(), 1.50, badge, 'rule'"
            " from unnest('{first,second,both}'::text[]) as badge",
        )
    return connection


BY_KEY = f"create index by_key on badges.earned_badges {KEY};"
MARK = "update pg_index set {} where indexrelid = 'badges.by_key'::regclass;"
DOUBLED = {
    "dropped": "",
    "not unique": BY_KEY,
    "not unique, of the same name": (
        f"create index earned_badges_are_awarded_once on badges.earned_badges {KEY};"
    ),
    "invalid": BY_KEY + MARK.format("indisvalid = false"),
    "invalid and not ready": BY_KEY + MARK.format("indisvalid = false, indisready = false"),
    "partial": (
        f"create unique index earned_badges_are_awarded_once on badges.earned_badges {KEY}"
        " where revoked_at is null and granted_at < '2000-01-01';"
    ),
    "of more columns": (
        "alter table badges.earned_badges add primary key"
        " (peer_mentor_id, badge_definition_id, org_id, tier, occurrence, earned_at);"
    ),
    "in another order": (
        "create index by_org on badges.earned_badges"
        " (org_id, peer_mentor_id, badge_definition_id, tier, occurrence);"
    ),
    "nullable": "alter table badges.earned_badges alter tier drop not null;",
}
ONCE = {
    "deferrable": (
        "alter table badges.earned_badges add constraint earned_badges_are_awarded_once"
        f" primary key {KEY} deferrable;"
    ),
    "deferrable, of another name": (
        f"alter table badges.earned_badges add constraint guard unique {KEY}"
        " deferrable initially deferred;"
    ),
    "sound, with a deferrable one beside it": (
        f"create unique index sound on badges.earned_badges {KEY};"
        f"alter table badges.earned_badges add constraint late unique {KEY} deferrable;"
    ),
    "unique, but invalid": (
        f"create unique index by_key on badges.earned_badges {KEY};"
        + MARK.format("indisvalid = false")
    ),
    "unique, but not ready": (
        f"create unique index by_key on badges.earned_badges {KEY};"
        + MARK.format("indisready = false")
    ),
    "unique, but nullable": (
        f"create unique index by_key on badges.earned_badges {KEY};"
        "alter table badges.earned_badges alter tier drop not null;"
    ),
}


@pytest.mark.parametrize("state", [*DOUBLED, *ONCE])
def test_the_key_comes_back_from_every_state(early: Connection, state: str) -> None:
    first = _awards(early)
    _run(early, DROP + DOUBLED.get(state, ""))
    if state in DOUBLED:
        _double(early)
        later = sorted(set(_awards(early)) - set(first))
    else:
        _run(early, ONCE[state])
        later = []
    _migrate(early)
    assert _awards(early) == first
    assert _awards(early, "badges_internal.removed_awards") == later
    assert [each.status for each in doctor.examine(early) if each.check == "award guard"] == ["ok"]


def test_the_restored_schema_is_that_of_a_fresh_database(early: Connection, dsn: str) -> None:
    _run(early, DROP + DOUBLED["nullable"] + DOUBLED["invalid"])
    _double(early)
    _migrate(early)
    # The archive is like the awards are, and they have this column from a later migration.
    _run(early, "alter table badges_internal.removed_awards drop column seen_at")
    assert describe(dsn) == DUMP.read_text()


def test_where_the_key_is_in_force_the_awards_are_left_alone(early: Connection) -> None:
    _run(early, DROP + f"create unique index sound on badges.earned_badges {KEY};")
    with early.transaction():
        _run(early, "lock table badges.earned_badges in row exclusive mode")
        _migrate(early)
        locked = value(
            early,
            "select array_agg(mode) from pg_locks where relation = 'badges.earned_badges'::regclass"
            " and pid = pg_backend_pid() and mode not in ('AccessShareLock', 'RowExclusiveLock')",
        )
    assert locked is None
    assert value(early, "select to_regclass('badges.sound') is not null")


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        # Whichever was earned first; of those the one granted first; of those the one stored first.
        ({"earned_at": "'2026-03-05'"}, {"earned_at": "'2026-03-04'"}, 2),
        ({"granted_at": "'2026-03-09'"}, {"granted_at": "'2026-03-08'"}, 2),
        ({}, {}, 1),
        # One that counts stays, however early a revoked one was.
        ({"earned_at": "'2026-03-01'", "revoked_at": "now()", "revoked_by": "'person'"}, {}, 2),
        ({}, {"earned_at": "'2026-03-01'", "revoked_at": "now()", "revoked_by": "'rule'"}, 1),
    ],
)
def test_one_row_of_each_key_stays(
    early: Connection, first: dict[str, str], second: dict[str, str], kept: int
) -> None:
    _run(early, DROP + "delete from badges.earned_badges")
    for number, changed in enumerate((first, second), 1):
        values = {
            "earned_at": "'2026-03-06'",
            "granted_at": "'2026-03-10'",
            "revoked_at": "null",
            "revoked_by": "null",
            "threshold": str(number),
            **changed,
        }
        _run(
            early,
            "insert into badges.earned_badges (peer_mentor_id, badge_definition_id, org_id,"
            f" idempotency_key, source, {', '.join(values)})"
            f" values ('{ANN}', 'first', 'nhf', 'key', 'rule', {', '.join(values.values())})",
        )
    _migrate(early)
    assert value(early, "select threshold from badges.earned_badges") == kept
    archived = rows(early, "select * from badges_internal.removed_awards")
    assert [each["threshold"] for each in archived] == [3 - kept]
    assert archived[0]["reason"] == "another award of the same key stayed"
    assert archived[0]["kept_earned_at"] == value(
        early, "select earned_at from badges.earned_badges"
    )


def test_what_was_removed_is_told_to_nobody_and_takes_no_place(connection: Connection) -> None:
    early = connection
    _run(early, "drop table badges_internal.removed_awards")
    limited = {"criteria": BADGES["first"], "name": "Limited", "limit": {"first": 3}}
    apply(early, rule_set({**BADGES, "limited": limited}))
    for who in (ANN, BEN):
        insert(early, activity("2026-03-01", who=who), activity("2026-03-02", who=who))
    before = {
        query: rows(early, query)
        for query in (
            "select * from badges.award_events order by event_id",
            "select * from badges.peer_mentor_stats order by peer_mentor_id, org_id, stat, bucket",
            "select * from badges_internal.badge_places",
        )
    }
    assert value(early, "select claimed from badges_internal.badge_places") == 2
    _run(early, DROP)
    _double(early)
    _migrate(early)
    for query, found in before.items():
        assert rows(early, query) == found
    assert_exact(early)
    # Awarding goes on: one place was left.
    for name in ("dora", "emil"):
        who = value(early, "select badges.mentor_id_from('tests', %s)", name)
        insert(early, activity("2026-03-03", who=who))
    assert (
        value(
            early, "select count(*) from badges.earned_badges where badge_definition_id = 'limited'"
        )
        == 3
    )
    assert_exact(early)


@pytest.mark.parametrize(
    ("prepared", "code", "text"),
    [
        (
            "alter table badges.earned_badges alter occurrence drop not null;"
            "update badges.earned_badges set occurrence = null where badge_definition_id = 'both'",
            "23502",
            "4 awards have no value in a column of their key",
        ),
        (
            "alter table badges.earned_badges add id bigint generated always as identity unique;"
            "create table public.pins (award bigint references badges.earned_badges (id)"
            " on delete cascade); insert into public.pins select id from badges.earned_badges",
            "23503",
            "6 awards stand there twice, and foreign keys point at them",
        ),
        (
            "create function public.keep() returns trigger language plpgsql as"
            " 'begin return null; end';"
            "create trigger keep before delete on badges.earned_badges"
            " for each row execute function public.keep()",
            "23514",
            "of 12 awards, 6 of them extra, 0 were archived and 12 are left",
        ),
        (
            "create function public.again() returns trigger language plpgsql as"
            " 'begin insert into badges.earned_badges select (old).*; return null; end';"
            "create trigger again after delete on badges.earned_badges"
            " for each row execute function public.again()",
            "23514",
            "of 12 awards, 6 of them extra, 6 were archived and 12 are left",
        ),
    ],
)
def test_what_cannot_be_made_right_is_refused_whole(
    early: Connection, prepared: str, code: str, text: str
) -> None:
    _run(early, DROP)
    _double(early)
    _run(early, prepared)
    before = _awards(early)
    with pytest.raises(psycopg.Error) as refused:
        _migrate(early)
    assert refused.value.sqlstate == code
    assert refused.value.diag.message_primary == text
    assert refused.value.diag.message_hint
    assert _awards(early) == before
    assert value(early, "select to_regclass('badges_internal.removed_awards') is null")


def test_rows_that_a_policy_hides_are_not_left_over(early: Connection) -> None:
    _run(
        early,
        DROP + "create role pgmerit_hidden; grant pgmerit_hidden to current_user;"
        "grant all on schema badges, badges_internal to pgmerit_hidden;"
        "alter table badges.earned_badges owner to pgmerit_hidden;"
        "alter table badges.earned_badges enable row level security;"
        "alter table badges.earned_badges force row level security",
    )
    try:
        _double(early)
        with early.transaction():
            _run(early, "set local role pgmerit_hidden")
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                _migrate(early)
    finally:
        _run(early, "drop owned by pgmerit_hidden cascade; drop role pgmerit_hidden")


def test_a_writer_in_the_way_ends_the_migration_and_nothing_else(
    early: Connection, connect: Callable[..., Connection]
) -> None:
    _run(early, DROP)
    _double(early)
    writer = connect(autocommit=False)
    _run(writer, "update badges.earned_badges set threshold = 7")
    text = (schema.migrations_dir() / f"{NAME}.sql").read_text().replace("'5s'", "'50ms'")

    def migrate() -> None:
        with early.transaction():
            _run(early, text)

    waiting = in_background(migrate)
    with pytest.raises(psycopg.errors.LockNotAvailable):
        waiting.result(20)
    writer.commit()
    _migrate(early)
    assert value(early, "select count(*) from badges.earned_badges") == 6


def _folder_of_earlier_migrations(folder: Path) -> Path:
    folder.mkdir()
    for file in schema.migrations_dir().glob("*.sql"):
        if file.name < NAME:
            (folder / file.name).write_bytes(file.read_bytes())
    return folder


def _assert_made_right(dsn: str, migrate: Callable[[], object]) -> None:
    """Give a person the same award three times, migrate, find the earliest."""
    with closing(connect(dsn, autocommit=True)) as early:
        _run(early, DROP)
        for day in (3, 1, 2):
            _run(
                early,
                "insert into badges.earned_badges (peer_mentor_id, badge_definition_id, org_id,"
                " earned_at, granted_at, idempotency_key, source) values"
                f" ('{ANN}', 'first', 'nhf', '2026-03-0{day}', now(), 'key', 'rule')",
            )
        migrate()
        assert str(value(early, "select earned_at::date from badges.earned_badges")) == "2026-03-01"
        assert value(early, "select count(*) from badges_internal.removed_awards") == 2


def test_plain_yoyo_is_enough(empty_dsn: str, dsn: str, tmp_path: Path) -> None:
    folder = _folder_of_earlier_migrations(tmp_path / "early")
    assert plain_yoyo(empty_dsn, "apply", folder=folder).returncode == 0
    _assert_made_right(empty_dsn, lambda: plain_yoyo(empty_dsn, "apply"))
    schema.migrate(empty_dsn, adopt=True)
    assert describe(empty_dsn) == describe(dsn)


def test_pgmerit_migrate_does_the_same(empty_dsn: str, tmp_path: Path) -> None:
    files = tmp_path / "sql"
    files.mkdir()
    (files / "manifest.txt").write_text("")
    early = schema.Sources(_folder_of_earlier_migrations(tmp_path / "early"), files)
    schema.migrate(empty_dsn, early)
    now = schema.Sources(schema.migrations_dir(), files)
    _assert_made_right(empty_dsn, lambda: schema.migrate(empty_dsn, now))
