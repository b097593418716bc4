"""From the first scan to the constraint: what arrives is removed, or refused as it will be."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from pgmerit.database import Connection
from pgmerit.dedupe import batches
from pgmerit.errors import PgmeritError

from tests.conftest import CliResult
from tests.dedupe.legacy import CONSTRAINT, INSERT, Once, apply_hooked, content, duplicates, fill
from tests.engine import in_background, rows, until, value, wait_until_blocked

Cli = Callable[..., CliResult]
Session = Callable[..., Connection]


def refused(connection: Connection, person: int = 1) -> tuple[object, ...]:
    """Give all that an error says of a duplicate."""
    with pytest.raises(psycopg.errors.UniqueViolation) as caught:
        connection.execute(INSERT.encode(), (person,))
    told = caught.value.diag
    return (
        told.sqlstate,
        told.message_primary,
        told.message_detail,
        told.schema_name,
        told.table_name,
        told.constraint_name,
    )


@pytest.fixture
def refusing(legacy: Connection, session: Session, empty_dsn: str) -> Connection:
    """The table right after the guard began to refuse, the run broken off there.

    Both rows of person 2 were held, and are still there.
    """
    fill(legacy, people=3, copies=2)
    holder = session(autocommit=False)
    holder.execute("select from user_badges where user_id = 2 for update")

    class StoppedHereError(Exception):
        pass

    def stop(description: str) -> None:
        if value(legacy, "select phase from pgmerit_dedupe.batches") == "fenced":
            raise StoppedHereError

    with pytest.raises(StoppedHereError):
        apply_hooked(empty_dsn, on_progress=stop)
    holder.rollback()
    assert duplicates(legacy) == 1
    return legacy


def test_duplicates_that_came_during_the_scan_are_removed(
    legacy: Connection, session: Session, empty_dsn: str
) -> None:
    fill(legacy, people=3, copies=2)
    writer = session()

    def write() -> None:
        writer.execute(INSERT.encode(), (1,))
        writer.execute(INSERT.encode(), (77,))
        writer.execute(INSERT.encode(), (77,))
        writer.execute("update user_badges set user_id = 2 where user_id = 3")
        writer.execute("delete from user_badges where user_id = 2 and note = 'copy 1'")

    done = apply_hooked(empty_dsn, on_progress=Once("Removing duplicates", write))
    assert duplicates(legacy) == 0
    found = rows(legacy, "select user_id, note from user_badges order by user_id")
    assert [(row["user_id"], row["note"]) for row in found] == [
        (1, "copy 2"),
        (2, "copy 2"),
        (77, None),
    ]
    assert done["removed"] == 4


def test_what_is_uncommitted_is_waited_for_and_removed(
    legacy: Connection, session: Session, empty_dsn: str
) -> None:
    fill(legacy, people=3, copies=2)
    writer = session(autocommit=False)
    told: list[str] = []
    once = Once("Removing duplicates", lambda: writer.execute(INSERT.encode(), (1,)))
    run = in_background(lambda: apply_hooked(empty_dsn, on_progress=once, tell=told.append))
    until(lambda: bool(told) or run.done())
    assert f"held by pid {writer.info.backend_pid} (pgmerit, " in told[0]
    writer.commit()
    assert run.result()["removed"] == 4
    assert duplicates(legacy) == 0


def test_the_guard_refuses_in_the_words_of_the_constraint(
    refusing: Connection, empty_dsn: str
) -> None:
    by_guard = refused(refusing)
    assert by_guard[0] == "23505"
    apply_hooked(empty_dsn)
    assert refused(refusing) == by_guard


def test_while_the_guard_refuses_all_other_writes_go_on(refusing: Connection) -> None:
    refusing.execute(INSERT.encode(), (50,))
    refusing.execute("update user_badges set user_id = user_id, note = 'seen'")
    refusing.execute("update user_badges set user_id = 51 where user_id = 50")
    refusing.execute(INSERT.encode(), (50,))
    refusing.execute("delete from user_badges where user_id = 50")
    refusing.execute(INSERT.encode(), (50,))
    # Neither a trigger before it nor the role of a replica passes the guard by.
    refusing.execute(
        "create function move() returns trigger language plpgsql"
        " as 'begin new.user_id := 51; return new; end';"
        " create trigger move before update on user_badges for each row"
        " when (new.note = 'move') execute function move()"
    )
    for update in ("set user_id = 51", "set note = 'move'"):
        with pytest.raises(psycopg.errors.UniqueViolation, match=CONSTRAINT):
            refusing.execute(f"update user_badges {update} where user_id = 50".encode())
    refusing.execute("set session_replication_role = replica")
    with pytest.raises(psycopg.errors.UniqueViolation, match=CONSTRAINT):
        refusing.execute("update user_badges set user_id = 51 where user_id = 50")
    with pytest.raises(psycopg.errors.UniqueViolation, match=CONSTRAINT):
        refusing.execute(
            "insert into user_badges (user_id, badge_id) select 60, 'x' from generate_series(1, 2)"
        )


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_two_writers_of_one_key_wait_for_each_other(
    refusing: Connection, session: Session, ending: str
) -> None:
    first, second = session(autocommit=False), session()
    # The key was written and given up before.
    refusing.execute(INSERT.encode(), (80,))
    refusing.execute("delete from user_badges where user_id = 80")
    first.execute(INSERT.encode(), (80,))
    waiting = in_background(lambda: second.execute(INSERT.encode(), (80,)))
    wait_until_blocked(refusing, second)
    getattr(first, ending)()
    if ending == "commit":
        with pytest.raises(psycopg.errors.UniqueViolation):
            waiting.result()
    else:
        waiting.result()
    assert value(refusing, "select count(*) from user_badges where user_id = 80") == 1


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_a_row_that_is_being_deleted_is_waited_for(
    refusing: Connection, session: Session, ending: str
) -> None:
    refusing.execute(INSERT.encode(), (80,))
    first, second = session(autocommit=False), session()
    first.execute("update user_badges set user_id = 81 where user_id = 80")
    waiting = in_background(lambda: second.execute(INSERT.encode(), (80,)))
    wait_until_blocked(refusing, second)
    getattr(first, ending)()
    if ending == "rollback":
        with pytest.raises(psycopg.errors.UniqueViolation):
            waiting.result()
    else:
        waiting.result()
    assert value(refusing, "select count(*) from user_badges where user_id = 80") == 1


def test_what_an_old_snapshot_brings_past_the_guard_is_removed_and_built_again(
    legacy: Connection, session: Session, empty_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(legacy, people=3, copies=2)
    # With it no build of ours waits for the old snapshot before the guard refuses.
    legacy.execute("create index on user_badges (user_id, badge_id)")
    old = session(autocommit=False)
    old.execute("set transaction isolation level repeatable read")
    old.execute("select from user_badges")
    reached = batches.update

    def update(connection: Connection, batch_id: int, **values: object) -> None:
        reached(connection, batch_id, **values)
        if values.get("phase") == "drained" and old.info.transaction_status:
            old.execute(INSERT.encode(), (90,))
            old.commit()

    monkeypatch.setattr(batches, "update", update)
    told: list[str] = []
    unseen_by_old = Once("Removing duplicates", lambda: legacy.execute(INSERT.encode(), (90,)))
    done = apply_hooked(empty_dsn, on_progress=unseen_by_old, tell=told.append)
    assert done["removed"] == 4
    assert "is removed and built again" in told[0]
    assert duplicates(legacy) == 0


def test_rows_that_do_not_add_up_are_all_put_back(
    legacy: Connection, session: Session, empty_dsn: str
) -> None:
    fill(legacy, people=3, copies=2)
    before, other = content(legacy), session()

    def pass_the_guard_by() -> None:
        other.execute("alter table user_badges disable trigger user")
        other.execute("delete from user_badges where user_id = 3 and note = 'copy 2'")
        other.execute("alter table user_badges enable trigger user")

    with pytest.raises(
        PgmeritError, match=r"do not add up: 6 before [+] 0 arrived is not"
    ) as caught:
        apply_hooked(empty_dsn, on_progress=Once("Removing duplicates", pass_the_guard_by))
    assert "was put back" in str(caught.value.hint)
    kept = [row for row in before if (row["user_id"], row["note"]) != (3, "copy 2")]
    assert content(legacy) == kept
    assert rows(legacy, "select from pg_trigger where not tgisinternal") == []
    assert value(legacy, "select phase from pgmerit_dedupe.batches") == "undone"


def test_what_goes_wrong_while_putting_back_does_not_hide_the_first_error(
    legacy: Connection, session: Session, empty_dsn: str, run: Cli
) -> None:
    fill(legacy, people=3, copies=2)
    other = session()

    def pass_the_guard_by() -> None:
        other.execute("alter table user_badges disable trigger user")
        other.execute(
            "insert into user_badges (id, user_id, badge_id) overriding system value"
            " select max(id) + 90, 9, 'x' from user_badges"
        )
        other.execute("alter table user_badges enable trigger user")
        other.execute(
            "create function keep() returns trigger language plpgsql as 'begin return null; end'"
        )
        other.execute(
            "create trigger keep before insert on user_badges for each row execute function keep()"
        )

    with pytest.raises(PgmeritError, match="the rows do not add up") as caught:
        apply_hooked(empty_dsn, on_progress=Once("Removing duplicates", pass_the_guard_by))
    assert "Not every removed row is back yet (3 rows were to be put back, and 0" in str(
        caught.value.hint
    )
    legacy.execute("drop trigger keep on user_badges")
    assert run("dedupe", "--undo", 1).exit_code == 0
    assert value(legacy, "select count(*) from user_badges") == 7


def test_a_truncate_meanwhile_adds_up(legacy: Connection, empty_dsn: str) -> None:
    fill(legacy, people=3, copies=2)
    once = Once("Removing duplicates", lambda: legacy.execute("truncate user_badges"))
    assert apply_hooked(empty_dsn, on_progress=once)["removed"] == 0
    assert content(legacy) == []
