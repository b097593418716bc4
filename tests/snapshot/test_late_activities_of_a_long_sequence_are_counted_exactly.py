"""Late activities of people with so many that only a stretch of their sequence is read."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import (
    activity,
    apply,
    assert_exact,
    copy_in,
    insert,
    moment,
    rows,
    rule_set,
    value,
)

LASTING = True

CALL: dict[str, Any] = {"activity": "call", "qualify": {"good": True}}
SHARE = CALL | {"type": "share"}
SEQUENCES: dict[str, dict[str, Any]] = {
    "run": CALL | {"type": "in_a_row", "length": 7},
    "longer": CALL | {"type": "in_a_row", "length": 40},
    "all": SHARE | {"at_least": 0.75, "of_at_least": 10},
    "late": SHARE | {"at_least": 0.6, "of_at_least": 125},
    "three": SHARE | {"at_least": 1, "of_last": 3},
    "thirty": SHARE | {"at_least": 0.8, "of_last": 30},
}
MANY = 120
BEGUN = moment("2026-01-01", "12:00")
# By name: how likely one qualifies, in how many hours each may lie.
SHAPES: dict[str, tuple[float, int]] = {
    "mixed": (0.7, 24 * MANY),
    "seldom fails": (0.97, 24 * MANY),
    "never fails": (1, 24 * MANY),
    "never qualifies": (0, 24 * MANY),
    "crowded": (0.8, 30),
    "one instant": (0.5, 1),
}


def history(chance: random.Random, likely: float, hours: int) -> Iterator[tuple[Any, ...]]:
    """Give a person's activities in order, some of them at one instant."""
    for hour in sorted(chance.randrange(hours) for _ in range(MANY)):
        yield call(hour, is_good=chance.random() < likely)


def call(hour: int, *, is_good: bool) -> tuple[Any, ...]:
    """Give a call of so many hours after the first."""
    return activity(BEGUN + timedelta(hours=hour), attributes={"good": is_good})


def measured(criteria: dict[str, Any], found: list[dict[str, Any]]) -> tuple[Any, ...]:
    """Give what a row must have: how many, how many qualify, the best, and the last."""
    values: list[Decimal | None] = []
    verdicts: list[bool] = []
    for _, instant in itertools.groupby(found, key=lambda each: each["occurred_at"]):
        verdicts += sorted(each["good"] for each in instant)
        size = criteria.get("of_last", criteria.get("of_at_least", 1))
        if criteria["type"] == "in_a_row":
            run = itertools.takewhile(bool, reversed(verdicts))
            values.append(Decimal(len(list(run))))
        elif len(verdicts) < size:
            values.append(None)
        else:
            lately = verdicts[-size:] if "of_last" in criteria else verdicts
            values.append(Decimal(sum(lately) * 10**6 // len(lately)) / 10**6)
    best = max((each for each in values if each is not None), default=None)
    return len(verdicts), sum(verdicts), best, values[-1]


def assert_measured(connection: Connection) -> None:
    """Fail unless each row has what its person's activities come to."""
    found = rows(
        connection,
        "select occurred_at, (attributes ->> 'good')::boolean as good from badges.activities"
        " order by occurred_at",
    )
    held = {
        each["badge_definition_id"]: (
            each["activity_count"], each["value_sum"], each["value_max"], each["value_last"]
        )
        for each in rows(
            connection,
            "select distinct milestone.badge_definition_id, stats.*"
            " from badges_internal.milestones as milestone"
            " join badges.peer_mentor_stats as stats using (org_id, stat)",
        )
    }  # fmt: skip
    assert held == {name: measured(criteria, found) for name, criteria in SEQUENCES.items()}


@pytest.mark.parametrize("on_unmet", ["keep", "revoke"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_late_activity_leaves_what_a_recomputation_gives(
    connection: Connection, shape: str, on_unmet: str
) -> None:
    chance = random.Random(f"{shape} {on_unmet}")
    likely, hours = SHAPES[shape]
    badges = {
        name: {"name": name, "criteria": criteria, "on_unmet": on_unmet}
        for name, criteria in SEQUENCES.items()
    }
    apply(connection, rule_set(badges))
    copy_in(connection, history(chance, likely, hours))
    for _ in range(15):
        many = chance.choice((1, 1, 3))
        insert(
            connection,
            *(
                call(chance.randrange(-2, hours), is_good=chance.random() < 0.4)
                for _ in range(many)
            ),
        )
        assert_measured(connection)
    assert_exact(connection)
    for _ in range(5):
        value(
            connection,
            "with gone as (delete from badges.activities where activity_id = (select activity_id"
            " from badges.activities order by md5(activity_id::text) limit 1) returning 1)"
            " select count(*) from gone",
        )
        assert_measured(connection)
    assert_exact(connection)


def test_the_best_elsewhere_is_told_whole_where_the_stretch_has_a_part_of_it(
    connection: Connection,
) -> None:
    apply(connection, rule_set(SEQUENCES))
    verdicts = "-" * 50 + "+" * 7 + "-" + "+" * 10 + "-" * 50
    copy_in(connection, (call(12 * n, is_good=each == "+") for n, each in enumerate(verdicts)))
    insert(connection, call(12 * verdicts.rindex("+") - 55, is_good=False))
    assert_measured(connection)


@pytest.mark.parametrize("others", [10, MANY])
def test_no_share_within_an_instant_counts(connection: Connection, others: int) -> None:
    apply(connection, rule_set(SEQUENCES))
    first = [call(0, is_good=True), call(0, is_good=True)]
    second = [call(1, is_good=False) for _ in range(12)]
    copy_in(connection, [*first, *second, *(call(2 + n, is_good=False) for n in range(others))])
    for hour in (1, 2):
        insert(connection, call(hour, is_good=False))
        assert_measured(connection)
