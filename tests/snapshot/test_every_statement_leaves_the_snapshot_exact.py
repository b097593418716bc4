from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    assert_exact,
    copy_in,
    insert,
    moment,
    rows,
    stats,
    value,
)
from tests.snapshot.recount import assert_equals_a_recount
from tests.snapshot.rules import DOCUMENT, OTHER_ORG

LASTING = True


def some_activities(count: int, seed: int, days: int = 40) -> list[tuple[Any, ...]]:
    """Give activities of two people in two organizations, in no order."""
    chance = random.Random(seed)
    return [
        activity(
            moment("2026-03-10") + timedelta(minutes=chance.randrange(days * 24 * 60)),
            who=chance.choice([ANN, BEN]),
            org=chance.choice([ORG, ORG, OTHER_ORG]),
            kind=chance.choice(["call", "call", "visit"]),
            quantity=Decimal(chance.choice(["0", "0.1", "0.2", "1.5", "3"])),
            attributes={
                "kind": chance.choice(["a", "b", "c", 1, True, None]),
                "level": chance.choice([1, 2, 3]),
                "minutes": chance.choice([1, 5, 12, "12"]),
            },
            key=f"{seed}-{number}",
        )
        for number in range(count)
    ]


def _filled(connection: Connection) -> None:
    apply(connection, DOCUMENT)
    insert(connection, *some_activities(30, seed=1))
    assert_equals_a_recount(connection)


PREPARED = {"filled": _filled}


@pytest.fixture
def filled(connection: Connection) -> Connection:
    """Give a database with rules and thirty activities."""
    return connection


STATEMENTS = {
    "insert of one row": """
        insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at, quantity)
        values ('nhf', %(ann)s, 'call', '2026-05-01 12:00+00', 2)
    """,
    "insert of a late row": """
        insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at, quantity)
        values ('nhf', %(ann)s, 'visit', '2026-02-01 12:00+00', 2)
    """,
    "insert of no row": "insert into badges.activities select * from badges.activities where false",
    "insert of several rows, old and new people, types and organizations": """
        insert into badges.activities (
            org_id, peer_mentor_id, activity_type, occurred_at, quantity, attributes
        )
        select
            org.id, person.id, kind.name, timestamptz '2026-03-20 12:00+00' + n * interval '1 day',
            n, jsonb_build_object('kind', n %% 3, 'level', n %% 4, 'minutes', n)
        from (values ('nhf'), ('hlf')) as org (id)
        cross join (values (%(ann)s::uuid), (gen_random_uuid())) as person (id)
        cross join (values ('call'), ('unheard of')) as kind (name)
        cross join generate_series(1, 9) as n
    """,
    "insert on conflict do nothing": """
        insert into badges.activities (
            org_id, peer_mentor_id, activity_type, occurred_at, quantity, idempotency_key
        )
        select org_id, peer_mentor_id, 'call', occurred_at, 9, idempotency_key
        from badges.activities
        on conflict do nothing
    """,
    "insert on conflict do update, old and new rows": """
        insert into badges.activities (
            org_id, peer_mentor_id, activity_type, occurred_at, quantity, idempotency_key
        )
        select
            org_id, peer_mentor_id, 'visit', occurred_at, 9,
            case when activity_id %% 2 = 0 then idempotency_key else idempotency_key || 'new' end
        from badges.activities
        on conflict (peer_mentor_id, org_id, idempotency_key) do update
        set quantity = excluded.quantity, activity_type = excluded.activity_type
    """,
    "merge that inserts, updates and deletes": """
        merge into badges.activities as held
        using (
            select *, activity_id %% 3 as choice from badges.activities
        ) as given
        on held.peer_mentor_id = given.peer_mentor_id
        and held.activity_id = given.activity_id
        and given.choice < 2
        when matched and given.choice = 0 then delete
        when matched then update set quantity = held.quantity + 1
        when not matched then
            insert (org_id, peer_mentor_id, activity_type, occurred_at, quantity, attributes)
            values (
                given.org_id, given.peer_mentor_id, given.activity_type,
                given.occurred_at + interval '3 days', given.quantity, given.attributes
            )
    """,
    "writable cte that moves and copies": """
        with gone as (
            delete from badges.activities where activity_id %% 4 = 0 returning *
        ),
        changed as (
            update badges.activities set quantity = 4 where activity_id %% 4 = 1 returning *
        )
        insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at, quantity)
        select org_id, %(ben)s, activity_type, occurred_at, quantity from gone
        union all
        select org_id, %(ann)s, activity_type, occurred_at, quantity from changed
    """,
    "update of quantity": "update badges.activities set quantity = quantity + 1.1",
    "update of quantity to less than nothing": "update badges.activities set quantity = -quantity",
    "update of the day": """
        update badges.activities set activity_date = activity_date - 1
        where activity_date = (occurred_at at time zone 'UTC')::date
    """,
    "update of the moment": """
        update badges.activities set occurred_at = occurred_at - interval '20 hours'
        where activity_id %% 2 = 0
    """,
    "update of the moment and the day": """
        update badges.activities
        set occurred_at = occurred_at - interval '45 days', activity_date = activity_date - 45
        where activity_id %% 3 = 0
    """,
    "update of the type": """
        update badges.activities set activity_type = 'visit' where activity_id %% 2 = 0
    """,
    "update of attributes": """
        update badges.activities
        set attributes = attributes || '{"kind": "z", "level": 3, "minutes": 50}'
        where activity_id %% 3 = 0
    """,
    "update of the mentor": """
        update badges.activities set peer_mentor_id = %(ann)s where peer_mentor_id = %(ben)s
    """,
    "update of the mentor, who is new": """
        update badges.activities set peer_mentor_id = %(new)s where activity_id %% 3 = 0
    """,
    "update of the organization": """
        update badges.activities set org_id = 'hlf' where activity_id %% 3 = 0
    """,
    "update of everything at once": """
        update badges.activities set
            org_id = 'hlf', peer_mentor_id = %(new)s, activity_type = 'call',
            occurred_at = '2026-03-01 00:00+00', activity_date = '2026-03-02', quantity = 1,
            attributes = '{"kind": "a"}'
        where activity_id %% 5 = 0
    """,
    "update of no row": "update badges.activities set quantity = 1 where false",
    "delete of some": "delete from badges.activities where activity_id %% 3 = 0",
    "delete of one person": "delete from badges.activities where peer_mentor_id = %(ann)s",
    "delete of a type": "delete from badges.activities where activity_type = 'visit'",
    "delete of the middle": """
        delete from badges.activities where activity_date between '2026-03-20' and '2026-03-25'
    """,
    "delete of the end": "delete from badges.activities where activity_date > '2026-04-01'",
    "delete of all": "delete from badges.activities",
    "truncate": "truncate badges.activities",
}


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_statement(filled: Connection, statement: str) -> None:
    names = {"ann": ANN, "ben": BEN, "new": "00000000-0000-4000-8000-000000000000"}
    filled.execute(statement.encode(), names)
    assert_equals_a_recount(filled)
    assert rows(filled, "select * from badges.verify_stats()") == []
    assert rows(filled, "select * from badges.verify_awards()") == []


def test_copy(filled: Connection) -> None:
    copy_in(filled, some_activities(200, seed=2))
    assert_equals_a_recount(filled)
    assert_exact(filled)


def test_one_row_at_a_time(connection: Connection) -> None:
    apply(connection, DOCUMENT)
    for each in some_activities(60, seed=3, days=20):
        insert(connection, each)
    assert_equals_a_recount(connection)
    assert_exact(connection)


def test_upsert_into_nothing_counts_the_insert_alone(connection: Connection) -> None:
    apply(connection, DOCUMENT)
    insert(
        connection,
        activity("2026-03-01", key="a"),
        tail="on conflict (peer_mentor_id, org_id, idempotency_key) do update set quantity = 5",
    )
    found = stats(connection)
    assert found is not None
    assert (found["activity_count"], found["value_sum"]) == (1, 1)
    assert_equals_a_recount(connection)


@pytest.mark.parametrize(
    "change",
    [
        "delete from badges.activities",
        f"update badges.activities set peer_mentor_id = '{BEN}'",
        f"""perform set_config('session_replication_role', 'replica', true);
        insert into badges.activities (
            peer_mentor_id, org_id, activity_type, occurred_at, activity_date
        )
        values ('{ANN}', '{ORG}', 'call', '2026-03-01 10:00Z', '2026-03-01');
        perform set_config('session_replication_role', 'origin', true)""",
    ],
    ids=["deleted", "given away", "joined unseen"],
)
def test_rows_of_somebody_new_change_before_many_are_folded(
    connection: Connection, change: str
) -> None:
    apply(connection, DOCUMENT)
    connection.execute(
        f"""
        create schema badges_tests;
        create function badges_tests.change(n integer) returns text language plpgsql volatile as $$
        begin
            if n = 20 then
                {change};
            end if;
            return 'row ' || n;
        end;
        $$
        """.encode()
    )
    connection.execute(
        "insert into badges.activities ("
        " peer_mentor_id, org_id, activity_type, occurred_at, idempotency_key)"
        " select %s, %s, 'call', '2026-03-10 10:00Z'::timestamptz + n * interval '1 day',"
        " badges_tests.change(n) from generate_series(1, 40) as n",
        (ANN, ORG),
    )
    assert_exact(connection)


def test_truncate_empties_the_snapshot_and_keeps_the_awards(filled: Connection) -> None:
    awarded = value(filled, "select count(*) from badges.earned_badges")
    filled.execute("truncate badges.activities")
    assert value(filled, "select count(*) from badges.peer_mentor_stats") == 0
    assert value(filled, "select count(*) from badges_internal.stat_elements") == 0
    assert value(filled, "select count(*) from badges.earned_badges") == awarded > 0
    insert(filled, *some_activities(20, seed=4))
    assert_equals_a_recount(filled)


@pytest.mark.parametrize("activities_first", [True, False])
def test_cascade_leaves_no_rows_behind(filled: Connection, activities_first: bool) -> None:
    filled.execute("create table public.users (id uuid primary key)")
    filled.execute("insert into public.users select distinct peer_mentor_id from badges.activities")
    tables = ["badges.activities", "badges.peer_mentor_stats", "badges.earned_badges"]
    for table in tables if activities_first else tables[::-1]:
        filled.execute(
            f"alter table {table} add foreign key (peer_mentor_id)"
            " references public.users on delete cascade".encode()
        )
    filled.execute("delete from public.users where id = %s", (ANN,))
    for table in [*tables, "badges_internal.stat_elements"]:
        left = f"select count(*) from {table} where peer_mentor_id = %s"
        assert value(filled, left, ANN) == 0
    assert_equals_a_recount(filled)
    assert rows(filled, "select * from badges.verify_stats()") == []


def test_truncate_by_cascade_empties_the_snapshot(filled: Connection) -> None:
    filled.execute("create table public.users (id uuid primary key)")
    filled.execute("insert into public.users select distinct peer_mentor_id from badges.activities")
    filled.execute(
        "alter table badges.activities add foreign key (peer_mentor_id) references public.users"
    )
    filled.execute("truncate public.users cascade")
    assert value(filled, "select count(*) from badges.peer_mentor_stats") == 0


def test_failed_statement_leaves_nothing(filled: Connection) -> None:
    before = rows(filled, "select * from badges.peer_mentor_stats order by 1, 2, 3, 4")
    with pytest.raises(Exception, match="does not exist"):
        insert(filled, activity("2026-03-01"), activity("2026-03-01", org="unknown"))
    assert rows(filled, "select * from badges.peer_mentor_stats order by 1, 2, 3, 4") == before
    assert_exact(filled)


def test_rebuild_changes_nothing_that_is_exact(filled: Connection) -> None:
    query = (
        "select to_jsonb(held) - '{counted_in,counted_upto}'::text[]"
        " from badges.peer_mentor_stats as held order by peer_mentor_id, org_id, stat, bucket"
    )
    elements = "select * from badges_internal.stat_elements order by 1, 2, 3, 4, 5"
    before = rows(filled, query), rows(filled, elements)
    assert value(filled, "select badges.rebuild_stats()") == 4
    assert (rows(filled, query), rows(filled, elements)) == before


def test_rebuild_mends_a_corrupted_snapshot(filled: Connection) -> None:
    filled.execute("update badges.peer_mentor_stats set activity_count = activity_count + 1")
    filled.execute("delete from badges.peer_mentor_stats where stat >= '~' and bucket = ''")
    filled.execute("delete from badges_internal.stat_elements where not is_counted")
    value(filled, "select badges.rebuild_stats(%s)", ANN)
    differing = {
        each["peer_mentor_id"] for each in rows(filled, "select * from badges.verify_stats()")
    }
    assert differing == {BEN}
    value(filled, "select badges.rebuild_stats()")
    assert_equals_a_recount(filled)
    assert_exact(filled)
