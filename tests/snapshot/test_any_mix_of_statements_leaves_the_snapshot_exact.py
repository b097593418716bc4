from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pgmerit.database import Connection

from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    copy_in,
    insert,
    rows,
)
from tests.snapshot.recount import assert_equals_a_recount
from tests.snapshot.rules import DOCUMENT, OTHER_ORG

LASTING = True

Statement = Callable[[Connection], object]
START = datetime(2026, 2, 20, tzinfo=UTC)

people = st.sampled_from([ANN, BEN])
moments = st.integers(0, 40 * 4).map(lambda n: START + timedelta(hours=6 * n, minutes=7))
quantities = st.sampled_from(
    [Decimal(each) for each in ("0", "0.1", "0.2", "0.3", "1", "2.5", "4")]
)
falling = quantities | st.sampled_from([Decimal("-0.1"), Decimal(-2), Decimal(-5)])
attributes = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["a", "b", "c", 1, 1.0, True, None, ["a"], ""]),
        "level": st.sampled_from([1, 2, 3, "2"]),
        "minutes": st.sampled_from([0, 1, 5, 12, "12", None, 1e31]),
    },
)


def activities_of(numbers: st.SearchStrategy[Decimal]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.builds(
        activity,
        moments,
        who=people,
        org=st.sampled_from([ORG, ORG, OTHER_ORG]),
        kind=st.sampled_from(["call", "visit", "other"]),
        quantity=numbers,
        attributes=attributes,
        key=st.none() | st.integers(1, 30).map(str),
    )


def inserting(chosen: list[tuple[Any, ...]], tail: str) -> Statement:
    return lambda connection: insert(connection, *chosen, tail=tail)


def copying(chosen: list[tuple[Any, ...]]) -> Statement:
    return lambda connection: copy_in(connection, [(*each[:-1], None) for each in chosen])


def running(statement: str, *parameters: Any) -> Statement:
    return lambda connection: connection.execute(statement.encode(), parameters)


def upserting(chosen: list[tuple[Any, ...]]) -> Statement:
    once = {(each[0], each[1], each[6]): each for each in chosen}
    return inserting(
        list(once.values()),
        "on conflict (peer_mentor_id, org_id, idempotency_key) do update set"
        " quantity = excluded.quantity, activity_type = excluded.activity_type",
    )


CHANGES = {
    "quantity": "quantity = quantity + 1",
    "day": "activity_date = (occurred_at at time zone 'UTC')::date",
    "moment": "occurred_at = occurred_at - interval '26 hours'",
    "type": "activity_type = case when activity_type = 'call' then 'visit' else 'call' end",
    "attributes": """attributes = attributes || '{"kind": "a", "level": 3}'""",
    "mentor": "peer_mentor_id = %(who)s, idempotency_key = null",
    "organization": "org_id = 'hlf', idempotency_key = null",
    "key": "idempotency_key = null",
}
MERGE = """
    merge into badges.activities as held
    using (select *, activity_id %% 4 as choice from badges.activities) as given
    on held.peer_mentor_id = given.peer_mentor_id
    and held.activity_id = given.activity_id
    and given.choice < 2
    when matched and given.choice = 0 then delete
    when matched then update set quantity = held.quantity + 1
    when not matched and given.choice = 2 then
        insert (org_id, peer_mentor_id, activity_type, occurred_at, quantity, attributes)
        values (
            given.org_id, given.peer_mentor_id, given.activity_type,
            given.occurred_at + interval '30 hours', given.quantity, given.attributes
        )
"""
MOVE = """
    with gone as (delete from badges.activities where activity_id %% 3 = %s returning *)
    insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at, quantity)
    select org_id, peer_mentor_id, activity_type, occurred_at - interval '2 days', quantity
    from gone
"""


def changing(what: str, who: Any, modulus: int, remainder: int) -> Statement:
    statement = (
        f"update badges.activities set {CHANGES[what]}"
        " where activity_id %% %(modulus)s = %(remainder)s"
    )
    names = {"who": who, "modulus": modulus, "remainder": remainder}
    return lambda connection: connection.execute(statement.encode(), names)


def statements(numbers: st.SearchStrategy[Decimal]) -> st.SearchStrategy[list[Statement]]:
    some = st.lists(activities_of(numbers), min_size=1, max_size=8)
    one = st.lists(activities_of(numbers), min_size=1, max_size=1)
    skip = st.just("on conflict do nothing")
    return st.lists(
        st.one_of(
            st.builds(inserting, one, skip),
            st.builds(inserting, one, skip),
            st.builds(inserting, some, skip),
            st.builds(copying, some),
            st.builds(upserting, some),
            st.builds(
                changing,
                st.sampled_from(sorted(CHANGES)),
                people,
                st.integers(1, 4),
                st.integers(0, 3),
            ),
            st.builds(
                running,
                st.just("delete from badges.activities where activity_id %% 5 = %s"),
                st.integers(0, 4),
            ),
            st.builds(
                running,
                st.just("delete from badges.activities where activity_date = %s"),
                st.integers(0, 40).map(lambda n: START.date() + timedelta(days=n)),
            ),
            st.just(running(MERGE)),
            st.builds(running, st.just(MOVE), st.integers(0, 2)),
        ),
        min_size=1,
        max_size=8,
    )


def emptied(connection: Connection) -> None:
    connection.execute("truncate badges.activities restart identity")
    connection.execute("delete from badges.earned_badges")
    connection.execute("delete from badges.award_events")


def assert_verified(connection: Connection, what: str) -> None:
    found = rows(connection, f"select * from badges.verify_{what}()")
    assert found == []


SETTINGS = settings(
    max_examples=14,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


@SETTINGS
@given(data=st.data())
def test_mixed_statements(connection: Connection, data: st.DataObject) -> None:
    if not rows(connection, "select from badges.rule_sets"):
        apply(connection, DOCUMENT)
    emptied(connection)
    for statement in data.draw(statements(falling), label="statements"):
        statement(connection)
    assert_equals_a_recount(connection)
    assert_verified(connection, "stats")


@SETTINGS
@given(data=st.data(), in_transaction=st.booleans())
def test_mixed_statements_in_one_transaction(
    connection: Connection, data: st.DataObject, in_transaction: bool
) -> None:
    if not rows(connection, "select from badges.rule_sets"):
        apply(connection, DOCUMENT)
    emptied(connection)
    drawn = data.draw(statements(quantities), label="statements")
    if in_transaction:
        with connection.transaction():
            for statement in drawn:
                statement(connection)
    else:
        for statement in drawn:
            statement(connection)
    assert_equals_a_recount(connection)
    assert_verified(connection, "stats")


@SETTINGS
@given(
    chosen=st.lists(activities_of(quantities), min_size=1, max_size=25),
    sizes=st.lists(st.integers(1, 6), min_size=1, max_size=25),
    seed=st.randoms(use_true_random=False),
)
def test_inserts_in_any_order_and_batches_give_the_same_awards(
    connection: Connection, chosen: list[tuple[Any, ...]], sizes: list[int], seed: Any
) -> None:
    if not rows(connection, "select from badges.rule_sets"):
        apply(connection, DOCUMENT)
    query = (
        "select peer_mentor_id, org_id, badge_definition_id, tier, occurrence, earned_at"
        " from badges.earned_badges order by 1, 2, 3, 4, 5"
    )
    whole = [(*each[:-1], None) for each in chosen]
    emptied(connection)
    insert(connection, *whole)
    expected = rows(connection, query)
    assert_verified(connection, "awards")
    emptied(connection)
    left = seed.sample(whole, len(whole))
    while left:
        size = sizes[len(left) % len(sizes)]
        insert(connection, *left[:size])
        left = left[size:]
    assert rows(connection, query) == expected
    assert_equals_a_recount(connection)
    assert_verified(connection, "stats")
    assert_verified(connection, "awards")
