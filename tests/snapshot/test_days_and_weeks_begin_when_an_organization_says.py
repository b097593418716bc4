"""day_starts and week_starts: where clocks change, at turns of years, after rezone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection
from pgmerit.models import Tenure
from psycopg.types.json import Jsonb

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
    person,
    rows,
    rule_set,
    value,
)

LASTING = True

ORGS = {
    "oslo": {"time_zone": "Europe/Oslo", "day_starts": "02:30"},
    "sydney": {"time_zone": "Australia/Sydney", "day_starts": "02:30"},
    "apia": {"time_zone": "Pacific/Apia", "day_starts": "04:00"},
    "kwajalein": {"time_zone": "Pacific/Kwajalein", "day_starts": "04:00"},
    "noon": {"time_zone": "UTC", "day_starts": "12:00"},
    "west": {"time_zone": "Etc/GMT+12", "day_starts": "12:00"},
}
# The day before the clock's change, or before a day that is none elsewhere, and what begins then:
# Oslo and Sydney set it forward from 02:00 and back from 03:00, Apia and Kwajalein lost a date.
DAYS = [
    ("oslo", "2026-03-29", "2026-03-29 00:59", "2026-03-29 01:00"),
    ("oslo", "2025-10-26", "2025-10-26 01:29", "2025-10-26 01:30"),
    ("sydney", "2025-10-05", "2025-10-04 15:59", "2025-10-04 16:00"),
    ("sydney", "2026-04-05", "2026-04-04 16:29", "2026-04-04 16:30"),
    ("apia", "2011-12-30", "2011-12-30 09:59", "2011-12-30 10:00"),
    ("apia", "2011-12-31", "2011-12-30 13:59", "2011-12-30 14:00"),
    ("kwajalein", "1993-08-21", "1993-08-21 11:59", "1993-08-21 12:00"),
    ("noon", "2024-02-29", "2024-02-29 11:59", "2024-02-29 12:00"),
    ("noon", "2024-03-01", "2024-03-01 11:59", "2024-03-01 12:00"),
    ("noon", "2026-01-01", "2026-01-01 11:59", "2026-01-01 12:00"),
    ("west", "2026-03-02", "2026-03-02 23:59", "2026-03-03 00:00"),
]
# What the clock shows twice belongs to the day that it shows.
TWICE = [
    ("oslo", "2025-10-26 00:29", "2025-10-25"),
    ("oslo", "2025-10-26 00:30", "2025-10-26"),
    ("oslo", "2025-10-26 01:00", "2025-10-25"),
    ("sydney", "2026-04-04 15:30", "2026-04-05"),
    ("sydney", "2026-04-04 16:00", "2026-04-04"),
]
WEEKS = {"monday": 0, "saturday": 5, "sunday": 6}  # as Python numbers weekdays


def test_a_day_is_told_by_the_clock_and_begins_where_it_may_jump(connection: Connection) -> None:
    apply(connection, rule_set({"next": {"type": "tenure", "days": 1}}, ORGS))
    moments = {(org, at): day for org, at, day in TWICE}
    for org, day, before, begins in DAYS:
        moments[org, begins] = day
        moments[org, before] = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    insert(connection, *(activity(at, org=org) for org, at in moments))
    found = rows(connection, "select activity_date from badges.activities order by activity_id")
    assert [each["activity_date"].isoformat() for each in found] == [*moments.values()]
    for org, day, _, begins in DAYS:
        due = value(
            connection,
            "select badges_internal._day_begins(%s, time_zone, day_starts)"
            " from badges.organizations where org_id = %s",
            date.fromisoformat(day),
            org,
        )
        first = date.fromisoformat(day) - timedelta(days=1)
        calendar = ORGS[org]["time_zone"], time.fromisoformat(ORGS[org]["day_starts"])
        assert due == Tenure(days=1).due_at(first, *calendar) == moment_of(begins)
    assert_exact(connection)


def moment_of(at: str) -> datetime:
    return datetime.fromisoformat(at).replace(tzinfo=UTC)


def test_tenure_falls_due_as_the_day_begins(connection: Connection) -> None:
    apply(connection, rule_set({"next": {"type": "tenure", "days": 1}}, ORGS))
    for org, day, _, begins in DAYS:
        connection.execute(
            "insert into badges.activities"
            " (org_id, peer_mentor_id, activity_type, occurred_at, activity_date)"
            " values (%s, %s, 'call', %s, %s::date - 1)",
            (org, person(day), moment_of(begins) - timedelta(hours=12), day),
        )
    for _, day, before, begins in sorted(DAYS, key=lambda each: each[3]):
        assert value(connection, "select badges.award_due_badges(%s)", moment_of(before)) == 0
        assert value(connection, "select badges.award_due_badges(%s)", moment_of(begins)) == 1
        assert awards(connection, person(day))[0]["earned_at"] == moment_of(begins)
    assert_exact(connection)


def test_weeks_begin_on_the_day_that_an_organization_says(connection: Connection) -> None:
    """Over two turns of years and a leap day, in order and late; what is taken out again."""
    badges: dict[str, Any] = {
        "best": {"type": "threshold", "window": "week", "at_least": 99},
        "run": {
            "type": "streak",
            "unit": "week",
            "tiers": [
                {"tier": "3", "length": 3},
                {"tier": "99", "length": 99},
            ],
        },
        "twice": {"type": "streak", "unit": "week", "per_unit": {"at_least": 2}, "length": 99},
    }
    apply(connection, rule_set(badges, {each: {"week_starts": each} for each in WEEKS}))
    days = [date(2023, 12, 20) + timedelta(days=each) for each in (*range(18), *range(66, 76))]
    # A Saturday or a Sunday of each week, by turns.
    turns = [date(2024, 6, 1) + timedelta(days=each) for each in (0, 8, 14, 22, 28, 36, 42, 50)]
    days += [*turns, *(date(2024, 12, 24) + timedelta(days=each) for each in range(13))]
    for org, order in (("monday", 1), ("saturday", 1), ("sunday", -1)):
        for day in days[::order]:
            insert(connection, activity(f"{day} 12:00", org=org))
        insert(connection, *(activity(f"{day} 13:00", org=org, who=BEN) for day in days))
    for org, first in WEEKS.items():
        found = rows(
            connection,
            "select left(bucket, 10) as week, activity_count from badges.peer_mentor_stats"
            " where org_id = %s and peer_mentor_id = %s and bucket <> ''",
            org,
            ANN,
        )
        starts = [day - timedelta(days=(day.weekday() - first) % 7) for day in days]
        assert {each["week"]: each["activity_count"] for each in found} == {
            each.isoformat(): starts.count(each) for each in starts
        }
    assert_exact(connection)
    for gone in ([turns[3]], [turns[6]], turns[4:6]):
        connection.execute("delete from badges.activities where activity_date = any(%s)", [gone])
        assert_exact(connection)
    # What a plan tells and a backfill finds: of a Saturday, a Sunday and a Monday.
    three = {"activity": "call", "when": {"from": "2023-12-23", "until": "2023-12-25"}}
    for slug, criteria, where in (
        ("all", {"type": "threshold", "window": "week", "at_least": 3}, {"saturday": 2}),
        ("next", {"type": "streak", "unit": "week", "length": 2}, {"monday": 2, "sunday": 2}),
    ):
        badges[slug] = criteria | three
        document = rule_set(badges, {each: {"week_starts": each} for each in WEEKS})
        plan = value(connection, "select badges.plan_rule_set(%s)", Jsonb(document))
        told = {each["org_id"]: each["awarded"]["awards"] for each in plan["effects"]}
        assert {org: awards for org, awards in told.items() if awards} == where
        apply(connection, document)
        held = [
            each["org_id"] for each in awards(connection) if each["badge_definition_id"] == slug
        ]
        assert {org: held.count(org) for org in held} == where
        assert_exact(connection)


RULES: dict[str, Any] = {
    "week": {"type": "threshold", "window": "week", "at_least": 3},
    "run": {"type": "streak", "unit": "week", "length": 2},
    "days": {"type": "streak", "unit": "day", "length": 3},
    "once": {"type": "threshold", "activity": "call", "at_least": 1},
}


def rezoned(connection: Connection, *given: str | None) -> None:
    value(connection, "select badges.rezone_organization(%s, %s, %s, %s)", ORG, *given)
    while value(connection, "select badges.backfill_rule_set('tests')")["remaining"]:
        pass


def test_another_start_of_the_week_rewrites_no_day_and_builds_weeks_anew(
    connection: Connection,
) -> None:
    apply(connection, rule_set(RULES))
    insert(connection, *(activity(each) for each in ("2026-01-10", "2026-01-11", "2026-01-12")))
    assert badge_ids(connection, ANN) == ["days", "once", "run"]
    kept = "select ctid, xmin::text from badges.activities order by 1"
    before = rows(connection, kept)
    versions = "select stat, since_version > 1 as is_new from badges_internal.stat_definitions"
    rezoned(connection, None, None, "saturday")
    assert rows(connection, kept) == before
    assert sorted(each["is_new"] for each in rows(connection, versions)) == [False, True, True]
    assert badge_ids(connection, ANN) == ["days", "once", "run", "week"]
    assert_exact(connection)


def test_another_start_of_the_day_moves_days_but_those_given(connection: Connection) -> None:
    apply(connection, rule_set(RULES))
    insert(connection, activity("2026-01-05 12:00"), activity("2026-01-07 01:00"))
    given = "select badges.record_activity(%s, %s, 'call', %s, p_activity_date => %s)"
    value(connection, given, ANN, ORG, moment("2026-01-07", "02:00"), date(2026, 1, 8))
    rezoned(connection, None, "03:00", "sunday")
    insert(connection, activity("2026-01-08 02:59"))
    found = rows(connection, "select activity_date from badges.activities order by occurred_at")
    days = ["2026-01-05", "2026-01-06", "2026-01-08", "2026-01-07"]
    assert [each["activity_date"].isoformat() for each in found] == days
    assert badge_ids(connection, ANN) == ["days", "once", "week"]
    # The moment moves over the beginning of the day: so does the day, by one.
    connection.execute(
        "update badges.activities set occurred_at = '2026-01-07 03:00+00'"
        " where occurred_at in ('2026-01-07 01:00+00', '2026-01-07 02:00+00')"
    )
    found = rows(connection, "select activity_date from badges.activities order by activity_id")
    days = ["2026-01-05", "2026-01-07", "2026-01-08", "2026-01-07"]
    assert [each["activity_date"].isoformat() for each in found] == days
    assert_exact(connection)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((None, None, None), "no time zone, start of the day or start of the week is given"),
        ((None, "12:01", None), '"12:01" is no day start'),
        ((None, "4:00", None), '"4:00" is no day start'),
        ((None, None, "friday"), '"friday" is no week start'),
        (("UTC", "03:00", "Sunday"), '"Sunday" is no week start'),
    ],
)
def test_what_is_no_calendar_is_refused(
    connection: Connection, given: tuple[str | None, ...], said: str
) -> None:
    apply(connection, rule_set(RULES))
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=said):
        rezoned(connection, *given)


@pytest.mark.parametrize(
    ("key", "other", "named"),
    [("day_starts", "04:00", "day starts"), ("week_starts", "sunday", "week starts")],
)
def test_a_document_cannot_change_it_and_a_rollback_keeps_it(
    connection: Connection, key: str, other: str, named: str
) -> None:
    apply(connection, rule_set(RULES))
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=f"the {named} of"):
        apply(connection, rule_set(RULES, {ORG: {key: other}}))
    calendar = {"day_starts": None, "week_starts": None} | {key: other}
    rezoned(connection, None, *calendar.values())
    value(connection, "select badges.rollback_rule_set('tests', 1)")
    kept = value(connection, "select badges.get_rule_set('tests')")["organizations"][ORG]
    assert kept[key] == other
    changed = value(
        connection,
        "select badges.diff_rule_sets("
        "badges.get_rule_set('tests', 1), badges.get_rule_set('tests'))",
    )
    assert [each["key"] for each in changed] == [key]
