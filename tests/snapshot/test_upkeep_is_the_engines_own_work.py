from __future__ import annotations

import contextlib
import functools
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from pgmerit import database, schema
from pgmerit.database import Connection
from pgmerit.server.attached import attached_server

from tests.conftest import roomy_memory
from tests.engine import (
    ANN,
    BEN,
    activity,
    apply,
    assert_exact,
    badge_ids,
    insert,
    rows,
    rule_set,
    value,
)
from tests.snapshot.recount import assert_equals_a_recount
from tests.snapshot.rules import DOCUMENT

LASTING = True

FIRST = {"type": "threshold", "activity": "call", "at_least": 1}
MANY = """
    insert into badges.activities (
        org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity, attributes
    )
    select
        'nhf', ('00000000-0000-4000-8000-' || lpad((n %% {people})::text, 12, '0'))::uuid, 'call',
        at, at::date, n %% 5, '{{"kind": "a", "level": 2, "minutes": 3}}'
    from (
        select n, timestamptz '2026-01-01 12:00+00' + n / {people} * interval '1 day' as at
        from generate_series(0, %s - 1) as n
    ) as numbered
"""


def many(connection: Connection, count: int, people: int) -> None:
    connection.execute(MANY.format(people=people).encode(), (count,))


def test_columns_that_count_nowhere_write_no_stats(connection: Connection) -> None:
    apply(connection, DOCUMENT)
    insert(connection, *[activity(f"2026-03-0{n}", key=str(n)) for n in range(1, 8)])
    query = (
        "select stat, bucket, xmin::text, ctid::text from badges.peer_mentor_stats order by 1, 2"
    )
    before = rows(connection, query)
    connection.execute("update badges.activities set idempotency_key = 'new' || idempotency_key")
    connection.execute("update badges.activities set quantity = quantity, attributes = attributes")
    connection.execute("update badges.activities set quantity = 1 where false")
    assert rows(connection, query) == before


def calls(connection: Connection, work: Callable[[], object]) -> Counter[str]:
    """Count the calls of our routines that the work makes."""
    query = (
        "select schemaname || '.' || funcname as name, calls from pg_stat_user_functions"
        " where schemaname like 'badges%%' and funcname not like '\\_next%%'"
    )

    def counted() -> Counter[str]:
        connection.execute("select pg_stat_force_next_flush()")
        connection.execute("select pg_stat_clear_snapshot()")
        return Counter({each["name"]: each["calls"] for each in rows(connection, query)})

    before = counted()
    work()
    return counted() - before


# Called within statements, for a value or for a badge of a person that others count in.
OF_ONE_ROW = {
    f"badges_internal.{name}"
    for name in ("_choice_variables", "_scalar_text", "_held_badges", "_nth_badge")
} | {"badges.derive_idempotency_key"}


# Up to 500 rows go by a plan that is kept, more by one of their own.
@pytest.mark.parametrize(("people", "more_people"), [(100, 200), (300, 1000)])
def test_the_number_of_statements_is_the_same_for_few_rows_and_for_many(
    connection: Connection, people: int, more_people: int
) -> None:
    apply(connection, DOCUMENT)
    connection.execute("set track_functions = 'pl'")
    few = calls(connection, lambda: many(connection, 2 * people, people))
    connection.execute("delete from badges.activities")
    connection.execute("delete from badges.earned_badges")
    connection.execute("delete from badges.award_events")
    more = calls(connection, lambda: many(connection, 2 * more_people, more_people))
    assert few
    assert {name: n for name, n in more.items() if name not in OF_ONE_ROW} == {
        name: n for name, n in few.items() if name not in OF_ONE_ROW
    }
    assert_exact(connection)


def test_five_hundred_activities_are_counted_by_a_plan_that_the_session_keeps(
    connection: Connection,
) -> None:
    """To plan the fold takes longer than to run it for so many."""
    apply(connection, DOCUMENT)
    connection.execute("set track_functions = 'pl'")
    few, anew = "badges_internal._fold_few", "badges_internal._plan_for_sets"

    def rebuild() -> None:
        connection.execute("select badges.rebuild_stats()")

    for count in (500, 501):
        for work in (functools.partial(many, connection, count, 100), rebuild):
            made = calls(connection, work)
            assert (made[few], made[anew]) == ((1, 0) if count == 500 else (0, 2))
        assert_exact(connection)
        connection.execute("delete from badges.activities")
    kept = "select 'plan_cache_mode=force_generic_plan' = any(proconfig) from pg_proc"
    assert value(connection, f"{kept} where proname = '_fold_few'")


def test_twenty_thousand_people_in_one_statement(connection: Connection) -> None:
    """Row locks, not advisory locks: those would exhaust shared memory near 10,000."""
    apply(connection, rule_set({"first": FIRST}))
    with connection.transaction():
        many(connection, 20_000, 20_000)
        assert value(
            connection,
            "select count(*) < 100 from pg_locks where pid = pg_backend_pid()",
        )
    assert value(connection, "select count(*) from badges.earned_badges") == 20_000
    assert value(connection, "select count(*) from badges.peer_mentor_stats") == 40_000


@pytest.fixture
def quiet() -> Iterator[Connection]:
    """A database of a server of its own: pages are tidied up to its oldest transaction."""
    home = Path(tempfile.mkdtemp(prefix="pgmerit-tests-", dir=roomy_memory()))
    home.chmod(0o755)
    try:
        with attached_server(home, os.environ.get("TEST_PG_BINDIR"), durable=False) as server:
            server.create_database("quiet")
            schema.migrate(server.dsn("quiet"))
            with contextlib.closing(
                database.connect(server.dsn("quiet"), autocommit=True)
            ) as session:
                yield session
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_stats_rows_are_updated_in_place(quiet: Connection) -> None:
    apply(quiet, rule_set({"first": FIRST}))
    many(quiet, 200, 200)
    quiet.execute(
        """
        do $$
        declare
            v_person uuid;
        begin
            for v_round in 1 .. 10 loop
                for v_person in select distinct peer_mentor_id from badges.activities loop
                    insert into badges.activities (
                        org_id, peer_mentor_id, activity_type, occurred_at
                    )
                    values (
                        'nhf', v_person, 'call',
                        timestamptz '2020-02-01 12:00+00' + v_round * interval '1 day'
                    );
                    commit;
                end loop;
            end loop;
        end $$
        """
    )
    quiet.execute("select pg_stat_force_next_flush()")
    (found,) = rows(
        quiet,
        "select n_tup_upd as updated, n_tup_hot_upd as in_place from pg_stat_user_tables"
        " where relname = 'peer_mentor_stats'",
    )
    assert found["updated"] >= 2 * 10 * 200
    assert found["in_place"] >= 0.8 * found["updated"]
    options = "select reloptions from pg_class where oid = 'badges.peer_mentor_stats'::regclass"
    assert value(quiet, options) == ["fillfactor=90"]
    indexes = rows(
        quiet,
        "select attname from pg_index join pg_attribute on attrelid = indrelid"
        " and attnum = any(indkey) where indrelid = 'badges.peer_mentor_stats'::regclass",
    )
    keys = {"peer_mentor_id", "org_id", "stat", "bucket", "rule_set_version"}
    assert {each["attname"] for each in indexes} == keys


def test_an_ordinary_role_under_row_level_security_writes_exactly(
    connection: Connection, connect: Callable[..., Connection]
) -> None:
    apply(connection, DOCUMENT)
    role = f"writer_{value(connection, 'select current_database()')}"
    connection.execute(f"create role {role}".encode())
    try:
        connection.execute(f"grant usage on schema badges to {role}".encode())
        connection.execute(
            f"grant select, insert, update, delete on badges.activities to {role}".encode()
        )
        for table in ("activities", "peer_mentor_stats", "earned_badges"):
            connection.execute(f"alter table badges.{table} enable row level security".encode())
        connection.execute(
            f"create policy own on badges.activities to {role} using (peer_mentor_id = '{ANN}')"
            " with check (true)".encode()
        )
        insert(connection, activity("2026-03-01"), activity("2026-03-01", who=BEN))
        session = connect()
        session.execute(f"set role {role}".encode())
        insert(session, activity("2026-03-02"))
        insert(session, *[activity(f"2026-03-0{n}", who=BEN) for n in (4, 2, 3)])
        session.execute("update badges.activities set quantity = 3")
        session.execute("delete from badges.activities where activity_date = '2026-03-01'")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("select * from badges.peer_mentor_stats")
        assert value(connection, "select count(*) from badges.activities") == 5
        assert {"calls", "daily"} <= set(badge_ids(connection, BEN))
        assert_equals_a_recount(connection)
    finally:
        connection.execute(f"drop owned by {role}".encode())
        connection.execute(f"drop role {role}".encode())


@pytest.mark.parametrize(
    "off",
    [
        "alter table badges.activities disable trigger user",
        "set session_replication_role = replica",
    ],
)
def test_writes_past_the_triggers_are_found_and_mended(connection: Connection, off: str) -> None:
    apply(connection, rule_set({"first": FIRST}))
    connection.execute(off.encode())
    connection.execute(
        "insert into badges.activities"
        " (org_id, peer_mentor_id, activity_type, occurred_at, activity_date)"
        " values ('nhf', %s, 'call', '2026-03-01', '2026-03-01')",
        (ANN,),
    )
    connection.execute("reset session_replication_role")
    connection.execute("alter table badges.activities enable trigger user")
    found = rows(connection, "select * from badges.verify_stats()")
    assert {each["peer_mentor_id"] for each in found} == {ANN}
    value(connection, "select badges.rebuild_stats()")
    rows(connection, "select * from badges.evaluate_badges(%s, 'nhf')", ANN)
    assert badge_ids(connection) == ["first"]
    assert_exact(connection)


def test_what_reads_for_upkeep_sees_its_own_statement(connection: Connection) -> None:
    """A STABLE function would read the caller's snapshot: rows of before the lock."""
    found = rows(
        connection,
        """
        select routine.oid::regprocedure::text as name
        from pg_proc as routine
        where routine.pronamespace in ('badges'::regnamespace, 'badges_internal'::regnamespace)
        and routine.provolatile <> 'v'
        and routine.proname not like '\\_verify%%'
        and coalesce(pg_get_function_sqlbody(routine.oid), routine.prosrc)
            ~ '(from|join) badges(_internal)?[.](activities|peer_mentor_stats|stat_elements|earned)'
        -- These give the text of a statement, become part of one, or only report.
        and routine.proname not in (
            '_chosen_activities', '_sequence_activities', '_fold_elements', '_fold_statement',
            '_fold_reading', '_fold_crossings', '_fold_moments', '_awarded_since', '_crossings',
            '_late_person',
            'count_awards', '_unrecorded_types', 'list_unfinished_rule_sets', '_metric_values',
            'unseen_awards', 'list_holders', 'list_mentors', 'my_badges', 'verify_source',
            '_own_organizations', '_visible_badges', '_visible_people',
            -- Asked by a statement of its own, once the two people are held.
            '_met_keys', '_united_awards',
            -- Asked what was held before its statement wrote.
            '_left_to_decide'
        )
        and routine.proname !~ '^_?(plan|explain)_'
        order by 1
        """,
    )
    assert [each["name"] for each in found] == []


def test_trigger_functions_run_as_their_owner_with_a_pinned_path(connection: Connection) -> None:
    found = rows(
        connection,
        """
        select routine.proname, routine.prosecdef, routine.proconfig
        from pg_trigger
        join pg_proc as routine on routine.oid = tgfoid
        where tgrelid = 'badges.activities'::regclass
        and not tgisinternal
        """,
    )
    assert len(found) >= 5
    for each in found:
        assert each["prosecdef"], each["proname"]
        assert "search_path=pg_catalog, pg_temp" in each["proconfig"], each["proname"]


def test_an_activity_written_by_a_trigger_counts_once(connection: Connection) -> None:
    """A user's own trigger writes, changes and deletes activities below the outer statement."""
    apply(connection, DOCUMENT)
    connection.execute(
        """
        create function public.follow() returns trigger language plpgsql as $$
        begin
            if new.activity_type = 'call' and pg_trigger_depth() < 3 then
                insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at)
                values (new.org_id, new.peer_mentor_id, 'visit', new.occurred_at);
                update badges.activities set quantity = quantity + 1
                where activity_type = 'visit' and peer_mentor_id = new.peer_mentor_id;
            end if;
            return null;
        end $$
        """
    )
    connection.execute(
        "create trigger follow after insert on badges.activities"
        " for each row execute function public.follow()"
    )
    insert(connection, activity("2026-03-01"))
    insert(
        connection, *[activity(f"2026-03-0{n}") for n in (4, 2, 3)], activity("2026-03-05", who=BEN)
    )
    with connection.transaction():
        insert(connection, activity("2026-03-06"))
        insert(connection, activity("2026-03-07", kind="visit"))
        insert(connection, activity("2026-03-08"))
    assert_equals_a_recount(connection)
    assert_exact(connection)
