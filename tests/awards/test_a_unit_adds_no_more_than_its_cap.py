"""cap: a day, week or month adds the smaller of its total and the cap, whenever it is recorded."""

from __future__ import annotations

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

CAPPED: Row = {
    "type": "threshold",
    "activity": "points",
    "measure": "sum",
    "cap": {"per": "day", "at": 100},
    "at_least": 300,
}


def points(*given: tuple[str, float]) -> list[tuple[Any, ...]]:
    return [activity(at, kind="points", quantity=quantity) for at, quantity in given]


def held(connection: Connection) -> list[str]:
    return [
        each["earned_at"].date().isoformat()
        for each in awards(connection)
        if each["revoked_at"] is None
    ]


def current(connection: Connection) -> float:
    query = "select current from badges.get_badge_progress(%s, %s)"
    return float(value(connection, query, ANN, ORG))


def test_what_lies_above_the_cap_counts_for_nothing(connection: Connection) -> None:
    """Two hundred and fifty points on one day and fifty on the next are 150 of the 300."""
    apply(connection, rule_set({"points": CAPPED}))
    insert(connection, *points(("2026-03-01 10:00", 250), ("2026-03-02 10:00", 50)))
    assert held(connection) == []
    assert current(connection) == 150
    insert(connection, *points(("2026-03-02 11:00", 90)))
    insert(connection, *points(("2026-03-03 11:00", 100)))
    assert held(connection) == ["2026-03-03"]
    assert_exact(connection)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_late_activity_fills_its_own_day(connection: Connection, at_once: bool) -> None:
    apply(connection, rule_set({"points": CAPPED}))
    insert(connection, *points(*[(f"2026-03-0{day} 10:00", 60) for day in range(1, 6)]))
    assert held(connection) == ["2026-03-05"]
    late = points(("2026-03-01 09:00", 30), ("2026-03-01 23:00", 500), ("2026-03-02 09:00", 40))
    for some in [late] if at_once else [[each] for each in late]:
        insert(connection, *some)
    assert current(connection) == 380
    assert held(connection) == ["2026-03-04"]
    assert_exact(connection)


def test_a_set_of_many_is_counted_as_one_after_the_other(connection: Connection) -> None:
    apply(connection, rule_set({"points": CAPPED}))
    many = [(f"2026-03-0{day} 10:{minute:02}", 5) for day in (1, 2, 3) for minute in range(30)]
    insert(connection, *points(*many))
    [award] = awards(connection)
    assert award["earned_at"] == moment("2026-03-03", "10:19")
    insert(connection, *points(*[(f"2026-02-0{day} 10:00", 10) for day in range(1, 10)] * 4))
    assert current(connection) == 300 + 9 * 40
    assert_exact(connection)


def test_a_negative_value_takes_from_what_is_left(connection: Connection) -> None:
    """A day of 250 that loses 100 has its hundred still; one that loses 200 has fifty."""
    badge = {"name": "Points", "on_unmet": "revoke", "criteria": CAPPED | {"at_least": 200}}
    apply(connection, rule_set({"points": badge}))
    insert(connection, *points(("2026-03-01 10:00", 250), ("2026-03-02 10:00", 100)))
    insert(connection, *points(("2026-03-01 11:00", -100)))
    assert (current(connection), held(connection)) == (200, ["2026-03-02"])
    insert(connection, *points(("2026-03-01 12:00", -100)))
    assert (current(connection), held(connection)) == (150, [])
    assert_exact(connection)


def test_corrections_and_deletes_leave_what_a_recount_leaves(connection: Connection) -> None:
    badge = {"name": "Points", "on_unmet": "revoke", "criteria": CAPPED}
    apply(connection, rule_set({"points": badge, "kept": CAPPED | {"at_least": 250}}))
    insert(connection, *points(*[(f"2026-03-0{day} 10:00", 150) for day in (1, 2, 3)]))
    connection.execute(
        "update badges.activities set quantity = 90 where activity_date = '2026-03-02'"
    )
    assert (current(connection), held(connection)) == (290, ["2026-03-03"])
    connection.execute("update badges.activities set occurred_at = occurred_at - interval '2 days'")
    assert_exact(connection)
    connection.execute("delete from badges.activities where activity_date = '2026-02-27'")
    assert current(connection) == 190
    assert_exact(connection)
    connection.execute("delete from badges.activities")
    assert_exact(connection)


@pytest.mark.parametrize(
    ("criteria", "organization", "given", "wanted"),
    [
        ({"cap": {"per": "week", "at": 2}}, {}, ["2026-03-06", "2026-03-07", "2026-03-08"], 2),
        (
            {"cap": {"per": "week", "at": 2}},
            {"week_starts": "sunday"},
            ["2026-03-06", "2026-03-07", "2026-03-08"],
            3,
        ),
        (
            {"cap": {"per": "month", "at": 2}, "window": "week"},
            {},
            ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-01 13:00", "2026-03-01 14:00"],
            4,
        ),
        (
            {"cap": {"per": "day", "at": 1}, "per": "room"},
            {},
            ["2026-03-06", "2026-03-06 13:00", "2026-03-07"],
            2,
        ),
    ],
    ids=["week", "week from sunday", "months of a week", "days of a room"],
)
def test_a_unit_is_the_organizations_and_lies_within_its_part(
    connection: Connection,
    criteria: Row,
    organization: Row,
    given: list[str],
    wanted: int,
) -> None:
    rule = {"type": "threshold", "activity": "points", "at_least": 10, **criteria}
    organizations = {ORG: {"time_zone": "UTC", **organization}}
    apply(connection, rule_set({"points": rule}, organizations))
    attributes = {"room": "blue"}
    for at in given:
        insert(connection, activity(at, kind="points", quantity=7, attributes=attributes))
    assert current(connection) == wanted
    assert_exact(connection)


def test_a_backfill_and_a_plan_agree(connection: Connection) -> None:
    apply(connection, rule_set({}))
    insert(connection, *points(*[(f"2026-03-0{day} 10:00", 150) for day in (1, 2, 3)]))
    insert(connection, activity("2026-03-01", who=BEN, kind="points", quantity=900))
    document = rule_set({"points": CAPPED})
    [effect] = value(connection, "select badges.plan_rule_set(%s) -> 'effects'", Jsonb(document))
    assert effect["awarded"]["people"] == 1
    [near] = effect["nearest"]
    assert (near["value"], near["target"]) == (100, 300)
    apply(connection, document)
    assert held(connection) == ["2026-03-03"]
    assert_exact(connection)
    query = "select badges.calibrate_badge('points', p_as_of => '2026-03-10') -> 'organizations'"
    [place] = value(connection, query)
    assert {each["threshold"]: each["now"]["people"] for each in place["curve"]} == {100: 2, 300: 1}


def test_an_explanation_tells_how_much_of_the_newest_unit_counts(connection: Connection) -> None:
    apply(connection, rule_set({"points": CAPPED}))
    insert(connection, *points(("2026-02-28 10:00", 20), ("2026-03-01 10:00", 250)))
    explain = "select badges.explain_badge(%s, 'points', %s) -> 'conditions' -> 0"
    told = value(connection, explain, ANN, ORG)
    assert (told["value"], told["target"], told["remaining"]) == (120, 300, 180)
    assert told["capped"] == {
        "unit": "day", "at": 100, "from": "2026-03-01", "until": "2026-03-01",
        "value": 250, "counted": 100,
    }  # fmt: skip


def test_repetitions_tiers_and_parts_count_what_is_capped(connection: Connection) -> None:
    counted = {"activity": "points", "cap": {"per": "day", "at": 1}}
    apply(
        connection,
        rule_set(
            {
                "again": {
                    **counted, "type": "threshold", "at_least": 2, "repeat": {"every": 1, "max": 9}
                },
                "both": {"type": "all_of", "criteria": [
                    {**counted, "type": "threshold", "at_least": 3},
                    CAPPED | {"at_least": 30, "cap": {"per": "month", "at": 30}},
                ]},
            }
        ),
    )  # fmt: skip
    insert(
        connection, *points(*[(f"2026-03-0{day} 1{n}:00", 5) for day in (1, 2, 3) for n in (0, 1)])
    )
    told = rows(
        connection,
        """select badge_definition_id, occurrence, extract(day from earned_at)::integer
        from badges.earned_badges order by 1, 2""",
    )
    assert [tuple(each.values()) for each in told] == [
        ("again", 1, 2), ("again", 2, 3), ("both", 1, 3),
    ]  # fmt: skip
    assert_exact(connection)


def test_verification_names_what_is_wrong(connection: Connection) -> None:
    badge = {"name": "Points", "on_unmet": "revoke", "criteria": CAPPED}
    apply(connection, rule_set({"points": badge}))
    insert(connection, *points(*[(f"2026-03-0{day} 10:00", 150) for day in (1, 2, 3)]))
    connection.execute(
        """
        update badges.peer_mentor_stats
        set value_sum = value_sum + 1, value_last = value_last + 1, run_end = run_end - 1
        where starts_with(stat, '~')
        """
    )
    told = rows(connection, "select measure, stored, expected from badges.verify_stats()")
    assert [tuple(each.values()) for each in told] == [
        ("run_end", "2026-03-02", "2026-03-03"),
        ("value_last", "151", "150"),
        ("value_sum", "301", "300"),
    ]
    connection.execute("update badges.activities set quantity = 99 where quantity = 150")
    connection.execute("update badges.earned_badges set revoked_at = null, revoked_by = null")
    told = rows(connection, "select problem from badges.verify_awards()")
    assert [each["problem"] for each in told] == ["unsupported"]
