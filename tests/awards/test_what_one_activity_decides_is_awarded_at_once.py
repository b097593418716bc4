"""What a person's newest activity reaches is awarded at once, without a look at the past."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    assert_exact,
    awards,
    badge_ids,
    insert,
    moment,
    rows,
    rule_set,
    value,
)

LASTING = True

TWO = {"type": "threshold", "activity": "call", "at_least": 2}
RULES = {
    "two": TWO,
    "hours": {
        "type": "tier",
        "measure": "sum",
        "tiers": [{"tier": "low", "at_least": 1.5}, {"tier": "high", "at_least": 2}],
    },
    "again": {**TWO, "repeat": {"every": 1, "max": 3}},
    "days": {"type": "streak", "unit": "day", "length": 2},
    "month": {**TWO, "window": "month"},
    "kinds": {"type": "threshold", "measure": "distinct", "field": "kind", "at_least": 2},
}
TOLD = (
    "select badge_definition_id, tier, occurrence, event_type, source, details"
    " from badges.award_events where peer_mentor_id = %s order by event_id"
)


def evaluations(connection: Connection) -> int:
    """Count how often this transaction has decided badges the general way."""
    found: int = value(
        connection,
        "select coalesce(pg_stat_get_xact_function_calls(oid), 0)::integer from pg_proc"
        " where pronamespace = 'badges_internal'::regnamespace and proname = '_evaluate_badges'",
    )
    return found


def decided(connection: Connection, *activities: tuple[Any, ...]) -> int:
    """Insert one by one; tell how often badges were decided the general way."""
    connection.execute("set track_functions = 'pl'")
    with connection.transaction():
        before = evaluations(connection)
        for each in activities:
            insert(connection, each)
        return evaluations(connection) - before


def test_it_is_what_the_general_way_gives(connection: Connection) -> None:
    apply(connection, rule_set(RULES))
    steps = [("2026-03-01", "a"), ("2026-03-02", "b"), ("2026-03-03", "b")]
    for who in (ANN, BEN):
        given = [activity(day, who=who, attributes={"kind": kind}) for day, kind in steps]
        if who == ANN:
            assert decided(connection, *given) == 0
        else:
            insert(connection, *given)
    told = [
        sorted(
            (each["badge_definition_id"], each["tier"], each["occurrence"], str(each["details"]))
            for each in rows(connection, TOLD, who)
        )
        for who in (ANN, BEN)
    ]
    assert len(told[0]) == 8
    assert told[0] == told[1]
    held = [
        [
            {
                key: each[key]
                for key in each
                if key not in ("peer_mentor_id", "granted_at", "activity_id", "idempotency_key")
            }
            for each in awards(connection, who)
        ]
        for who in (ANN, BEN)
    ]
    assert held[0] == held[1]
    assert_exact(connection)


WAITED = (
    "select stat, bucket, next_count, next_sum, next_max, next_active_days, next_distinct,"
    " next_day_run, next_week_run, next_month_run"
    " from badges.peer_mentor_stats where peer_mentor_id = %s order by stat, bucket"
)
MEASURES: dict[str, dict[str, Any]] = {
    "count": {"type": "threshold"},
    "sum": {"type": "threshold", "measure": "sum"},
    "max": {"type": "threshold", "measure": "max"},
    "active_days": {"type": "threshold", "measure": "active_days"},
    "distinct": {"type": "threshold", "measure": "distinct", "field": "kind"},
    "day_run": {"type": "streak", "unit": "day"},
    "week_run": {"type": "streak", "unit": "week"},
    "month_run": {"type": "streak", "unit": "month"},
}


def tiers(measure: str, *thresholds: float) -> dict[str, dict[str, Any]]:
    """Give a badge for each threshold of a measure of calls."""
    wanted = "length" if measure.endswith("_run") else "at_least"
    rule = MEASURES[measure] | {"activity": "call"}
    return {
        f"{measure.replace('_', '-')}-{n}": rule | {wanted: each}
        for n, each in enumerate(thresholds)
    }


@pytest.mark.parametrize("measure", [*MEASURES, "all"])
def test_what_a_row_waits_for_next_is_what_a_rebuild_gives(
    connection: Connection, measure: str
) -> None:
    """One badge after another, two at once, and one that comes together with another measure's."""
    chosen = list(MEASURES) if measure == "all" else [measure]
    every = [1, 2, 3, 4, 9]
    # Each measure lacks another one, and another organization has all.
    badges = {
        slug: (rule, n != place)
        for place, each in enumerate(chosen)
        for n, (slug, rule) in enumerate(tiers(each, *every).items())
    }
    own = [slug for slug, (_, is_chosen) in badges.items() if is_chosen]
    organizations = {ORG: {"time_zone": "UTC", "badges": own}, "other": {"badges": list(badges)}}
    apply(connection, rule_set({slug: rule for slug, (rule, _) in badges.items()}, organizations))
    gap = {"week_run": 7, "month_run": 30}.get(measure, 1)
    for n in range(1, 5):
        at = moment("2026-01-05") + timedelta(days=gap * n)
        each = activity(at, attributes={"kind": str(n)}, quantity=n)
        assert decided(connection, each) == 0
        waited = rows(connection, WAITED, ANN)
        connection.execute("select badges.rebuild_stats(%s)", (ANN,))
        assert rows(connection, WAITED, ANN) == waited
    assert_exact(connection)


def test_a_row_waits_for_no_threshold_of_another_measure(connection: Connection) -> None:
    apply(connection, rule_set(tiers("count", 1, 3) | tiers("sum", 2)))
    insert(connection, activity("2026-03-01"))
    waited = [each for each in rows(connection, WAITED, ANN) if each["stat"] == "=call"]
    assert [(each["next_count"], each["next_sum"]) for each in waited] == [(3, 2)]


def test_a_composed_badge_is_waited_for_by_its_parts_alone(connection: Connection) -> None:
    one = {"type": "threshold", "at_least": 1}
    apply(connection, rule_set({"whole": {"type": "all_of", "criteria": [one]}}))
    insert(connection, activity("2026-03-01"))
    waited = rows(connection, WAITED, ANN)
    connection.execute("select badges.rebuild_stats(%s)", (ANN,))
    assert rows(connection, WAITED, ANN) == waited
    assert {each["next_count"] for each in waited} == {None}


@pytest.mark.parametrize("measure", ["count", "sum", "max"])
def test_a_threshold_between_whole_numbers_is_waited_for(
    connection: Connection, measure: str
) -> None:
    apply(connection, rule_set(tiers(measure, 1, 1.5, 2, 2.5, 5_000_000_000)))
    for n, held in ((1, 1), (2, 3), (3, 4)):
        insert(connection, activity(f"2026-03-{n:02}", quantity=n if measure == "max" else 1))
        assert len(awards(connection)) == held
    (next_number,) = {
        each[f"next_{measure}"] for each in rows(connection, WAITED, ANN) if each["stat"] == "=call"
    }
    assert next_number == (2**31 - 1 if measure == "count" else 5_000_000_000)
    assert_exact(connection)


def test_what_is_waited_for_and_brings_nothing_is_waited_for_no_more(
    connection: Connection,
) -> None:
    """A threshold beyond what an integer holds is waited for as the highest of these."""
    apply(connection, rule_set(tiers("count", 5_000_000_000)))
    insert(connection, activity("2026-03-01"))
    connection.execute(
        "update badges.peer_mentor_stats set activity_count = 2147483646 where stat = '=call'"
    )
    insert(connection, activity("2026-03-02"))
    assert {each["next_count"] for each in rows(connection, WAITED, ANN)} == {None}


def test_an_award_notes_the_version_that_decided_it(connection: Connection) -> None:
    """The badge is as it was in the first version, and so is its milestone."""
    document = rule_set(tiers("count", 1, 2))
    apply(connection, document)
    insert(connection, activity("2026-03-01"))
    document["badges"] |= rule_set(tiers("sum", 100))["badges"]
    apply(connection, document)
    assert decided(connection, activity("2026-03-02")) == 0
    assert [(each["rule_set"], each["rule_set_version"]) for each in awards(connection)] == [
        ("tests", 1),
        ("tests", 2),
    ]


def test_a_hundred_badges_at_once_are(connection: Connection) -> None:
    apply(connection, rule_set({f"badge-{n}": TWO for n in range(100)}))
    assert decided(connection, activity("2026-03-01"), activity("2026-03-02")) == 0
    assert {each["activity_id"] for each in awards(connection)} == {
        value(connection, "select max(activity_id) from badges.activities")
    }
    assert len(awards(connection)) == len(rows(connection, TOLD, ANN)) == 100


def test_what_is_reached_again_in_another_window_is_held(connection: Connection) -> None:
    apply(connection, rule_set({"month": RULES["month"]}))
    days = ("2026-03-01", "2026-03-02", "2026-04-01", "2026-04-02")
    assert decided(connection, *[activity(day) for day in days]) == 0
    assert [each["event_type"] for each in rows(connection, TOLD, ANN)] == ["awarded"]
    assert_exact(connection)


def test_what_is_denied_is_not_awarded(connection: Connection) -> None:
    apply(connection, rule_set({"two": TWO}))
    insert(connection, activity("2026-03-01"))
    connection.execute("select badges.deny_badge(%s, 'two', %s, 'no')", (ANN, ORG))
    assert decided(connection, activity("2026-03-02")) == 0
    assert awards(connection) == []


def test_what_a_rule_took_back_is_given_back(connection: Connection) -> None:
    badge = {"name": "two", "on_unmet": "revoke", "criteria": TWO}
    apply(connection, rule_set({"two": badge}))
    insert(connection, activity("2026-03-01"))
    insert(connection, activity("2026-03-02"))
    connection.execute("delete from badges.activities where activity_date = '2026-03-02'")
    assert awards(connection) == []
    insert(connection, activity("2026-03-03"))
    assert [each["event_type"] for each in rows(connection, TOLD, ANN)] == [
        "awarded",
        "revoked",
        "restored",
    ]
    assert awards(connection)[0]["earned_at"] == moment("2026-03-03")
    assert_exact(connection)


@pytest.mark.parametrize(
    "counting",
    [
        {"type": "badges_earned", "badges": ["two"]},
        {"type": "badges_earned", "at_least": 1},
        {
            "type": "all_of",
            "criteria": [TWO, {"type": "badges_earned", "badges": ["two"], "at_least": 1}],
        },
    ],
)
def test_what_counts_it_follows(connection: Connection, counting: dict[str, Any]) -> None:
    apply(connection, rule_set({"two": TWO, "counting": counting}))
    insert(connection, activity("2026-03-01"))
    insert(connection, activity("2026-03-02"))
    assert badge_ids(connection) == ["counting", "two"]
    assert {each["earned_at"] for each in awards(connection)} == {moment("2026-03-02")}
    assert_exact(connection)


def test_a_badge_that_counts_it_and_is_dated_later_moves_back(connection: Connection) -> None:
    one = {"type": "threshold", "activity": "visit", "at_least": 1}
    counting = {"type": "badges_earned", "badges": ["one", "two", "other"], "at_least": 2}
    apply(
        connection,
        rule_set({"one": one, "two": TWO, "other": {"type": "manual"}} | {"counting": counting}),
    )
    insert(connection, activity("2026-03-01", kind="visit"))
    connection.execute("select badges.award_badge(%s, 'other', %s, 'well done')", (ANN, ORG))
    assert "counting" in badge_ids(connection)
    insert(connection, activity("2026-03-02"))
    insert(connection, activity("2026-03-03"))
    (found,) = [each for each in awards(connection) if each["badge_definition_id"] == "counting"]
    assert found["earned_at"] == moment("2026-03-03")
    assert_exact(connection)


def test_a_part_of_what_is_held_decides_nothing_anew(connection: Connection) -> None:
    whole = {"type": "any_of", "criteria": [TWO, {**TWO, "activity": "visit"}]}
    apply(connection, rule_set({"whole": whole}))
    assert decided(connection, activity("2026-03-01"), activity("2026-03-02")) == 1
    assert badge_ids(connection) == ["whole"]
    days = ("2026-03-03", "2026-03-04")
    assert decided(connection, *[activity(day, kind="visit") for day in days]) == 0
    assert_exact(connection)


def test_places_are_asked_for(connection: Connection) -> None:
    apply(connection, rule_set({"two": {"name": "two", "limit": {"first": 1}, "criteria": TWO}}))
    for who in (ANN, BEN):
        insert(connection, activity("2026-03-01", who=who))
        insert(connection, activity("2026-03-02", who=who))
    assert [each["peer_mentor_id"] for each in awards(connection)] == [ANN]
    assert value(connection, "select claimed from badges_internal.badge_places") == 1


def test_what_a_late_one_brings_is_dated_where_it_came_true(connection: Connection) -> None:
    days = {"type": "streak", "unit": "day", "length": 3}
    three = {"type": "threshold", "activity": "call", "at_least": 3}
    apply(connection, rule_set({"run": days, "three": three, "two": TWO, "hours": RULES["hours"]}))
    insert(connection, activity("2026-03-01"))
    insert(connection, activity("2026-03-04"))
    late = [activity(day) for day in ("2026-03-02", "2026-03-03")]
    assert decided(connection, *late) == 0
    assert {each["badge_definition_id"]: each["earned_at"].day for each in awards(connection)} == {
        "run": 3,
        "three": 3,
        "two": 2,
        "hours": 2,
    }
    assert_exact(connection)


@pytest.mark.parametrize("is_counted", [True, False])
@pytest.mark.parametrize("other", ["month", "kinds"])
def test_what_counts_a_late_one_follows(
    connection: Connection, other: str, is_counted: bool
) -> None:
    days = {"type": "streak", "unit": "day", "length": 3}
    counting = {"type": "badges_earned", "badges": ["run", other], "at_least": 2}
    month = {**TWO, "window": "month", "at_least": 3}
    rules = {"run": days, "month": month, "kinds": RULES["kinds"], "counting": counting}
    named = ["run", other] + ["counting"] * is_counted
    apply(connection, rule_set({name: rules[name] for name in named}))
    insert(connection, activity("2026-03-01", attributes={"kind": "a"}))
    insert(connection, activity("2026-03-03", attributes={"kind": "a"}))
    insert(connection, activity("2026-03-02", attributes={"kind": "b"}))
    dates = {each["badge_definition_id"]: each["earned_at"].day for each in awards(connection)}
    expected = {"run": 3, other: 3 if other == "month" else 2, "counting": 3}
    assert dates == {name: expected[name] for name in named}
    assert_exact(connection)


def test_what_must_not_hold_is_looked_at_only_where_the_rest_is_in_reach(
    connection: Connection,
) -> None:
    complaint = {"type": "threshold", "activity": "complaint", "at_least": 1}
    clean = {
        "type": "all_of",
        "criteria": [
            {"type": "threshold", "activity": "call", "at_least": 3},
            {"type": "none_of", "criteria": [complaint]},
        ],
    }
    apply(connection, rule_set({"clean": clean}))
    insert(connection, activity("2026-03-05"), activity("2026-03-06", kind="complaint"))
    assert decided(connection, activity("2026-03-03"), activity("2026-03-01", kind="other")) == 0
    assert decided(connection, activity("2026-03-02")) == 1
    assert [str(each["earned_at"].date()) for each in awards(connection)] == ["2026-03-05"]
    assert_exact(connection)
