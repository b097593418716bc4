"""rezone_organization: a new version; people get their new local days when they are touched."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import psycopg
import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    assert_exact,
    awards,
    in_background,
    insert,
    moment,
    person,
    rows,
    rule_set,
    value,
    wait_until_blocked,
)
from tests.snapshot.recount import assert_equals_a_recount

LASTING = True

Opening = Callable[..., Connection]
OSLO = {ORG: {"time_zone": "Europe/Oslo"}}
STREAK = {"type": "streak", "unit": "day", "length": 2}
NIGHT = {"type": "threshold", "when": {"hours": [22, 24]}, "at_least": 1}


def rezone(connection: Connection, zone: str) -> bool:
    changed: bool = value(connection, "select badges.rezone_organization(%s, %s)", ORG, zone)[
        "changed"
    ]
    return changed


def finish(connection: Connection) -> None:
    while value(connection, "select badges.backfill_rule_set('tests', 1)")["remaining"]:
        pass


def days(connection: Connection) -> list[date]:
    return [
        each["activity_date"]
        for each in rows(connection, "select activity_date from badges.activities order by 1")
    ]


def test_days_stats_and_awards_are_those_of_the_new_zone(connection: Connection) -> None:
    apply(connection, rule_set({"two": STREAK, "night": NIGHT}, OSLO))
    for who in (ANN, BEN):
        insert(
            connection,
            activity("2026-01-01 23:30", who=who),
            activity("2026-01-02 22:30", who=who),
        )
    assert days(connection) == [date(2026, 1, 2)] * 4
    assert {each["badge_definition_id"] for each in awards(connection)} == {"night"}
    assert rezone(connection, "UTC")
    insert(connection, activity("2026-01-05 10:00"))
    finish(connection)
    assert sorted(days(connection)) == [date(2026, 1, 1)] * 2 + [date(2026, 1, 2)] * 2 + [
        date(2026, 1, 5)
    ]
    assert {
        (each["peer_mentor_id"], each["badge_definition_id"], each["earned_at"])
        for each in awards(connection)
    } >= {(who, "two", moment("2026-01-02", "22:30")) for who in (ANN, BEN)}
    assert rows(connection, "select time_zone, previous_time_zone from badges.organizations") == [
        {"time_zone": "UTC", "previous_time_zone": None}
    ]
    assert rows(
        connection, "select origin from badges.rule_sets order by version desc limit 1"
    ) == [{"origin": "rezone"}]
    assert_exact(connection)


def test_days_given_by_the_writer_stay(connection: Connection) -> None:
    apply(connection, rule_set({"two": STREAK}, OSLO))
    connection.execute(
        "insert into badges.activities"
        " (org_id, peer_mentor_id, activity_type, occurred_at, activity_date)"
        " values (%s, %s, 'call', '2026-01-01 23:30+00', '2025-12-31')",
        [ORG, ANN],
    )
    rezone(connection, "UTC")
    finish(connection)
    assert days(connection) == [date(2025, 12, 31)]
    assert_exact(connection)


def test_a_transaction_that_moves_it_looks_the_zone_up_again(connection: Connection) -> None:
    apply(connection, rule_set({"two": STREAK}, OSLO))
    with connection.transaction():
        insert(connection, activity("2026-01-01 23:30+00"))
        rezone(connection, "UTC")
        insert(connection, activity("2026-01-03 23:30+00"))
        # Nothing of the person waits for its new days any more.
        insert(connection, activity("2026-01-05 23:30+00"))
    assert days(connection) == [date(2026, 1, 1), date(2026, 1, 3), date(2026, 1, 5)]
    finish(connection)
    assert_exact(connection)


def test_the_same_zone_changes_nothing(connection: Connection) -> None:
    apply(connection, rule_set({"two": STREAK}, OSLO))
    assert not rezone(connection, "Europe/Oslo")
    assert value(connection, "select max(version) from badges.rule_sets") == 1


@pytest.mark.parametrize(
    ("org", "zone", "error"),
    [
        (ORG, "Europe/Nowhere", psycopg.errors.InvalidParameterValue),
        (ORG, "", psycopg.errors.InvalidParameterValue),
        ("nobody", "UTC", psycopg.errors.ForeignKeyViolation),
    ],
)
def test_wrong_input_is_refused(
    connection: Connection, org: str, zone: str, error: type[Exception]
) -> None:
    apply(connection, rule_set({"two": STREAK}, OSLO))
    with pytest.raises(error):
        value(connection, "select badges.rezone_organization(%s, %s)", org, zone)


def test_a_second_change_waits_for_the_first(connection: Connection) -> None:
    apply(connection, rule_set({"two": STREAK}, OSLO))
    insert(connection, activity("2026-01-01"))
    rezone(connection, "UTC")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        rezone(connection, "Asia/Tokyo")
    finish(connection)
    assert rezone(connection, "Asia/Tokyo")


def test_writers_beside_it_get_the_days_of_one_zone(
    connection: Connection, connect: Opening
) -> None:
    apply(connection, rule_set({"two": STREAK}, OSLO))
    people = [person(f"p{number}") for number in range(4)]
    insert(connection, *[activity("2026-01-01 23:30", who=each) for each in people])
    session, moving = connect(autocommit=False), connect()
    insert(session, activity("2026-01-02 23:30", who=people[0]))
    work = in_background(lambda: rezone(moving, "UTC"))
    wait_until_blocked(connection, moving)
    insert(connection, activity("2026-01-02 23:30", who=people[1]))
    session.commit()
    assert work.result(timeout=20)
    insert(connection, activity("2026-01-02 23:30", who=people[2]))
    finish(connection)
    assert set(days(connection)) == {date(2026, 1, 1), date(2026, 1, 2)}
    assert {each["peer_mentor_id"] for each in awards(connection)} == set(people[:3])
    assert_equals_a_recount(connection)
    assert_exact(connection)


def test_a_day_given_after_the_move_stays_though_it_was_the_organizations_before(
    connection: Connection,
) -> None:
    """The statement of such a day is the first to find its person behind."""
    apply(connection, rule_set({"two": STREAK}, OSLO))
    insert(connection, activity("2026-01-01 23:30"))
    assert rezone(connection, "UTC")
    recorded = {
        "peer_mentor_id": str(ANN),
        "org_id": ORG,
        "activity_type": "visit",
        "occurred_at": "2026-01-05T23:30:00+00:00",
        "activity_date": "2026-01-06",
        "idempotency_key": "night",
    }
    for expected in ("recorded", "duplicates"):
        told = value(connection, "select badges.record_activities(%s)", Jsonb([recorded]))
        assert told[expected] == 1
    assert days(connection) == [date(2026, 1, 1), date(2026, 1, 6)]
    assert_exact(connection)
