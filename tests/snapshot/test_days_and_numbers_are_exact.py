from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection

from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    assert_exact,
    copy_in,
    insert,
    moment,
    rows,
    rule_set,
    stats,
    value,
)
from tests.snapshot.recount import assert_equals_a_recount

LASTING = True

ZONES = {ORG: {"time_zone": "Europe/Oslo"}, "apia": {"time_zone": "Pacific/Apia"}}
SESSIONS = ["UTC", "America/Los_Angeles", "Pacific/Kiritimati"]
# Midnight in Oslo is 23:00 UTC in winter, 22:00 in summer; the clocks change at 01:00 UTC.
MOMENTS = [
    ("2026-03-28 22:59", "2026-03-28"),
    ("2026-03-28 23:00", "2026-03-29"),
    ("2026-03-29 00:59", "2026-03-29"),
    ("2026-03-29 01:00", "2026-03-29"),
    ("2026-03-29 21:59", "2026-03-29"),
    ("2026-03-29 22:00", "2026-03-30"),
    ("2025-10-25 21:59", "2025-10-25"),
    ("2025-10-25 22:00", "2025-10-26"),
    ("2025-10-26 00:30", "2025-10-26"),
    ("2025-10-26 01:30", "2025-10-26"),
    ("2025-10-26 22:59", "2025-10-26"),
    ("2025-10-26 23:00", "2025-10-27"),
]


@pytest.mark.parametrize("zone", SESSIONS)
@pytest.mark.parametrize("way", ["rows", "one statement", "copy", "record_activity"])
def test_the_day_is_the_organizations(connection: Connection, zone: str, way: str) -> None:
    apply(connection, rule_set({"d": {"type": "streak", "unit": "day", "length": 3}}, ZONES))
    connection.execute(f"set timezone = '{zone}'".encode())
    chosen = [activity(at) for at, _ in MOMENTS]
    if way == "rows":
        for each in chosen:
            insert(connection, each)
    elif way == "one statement":
        insert(connection, *chosen)
    elif way == "copy":
        copy_in(connection, chosen)
    else:
        for each in chosen:
            query = "select badges.record_activity(%s, %s, 'call', %s)"
            value(connection, query, ANN, ORG, each[3])
    found = rows(connection, "select activity_date from badges.activities order by activity_id")
    assert [str(each["activity_date"]) for each in found] == [day for _, day in MOMENTS]
    kept = stats(connection)
    assert kept is not None
    assert (kept["active_days"], kept["longest_day_run"], kept["day_run"]) == (6, 3, 3)
    assert_exact(connection)


@pytest.mark.parametrize("zone", SESSIONS)
def test_a_changed_moment_or_organization_changes_the_day(
    connection: Connection, zone: str
) -> None:
    apply(connection, rule_set({}, ZONES) | {"badges": {"m": _manual()}})
    insert(connection, activity("2026-03-01 12:00"))
    connection.execute(f"set timezone = '{zone}'".encode())
    day = "select activity_date from badges.activities"
    connection.execute("update badges.activities set occurred_at = '2026-03-01 23:30+00'")
    assert value(connection, day) == date(2026, 3, 2)
    connection.execute("update badges.activities set occurred_at = '2026-03-01 12:00+00'")
    connection.execute("update badges.activities set org_id = 'apia'")
    assert value(connection, day) == date(2026, 3, 2)
    assert_exact(connection)


def _manual() -> dict[str, Any]:
    return {"name": "m", "criteria": {"type": "manual"}}


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_a_given_day_stands(connection: Connection, offset: int) -> None:
    apply(connection, rule_set({"m": _manual()}, ZONES))
    connection.execute(
        "insert into badges.activities"
        " (org_id, peer_mentor_id, activity_type, occurred_at, activity_date)"
        " values (%s, %s, 'call', '2026-03-05 12:00+00', date '2026-03-05' + %s::integer)",
        (ORG, ANN, offset),
    )
    assert value(connection, "select activity_date from badges.activities") == date(
        2026, 3, 5 + offset
    )
    assert_exact(connection)


@pytest.mark.parametrize("offset", [-2, 2, 400])
def test_a_day_far_from_its_moment_is_refused(connection: Connection, offset: int) -> None:
    apply(connection, rule_set({"m": _manual()}, ZONES))
    with pytest.raises(psycopg.errors.CheckViolation, match="within_a_day_of_the_utc_date"):
        connection.execute(
            "insert into badges.activities"
            " (org_id, peer_mentor_id, activity_type, occurred_at, activity_date)"
            " values (%s, %s, 'call', '2026-03-05 12:00+00', date '2026-03-05' + %s::integer)",
            (ORG, ANN, offset),
        )


def test_decimal_fractions_add_up_and_vanish(connection: Connection) -> None:
    apply(connection, rule_set({"s": {"type": "threshold", "measure": "sum", "at_least": 0.6}}))
    for each in ("0.1", "0.2", "0.3"):
        insert(connection, activity("2026-03-01", quantity=Decimal(each)))
    assert len(rows(connection, "select from badges.earned_badges")) == 1
    found = stats(connection)
    assert found is not None
    assert found["value_sum"] == Decimal("0.6")
    for each in ("-0.1", "-0.2", "-0.3"):
        insert(connection, activity("2026-03-02", quantity=Decimal(each)))
    found = stats(connection)
    assert found is not None
    assert (found["value_sum"], found["has_negative"]) == (0, True)
    connection.execute("delete from badges.activities where quantity <> 0.2")
    found = stats(connection)
    assert found is not None
    assert found["value_sum"] == Decimal("0.2")
    assert_exact(connection)


@pytest.mark.parametrize("batches", [1, 3])
def test_a_sum_that_fell_again_was_reached_if_it_was_at_some_moment(
    connection: Connection, batches: int
) -> None:
    apply(connection, rule_set({"s": {"type": "threshold", "measure": "sum", "at_least": 10}}))
    chosen = [
        activity(f"2026-03-0{n}", quantity=each) for n, each in enumerate((6, 6, -9), start=1)
    ]
    if batches == 1:
        insert(connection, *chosen)
    else:
        for each in chosen:
            insert(connection, each)
    (award,) = rows(connection, "select * from badges.earned_badges")
    assert award["earned_at"] == moment("2026-03-02")
    assert_exact(connection)


SHAPES = {
    "in order": ["01", "02", "03", "04"],
    "late": ["04", "03", "02", "01"],
    "bridging a gap": ["01", "02", "04", "05", "03"],
    "bridging two gaps": ["01", "03", "05", "02", "04"],
    "the same day again": ["01", "02", "02", "01", "03"],
    "far behind": ["20", "21", "01", "02", "03"],
    "before and between": ["10", "12", "09", "11", "08"],
}


@pytest.mark.parametrize("days", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("unit", ["day", "week", "month"])
def test_runs(connection: Connection, unit: str, days: list[str]) -> None:
    length = {"day": 3, "week": 2, "month": 1}[unit]
    streak = {"type": "streak", "unit": unit, "length": length}
    chosen = {**streak, "activity": "call", "where": {"n": 1}}
    apply(connection, rule_set({"s": streak, "chosen": chosen}))
    for each in days:
        insert(connection, activity(f"2026-03-{each}", attributes={"n": 1}))
        assert_equals_a_recount(connection)
    assert_exact(connection)
    middle = sorted(set(days))[len(set(days)) // 2]
    connection.execute(
        "delete from badges.activities where activity_date = %s", [f"2026-03-{middle}"]
    )
    assert_equals_a_recount(connection)


@pytest.mark.parametrize("unit", ["day", "week", "month"])
def test_a_last_day_alone_ends_the_run_in_a_statement_of_many(
    connection: Connection, unit: str
) -> None:
    """It is placed with the late ones, of a day that is not new."""
    apply(connection, rule_set({"s": {"type": "streak", "unit": unit, "length": 9}}))
    first, second, last = {
        "day": ("2026-03-02", "2026-03-03", "2026-03-06"),
        "week": ("2026-03-02", "2026-03-09", "2026-03-30"),
        "month": ("2026-03-02", "2026-04-02", "2026-07-02"),
    }[unit]
    insert(connection, activity(first))
    insert(connection, activity(second))
    insert(connection, activity(last), *[activity(first) for _ in range(40)])
    assert_equals_a_recount(connection)
    assert value(connection, f"select {unit}_run from badges.peer_mentor_stats limit 1") == 1
    assert_exact(connection)


def test_the_longest_run_can_shrink(connection: Connection) -> None:
    apply(connection, rule_set({"s": {"type": "streak", "unit": "day", "length": 5}}))
    insert(connection, *[activity(f"2026-03-0{n}") for n in range(1, 6)])
    connection.execute("delete from badges.activities where activity_date = '2026-03-03'")
    found = stats(connection)
    assert found is not None
    assert (found["longest_day_run"], found["day_run"], found["active_days"]) == (2, 2, 4)
    assert value(connection, "select count(*) from badges.earned_badges") == 1


@pytest.mark.parametrize(
    "change",
    ["activity_count = -1", "active_days = -1", "active_days = 2", "distinct_count = -1"],
)
def test_corrupted_counts_are_found_and_mended(connection: Connection, change: str) -> None:
    apply(connection, rule_set({"m": _manual()}))
    insert(connection, activity("2026-03-01"))
    connection.execute(f"update badges.peer_mentor_stats set {change} where stat = '*'".encode())
    assert rows(connection, "select * from badges.verify_stats()")
    connection.execute("select badges.rebuild_stats()")
    assert_exact(connection)


def test_late_days_of_several_people_note_only_those_who_were_written(
    connection: Connection,
) -> None:
    """A person's row of another organization is somebody else's to lock."""
    apply(
        connection,
        rule_set(
            {"runs": {"type": "streak", "unit": "day", "length": 9}},
            {"nhf": {"time_zone": "UTC"}, "hlf": {"time_zone": "UTC"}},
        ),
    )
    pairs = {(ANN, "nhf"), (BEN, "hlf")}
    for who in (ANN, BEN):
        for org in ("nhf", "hlf"):
            insert(connection, activity("2026-03-20", who=who, org=org))
    late = [
        activity(day, who=who, org=org)
        for who, org in pairs
        for day in ("2026-03-02", "2026-03-04")
    ]
    with connection.transaction():
        insert(connection, *late)
        noted = rows(
            connection,
            "select peer_mentor_id, org_id from badges.peer_mentor_stats"
            " where counted_in = pg_current_xact_id()",
        )
    assert {(each["peer_mentor_id"], each["org_id"]) for each in noted} == pairs
    assert_exact(connection)
