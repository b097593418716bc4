"""measure_rule_set: batches take what was measured ahead, but for people written for since."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import (
    activity,
    apply,
    assert_exact,
    insert,
    person,
    rows,
    rule_set,
    value,
)

LASTING = True

PEOPLE = [person(f"mentor {n}") for n in range(6)]
HOME = {"place": "home"}
OLD = {"calls": {"type": "threshold", "activity": "call", "at_least": 99}}
NEW = OLD | {
    "homes": {"type": "threshold", "where": HOME, "window": "quarter", "at_least": 2},
    "follows": {"type": "badges_earned", "badges": ["homes"], "at_least": 1},
}
WRITES = {
    "insert": "insert into badges.activities (peer_mentor_id, org_id, activity_type, occurred_at,"
    " attributes) select %s, org_id, 'visit', '2026-01-02 12:00Z', '{\"place\": \"home\"}'"
    " from badges.organizations",
    "update": "update badges.activities set attributes = '{}' where peer_mentor_id = %s",
    "delete": "delete from badges.activities where peer_mentor_id = %s",
}


def begin(connection: Connection) -> None:
    """Let everybody wait for a version and be measured for it: the last one did nothing of it."""
    value(connection, "select badges.apply_rule_set(%s)", Jsonb(rule_set(NEW)))
    assert value(connection, "select badges.measure_rule_set('tests')") == len(PEOPLE)


@pytest.fixture
def peopled(connection: Connection) -> Connection:
    """The old rules, and three activities of all but the last."""
    apply(connection, rule_set(OLD))
    for who in PEOPLE[:-1]:
        insert(
            connection,
            *[activity(f"2026-01-0{day}", who=who, attributes=HOME) for day in (3, 4, 5)],
        )
    insert(connection, activity("2026-01-03", who=PEOPLE[-1]))
    return connection


def test_a_batch_takes_it_as_it_is(peopled: Connection) -> None:
    begin(peopled)
    peopled.execute(
        "update badges_internal.measured_ahead set value_sum = 7 where activity_count > 0"
    )
    value(peopled, "select badges.backfill_rule_set('tests')")
    held = rows(peopled, "select value_sum from badges.peer_mentor_stats where stat like '~%%'")
    assert [each["value_sum"] for each in held] == [7] * (len(PEOPLE) - 1)
    assert value(peopled, "select count(*) from badges_internal.measured_ahead") == 0


@pytest.mark.parametrize("write", WRITES)
def test_whoever_was_written_for_by_the_older_rules_is_measured_anew(
    peopled: Connection, connect: Callable[..., Connection], write: str
) -> None:
    older = connect()
    older.execute("begin isolation level repeatable read")
    older.execute("select from badges.activities")
    begin(peopled)
    older.execute(WRITES[write].encode(), (PEOPLE[0],))
    older.execute("commit")
    value(peopled, "select badges.backfill_rule_set('tests', 2)")
    assert value(peopled, "select badges.backfill_rule_set('tests')")["remaining"] == 0
    assert_exact(peopled)
    days = {"insert": ["2026-01-03"], "update": [], "delete": []}
    earned = rows(
        peopled,
        "select earned_at::date::text as day from badges.earned_badges"
        " where badge_definition_id = 'homes' and peer_mentor_id = %s",
        PEOPLE[0],
    )
    assert [each["day"] for each in earned] == days[write]
    assert value(peopled, "select count(*) from badges.earned_badges") == 2 * (
        len(PEOPLE) - 2 + bool(days[write])
    )


def test_what_an_earlier_version_left_goes(peopled: Connection) -> None:
    apply(peopled, rule_set(NEW))
    value(peopled, "select badges.apply_rule_set(%s)", Jsonb(rule_set(OLD)))
    begin(peopled)
    assert value(peopled, "select badges.backfill_rule_set('tests')")["remaining"] == 0
    assert_exact(peopled)
