from __future__ import annotations

import time
from collections.abc import Callable

import psycopg
import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import (
    activity,
    assert_exact,
    in_background,
    insert,
    rows,
    until,
    value,
    wait_until_blocked,
)
from tests.sources.stand import (
    QUIZ,
    add,
    assert_alert,
    assert_mapped,
    attach,
    bring_in,
    differences,
    prepare,
    repair,
    set_aside,
)

PREPARED = {"connection": prepare}
Opening = Callable[..., Connection]
MOVE = "update public.quiz_results set user_id = 2 where id = 1"


def _begin(connection: Connection) -> None:
    """Attach without bringing in."""
    value(connection, "select badges.attach_source('quiz', %s)", Jsonb(QUIZ))


def test_a_person_who_cannot_be_had_is_waited_for_a_second_alone(
    connection: Connection, connect: Opening
) -> None:
    attach(connection)
    add(connection, 10)
    holder = connect(autocommit=False)
    for number in ("1", "2"):
        who = value(holder, "select badges.mentor_id_from('users', %s)", number)
        insert(holder, activity("2026-03-01", who=who))
    begun = time.monotonic()
    connection.execute("begin")
    connection.execute(b"update public.quiz_results set user_id = 2, club = 'hlf' where id = 1")
    connection.execute("delete from public.quiz_results where id = 7")
    add(connection, 1, user_id="3")
    connection.execute("commit")
    assert time.monotonic() - begun < 15
    assert value(connection, "select count(*) from public.quiz_results") == 10
    waited = "canceling statement due to lock timeout"
    assert set_aside(connection) == [("1", waited), ("1", waited), ("7", waited)]
    assert_alert(connection, is_open=True)
    told = rows(connection, "select details from badges.award_events where event_type = 'alert'")
    assert [each["details"]["code"] for each in told] == ["MBA05"]
    # The person and organization of before, and those of now.
    assert {what for _, what in differences(connection)} == {"surplus", "missing"}
    holder.commit()
    assert repair(connection)["left"] == 0
    assert_alert(connection, is_open=False)
    assert_mapped(connection)
    assert_exact(connection)


def test_whatever_error_the_engine_has_stays_there(connection: Connection) -> None:
    attach(connection)
    add(connection, 3)
    connection.execute(
        "alter function badges_internal._count_new_activities() rename to _broken;"
        "create function badges_internal._write_nothing() returns trigger language plpgsql"
        " as $$ begin raise exception 'the disk is full' using errcode = '53100'; end $$;"
        "create trigger fail before insert or update or delete on badges.activities"
        " for each row execute function badges_internal._write_nothing()"
    )
    add(connection, 2)
    connection.execute("update public.quiz_results set score = 9 where id = 1")
    connection.execute("delete from public.quiz_results where id = 2")
    for odd in ("NaN", "Infinity"):
        connection.execute("update public.quiz_results set score = %s where id = 3", (odd,))
    assert [key for key, _ in set_aside(connection)] == ["1", "2", "3", "3", "4", "5"]
    assert {reason for _, reason in set_aside(connection)} == {"the disk is full"}
    connection.execute(
        "drop trigger fail on badges.activities;"
        "alter function badges_internal._broken() rename to _count_new_activities"
    )
    assert repair(connection)["left"] == 1
    assert set_aside(connection) == [("3", "its quantity must be a number within 1e30")]
    assert_mapped(connection)
    assert_exact(connection)


def test_nobody_waits_for_the_alert_of_another_or_sees_two_versions_of_the_rules(
    connection: Connection, connect: Opening
) -> None:
    attach(connection)
    first, second = connect(autocommit=False), connect()
    add(first, 1, score="numeric 'NaN'")
    held = (
        "select mode from pg_locks where relation = 'badges_internal.rule_gate'::regclass"
        " and pid = %s"
    )
    assert rows(connection, held, first.info.backend_pid) == [{"mode": "RowShareLock"}]
    second.execute("set statement_timeout = '5s'")
    add(second, 1, score="numeric 'NaN'")
    first.commit()
    assert len(set_aside(connection)) == 2
    assert_alert(connection, is_open=True)


def test_a_column_that_is_renamed_is_told_and_loses_no_row(connection: Connection) -> None:
    attach(connection)
    add(connection, 3)
    for change in (
        "alter table public.quiz_results drop column score",
        "alter table public.quiz_results alter column score type text",
        "drop table public.quiz_results",
    ):
        with pytest.raises(psycopg.Error, match="view"):
            connection.execute(change.encode())
    connection.execute("alter table public.quiz_results rename to results")
    connection.execute("alter table public.results rename column score to points")
    connection.execute(
        "insert into public.results (user_id, club, finished_at, points)"
        " values (1, 'nhf', '2026-03-01', 8)"
    )
    connection.execute("update public.results set points = 9 where id = 2")
    connection.execute("delete from public.results where id = 3")
    ((key, reason), *more) = set_aside(connection)
    assert (key, len(more)) == ("", 2)
    assert reason == "column r.score does not exist"
    (told,) = rows(connection, "select * from badges.list_sources()")
    assert (told["state"], told["source_table"]) == ("broken", "public.results")
    assert told["problem"] == '$.quantity unknown column "score"'
    # The view follows the name, so what is there can be read; then the triggers are made anew.
    assert repair(connection)["left"] == 0
    assert differences(connection) == []
    attach(connection, table="public.results", quantity="points")
    connection.execute("update public.results set points = 10")
    (told,) = rows(connection, "select * from badges.list_sources()")
    assert (told["state"], told["problem"]) == ("attached", None)
    assert differences(connection) == []
    connection.execute("alter table public.results disable trigger pgmerit_quiz_insert")
    (told,) = rows(connection, "select * from badges.list_sources()")
    assert told["problem"] == "trigger for insert on public.results is disabled: attach it again"


@pytest.mark.parametrize("statement", [MOVE, "delete from public.quiz_results where id = 1"])
def test_who_writes_a_row_that_is_being_brought_in_sees_its_activity(
    connection: Connection, connect: Opening, statement: str
) -> None:
    """Without the lock on the row the activity of before would come after the writer's."""
    add(connection, 3)
    _begin(connection)
    session, writer = connect(autocommit=False), connect()
    session.execute("select badges.bring_in_source('quiz', 1000)")
    work = in_background(lambda: writer.execute(statement.encode()))
    wait_until_blocked(connection, writer)
    session.commit()
    work.result(timeout=20)
    bring_in(connection)
    assert_mapped(connection)
    assert set_aside(connection) == []


@pytest.mark.parametrize(
    ("level", "end"), [("read committed", "rollback"), ("repeatable read", "commit")]
)
def test_whom_somebody_writes_for_is_come_back_to(
    connection: Connection, connect: Opening, level: str, end: str
) -> None:
    """Nobody waits: neither who brings in nor who writes."""
    add(connection, 6)
    _begin(connection)
    writer = connect()
    writer.execute(f"begin isolation level {level}".encode())
    writer.execute(MOVE.encode())
    step = value(connection, "select badges.bring_in_source('quiz', 1000)")
    assert step == {"brought_in": 4, "set_aside": 2, "is_done": False}
    writer.execute("update public.quiz_results set score = 7 where id > 4")
    writer.execute(end.encode())
    bring_in(connection)
    assert_mapped(connection)
    assert set_aside(connection) == []
    assert_exact(connection)


def test_an_old_snapshot_leaves_nothing_that_it_could_not_see(
    connection: Connection, connect: Opening
) -> None:
    add(connection, 6)
    _begin(connection)
    writer = connect()
    writer.execute("begin isolation level repeatable read")
    writer.execute("select from public.quiz_results")
    bring_in(connection)
    for statement in (
        MOVE,
        "delete from public.quiz_results where id = 2",
        "update public.quiz_results set score = 70 where id = 3",
    ):
        writer.execute(statement.encode())
    writer.execute("commit")
    assert [key for key, _ in set_aside(connection)] == ["1", "1", "2", "3"]
    assert repair(connection)["left"] == 0
    assert_mapped(connection)
    assert_exact(connection)


@pytest.mark.parametrize("person", ["user_id", "who"])
def test_whose_person_is_merged_meanwhile_is_set_aside(
    connection: Connection, connect: Opening, person: str
) -> None:
    connection.execute("alter table public.quiz_results add who uuid")
    first, second = (
        value(connection, "select badges.mentor_id_from('users', %s)", number) for number in "12"
    )
    for number, who in ((1, first), (2, second)):
        add(connection, 3, user_id=str(number), who=f"'{who}'")
    attach(connection, person=person)
    merging, session = connect(autocommit=False), connect()
    merging.execute("select badges.merge_peer_mentors(%s, %s)", (first, second))
    work = in_background(lambda: add(session, user_id="1", who=f"'{first}'"))
    wait_until_blocked(connection, session)
    merging.commit()
    work.result()
    assert set_aside(connection) == [("7", "its person was merged into another meanwhile")]
    assert repair(connection)["left"] == 0
    assert differences(connection) == []
    for routine in ("verify_stats", "verify_awards"):
        assert rows(connection, f"select * from badges.{routine}()") == []


def test_first_activities_of_a_person_are_not_waited_for(
    connection: Connection, connect: Opening
) -> None:
    add(connection, 3, user_id="1")
    _begin(connection)
    writer = connect(autocommit=False)
    add(writer, 1, user_id="1")
    step = value(connection, "select badges.bring_in_source('quiz', 1000)")
    assert step == {"brought_in": 0, "set_aside": 3, "is_done": False}
    writer.commit()
    bring_in(connection)
    until(lambda: differences(connection) == [])
    assert_exact(connection)
