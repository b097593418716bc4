"""repeat: {each: window} counts the windows that reach the number, of a tenure the spans passed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import (
    ANN,
    BEN,
    ORG,
    Row,
    activity,
    apply,
    assert_exact,
    awards,
    insert,
    moment,
    rows,
    rule_set,
    value,
)

LASTING = True

MONTHLY: Row = {
    "type": "threshold",
    "activity": "vote",
    "window": "month",
    "at_least": 2,
    "repeat": {"each": "window", "max": 3},
}
YEARLY: Row = {"type": "tenure", "activity": "vote", "years": 1, "repeat": {"max": 4}}


def votes(*days: str) -> list[tuple[Any, ...]]:
    return [activity(each, kind="vote") for each in days]


def dates(connection: Connection) -> list[str]:
    return [each["earned_at"].date().isoformat() for each in awards(connection)]


def test_a_late_activity_that_opens_an_earlier_window_moves_dates_and_adds_the_last(
    connection: Connection,
) -> None:
    apply(connection, rule_set({"monthly": MONTHLY}))
    insert(connection, *votes("2026-02-01", "2026-02-20", "2026-03-05"))
    insert(connection, *votes("2026-03-06"))
    assert dates(connection) == ["2026-02-20", "2026-03-06"]
    insert(connection, *votes("2026-01-10"))
    insert(connection, *votes("2026-01-30"))
    assert dates(connection) == ["2026-01-30", "2026-02-20", "2026-03-06"]
    assert [each["occurrence"] for each in awards(connection)] == [1, 2, 3]
    told = rows(connection, "select event_type, occurrence from badges.award_events order by 1, 2")
    assert [tuple(each.values()) for each in told] == [
        ("awarded", 1), ("awarded", 2), ("awarded", 3), ("redated", 1), ("redated", 2),
    ]  # fmt: skip
    assert_exact(connection)


def test_an_occurrence_goes_with_the_window_that_no_longer_reaches_it(
    connection: Connection,
) -> None:
    badge = {"name": "Monthly", "on_unmet": "revoke", "criteria": MONTHLY}
    apply(connection, rule_set({"monthly": badge}))
    insert(connection, *votes("2026-01-10", "2026-01-30", "2026-02-01", "2026-02-20"))
    connection.execute("delete from badges.activities where activity_date = '2026-01-10'")
    held = [each for each in awards(connection) if each["revoked_at"] is None]
    assert [(each["occurrence"], each["earned_at"]) for each in held] == [(1, moment("2026-02-20"))]
    assert_exact(connection)


def test_an_organizations_own_number_is_what_each_window_has_to_reach(
    connection: Connection,
) -> None:
    organizations = {ORG: {"time_zone": "UTC", "custom_thresholds": {"monthly": 1}}}
    apply(connection, rule_set({"monthly": MONTHLY}, organizations))
    insert(connection, *votes("2026-01-10", "2026-02-01"))
    assert dates(connection) == ["2026-01-10", "2026-02-01"]
    changes = value(
        connection,
        "select badges.plan_rule_set(%s) -> 'changes'",
        Jsonb(rule_set({"monthly": MONTHLY})),
    )
    assert [(each["change"], each["old"], each["new"]) for each in changes] == [
        ("threshold changed", 1, 2)
    ]


def test_a_plan_tells_who_would_gain_and_the_backfill_gives_it(connection: Connection) -> None:
    apply(connection, rule_set({}))
    insert(connection, *votes("2026-01-10", "2026-01-11", "2026-03-01", "2026-03-02"))
    for year in (2024, 2026):
        insert(connection, activity(f"{year}-01-10", who=BEN, kind="vote"))
    document = rule_set({"monthly": MONTHLY, "yearly": YEARLY})
    effects = value(connection, "select badges.plan_rule_set(%s) -> 'effects'", Jsonb(document))
    assert {each["badge_definition_id"]: each["awarded"]["awards"] for each in effects} == {
        "monthly": 2,
        "yearly": 2,
    }
    apply(connection, document)
    assert dates(connection) == ["2025-01-10", "2026-01-10", "2026-01-11", "2026-03-02"]
    assert_exact(connection)


@pytest.mark.parametrize(
    ("as_of", "due"),
    [
        ("2021-02-27 23:59:59+00", []),
        ("2024-02-29 00:00+00", ["2021-02-28", "2022-02-28", "2023-02-28", "2024-02-29"]),
        ("2026-02-28 00:00+00", ["2021-02-28", "2022-02-28", "2023-02-28", "2024-02-29"]),
    ],
)
def test_each_span_is_counted_from_the_first_day(
    connection: Connection, as_of: str, due: list[str]
) -> None:
    apply(connection, rule_set({"yearly": YEARLY}))
    insert(connection, *votes("2020-02-29"))
    assert value(connection, "select badges.award_due_badges(%s)", as_of) == len(due)
    assert dates(connection) == due
    assert_exact(connection)


def test_an_earlier_first_day_moves_every_span(connection: Connection) -> None:
    apply(connection, rule_set({"yearly": YEARLY}))
    insert(connection, *votes("2020-03-01", "2023-06-01"))
    assert dates(connection) == ["2021-03-01", "2022-03-01", "2023-03-01"]
    insert(connection, *votes("2019-07-01"))
    assert dates(connection) == ["2020-07-01", "2021-07-01", "2022-07-01"]
    insert(connection, *votes("2019-05-31"))
    assert dates(connection) == ["2020-05-31", "2021-05-31", "2022-05-31", "2023-05-31"]
    assert_exact(connection)


def test_progress_and_explanation_tell_of_the_next_one(connection: Connection) -> None:
    apply(connection, rule_set({"monthly": MONTHLY, "yearly": YEARLY}))
    insert(connection, *votes("2024-01-10", "2024-01-11", "2024-03-02", "2025-03-05"))
    told = rows(
        connection,
        """select badge_definition_id as badge, occurrence, current, target
        from badges.get_badge_progress(%s, %s, '2025-03-06')""",
        ANN,
        ORG,
    )
    assert [tuple(each.values()) for each in told] == [
        ("monthly", 2, 1, 2),
        ("yearly", 2, 1, 2),
    ]
    explain = "select badges.explain_badge(%s, %s, %s, '2025-03-06') -> 'conditions' -> -1"
    window = value(connection, explain, ANN, "monthly", ORG)
    assert (window["occurrence"], window["value"], window["target"]) == (2, 1, 2)
    assert window["now"] == {
        "unit": "month", "from": "2025-03-01", "until": "2025-03-31", "counts": False,
        "value": 1, "target": 2, "remaining": 1,
    }  # fmt: skip
    span = value(connection, explain, ANN, "yearly", ORG)
    assert (span["occurrence"], span["value"], span["target"]) == (2, 1, 2)
    assert datetime.fromisoformat(span["tenure"]["due_at"]) == datetime(2026, 1, 10, tzinfo=UTC)


def test_a_curve_of_repeated_windows_is_that_of_the_best_one(connection: Connection) -> None:
    apply(connection, rule_set({"monthly": MONTHLY}))
    insert(connection, *votes("2026-01-10", "2026-01-11", "2026-03-01"))
    insert(connection, activity("2026-01-10", who=BEN, kind="vote"))
    query = "select badges.calibrate_badge('monthly', p_as_of => %s)"
    [place] = value(connection, query, "2026-06-01")["organizations"]
    assert [(each["threshold"], each["source"]) for each in place["thresholds"]] == [(2, "default")]
    assert {each["threshold"]: each["now"]["people"] for each in place["curve"]} == {1: 2, 2: 1}


def test_a_rule_that_asks_for_it_otherwise_is_told_the_way(connection: Connection) -> None:
    """Ten votes in each month, each anniversary, each week: as people first write them."""
    window = {"type": "threshold", "activity": "vote", "window": "month", "at_least": 10}
    streak = {"type": "streak", "activity": "vote", "unit": "week", "consecutive": False}
    found = [
        value(connection, "select badges.validate_criteria(%s) -> 0 ->> 'allowed'", Jsonb(criteria))
        for criteria in (
            window | {"repeat": {"every": 10, "max": 12}},
            {"type": "tenure", "years": 1, "repeat": {"every": 1, "max": 10}},
            streak | {"length": 1, "repeat": {"every": 1, "max": 10}},
            window | {"repeat": {"each": "window", "max": 12}},
            YEARLY,
        )
    ]
    assert found == [
        "repeat: {each: window, max: K} with a window, every without one",
        "max",
        "tiers, or a threshold with a window and repeat: {each: window, max: K}",
        None,
        None,
    ]


def test_weeks_that_begin_on_another_day_are_counted_anew(connection: Connection) -> None:
    weekly = MONTHLY | {"window": "week"}
    apply(connection, rule_set({"weekly": weekly}, {ORG: {"time_zone": "UTC"}}))
    query = "select sum(distinct_count) from badges.peer_mentor_stats where starts_with(stat, '~')"
    insert(connection, *votes("2026-03-05", "2026-03-07", "2026-03-08", "2026-03-14"))
    assert value(connection, query) == 1
    value(connection, "select badges.rezone_organization(%s, null, null, 'sunday')", ORG)
    insert(connection, *votes("2026-03-30"))
    assert value(connection, query) == 2
    assert_exact(connection)
