"""The recomputation, held against brute force over hand-filled tables: no trigger has a part."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from pgmerit.database import Connection

from tests.verify import hand_filled
from tests.verify.brute_force import Activity, Condition, Rule, Tenure, due_at, earned_at

LASTING = True

People = dict[UUID, list[Activity]]
Rules = Mapping[str, Rule]
Sweeps = Mapping[UUID, datetime | None]


def _filled(
    connection: Connection, seed: int, people: int, size: int
) -> tuple[Rules, People, Sweeps]:
    chance = random.Random(seed)
    rules = hand_filled.random_rules(chance)
    histories = {
        uuid4(): hand_filled.random_activities(chance, chance.randint(1, size))
        for _ in range(people)
    }
    sweeps: dict[UUID, datetime | None] = dict.fromkeys(histories)
    with hand_filled.past_the_triggers(connection), connection.transaction():
        hand_filled.write_rules(connection, rules)
        for person, activities in histories.items():
            hand_filled.write_history(connection, person, activities)
            if chance.random() < 0.5:
                last = max(activity.occurred_at for activity in activities)
                tenures = [rule for rule in rules.values() if isinstance(rule, Tenure)]
                due = due_at(chance.choice(tenures), activities)
                seen_until = due or last + timedelta(hours=chance.randint(-200, 600))
                hand_filled.write_sweep(connection, person, seen_until)
                sweeps[person] = seen_until
    return rules, histories, sweeps


@pytest.mark.parametrize("seed", range(3))
def test_a_snapshot_by_brute_force_is_exact(connection: Connection, seed: int) -> None:
    _filled(connection, seed, people=8, size=30)
    assert connection.execute("select * from badges.verify_stats()").fetchall() == []


@pytest.mark.parametrize("seed", range(3))
def test_awards_by_brute_force_are_exact(connection: Connection, seed: int) -> None:
    rules, histories, sweeps = _filled(connection, seed, people=5, size=18)
    with hand_filled.past_the_triggers(connection):
        for person, activities in histories.items():
            hand_filled.write_awards(connection, person, rules, activities, sweeps[person])
    assert connection.execute("select * from badges.verify_awards()").fetchall() == []


@pytest.mark.parametrize("seed", range(3, 6))
def test_every_award_that_brute_force_finds_is_missed_with_its_date(
    connection: Connection, seed: int
) -> None:
    rules, histories, sweeps = _filled(connection, seed, people=5, size=18)
    found = {
        (row["peer_mentor_id"], row["badge_definition_id"]): row["expected"]
        for row in connection.execute("select * from badges.verify_awards()")
    }
    expected = {
        (person, badge): moment.strftime("%Y-%m-%d %H:%M:%S+00")
        for person, activities in histories.items()
        for badge, rule in rules.items()
        if (moment := earned_at(rule, activities, sweeps[person])) is not None
    }
    assert found == expected


def _at(day: int, hour: int, quantity: int = 1, shift: int = 0) -> Activity:
    moment = datetime(2026, 2, day, hour, tzinfo=UTC)
    date = moment.date() + timedelta(days=shift)
    clock = moment.astimezone(hand_filled.ZONE).time()
    return Activity("visit", moment, date, Decimal(quantity), {}, clock)


@pytest.mark.parametrize(
    ("selector", "measure", "threshold", "activities", "moment"),
    [
        # The fourth day comes before the third, which the grace passes over.
        (
            {"unit": "day", "grace": 1},
            "day_run",
            3,
            [_at(1, 12), _at(2, 12), _at(3, 13, shift=1), _at(3, 20)],
            "2026-02-03 13:00:00+00",
        ),
        # The first day qualifies no more when the second does.
        (
            {"unit": "day", "per_unit": {"measure": "sum", "at_least": 3}},
            "day_run",
            2,
            [_at(1, 10, 4), _at(1, 11, -2), _at(2, 10, 4)],
            None,
        ),
        # The window that ends on the second is there from its own first activity on.
        (
            {"window": {"rolling_days": 7}},
            "sum",
            5,
            [_at(1, 10, -1), _at(2, 12, 5, shift=-1), _at(2, 13, 1)],
            "2026-02-02 13:00:00+00",
        ),
    ],
)
def test_units_and_windows_count_as_they_stand_at_each_moment(
    connection: Connection,
    selector: dict[str, Any],
    measure: str,
    threshold: int,
    activities: list[Activity],
    moment: str | None,
) -> None:
    person, rule = uuid4(), Condition(selector, measure, threshold)
    by_brute_force = earned_at(rule, activities)
    with hand_filled.past_the_triggers(connection):
        hand_filled.write_rules(connection, {"odd": rule})
        hand_filled.write_history(connection, person, activities)
    found = [row["expected"] for row in connection.execute("select * from badges.verify_awards()")]
    assert found == ([] if moment is None else [moment])
    assert by_brute_force == (None if moment is None else datetime.fromisoformat(moment))
