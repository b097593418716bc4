from __future__ import annotations

import datetime
from typing import Any

from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import assert_exact, rows, value
from tests.sources.stand import (
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
ODD = """
create schema "Odd Place";
create type "Odd Place".mood as enum ('good', 'bad');
create domain "Odd Place".points as numeric check (value > -100);
create table "Odd Place"."Läufe; drop" (
    "Runner's" text not null,
    day date not null,
    "Group" text collate "POSIX" not null,
    feeling "Odd Place".mood,
    "how far" text,
    meters "Odd Place".points,
    took double precision,
    tags text[],
    more jsonb,
    started timestamptz,
    local_start timestamp,
    twice numeric generated always as (meters * 2) stored,
    primary key ("Runner's", day)
)
"""
ODD_SOURCE: dict[str, Any] = {
    "table": '"Odd Place"."Läufe; drop"',
    "person": {"column": "Runner's", "namespace": "runners"},
    "organization": {"column": "Group"},
    "type": {"column": "feeling", "names": {"good": "good run's"}},
    "at": "day",
    "quantity": "how far",
    "attributes": {"m": "meters", "t": "took", "tags": "tags", "at": "started", "x2": "twice"},
    "only": {"meters": {"gte": 1}, "feeling": {"ne": "none"}},
}
ODD_ROW = (
    """insert into "Odd Place"."Läufe; drop" values"""
    """ (%s, %s, 'nhf', %s, %s, %s, 1e0 / 3, '{a,b}', '{"k": 1}', '2026-03-01 12:00+01',"""
    """ '2026-03-29 02:30')"""
)


def _held(connection: Connection, source: str) -> list[dict[str, Any]]:
    return rows(
        connection,
        "select * from badges.activities where starts_with(idempotency_key, %s)"
        " order by idempotency_key",
        f"@{source}:",
    )


def test_columns_of_any_kind_with_any_name(connection: Connection) -> None:
    connection.execute(ODD.encode())
    for setting in (
        "timezone to 'Pacific/Auckland'",
        "datestyle to 'German'",
        "extra_float_digits to -10",
    ):
        connection.execute(f"set {setting}".encode())
    day = datetime.date(2026, 3, 29)
    connection.execute(ODD_ROW.encode(), ('ann "x"', day, "good", " 1.5e1 ", 3))
    told = value(connection, "select badges.attach_source('runs', %s)", Jsonb(ODD_SOURCE))
    assert told["changed"]
    bring_in(connection, "runs")
    connection.execute(ODD_ROW.encode(), ("ben", day, "bad", None, 3))
    for who, feeling, far, meters in (
        ("cal", None, "1", 3),  # no type: no activity
        ("dan", "good", "1", 0.5),  # left out by only
        ("eve", "good", "1e999999", 3),
        ("fay", "good", "far", 3),
        ("g" * 201, "good", "1", 3),
    ):
        connection.execute(ODD_ROW.encode(), (who, day, feeling, far, meters))
    # Others may show the same otherwise; it reads the same.
    connection.execute("reset all")
    assert differences(connection, "runs") == []
    first, second = _held(connection, "runs")
    assert first["idempotency_key"] == '@runs:["ann \\"x\\"", "2026-03-29"]'
    assert first["peer_mentor_id"] == value(
        connection, "select badges.find_mentor('runners', 'ann \"x\"')"
    )
    assert (first["activity_type"], second["activity_type"]) == ("good run's", "bad")
    assert (first["quantity"], second["quantity"]) == (15, 0)
    assert first["activity_date"] == day
    assert first["occurred_at"] == datetime.datetime(2026, 3, 29, 10, tzinfo=datetime.UTC)
    assert first["attributes"] == {
        "m": 3,
        "t": 0.333333333333333,
        "tags": ["a", "b"],
        "at": "2026-03-01T11:00:00+00:00",
        "x2": 6,
    }
    number = "its quantity must be a number within 1e30"
    assert [reason for _, reason in set_aside(connection, "runs")] == [
        number,
        number,
        "the id of its person must have 1 to 200 characters",
    ]
    named = "select external_id from badges.external_ids where namespace = 'runners' order by 1"
    assert [each["external_id"] for each in rows(connection, named)] == ['ann "x"', "ben"]

    changed = {**ODD_SOURCE, "at": "local_start", "attributes": "more", "only": {"meters": 3}}
    for _ in range(2):
        told = value(connection, "select badges.attach_source('runs', %s)", Jsonb(changed))
        bring_in(connection, "runs")
    assert told["changed"] is False
    first = _held(connection, "runs")[0]
    assert first["attributes"] == {"k": 1}
    # 02:30 does not exist in Oslo on that day.
    assert first["occurred_at"] == datetime.datetime(2026, 3, 29, 1, 30, tzinfo=datetime.UTC)
    assert differences(connection, "runs") == []
    connection.execute(
        """update "Odd Place"."Läufe; drop" set more = '[1]' where day = %s""", (day,)
    )
    assert _held(connection, "runs") == []
    assert "its attributes are no object" in dict(set_aside(connection, "runs")).values()


def test_what_cannot_be_an_activity_is_set_aside_with_its_reason(connection: Connection) -> None:
    attach(connection, attributes=["course", "note"])
    early_or_late = "its moment must lie between 1900 and a day from now"
    number = "its quantity must be a number within 1e30"
    kind = "its activity type must have 1 to 100 characters"
    for column, odd, plain, reason in (
        ("club", "'nowhere'", "'nhf'", 'organization "nowhere" does not exist'),
        ("kind", "''", "'q'", kind),
        ("kind", "repeat('x', 101)", "'q'", kind),
        (
            "finished_at",
            "now() + interval '25 h'",
            "now()",
            "its moment lies more than a day ahead",
        ),
        ("finished_at", "timestamptz '-infinity'", "now()", early_or_late),
        ("finished_at", "timestamptz '1066-10-14'", "now()", early_or_late),
        ("score", "numeric 'NaN'", "1", number),
        ("score", "numeric '-Infinity'", "1", number),
        ("score", "2e30", "1", number),
        ("note", "repeat('x', 262144)", "''", "its attributes are larger than 262144 bytes"),
    ):
        # The statement's other row is an activity all the same.
        add(connection, 2, **{column: f"case n when 1 then {odd} else {plain} end"})
        ((key, told),) = set_aside(connection)
        assert told == reason
        assert_alert(connection, is_open=True)
        connection.execute("delete from public.quiz_results where id = %s", (key,))
        repair(connection)
        assert set_aside(connection) == []
        assert_alert(connection, is_open=False)
    assert value(connection, "select count(*) from badges.activities") == 10
    assert differences(connection) == []


def test_what_is_no_activity_yet_is_one_once_it_is(connection: Connection) -> None:
    attach(connection)
    for changes in (
        {"user_id": "null"},
        {"club": "null"},
        {"finished_at": "null"},
        {"status": "'open'"},
    ):
        add(connection, 1, **changes)
    assert value(connection, "select count(*) from badges.activities") == 0
    connection.execute(
        "update public.quiz_results set user_id = 1, club = 'nhf', status = 'done',"
        " finished_at = '2026-03-01'"
    )
    assert value(connection, "select count(*) from badges.activities") == 4
    assert set_aside(connection) == []
    assert_mapped(connection)
    assert_exact(connection)


STATEMENTS = [
    "insert into public.quiz_results (id, user_id, club, finished_at) values (3, 7, 'nhf', now()),"
    " (900, 8, 'nhf', now()) on conflict (id) do update set user_id = excluded.user_id, score = 9",
    "merge into public.quiz_results as held using (values (5), (901)) as given (id)"
    " on held.id = given.id when matched then update set club = 'hlf'"
    " when not matched then insert (id, user_id, club, finished_at) values (901, 1, 'nhf', now())",
    "with gone as (delete from public.quiz_results where id = 6 returning *)"
    " insert into public.quiz_results (id, user_id, club, finished_at, score)"
    " select id, user_id + 1, 'hlf', finished_at, 5 from gone",
    "update public.quiz_results set id = 1000 - id where id in (10, 11)",
    "update public.quiz_results set user_id = user_id + 1, club = 'hlf' where id < 9",
    "update public.quiz_results set note = 'seen'",
    "update public.quiz_results set score = null, course = null where id % 2 = 0",
    "delete from public.users where id = 3",
    "truncate public.users cascade",
]


def test_any_statement_is_followed(connection: Connection) -> None:
    connection.execute("create table public.users (id bigint primary key)")
    connection.execute("insert into public.users select generate_series(0, 20)")
    connection.execute(
        "alter table public.quiz_results add foreign key (user_id) references public.users"
        " on delete cascade"
    )
    attach(connection)
    add(connection, 60)
    # Half past three and four at night, where days begin at four.
    night = "'2026-03-01 18:00+00'::timestamptz + n * interval '30 minutes'"
    add(connection, 2, club="'hlf'", finished_at=night)
    assert_mapped(connection)
    untouched = "select string_agg(xmin::text, ',' order by activity_id) from badges.activities"
    for statement in STATEMENTS:
        before = value(connection, untouched)
        connection.execute(statement.encode())
        assert_mapped(connection)
        assert set_aside(connection) == []
        assert (value(connection, untouched) == before) == ("note" in statement)
    assert value(connection, "select count(*) from badges.activities") == 0
    with connection.cursor().copy(
        "copy public.quiz_results (club, finished_at, score) from stdin"
    ) as stream:
        stream.write("nhf\t2026-03-01\t4\n" * 3)
    connection.execute("insert into public.users values (1)")
    connection.execute("update public.quiz_results set user_id = 1")
    assert value(connection, "select count(*) from badges.activities") == 3
    # Triggers do not fire for a replica: verify tells, and repair reads everything.
    connection.execute("set session_replication_role to replica")
    connection.execute("delete from public.quiz_results where score = 4")
    add(connection, 2)
    connection.execute("reset session_replication_role")
    told = [what for _, what in differences(connection)]
    assert sorted(told) == ["missing"] * 2 + ["surplus"] * 3
    assert repair(connection, from_start=True)["left"] == 0
    assert_mapped(connection)
    assert_exact(connection)


def test_partitions_are_followed_by_either_name(connection: Connection) -> None:
    connection.execute(
        "create table public.parts (id bigint, user_id bigint, club text default 'nhf', at"
        " timestamptz default now(), score int, primary key (id, user_id)) partition by range (id);"
        "create table public.parts_1 partition of public.parts for values from (0)"
        " to (100)"
    )
    source = {
        "table": "public.parts",
        "person": "user_id",
        "organization": {"column": "club"},
        "type": "quiz",
        "at": "at",
        "quantity": "score",
        "key": ["user_id", "id"],
    }
    value(connection, "select badges.attach_source('parts', %s)", Jsonb(source))
    bring_in(connection, "parts")
    for into in ("parts", "parts_1"):
        for statement in (
            f"insert into public.{into} select n, n % 3 from generate_series(1, 9) as n",
            f"update public.{into} set score = 3, user_id = 8 where id = 4",
            f"delete from public.{into} where id = 5",
        ):
            connection.execute(statement.encode())
            assert differences(connection, "parts") == []
        assert len(_held(connection, "parts")) == 8
        connection.execute(f"truncate public.{into}".encode())
        assert _held(connection, "parts") == []
    connection.execute(
        "create table public.parts_2 partition of public.parts for values from (100) to (200)"
    )
    problem = value(connection, "select problem from badges.list_sources()")
    assert problem == "trigger for delete on public.parts_2 is missing: attach it again"
    value(connection, "select badges.attach_source('parts', %s)", Jsonb(source))
    bring_in(connection, "parts")
    connection.execute("insert into public.parts values (1, 1), (101, 1)")
    assert differences(connection, "parts") == []
    # One of them alone: which rows were in it cannot be told.
    connection.execute("truncate public.parts_1")
    assert set_aside(connection, "parts") == [("", "the table was truncated")]
    assert repair(connection, "parts")["left"] == 0
    assert [each["idempotency_key"] for each in _held(connection, "parts")] == ["@parts:[1, 101]"]


def test_row_level_security_hides_no_row_from_the_engine(connection: Connection) -> None:
    connection.execute("alter table public.quiz_results enable row level security")
    connection.execute("create policy own on public.quiz_results using (note = current_user::text)")
    attach(connection)
    connection.execute("create role quiz_app")
    try:
        connection.execute(
            "grant insert, select, update, delete on public.quiz_results to quiz_app"
        )
        connection.execute("set role quiz_app")
        add(connection, 3, note="current_user")
        connection.execute("update public.quiz_results set score = 4")
        connection.execute("reset role")
        assert value(connection, "select count(*) from badges.activities where quantity = 4") == 3
        assert_mapped(connection)
    finally:
        connection.execute("reset role")
        connection.execute("drop owned by quiz_app")
        connection.execute("drop role quiz_app")
