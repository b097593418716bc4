"""Functions that change activities while a statement on activities runs, at any depth and order.

A generated statement is a tree: an insert, update or delete whose rows call a function that runs
further statements, some of them in a savepoint that is rolled back. Whatever happens inside, the
snapshot and the awards are what a recomputation gives.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import ANN, BEN, ORG, activity, apply, assert_exact, insert, rows, rule_set, value

BADGES = {
    "five": {"type": "threshold", "at_least": 5},
    "amount": {
        "name": "amount",
        "on_unmet": "revoke",
        "criteria": {"type": "threshold", "measure": "sum", "at_least": 12},
    },
    "days": {"type": "streak", "unit": "day", "tiers": [
        {"tier": "two", "length": 2}, {"tier": "three", "length": 3}, {"tier": "four", "length": 4},
    ]},
    "kinds": {"type": "threshold", "measure": "distinct", "field": "kind", "at_least": 3},
    "month": {"type": "threshold", "window": "month", "at_least": 4},
    "burst": {"type": "threshold", "window": {"rolling_days": 3}, "at_least": 4},
    "collector": {"type": "badges_earned", "at_least": 2},
}  # fmt: skip

# The database's side of a tree: runs the statements of a JSON array, in the rows of each of which
# badges_tests.within runs those below it. Its result is the number of statements.
INTERPRETER = """
create schema badges_tests;
create function badges_tests.run(p_steps jsonb) returns integer
language plpgsql volatile as $$
declare
    v_step jsonb;
begin
    for v_step in select * from jsonb_array_elements(p_steps) loop
        begin
            case v_step ->> 'what'
                when 'insert' then
                    insert into badges.activities (
                        peer_mentor_id, org_id, activity_type, occurred_at, quantity, attributes
                    )
                    select
                        (place.given ->> 'who')::uuid, 'nhf', place.given ->> 'kind',
                        (place.given ->> 'at')::timestamptz,
                        (place.given ->> 'quantity')::numeric
                            + 0 * badges_tests.within(v_step, place.number),
                        jsonb_build_object('kind', place.given ->> 'kind')
                    from jsonb_array_elements(v_step -> 'rows')
                        with ordinality as place (given, number);
                when 'upsert' then
                    insert into badges.activities as held (
                        peer_mentor_id, org_id, activity_type, occurred_at, quantity,
                        idempotency_key
                    )
                    select
                        (place.given ->> 'who')::uuid, 'nhf', place.given ->> 'kind',
                        (place.given ->> 'at')::timestamptz,
                        (place.given ->> 'quantity')::numeric
                            + 0 * badges_tests.within(v_step, place.number),
                        place.given ->> 'at'
                    from (
                        select distinct on (each ->> 'who', each ->> 'at') each as given,
                            row_number() over () as number
                        from jsonb_array_elements(v_step -> 'rows') as each
                    ) as place
                    on conflict (peer_mentor_id, org_id, idempotency_key) do update set
                        quantity = held.quantity + 1;
                when 'update' then
                    update badges.activities as changed
                    set quantity = changed.quantity + 1
                        + 0 * badges_tests.within(v_step, chosen.number)
                    from (
                        select activity_id, row_number() over (order by activity_id) as number
                        from badges.activities
                    ) as chosen
                    where chosen.activity_id = changed.activity_id
                    and chosen.number % 3 = (v_step ->> 'rest')::integer;
                when 'delete' then
                    delete from badges.activities as gone
                    using (
                        select activity_id, row_number() over (order by activity_id desc) as number
                        from badges.activities
                    ) as chosen
                    where chosen.activity_id = gone.activity_id
                    and chosen.number % 4 = (v_step ->> 'rest')::integer
                    and badges_tests.within(v_step, chosen.number) is not null;
                when 'record' then
                    perform badges.record_activities(jsonb_build_array(jsonb_build_object(
                        'peer_mentor_id', v_step -> 'rows' -> 0 ->> 'who', 'org_id', 'nhf',
                        'activity_type', v_step -> 'rows' -> 0 ->> 'kind',
                        'occurred_at', v_step -> 'rows' -> 0 ->> 'at'
                    )));
                when 'evaluate' then
                    perform badges.evaluate_badges((v_step -> 'rows' -> 0 ->> 'who')::uuid, 'nhf');
                when 'rebuild' then
                    perform badges.rebuild_stats();
            end case;
            if (v_step ->> 'is_undone')::boolean then
                raise exception 'undone' using errcode = 'P0002';
            end if;
        exception
            -- The server refuses to change a row that a statement inside has changed or made.
            when no_data_found or triggered_data_change_violation or cardinality_violation
            then null;
        end;
    end loop;
    return 1;
end;
$$;
create function badges_tests.within(p_step jsonb, p_number bigint) returns integer
language plpgsql volatile as $$
begin
    if p_number = (p_step ->> 'place')::integer then
        return badges_tests.run(p_step -> 'inside');
    end if;
    return 1;
end;
$$;
"""

places = st.fixed_dictionaries(
    {
        "who": st.sampled_from((str(ANN), str(ANN), str(BEN))),
        "kind": st.sampled_from(("visit", "visit", "call", "note")),
        "at": st.builds(
            "2026-03-{:02}T{:02}:00Z".format, st.sampled_from((1, 2, 3, 4, 6)), st.integers(9, 12)
        ),
        "quantity": st.sampled_from((1, 3, 3, -2)),
    }
)
kinds = st.sampled_from(
    ("insert", "insert", "insert", "upsert", "update", "delete", "record", "evaluate", "rebuild")
)


def steps(inside: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Give lists of statements with others in their rows."""
    return st.lists(
        st.fixed_dictionaries(
            {
                "what": kinds,
                "rows": st.lists(places, min_size=1, max_size=4),
                "rest": st.integers(0, 2),
                "place": st.integers(1, 4),
                "is_undone": st.sampled_from((False, False, False, False, True)),
                "inside": inside,
            }
        ),
        min_size=1,
        max_size=3,
    )


trees = st.recursive(st.just([]), steps, max_leaves=6)


def _nested(connection: Connection) -> None:
    apply(connection, rule_set(BADGES))
    connection.execute(INTERPRETER)
    insert(connection, activity("2026-03-01 09:00", quantity=2), activity("2026-03-03 09:00"))


PREPARED = {"nested": _nested}


@pytest.fixture
def nested(connection: Connection) -> Connection:
    """A database with badges, one known person and the interpreter of trees."""
    return connection


def run(connection: Connection, tree: Any) -> None:
    value(connection, "select badges_tests.run(%s)", Jsonb(tree))


def check(connection: Connection, number: int, max_examples: int) -> None:
    """Run trees, each in a transaction that is rolled back."""

    @seed(number)
    @settings(
        max_examples=max_examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(trees)
    def example(tree: Any) -> None:
        with connection.transaction(force_rollback=True):
            run(connection, tree)
            assert_exact(connection)
            # The next statement of the same transaction, and one that comes late.
            insert(connection, activity("2026-03-07 12:00"), activity("2026-03-05 12:00"))
            assert_exact(connection)

    example()


@pytest.mark.parametrize("number", range(4))
def test_any_tree_of_statements_leaves_all_exact(nested: Connection, number: int) -> None:
    check(nested, number, 10)


@pytest.mark.soak
def test_any_number_of_trees_do_so(nested: Connection) -> None:
    until = time.monotonic() + float(os.environ.get("SOAK_SECONDS", "600"))
    for number in itertools.count(int(os.environ.get("SOAK_SEED", "1000"))):
        if time.monotonic() > until:
            return
        check(nested, number, 50)


def _row(at: str, who: Any = ANN, kind: str = "visit", quantity: int = 1) -> dict[str, Any]:
    return {"who": str(who), "kind": kind, "at": f"2026-03-{at}:00Z", "quantity": quantity}


def _step(what: str, *placed: dict[str, Any], **more: Any) -> dict[str, Any]:
    given = {"rest": 0, "place": 2, "is_undone": False, "inside": []}
    return {"what": what, "rows": list(placed), **given, **more}


def _cases() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    update, delete = _step("update", rest=1), _step("delete", rest=0)
    late = _step("insert", _row("02T10"))
    two = (_row("04T10"), _row("05T10"))
    yield "an update inside, then more rows", [_step("insert", *two, inside=[update, late])]
    yield (
        "a late row inside on the outer row's day",
        [_step("insert", _row("02T09"), _row("02T11"), inside=[late])],
    )
    yield "two late rows inside on the outer row's day", [
        _step("insert", _row("02T09"), _row("02T11"), inside=[
            _step("insert", _row("02T10"), _row("02T12"))
        ])
    ]  # fmt: skip
    yield "all of a new person's rows deleted inside", [
        _step("insert", _row("04T10", BEN), _row("05T10", BEN), inside=[
            _step("delete", rest=0), _step("delete", rest=1), _step("delete", rest=2),
        ])
    ]  # fmt: skip
    yield "a rebuild inside", [_step("insert", *two, inside=[_step("rebuild")])]
    yield "an evaluation inside", [_step("insert", *two, inside=[_step("evaluate", _row("04T10"))])]
    yield (
        "an update inside that is undone",
        [_step("insert", *two, inside=[{**update, "is_undone": True}])],
    )
    yield (
        "an update inside that is kept, and a row that is undone",
        [_step("insert", *two, inside=[update, _step("insert", _row("06T10"), is_undone=True)])],
    )
    yield "an update of an outer row that is undone, many times", [
        _step("insert", *two, *two, place=4, inside=[
            update, *[_step("update", rest=n % 3, is_undone=True) for n in range(40)]
        ])
    ]  # fmt: skip
    yield "three levels", [
        _step("insert", *two, inside=[
            _step("insert", _row("02T10"), _row("02T11"), inside=[delete, update])
        ])
    ]  # fmt: skip


@pytest.mark.parametrize("tree", [pytest.param(tree, id=name) for name, tree in _cases()])
def test_statements_inside_an_insert(nested: Connection, tree: Any) -> None:
    run(nested, tree)
    assert_exact(nested)


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "new"])
@pytest.mark.parametrize("action", ["delete", "update"])
def test_a_row_trigger_of_the_application_changes_the_row(
    nested: Connection, action: str, is_known: bool
) -> None:
    statement = {
        "delete": "delete from badges.activities where activity_id = new.activity_id",
        "update": "update badges.activities set quantity = 9 where activity_id = new.activity_id",
    }[action]
    nested.execute(
        f"""
        create function badges_tests.meddle() returns trigger language plpgsql as
        $$ begin {statement}; return null; end $$;
        create trigger meddle after insert on badges.activities
        for each row execute function badges_tests.meddle()
        """.encode()
    )
    insert(nested, activity("2026-03-04", who=ANN if is_known else BEN))
    assert_exact(nested)


@pytest.mark.parametrize("first", [-5, 1_000_000])
def test_numbers_of_the_owners_own_hide_nothing(nested: Connection, first: int) -> None:
    """Not given by the sequence: what was counted up to a number says nothing of them."""
    nested.execute(
        "insert into badges.activities"
        " (activity_id, org_id, peer_mentor_id, activity_type, occurred_at, quantity)"
        " select %s + day, 'nhf', %s, 'call', timestamptz '2026-04-01Z' + day * interval '1 day',"
        " 1 + 0 * case when day = 2 then badges_tests.run(%s) else 0 end"
        " from generate_series(1, 3) as day",
        (first, ANN, Jsonb([_step("update", rest=n) for n in range(3)])),
    )
    assert_exact(nested)


def test_no_setting_of_the_session_decides_what_is_counted(nested: Connection) -> None:
    """A writer may set whatever a role may: the count stays."""
    with nested.transaction():
        nested.execute("select set_config('badges_internal.recounted_in', '', true)")
        run(
            nested,
            [_step("insert", _row("04T10"), _row("05T10"), inside=[_step("update", rest=1)])],
        )
        nested.execute("select set_config('badges_internal.recounted_in', '', true)")
        insert(nested, activity("2026-03-06"))
    assert_exact(nested)
    bodies = rows(
        nested,
        "select proname from pg_proc where pronamespace = 'badges_internal'::regnamespace"
        r" and prosrc ~ 'current_setting\(''badges'",
    )
    assert bodies == []


def test_a_badge_is_given_at_the_end_of_the_outer_statement(nested: Connection) -> None:
    new = (_row("04T10"), _row("05T10"), _row("06T10"))
    run(nested, [_step("insert", *new, inside=[_step("update", rest=1)])])
    held = rows(
        nested, "select earned_at from badges.earned_badges where badge_definition_id='five'"
    )
    assert [each["earned_at"].isoformat() for each in held] == ["2026-03-06T10:00:00+00:00"]


def test_a_writer_needs_no_rights_for_it(nested: Connection) -> None:
    nested.execute("grant usage on schema badges_tests to pgmerit_writer")
    nested.execute("set role pgmerit_writer")
    try:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            nested.execute("select from badges_internal.rule_gate")
        insert(nested, activity("2026-03-06"))
    finally:
        nested.execute("reset role")
    assert_exact(nested)
    assert value(nested, "select count(*) from badges.activities where org_id = %s", ORG) == 3
