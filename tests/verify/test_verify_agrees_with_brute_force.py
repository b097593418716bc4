"""The recomputation, held against brute force over hand-filled tables: no trigger has a part."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from orchestrator.database import Connection
from tests.verify import hand_filled
from tests.verify.brute_force import Activity, Rule, earned_at

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
                seen_until = last + timedelta(hours=chance.randint(-200, 600))
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
