from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from pgmerit import routines
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import assert_exact, rows, value
from tests.sources.stand import (
    QUIZ,
    add,
    assert_mapped,
    attach,
    bring_in,
    differences,
    prepare,
    set_aside,
)

PREPARED = {"connection": prepare}


def _problems(connection: Connection, definition: object, source: str = "quiz") -> dict[str, str]:
    with pytest.raises(psycopg.errors.InvalidParameterValue) as refused:
        value(connection, "select badges.plan_source(%s, %s)", source, Jsonb(definition))
    found = json.loads(refused.value.diag.message_detail or "")
    return {each["path"]: each["problem"] for each in found}


def test_every_problem_of_a_definition_is_listed(connection: Connection) -> None:
    assert _problems(
        connection, {"table": 5, "persn": "x", "type": {"column": ""}, "only": {}}
    ) == {
        "$.at": "is missing",
        "$.only": "is empty",
        "$.organization": "is missing",
        "$.person": "is missing",
        "$.persn": 'unknown key "persn", did you mean "person"?',
        "$.table": "must not be a number",
        "$.type.column": "is empty",
    }
    wrong = {
        **QUIZ,
        "person": "finished_at",
        "organization": {"column": "clubs"},
        "at": "id",
        "quantity": "tags",
        "attributes": {"a": "photo", "b": "course"},
        "only": {"statu": 1, "photo": {"gte": 1}},
        "key": ["user_id"],
    }
    connection.execute("alter table public.quiz_results add photo bytea, add tags text[]")
    assert _problems(connection, wrong) == {
        "$.at": 'column "id" is of type bigint',
        "$.attributes.a": 'column "photo" is of type bytea',
        "$.key": "is not unique and never null",
        "$.only.photo": 'column "photo" is of type bytea',
        "$.only.statu": 'unknown column "statu", did you mean "status"?',
        "$.organization.column": 'unknown column "clubs", did you mean "club"?',
        "$.person": 'column "finished_at" is of type timestamp with time zone',
        "$.quantity": 'column "tags" is of type text[]',
    }
    assert _problems(connection, QUIZ, "Quiz") == {"$": '"Quiz" is no name of a source'}
    connection.execute("alter table public.quiz_results drop constraint quiz_results_pkey")
    assert _problems(connection, QUIZ) == {"$.key": "is missing, as the table has no primary key"}


NO_TABLES = (
    ("select", "public.nothing", "is not there, or is without its schema"),
    ("select", "quiz_results", "is not there, or is without its schema"),
    ("select", "public.", "is not there, or is without its schema"),
    (
        "create view public.v as select 1",
        "public.v",
        "is a view: attach the tables that it reads",
    ),
    (
        "create materialized view public.v as select 1",
        "public.v",
        "is a materialized view: attach the tables that it reads",
    ),
    (
        "create extension file_fdw; create server f foreign data wrapper file_fdw;"
        "create foreign table public.v (id int) server f options (filename '/dev/null')",
        "public.v",
        "is a foreign table: attach it where it lies",
    ),
    ("create sequence public.v", "public.v", "is no table"),
    ("select", "badges.activities", "belongs to pgmerit or the server"),
    ("select", "pg_catalog.pg_class", "belongs to pgmerit or the server"),
    (
        "create table public.v () inherits (public.quiz_results)",
        "public.quiz_results",
        "inherits, or is inherited from",
    ),
    (
        "create table public.v (id int) partition by list (id);"
        "create table public.w partition of public.v default",
        "public.w",
        "is a partition: attach the table that it is a part of",
    ),
)


def test_what_is_no_table_of_its_own_is_refused(connection: Connection) -> None:
    for made, table, problem in NO_TABLES:
        with connection.transaction(force_rollback=True):
            connection.execute(made.encode())
            with connection.transaction(force_rollback=True):
                found = value(
                    connection,
                    "select badges_internal._source_problems('quiz', %s,"
                    " badges_internal._source_table(%s))",
                    Jsonb({**QUIZ, "table": table}),
                    table,
                )
            assert [(each["path"], each["problem"]) for each in found] == [("$.table", problem)]


def test_only_the_owner_attaches_and_missing_rights_are_named(
    connection: Connection, connect: Callable[..., Connection]
) -> None:
    connection.execute("set role pgmerit_admin")
    for call in (
        lambda: routines.plan_source(connection, "quiz", QUIZ),
        lambda: routines.attach_source(connection, "quiz", QUIZ),
        lambda: routines.detach_source(connection, "quiz", remove=False),
        lambda: routines.remove_source_activities(connection, "quiz"),
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="administrator"):
            call()
    connection.execute("reset role")


def test_a_table_of_somebody_else_takes_a_grant(connection: Connection) -> None:
    connection.execute("create role quiz_owner; create role merit_owner")
    told: list[str] = []
    try:
        connection.execute(
            "grant usage, create on schema badges, badges_internal, badges_sources"
            " to merit_owner; create schema shop authorization quiz_owner;"
            "alter table public.quiz_results set schema shop;"
            "alter table shop.quiz_results owner to quiz_owner;"
            "alter function badges_internal._missing_source_right(regclass) security definer"
        )
        connection.execute(
            "alter function badges_internal._missing_source_right(regclass) owner to merit_owner"
        )
        for _ in range(3):
            told.append(
                value(
                    connection, "select badges_internal._missing_source_right('shop.quiz_results')"
                )
            )
            connection.execute(told[-1].encode())
            if len(told) == 2:
                connection.execute("alter table shop.quiz_results enable row level security")
        assert told == [
            "grant usage on schema shop to merit_owner",
            "grant select, update, trigger on shop.quiz_results to merit_owner",
            "create policy pgmerit_reads_all on shop.quiz_results to merit_owner using (true)",
        ]
        assert (
            value(connection, "select badges_internal._missing_source_right('shop.quiz_results')")
            is None
        )
    finally:
        connection.execute(
            "drop schema shop cascade; drop owned by merit_owner, quiz_owner cascade;"
            "drop role quiz_owner, merit_owner"
        )


def test_attached_otherwise_everything_is_read_again(connection: Connection) -> None:
    add(connection, 30)
    assert routines.attach_source(connection, "quiz", QUIZ)["changed"]
    assert rows(connection, "select state from badges.list_sources()") == [{"state": "bringing in"}]
    bring_in(connection, batch=7)
    (told,) = routines.list_sources(connection)
    assert (told["state"], told["brought_in"], told["set_aside"]) == ("attached", 30, 0)
    changed: dict[str, Any] = {
        "organization": "hlf",
        "type": "exam",
        "person": {"column": "id", "namespace": "n"},
        "only": {"score": {"gt": 10}},
    }
    attach(connection, **changed)
    assert differences(connection) == []
    found = rows(connection, "select distinct org_id, activity_type from badges.activities")
    assert found == [{"org_id": "hlf", "activity_type": "exam"}]
    add(connection, 1, score="12")
    assert value(connection, "select count(*) from badges.activities") == 21
    assert_exact(connection)

    # Another table of the same form takes the place of the first.
    connection.execute("create table public.other (like public.quiz_results including all)")
    attach(connection, table="public.other")
    assert value(connection, "select count(*) from badges.activities") == 0
    add(connection, 1)
    assert value(connection, "select count(*) from badges.activities") == 0
    assert differences(connection) == []


def test_detached_the_table_stands_alone(connection: Connection) -> None:
    add(connection, 3)
    attach(connection)
    connection.execute("set role pgmerit_admin")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        routines.detach_source(connection, "quiz", remove=False)
    connection.execute("reset role")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="is attached"):
        routines.remove_source_activities(connection, "quiz")
    add(connection, 1, score="'NaN'::numeric")
    assert routines.detach_source(connection, "quiz", remove=True) == {
        "detached": True,
        "is_done": False,
    }
    made = "select proname from pg_proc where pronamespace = 'badges_sources'::regnamespace"
    assert rows(connection, made) == []
    add(connection, 1)
    connection.execute("drop table public.quiz_results")
    removed = [routines.remove_source_activities(connection, "quiz", 2) for _ in range(3)]
    assert removed == [2, 1, 0]
    assert routines.list_sources(connection) == []
    for call in (bring_in, differences, set_aside):
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="is not attached"):
            call(connection)
    assert_exact(connection)


def test_a_source_is_read_at_read_committed_by_batches_of_rows(
    connection: Connection, connect: Callable[..., Connection]
) -> None:
    attach(connection)
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="p_batch"):
        routines.bring_in_source(connection, "quiz", 0)
    session = connect()
    session.execute("begin isolation level repeatable read")
    with pytest.raises(psycopg.errors.ActiveSqlTransaction, match="READ COMMITTED"):
        routines.repair_source(session, "quiz")
    session.execute("rollback")
    # A key in the engine's form that no row can have is as good as a row that is gone.
    add(connection, 2)
    connection.execute(
        "update badges.activities set idempotency_key = '@quiz:x' where quantity = 1"
    )
    told = routines.verify_source(connection, "quiz")
    assert [(each["source_key"], each["difference"]) for each in told] == [
        ("1", "missing"),
        ("x", "surplus"),
    ]
    while not routines.repair_source(connection, "quiz", from_start=bool(told))["is_done"]:
        told = []
    assert_mapped(connection)
