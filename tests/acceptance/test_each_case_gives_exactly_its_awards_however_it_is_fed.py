from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.database import Connection
from tests.acceptance.cases import NAMES, Award, Case, read
from tests.engine import (
    COLUMNS,
    apply,
    assert_exact,
    copy_in,
    insert,
    rows,
    value,
    without_badges,
)

CASES = {name: read(name) for name in NAMES}
Activities = list[tuple[Any, ...]]


def row_by_row(connection: Connection, activities: Activities) -> None:
    for each in activities:
        insert(connection, each, tail="on conflict do nothing")


def in_one_statement(connection: Connection, activities: Activities) -> None:
    if activities:
        insert(connection, *activities, tail="on conflict do nothing")


def by_copy(connection: Connection, activities: Activities) -> None:
    copy_in(connection, activities)


def by_copy_through_staging(connection: Connection, activities: Activities) -> None:
    names = ", ".join(COLUMNS)
    with connection.transaction():
        connection.execute(
            f"create temp table staged on commit drop as"
            f" select {names} from badges.activities limit 0".encode()
        )
        copy_in(connection, activities, "staged")
        connection.execute(
            f"insert into badges.activities ({names}) select {names} from staged"
            " on conflict (peer_mentor_id, org_id, idempotency_key) do nothing".encode()
        )


def shuffled(connection: Connection, activities: Activities) -> None:
    row_by_row(connection, random.Random(2).sample(activities, len(activities)))


def backwards(connection: Connection, activities: Activities) -> None:
    row_by_row(connection, activities[::-1])


def in_random_batches(connection: Connection, activities: Activities) -> None:
    chance = random.Random(3)
    left = chance.sample(activities, len(activities))
    while left:
        size = chance.randint(1, 12)
        in_one_statement(connection, left[:size])
        left = left[size:]


def by_record_activity(connection: Connection, activities: Activities) -> None:
    for org, who, kind, occurred_at, quantity, attributes, key in activities:
        value(
            connection,
            "select badges.record_activity(%s, %s, %s, %s, %s, %s, %s)",
            *(who, org, kind, occurred_at, quantity, attributes, key),
        )


def by_record_activities(connection: Connection, activities: Activities) -> None:
    given = [
        {
            name: str(part) if name in ("peer_mentor_id", "occurred_at") else part
            for name, part in zip(COLUMNS, each, strict=True)
        }
        | {"quantity": float(each[4]), "attributes": each[5].obj}
        for each in activities
    ]
    for first in range(0, len(given), 50):
        batch = json.dumps(given[first : first + 50])
        value(connection, "select badges.record_activities(%s::jsonb)", batch)


WAYS: list[Callable[[Connection, Activities], None]] = [
    row_by_row,
    in_one_statement,
    by_copy,
    by_copy_through_staging,
    shuffled,
    backwards,
    in_random_batches,
    by_record_activity,
    by_record_activities,
]
OUT_OF_ORDER = (shuffled, backwards, in_random_batches)


def applicable(case: Case, way: Callable[..., None]) -> bool:
    if case.has_replays and way is by_copy:
        return False
    return not (case.in_order_only and way in OUT_OF_ORDER)


def awarded(connection: Connection) -> set[Award]:
    return {
        tuple(each.values())
        for each in rows(
            connection,
            "select org_id, peer_mentor_id, badge_definition_id, tier, occurrence, earned_at"
            " from badges.earned_badges where revoked_at is null",
        )
    }


@pytest.mark.parametrize(
    ("name", "way"),
    [
        pytest.param(name, way, id=f"{name}-{way.__name__}")
        for name, case in CASES.items()
        for way in WAYS
        if applicable(case, way)
    ],
)
@pytest.mark.parametrize("rules_come_after", [0.0, 1.0], ids=["before", "after"])
def test_each_case_gives_exactly_its_awards(
    connection: Connection,
    name: str,
    way: Callable[[Connection, Activities], None],
    rules_come_after: float,
) -> None:
    feed_and_compare(connection, name, way, rules_come_after)


@pytest.mark.parametrize("way", [row_by_row, in_random_batches])
@pytest.mark.parametrize("name", NAMES)
def test_so_it_does_with_half_of_the_activities_before_the_rules(
    connection: Connection, name: str, way: Callable[[Connection, Activities], None]
) -> None:
    feed_and_compare(connection, name, way, 0.5)


def feed_and_compare(
    connection: Connection,
    name: str,
    way: Callable[[Connection, Activities], None],
    rules_come_after: float,
) -> None:
    case = CASES[name]
    split = int(len(case.activities) * rules_come_after)
    connection.execute("set timezone = 'Pacific/Apia'")
    if split:
        apply(connection, without_badges(case.document))
        way(connection, case.activities[:split])
    apply(connection, case.document, batch=1)
    way(connection, case.activities[split:])
    assert awarded(connection) == case.awards
    assert_exact(connection)
    sources = {each["source"] for each in rows(connection, "select * from badges.earned_badges")}
    assert sources <= {"rule", "backfill"}
    if rules_come_after in (0.0, 1.0):
        assert sources == {"backfill" if rules_come_after else "rule"}


@pytest.mark.parametrize("name", NAMES)
def test_applying_the_same_document_again_changes_nothing(
    connection: Connection, name: str
) -> None:
    case = CASES[name]
    assert apply(connection, case.document)["changed"] is True
    in_one_statement(connection, case.activities)
    before = rows(connection, "select * from badges.earned_badges order by 1, 2, 3, 4, 5")
    again = apply(connection, case.document)
    assert again["changed"] is False
    assert again["version"] == 1
    after = rows(connection, "select * from badges.earned_badges order by 1, 2, 3, 4, 5")
    assert after == before
