"""`on_user_delete`: a user is deleted, and all that is kept of the person goes, or stays."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from pgmerit import attaching, routines
from pgmerit.database import Connection
from pgmerit.rules.files import Document
from psycopg.types.json import Jsonb

from tests.engine import apply, rows, rule_set, value
from tests.sources.stand import differences, repair

TABLES = """
create table public.users (id bigint primary key, name text);
create table public.results (
    id bigint generated always as identity primary key,
    user_id bigint references public.users on delete cascade,
    finished_at timestamptz not null default now()
);
insert into public.users values (1, 'Ann'), (2, 'Ben'), (3, 'Cat');
insert into public.results (user_id) values (1), (1), (2), (3);
"""
SOURCE = {
    "table": "public.results",
    "person": "user_id",
    "organization": "nhf",
    "type": "quiz",
    "at": "finished_at",
}
TRIGGERS = "select tgname from pg_trigger where tgname = 'pgmerit_quiz_erase'"
THEIRS = """
select format('alter routine %%s owner to engine_owner', oid::regprocedure) as statement
from pg_proc where pronamespace = 'badges_sources'::regnamespace
union all
select format('alter view %%s owner to engine_owner', oid::regclass)
from pg_class where relnamespace = 'badges_sources'::regnamespace
"""
Connect = Callable[..., Connection]
ERASE = {"table": "public.users", "key": "id", "then": "erase"}


def _application(connection: Connection) -> None:
    connection.execute(TABLES.encode())
    apply(connection, rule_set({"first": {"type": "threshold", "at_least": 1}}))


PREPARED = {"application": _application}


@pytest.fixture
def application(connection: Connection) -> Connection:
    """An application with users; its source is attached by `_attach`."""
    return connection


def _attach(connection: Connection, on_user_delete: dict[str, Any]) -> None:
    document = {"sources": {"quiz": {**SOURCE, "on_user_delete": on_user_delete}}}
    attaching.attach(connection, Document(document))


def _kept(connection: Connection) -> dict[str, list[Any]]:
    """Give whose activities and awards are kept, by the application's own ids."""
    found = {}
    for table in ("activities", "earned_badges", "external_ids"):
        found[table] = [
            each["id"]
            for each in rows(
                connection,
                "select distinct person.id from generate_series(1, 3) as person (id)"
                f" join badges.{table} as kept"
                " on kept.peer_mentor_id = badges.mentor_id_from('users', person.id::text)"
                " order by 1",
            )
        ]
    return found


def test_a_deleted_user_is_erased_in_the_same_transaction(application: Connection) -> None:
    _attach(application, ERASE)
    with application.transaction(force_rollback=True):
        application.execute("delete from public.users where id = 1")
        assert set(map(tuple, _kept(application).values())) == {(2, 3)}
    assert set(map(tuple, _kept(application).values())) == {(1, 2, 3)}
    application.execute("delete from public.users where id in (1, 3)")
    assert set(map(tuple, _kept(application).values())) == {(2,)}
    assert value(application, "select count(*) from badges_internal.erasure_receipts") == 2
    assert differences(application) == []
    _attach(application, {**ERASE, "then": "keep"})
    application.execute("delete from public.users where id = 2")
    assert _kept(application) == {"activities": [], "earned_badges": [2], "external_ids": [2]}
    assert rows(application, TRIGGERS) == []


def test_a_user_who_cannot_be_erased_now_is_erased_by_a_repair(
    application: Connection, connect: Connect
) -> None:
    _attach(application, ERASE)
    other = connect(autocommit=False)
    other.execute("lock table badges_internal.merged_people in share row exclusive mode")
    application.execute("set statement_timeout = '10s'")
    application.execute("delete from public.users where id in (1, 3)")
    other.rollback()
    assert rows(application, "select id from public.users order by 1") == [{"id": 2}]
    told, _ = routines.list_set_aside(application, "quiz")
    assert told["reason"] == "is not erased: canceling statement due to lock timeout"
    (held,) = routines.list_sources(application)
    assert (held["state"], held["set_aside"], held["problem"]) == ("attached", 2, None)
    alerts = rows(
        application, "select subject from badges_internal.alerts where cleared_at is null"
    )
    assert alerts == [{"subject": "quiz"}]
    assert _kept(application)["earned_badges"] == [1, 2, 3]
    # One of them has become somebody else since, who stays.
    cat, ben = (value(application, "select badges.find_mentor('users', %s)", n) for n in "32")
    routines.merge_peer_mentors(application, cat, ben)
    assert repair(application) == {"repaired": 2, "left": 0, "is_done": True}
    assert _kept(application)["earned_badges"] == [2]
    assert rows(application, "select from badges_internal.alerts where cleared_at is null") == []


def test_a_trigger_on_the_users_that_is_gone_is_a_fault(application: Connection) -> None:
    def fault() -> Any:
        return routines.list_sources(application)[0]["problem"]

    _attach(application, ERASE)
    assert len(rows(application, TRIGGERS)) == 1
    application.execute("alter table public.users disable trigger pgmerit_quiz_erase")
    assert fault() == "trigger for deleted users on public.users is disabled: attach it again"
    _attach(application, ERASE)
    assert fault() is None
    maker = "badges_internal._source_erase_function(text, jsonb)"
    made = value(application, "select pg_get_functiondef(%s::regprocedure)", maker)
    application.execute(made.replace("'1s'", "'2s'").encode())
    assert "by another version" in fault()
    _attach(application, ERASE)
    assert fault() is None
    application.execute("alter table public.users rename column id to user_number")
    assert fault() == '$.on_user_delete.key unknown column "id"'
    application.execute("drop table public.users cascade")
    assert fault().startswith("$.on_user_delete.table is not there")
    assert routines.detach_source(application, "quiz", remove=False)["detached"]
    assert routines.list_sources(application) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"table": "public.people"}, "$.on_user_delete.table is not there"),
        ({"key": "ident"}, '$.on_user_delete.key unknown column "ident"'),
        ({"key": "born"}, '$.on_user_delete.key column "born" is of type date'),
        ({"then": "forget"}, '$.on_user_delete.then "forget" is not known'),
    ],
)
def test_bad_users_are_a_problem_of_the_definition(
    application: Connection, wrong: dict[str, str], said: str
) -> None:
    application.execute("alter table public.users add column born date")
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=re.escape(said)):
        routines.plan_source(application, "quiz", {**SOURCE, "on_user_delete": {**ERASE, **wrong}})


def test_the_owner_of_the_engine_needs_to_own_no_table_and_is_told_what_it_lacks(
    application: Connection,
) -> None:
    _attach(application, ERASE)
    application.execute(
        "create role engine_owner bypassrls; create schema shop;"
        "grant usage on schema badges, badges_internal, badges_sources to engine_owner;"
        "grant all on all tables in schema badges, badges_internal to engine_owner;"
        "grant all on all functions in schema badges, badges_internal to engine_owner"
    )
    definition = Jsonb({**SOURCE, "on_user_delete": ERASE})
    try:
        application.execute("set role engine_owner")
        assert value(application, "select badges_internal._source_fault('quiz')") == (
            "lacks a right: run `grant select, update, trigger on public.results to engine_owner`"
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
            application.execute("select badges_internal._require_user_trigger(%s)", (definition,))
        assert refused.value.diag.message_hint == (
            "Run `grant trigger on public.users to engine_owner`."
        )
        problems = "select badges_internal._source_problems('quiz', %s, null) -> 0 ->> 'problem'"
        assert value(application, problems, Jsonb({**SOURCE, "table": "shop.results"})) == (
            "lies in a schema that is closed: run `grant usage on schema shop to engine_owner`"
        )
        application.execute("reset role")
        removal = value(application, "select badges_internal._source_removal('quiz', null)")
        for each in rows(application, THEIRS):
            application.execute(each["statement"].encode())
        application.execute("set role engine_owner")
        application.execute(removal.encode())
        assert rows(application, TRIGGERS) == []
    finally:
        application.execute("reset role; drop owned by engine_owner; drop role engine_owner")
