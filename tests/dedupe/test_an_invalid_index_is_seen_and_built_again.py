"""What earlier attempts left on the key is read from the catalogue, told and made right."""

from __future__ import annotations

import json
from collections.abc import Callable

import psycopg
import pytest
from pgmerit.database import Connection

from tests.conftest import CliResult
from tests.dedupe.legacy import CONSTRAINT, INSERT, LEGACY, TABLE, apply, content, duplicates, fill
from tests.engine import in_background, rows, until, value

Cli = Callable[..., CliResult]


def leave_invalid(connection: Connection, name: str = CONSTRAINT) -> None:
    """Do what a concurrent build over duplicates does."""
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute(
            f"create unique index concurrently {name} on user_badges (user_id, badge_id)".encode()
        )


def state(connection: Connection, name: str = CONSTRAINT) -> tuple[bool, bool, bool, bool] | None:
    """Whether an index is valid, ready, unique and immediate."""
    found = rows(
        connection,
        "select indisvalid, indisready, indisunique, indimmediate from pg_index"
        " where indexrelid = to_regclass(%s)",
        name,
    )
    return tuple(found[0].values()) if found else None  # type: ignore[return-value]


@pytest.mark.parametrize("name", [CONSTRAINT, "left_behind"])
def test_an_invalid_index_is_dropped_and_built_again(
    legacy: Connection, run: Cli, name: str
) -> None:
    fill(legacy, people=3, copies=2)
    leave_invalid(legacy, name)
    report = json.loads(run(*LEGACY, "--format", "json").stdout)
    assert [(each["name"], each["is_valid"]) for each in report["indexes"]] == [(name, False)]
    told = run(*LEGACY, "--apply")
    assert told.exit_code == 0
    assert f'the index "{name}" is invalid and refuses nothing: dropped' in told.stderr
    assert state(legacy) == (True, True, True, True)
    assert name == CONSTRAINT or state(legacy, name) is None


def test_an_invalid_index_that_refuses_some_is_told(legacy: Connection, run: Cli) -> None:
    fill(legacy, people=3, copies=1)
    legacy.execute(f"create unique index {CONSTRAINT} on user_badges (user_id, badge_id)".encode())
    # As after a build that failed in its second scan.
    legacy.execute(
        "update pg_index set indisvalid = false where indexrelid = %s::regclass", (CONSTRAINT,)
    )
    told = run(*LEGACY, "--apply")
    assert f'the index "{CONSTRAINT}" is invalid and refuses some duplicates' in told.stderr
    assert state(legacy) == (True, True, True, True)


def test_undo_leaves_the_invalid_index_as_it_was(legacy: Connection, run: Cli) -> None:
    fill(legacy, people=3, copies=2)
    leave_invalid(legacy)
    before, was = content(legacy), state(legacy)
    done = apply(run)
    assert run("dedupe", "--undo", done["batch"]).exit_code == 0
    assert (content(legacy), state(legacy)) == (before, was)


NOT_ENOUGH = """
create unique index on user_badges (user_id, badge_id) where note is null;
create unique index on user_badges (user_id, badge_id, lower(note));
create unique index on user_badges (user_id, badge_id collate "POSIX");
create unique index on user_badges (user_id, badge_id text_pattern_ops);
create unique index on user_badges (user_id, badge_id, earned_at);
create index on user_badges (user_id, badge_id);
alter table user_badges add constraint other unique (user_id, badge_id) deferrable;
"""
ENOUGH = [
    "create unique index other on user_badges (user_id, badge_id)",
    "create unique index other on user_badges (badge_id, user_id) include (note)",
    "alter table user_badges add unique nulls not distinct (user_id, badge_id)",
]


def indexed(connection: Connection, index: str) -> None:
    """Make the table anew, with one more index."""
    connection.execute(f"drop table user_badges; {TABLE}; {index}".encode())


def test_an_index_that_is_not_the_key_is_not_enough(legacy: Connection, run: Cli) -> None:
    legacy.execute(NOT_ENOUGH.encode())
    others = rows(legacy, "select indexrelid from pg_index")
    assert run(*LEGACY).exit_code == 1
    assert apply(run)["changed"]
    assert state(legacy) == (True, True, True, True)
    assert not [row for row in others if row not in rows(legacy, "select indexrelid from pg_index")]


def test_a_sound_index_on_the_key_is_enough(legacy: Connection, run: Cli) -> None:
    for index in ENOUGH:
        indexed(legacy, index)
        assert run(*LEGACY).exit_code == 0
        told = run(*LEGACY, "--apply")
        assert (told.exit_code, told.stderr) == (
            0,
            "unchanged: public.user_badges is unique by this key already\n",
        )


def test_index_and_constraint_have_one_name_and_a_rerun_changes_nothing(
    legacy: Connection, run: Cli
) -> None:
    fill(legacy, people=3, copies=2)
    done = apply(run, "--constraint", "Once Only")
    assert done["constraint"] == "Once Only"
    assert state(legacy, '"Once Only"') == (True, True, True, True)
    named = "select contype::text from pg_constraint where conname = 'Once Only'"
    assert value(legacy, named) == "u"
    before = content(legacy, "pg_index")
    assert not apply(run)["changed"]
    assert content(legacy, "pg_index") == before


TAKEN = [
    "create index user_badges_user_id_badge_id_key on user_badges (note)",
    "alter table user_badges add constraint user_badges_user_id_badge_id_key check (user_id > 0)",
    "create table user_badges_user_id_badge_id_key (n integer)",
]


def test_a_name_that_is_taken_is_refused(legacy: Connection, run: Cli) -> None:
    for taken in TAKEN:
        indexed(legacy, taken)
        fill(legacy, people=3, copies=2)
        told = run(*LEGACY, "--apply")
        assert told.exit_code == 2
        assert told.stderr == (
            f'error: the name "{CONSTRAINT}" is taken in schema public\n'
            "hint: Choose another with --constraint.\n"
        )
        assert duplicates(legacy) == 3


def test_somebody_elses_build_is_named_and_left_alone(
    legacy: Connection, session: Callable[..., Connection], run: Cli
) -> None:
    fill(legacy, people=3, copies=2)
    writer, builder = session(autocommit=False), session()
    writer.execute(INSERT, (9,))
    build = in_background(
        lambda: builder.execute("create index concurrently other on user_badges (note)")
    )
    builds = "select count(*) from pg_stat_progress_create_index where datname = current_database()"
    until(lambda: bool(value(legacy, builds)))
    told = run(*LEGACY, "--apply")
    assert told.exit_code == 2
    named = f"error: pid {builder.info.backend_pid} is building an index on public.user_badges\n"
    assert told.stderr.startswith(named)
    writer.commit()
    build.result()
    assert apply(run)["removed"] == 3
    assert state(legacy, "other") == (True, True, False, True)
