"""Each criteria type below, at and above its target: value, target, remaining, and what decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import ANN, ORG, Row, activity, apply, insert, moment, rows, rule_set, value

LASTING = True

OSLO = {ORG: {"time_zone": "Europe/Oslo"}}


def explained(
    connection: Connection, as_of: str | None = None, badge: str = "badge", language: str = "en"
) -> Row:
    told: Row = value(
        connection,
        "select badges.explain_badge(%s, %s, %s, %s, %s)",
        ANN,
        badge,
        ORG,
        as_of,
        language,
    )
    return told


def condition(connection: Connection, as_of: str | None = None, **wanted: Any) -> Row:
    """Give the badge's only condition, which has the wanted values."""
    (found,) = explained(connection, as_of)["conditions"]
    assert {name: found.get(name) for name in wanted} == wanted
    told: Row = found
    return told


def progress(connection: Connection, as_of: str | None = None) -> tuple[Any, Any, Any]:
    query = "select * from badges.get_badge_progress(%s, %s, %s)"
    (found,) = [
        each
        for each in rows(connection, query, ANN, ORG, as_of)
        if each["badge_definition_id"] == "badge"
    ]
    return float(found["current"]), float(found["target"]), float(found["fraction"])


def met(activity_id: int | None, moment_utc: str) -> Row:
    return {
        "verdict": "met",
        "remaining": 0,
        "activity_id": activity_id,
        "came_true_at": f"{moment_utc}:00+00:00",
    }


NOT_MET = {"verdict": "not met", "activity_id": None, "came_true_at": None}


def ids(connection: Connection, *activities: tuple[Any, ...]) -> list[int]:
    return [
        each["activity_id"]
        for each in insert(connection, *activities, tail="returning activity_id")
    ]


def given(connection: Connection, criteria: Mapping[str, Any], **organization: Any) -> None:
    apply(connection, rule_set({"badge": criteria}, {ORG: {**OSLO[ORG], **organization}}))


def test_a_threshold_with_when_counts_what_falls_into_it(connection: Connection) -> None:
    given(
        connection,
        {
            "type": "threshold",
            "activity": "call",
            "when": {"weekdays": ["sat", "sun"], "hours": [22, 6]},
            "at_least": 2,
        },
    )
    # 21:30 UTC is 22:30 in Oslo; 7 March 2026 is a Saturday.
    insert(connection, activity("2026-03-07 21:30"), activity("2026-03-09 21:30"))
    found = condition(connection, value=1, target=2, remaining=1, **NOT_MET)
    assert found["selector"] == {
        "types": ["call"],
        "when": {"weekdays": [6, 7], "hours": ["22:00", "06:00"]},
    }
    assert (found["measure"], found["type"], found["path"]) == ("count", "threshold", "$")
    (at,) = ids(connection, activity("2026-03-08 22:15"))
    condition(connection, value=2, **met(at, "2026-03-08T22:15"))
    insert(connection, activity("2026-03-14 23:00"))
    condition(connection, value=3, **met(at, "2026-03-08T22:15"))


@pytest.mark.parametrize(
    ("bounds", "as_of", "period"),
    [
        ({"from": "2026-03-02", "until": "2026-03-03"}, "2026-03-01", "to come"),
        ({"from": "2026-03-02", "until": "2026-03-03"}, "2026-03-02", "now"),
        ({"from": "2026-03-02", "until": "2026-03-03"}, "2026-03-03", "now"),
        ({"from": "2026-03-02", "until": "2026-03-03"}, "2026-03-04", "over"),
        ({"from": "2026-03-02"}, "2026-03-01", "to come"),
        ({"until": "2026-03-02"}, "2026-03-03", "over"),
        ({"months": [3]}, "2026-03-03", None),
    ],
)
def test_a_period_is_to_come_or_over(
    connection: Connection, bounds: dict[str, Any], as_of: str, period: str | None
) -> None:
    given(connection, {"type": "threshold", "when": bounds, "at_least": 2})
    condition(connection, as_of, period=period)


@pytest.mark.parametrize(
    ("unit", "week_starts", "first", "now"),
    [
        ("day", "monday", ("2026-02-04", "2026-02-04"), ("2026-05-14", "2026-05-14")),
        ("week", "monday", ("2026-02-02", "2026-02-08"), ("2026-05-11", "2026-05-17")),
        ("week", "sunday", ("2026-02-01", "2026-02-07"), ("2026-05-10", "2026-05-16")),
        ("month", "sunday", ("2026-02-01", "2026-02-28"), ("2026-05-01", "2026-05-31")),
        ("quarter", "monday", ("2026-01-01", "2026-03-31"), ("2026-04-01", "2026-06-30")),
    ],
)
def test_a_window_tells_the_best_one_and_the_present_one(
    connection: Connection,
    unit: str,
    week_starts: str,
    first: tuple[str, str],
    now: tuple[str, str],
) -> None:
    criteria = {"type": "threshold", "measure": "sum", "window": unit, "at_least": 9}
    given(connection, criteria, week_starts=week_starts)
    empty = {"from": now[0], "until": now[1], "value": 0}
    condition(connection, "2026-05-14", value=0, best=None, current=empty, remaining=9)
    insert(connection, activity("2026-02-04", quantity=5), activity("2026-02-04", quantity=3))
    best = {"from": first[0], "until": first[1], "value": 8}
    condition(connection, "2026-05-14", value=8, best=best, current=empty, remaining=1, **NOT_MET)
    (at,) = ids(connection, activity("2026-05-14", quantity=9))
    present = {**empty, "value": 9}
    condition(
        connection,
        "2026-05-14",
        value=9,
        best=present,
        current=present,
        **met(at, "2026-05-14T12:00"),
    )
    insert(connection, activity("2026-02-04", quantity=2))
    condition(connection, "2026-05-14", value=10, best={**best, "value": 10}, current=present)
    assert progress(connection, "2026-05-14") == (10, 9, 1)


def test_a_year_is_a_window(connection: Connection) -> None:
    given(connection, {"type": "threshold", "window": "year", "at_least": 3})
    insert(connection, activity("2025-06-01"), activity("2025-06-02"), activity("2026-06-02"))
    condition(
        connection,
        "2026-06-03",
        value=2,
        best={"from": "2025-01-01", "until": "2025-12-31", "value": 2},
        current={"from": "2026-01-01", "until": "2026-12-31", "value": 1},
    )


def test_per_names_the_best_value(connection: Connection) -> None:
    given(connection, {"type": "threshold", "per": "post", "at_least": 3})
    condition(connection, value=0, best=None)
    for post, count in (("a", 1), ("b", 2), (5, 1)):
        insert(connection, *[activity("2026-03-01", attributes={"post": post})] * count)
    condition(connection, value=2, remaining=1, best={"of": "b", "value": 2}, current=None)
    insert(connection, *[activity("2026-03-02", attributes={"post": 5})] * 2)
    condition(connection, value=3, verdict="met", best={"of": 5, "value": 3})


def test_a_part_without_any_value_has_nothing_yet(connection: Connection) -> None:
    given(
        connection,
        {"type": "threshold", "measure": "max", "field": "score", "per": "post", "at_least": 3},
    )
    insert(connection, activity("2026-03-01", attributes={"post": "a", "score": "much"}))
    condition(connection, value=0, best={"of": "a", "value": 0})


def test_per_within_a_window_names_both(connection: Connection) -> None:
    given(connection, {"type": "threshold", "per": "post", "window": "week", "at_least": 3})
    insert(connection, *[activity("2026-03-03", attributes={"post": "a b"})] * 2)
    insert(connection, activity("2026-03-11", attributes={"post": "a b"}))
    week = {"from": "2026-03-09", "until": "2026-03-15"}
    condition(
        connection,
        "2026-03-12",
        best={"from": "2026-03-02", "until": "2026-03-08", "of": "a b", "value": 2},
        current={**week, "of": "a b", "value": 1},
    )


ROLLING = {"window": {"rolling_days": 3}}


@pytest.mark.parametrize(
    ("measure", "below", "at"),
    [("count", 2, 3), ("sum", 5, 7), ("max", 4, 9), ("active_days", 1, 2), ("distinct", 1, 2)],
)
def test_a_rolling_window_tells_its_days(
    connection: Connection, measure: str, below: int, at: int
) -> None:
    field = {"field": "kind"} if measure == "distinct" else {}
    criteria = {"type": "threshold", "measure": measure, "at_least": at, **ROLLING, **field}
    given(connection, criteria)
    nothing = {"from": "2026-03-08", "until": "2026-03-10", "value": 0}
    condition(connection, "2026-03-10", value=0, best=None, current=nothing)
    insert(
        connection,
        activity("2026-03-01", quantity=4, attributes={"kind": "a"}),
        activity("2026-03-01", quantity=1, attributes={"kind": "a"}),
    )
    best = {"from": "2026-02-27", "until": "2026-03-01", "value": below}
    condition(
        connection,
        "2026-03-10",
        value=below,
        best=best,
        current=nothing,
        remaining=at - below,
        **NOT_MET,
    )
    assert progress(connection, "2026-03-10")[:2] == (below, at)
    condition(
        connection, "2026-03-03", current={**best, "from": "2026-03-01", "until": "2026-03-03"}
    )
    condition(
        connection, "2026-03-04", current={"from": "2026-03-02", "until": "2026-03-04", "value": 0}
    )
    (decides,) = ids(
        connection,
        activity("2026-03-03", quantity=9 if measure == "max" else 2, attributes={"kind": "b"}),
    )
    window = {"from": "2026-03-01", "until": "2026-03-03", "value": at}
    condition(
        connection,
        "2026-03-03",
        value=at,
        best=window,
        current=window,
        **met(decides, "2026-03-03T12:00"),
    )
    insert(
        connection,
        activity("2026-03-03", quantity=11, attributes={"kind": "c"}),
        activity("2026-03-02", quantity=1, attributes={"kind": "d"}),
    )
    above = {"count": 5, "sum": 19, "max": 11, "active_days": 3, "distinct": 4}[measure]
    found = condition(connection, "2026-03-03", value=above, verdict="met", remaining=0)
    assert found["best"] == {**window, "value": above}


def test_a_rolling_window_with_per_and_per_value(connection: Connection) -> None:
    given(
        connection,
        {
            "type": "threshold",
            "measure": "distinct",
            "field": "track",
            "per": "team",
            "per_value": {"measure": "sum", "at_least": 3},
            "at_least": 2,
            **ROLLING,
        },
    )
    for day, team, track, quantity in (
        ("2026-03-01", "red", "go", 2),
        ("2026-03-03", "red", "go", 1),
        ("2026-03-03", "red", "c", 2),
        ("2026-03-04", "blue", "go", 2),
    ):
        insert(
            connection,
            activity(day, quantity=quantity, attributes={"team": team, "track": track}),
        )
    near = {"of": "c", "value": 2, "target": 3, "remaining": 1}
    found = condition(connection, "2026-03-04", value=1, remaining=1)
    assert found["best"] == {
        "from": "2026-03-01",
        "until": "2026-03-03",
        "of": "red",
        "value": 1,
        "open": [near],
    }
    assert found["current"]["value"] == 0


@pytest.mark.parametrize(
    ("unit", "days", "nows", "run"),
    [
        ("day", ["2026-03-02", "2026-03-03"], ("2026-03-05", "2026-03-05"), "2026-03-04"),
        ("week", ["2026-02-24", "2026-03-03"], ("2026-03-16", "2026-03-22"), "2026-03-15"),
        ("week", ["2026-02-24", "2026-03-03"], ("2026-03-14", "2026-03-20"), "2026-03-13"),
        ("month", ["2026-02-24", "2026-03-03"], ("2026-05-01", "2026-05-31"), "2026-04-30"),
    ],
)
def test_a_streak_tells_longest_and_current_run_and_the_present_unit(
    connection: Connection, unit: str, days: list[str], nows: tuple[str, str], run: str
) -> None:
    # The second week begins on Saturdays.
    week_starts = "saturday" if run == "2026-03-13" else "monday"
    given(connection, {"type": "streak", "unit": unit, "length": 3}, week_starts=week_starts)
    found = condition(connection, nows[0], value=0, target=3, remaining=3, **NOT_MET)
    assert found["run"] == {"unit": unit, "longest": 0, "current": 0}
    insert(connection, *[activity(day) for day in days])
    found = condition(connection, run, value=2, remaining=1)
    starts = {
        "day": days,
        "week": {"monday": ["2026-02-23", "2026-03-02"], "saturday": ["2026-02-21", "2026-02-28"]}[
            week_starts
        ],
        "month": ["2026-02-01", "2026-03-01"],
    }
    assert found["run"] == {
        "unit": unit,
        "longest": 2,
        "current": 2,
        "first": starts[unit][0],
        "last": starts[unit][1],
        "alive_until": run,
    }
    assert (found["now"]["counts"], found["now"]["remaining"]) == (False, 1)
    assert condition(connection, days[-1])["now"]["counts"] is True
    assert progress(connection, run) == (2, 3, 0.6667)
    # The run has ended: it counts no more towards the next one, and stays the longest.
    found = condition(connection, nows[0], value=0, remaining=3, **NOT_MET)
    assert found["run"] == {"unit": unit, "longest": 2, "current": 0}
    assert found["now"] == {
        "unit": unit,
        "from": nows[0],
        "until": nows[1],
        "counts": False,
        "value": 0,
        "target": 1,
        "remaining": 1,
    }
    assert progress(connection, nows[0]) == (0, 3, 0)
    (at,) = ids(connection, activity(run))
    condition(connection, nows[0], value=3, **met(at, f"{run}T12:00"))
    insert(connection, activity(nows[0]))
    found = condition(connection, nows[0], value=4, **met(at, f"{run}T12:00"))
    assert (found["run"]["longest"], found["run"]["current"]) == (4, 4)


def test_a_streak_with_grace_lives_over_the_gap_it_allows(connection: Connection) -> None:
    given(connection, {"type": "streak", "unit": "day", "grace": 2, "length": 3})
    insert(connection, activity("2026-03-01"), activity("2026-03-04"))
    found = condition(connection, "2026-03-07", value=2, remaining=1, **NOT_MET)
    assert found["run"] == {
        "unit": "day",
        "longest": 2,
        "current": 2,
        "grace": 2,
        "first": "2026-03-01",
        "last": "2026-03-04",
        "alive_until": "2026-03-07",
    }
    assert progress(connection, "2026-03-07")[0] == 2
    found = condition(connection, "2026-03-08", value=0, remaining=3)
    assert (found["run"]["current"], found["run"]["longest"]) == (0, 2)
    assert progress(connection, "2026-03-08")[0] == 0
    (at,) = ids(connection, activity("2026-03-07"))
    condition(connection, "2026-03-20", value=3, **met(at, "2026-03-07T12:00"))


@pytest.mark.parametrize(
    ("per_unit", "parts", "value_now"),
    [
        ({"at_least": 2}, [("2026-03-09", 1)], 1),
        ({"measure": "sum", "at_least": 5}, [("2026-03-09", 3), ("2026-03-10", 1)], 4),
        ({"measure": "max", "at_least": 5}, [("2026-03-09", 4), ("2026-03-10", 1)], 4),
        ({"measure": "active_days", "at_least": 2}, [("2026-03-09", 1), ("2026-03-09", 1)], 1),
    ],
)
def test_a_streak_tells_what_the_present_unit_still_lacks(
    connection: Connection,
    per_unit: dict[str, Any],
    parts: list[tuple[str, int]],
    value_now: int,
) -> None:
    given(connection, {"type": "streak", "unit": "week", "per_unit": per_unit, "length": 2})
    insert(
        connection,
        activity("2026-03-02", quantity=5),
        activity("2026-03-03", quantity=5),
        *[activity(day, quantity=quantity) for day, quantity in parts],
    )
    found = condition(connection, "2026-03-11", value=1, target=2, remaining=1, **NOT_MET)
    assert found["run"] == {
        "unit": "week",
        "longest": 1,
        "current": 1,
        "first": "2026-03-02",
        "last": "2026-03-02",
        "alive_until": "2026-03-15",
    }
    week = {"unit": "week", "from": "2026-03-09", "until": "2026-03-15"}
    target = per_unit["at_least"]
    assert found["now"] == {
        **week,
        "counts": False,
        "value": value_now,
        "target": target,
        "remaining": target - value_now,
    }
    (at,) = ids(connection, activity("2026-03-15", quantity=5))
    found = condition(connection, "2026-03-15", value=2, **met(at, "2026-03-15T12:00"))
    assert (found["now"]["counts"], found["now"]["remaining"]) == (True, 0)


@pytest.mark.parametrize(
    ("unit", "rest", "measure"),
    [
        ("day", {}, "active_days"),
        ("week", {}, "distinct"),
        ("month", {"per_unit": {"at_least": 1}}, "distinct"),
    ],
)
def test_a_streak_that_need_not_be_consecutive_counts_units(
    connection: Connection, unit: str, rest: dict[str, Any], measure: str
) -> None:
    given(connection, {"type": "streak", "unit": unit, "consecutive": False, "length": 2, **rest})
    insert(connection, activity("2026-01-05"), activity("2026-01-05"))
    found = condition(
        connection, "2026-03-03", value=1, remaining=1, measure=measure, run=None, **NOT_MET
    )
    assert (found["now"]["unit"], found["now"]["counts"]) == (unit, False)
    (at,) = ids(connection, activity("2026-03-03"))
    found = condition(connection, "2026-03-03", value=2, **met(at, "2026-03-03T12:00"))
    assert found["now"]["counts"] is True
    insert(connection, activity("2026-04-30"))
    condition(connection, "2026-05-03", value=3, verdict="met")


def test_streak_tiers_are_explained_each(connection: Connection) -> None:
    tiers = [{"tier": "a", "length": 1, "name": "One"}, {"tier": "b", "length": 3}]
    given(connection, {"type": "streak", "unit": "day", "tiers": tiers})
    (at,) = ids(connection, activity("2026-03-01"))
    told = explained(connection, "2026-03-02")
    first, second = told["conditions"]
    assert told["verdict"] == "partly earned"
    assert (first["tier"], first["name"], first["verdict"]) == ("a", "One", "met")
    assert (first["activity_id"], first["value"], first["path"]) == (at, 1, "$.tiers[0]")
    assert (second["tier"], second["value"], second["remaining"]) == ("b", 1, 2)
    assert first["run"] == second["run"]


def course(name: str, day: str) -> tuple[Any, ...]:
    return activity(day, kind="training_completed", attributes={"course": name})


RIGHT, WRONG = {"right": True}, {"right": False}


def test_a_run_tells_how_long_it_is_and_what_ended_the_one_before(connection: Connection) -> None:
    given(connection, {"type": "in_a_row", "qualify": RIGHT, "length": 3})
    condition(connection, value=0, sequence={"current": 0, "longest": 0}, **NOT_MET)
    insert(connection, *[activity(f"2026-03-0{day} 10:00", attributes=RIGHT) for day in (1, 2)])
    condition(connection, value=2, remaining=1, sequence={"current": 2, "longest": 2})
    (ended,) = ids(connection, activity("2026-03-03 10:00", attributes=WRONG))
    insert(connection, activity("2026-03-04 10:00", attributes=RIGHT))
    run = {"ended_by": ended, "ended_at": "2026-03-03T10:00:00+00:00"}
    condition(connection, value=2, sequence={"current": 1, "longest": 2, **run}, **NOT_MET)
    # At that instant the wrong one comes first.
    (_, at) = ids(
        connection,
        activity("2026-03-03 10:00", attributes=RIGHT),
        activity("2026-03-05 10:00", attributes=RIGHT),
    )
    found = condition(connection, value=3, **met(at, "2026-03-05T10:00"))
    assert found["sequence"] == {"current": 3, "longest": 3, **run}
    assert progress(connection) == (3, 3, 1)


def test_a_share_tells_how_many_qualify_and_are_needed(connection: Connection) -> None:
    given(connection, {"type": "share", "qualify": RIGHT, "at_least": 0.7, "of_last": 3})
    condition(
        connection, value=0, sequence={"qualified": 0, "chosen": 0, "of": 3, "needed": 3}, **NOT_MET
    )
    insert(
        connection,
        *[
            activity(f"2026-03-0{n} 10:00", attributes=WRONG if n == 2 else RIGHT)
            for n in (1, 2, 3)
        ],
    )
    found = condition(connection, target=0.7, measure="max", type="share", **NOT_MET)
    assert found["sequence"] == {"qualified": 2, "chosen": 3, "of": 3, "needed": 3}
    assert progress(connection) == (0.666666, 0.7, 0.9524)
    given(connection, {"type": "share", "qualify": RIGHT, "at_least": 0.7, "of_at_least": 4})
    condition(connection, value=0, sequence={"qualified": 2, "chosen": 3, "of": 4}, **NOT_MET)
    (at,) = ids(connection, activity("2026-03-04 10:00", attributes=RIGHT))
    condition(connection, value=0.75, **met(at, "2026-03-04T10:00"))


def test_training_names_the_courses_that_lack(connection: Connection) -> None:
    courses = ["role", "boundaries", "first-aid"]
    given(connection, {"type": "training_completion", "courses": courses, "require": 2})
    condition(connection, value=0, target=2, counted=[], missing=courses)
    insert(connection, course("boundaries", "2026-03-01"), course("other", "2026-03-01"))
    condition(
        connection,
        value=1,
        remaining=1,
        counted=["boundaries"],
        missing=["role", "first-aid"],
        **NOT_MET,
    )
    insert(connection, course("boundaries", "2026-03-02"))
    (at,) = ids(connection, course("role", "2026-03-03"))
    condition(
        connection,
        value=2,
        counted=["role", "boundaries"],
        missing=["first-aid"],
        **met(at, "2026-03-03T12:00"),
    )
    insert(connection, course("first-aid", "2026-03-04"))
    condition(connection, value=3, missing=[], **met(at, "2026-03-03T12:00"))
    assert progress(connection) == (3, 2, 1)


def test_training_within_days_tells_what_lacks_now(connection: Connection) -> None:
    given(
        connection, {"type": "training_completion", "courses": ["a", "b", "c"], "within_days": 30}
    )
    insert(connection, course("a", "2026-01-01"), course("b", "2026-01-30"))
    insert(connection, course("c", "2026-03-01"))
    found = condition(connection, "2026-03-10", value=2, target=3, remaining=1, **NOT_MET)
    assert found["best"] == {
        "from": "2026-01-01",
        "until": "2026-01-30",
        "value": 2,
        "counted": ["a", "b"],
        "missing": ["c"],
    }
    assert found["current"] == {
        "from": "2026-02-09",
        "until": "2026-03-10",
        "value": 1,
        "counted": ["c"],
        "missing": ["a", "b"],
    }
    insert(connection, course("a", "2026-03-11"))
    (at,) = ids(connection, course("b", "2026-03-30"))
    condition(connection, "2026-03-30", value=3, **met(at, "2026-03-30T12:00"))


def test_distinct_values_that_have_not_reached_theirs_are_told(connection: Connection) -> None:
    given(
        connection,
        {
            "type": "threshold",
            "measure": "distinct",
            "field": "track",
            "where": {"track": {"in": ["go", "c", "rust"]}},
            "per_value": {"at_least": 3},
            "at_least": 2,
        },
    )
    for track, count in (("go", 3), ("c", 2), ("lisp", 9)):
        insert(connection, *[activity("2026-03-01", attributes={"track": track})] * count)
    condition(
        connection,
        value=1,
        counted=["go"],
        missing=["c", "rust"],
        open=[{"of": "c", "value": 2, "target": 3, "remaining": 1}],
    )
    insert(connection, activity("2026-03-02", attributes={"track": "c"}))
    condition(connection, value=2, verdict="met", counted=["go", "c"], missing=["rust"], open=None)


TENURES = [
    ("days", 10, "2026-02-10", 7),
    ("months", 2, "2026-03-31", 1),
    ("years", 1, "2027-01-31", 0),
]


@pytest.mark.parametrize(("unit", "number", "due", "passed"), TENURES)
def test_tenure_tells_first_day_due_moment_and_days_left(
    connection: Connection, unit: str, number: int, due: str, passed: int
) -> None:
    given(connection, {"type": "tenure", "activity": "call", unit: number})
    condition(connection, "2026-02-07", value=0, target=number, tenure={"unit": unit})
    assert explained(connection, "2026-02-07")["why_not_code"] == "condition_not_met"
    insert(
        connection, activity("2026-01-31"), activity("2026-02-01"), activity("2020-01-01", kind="x")
    )
    as_of = {"days": "2026-02-07", "months": "2026-03-30", "years": "2027-01-30"}[unit]
    day = moment(due).date()
    left = (day - moment(as_of).date()).days
    found = condition(connection, as_of, value=passed, remaining=number - passed, **NOT_MET)
    # Midnight in Oslo: summer time from 29 March 2026.
    hour = "22" if due == "2026-03-31" else "23"
    assert found["tenure"]["due_at"] == f"{day - timedelta(days=1)}T{hour}:00:00+00:00"
    assert found["tenure"]["first_day"] == "2026-01-31"
    assert (found["tenure"]["days_left"], found["tenure"]["is_due"]) == (left, False)
    assert progress(connection, as_of)[:2] == (passed, number)
    # The day has come, and nothing has passed it yet.
    told = explained(connection, due)
    assert (told["why_not_code"], told["verdict"]) == ("due", "not earned")
    (found,) = told["conditions"]
    assert (found["value"], found["verdict"], found["tenure"]["is_due"]) == (
        number,
        "not met",
        True,
    )
    assert found["tenure"]["days_left"] == 0
    if unit != "years":
        insert(connection, activity(due, kind="other"))
        found = condition(
            connection, due, value=number, **met(None, f"{day - timedelta(days=1)}T{hour}:00")
        )
        assert explained(connection, due)["verdict"] == "earned"
        condition(connection, "2026-08-01", verdict="met", remaining=0)


def test_tenure_found_by_a_sweep_is_explained(connection: Connection) -> None:
    given(connection, {"type": "tenure", "days": 10})
    insert(connection, activity("2026-01-31"))
    assert value(connection, "select badges.award_due_badges('2026-02-09 22:59+00')") == 0
    condition(connection, "2026-02-09", value=9, remaining=1, **NOT_MET)
    assert value(connection, "select badges.award_due_badges('2026-02-09 23:00+00')") == 1
    condition(connection, "2026-02-20", value=20, **met(None, "2026-02-09T23:00"))
    (award,) = explained(connection)["awards"]
    assert (award["source"], award["activity_id"]) == ("sweep", None)


def test_badges_for_badges_name_what_is_held_and_what_lacks(connection: Connection) -> None:
    first = {"type": "threshold", "activity": "call", "at_least": 1}
    visit = {**first, "activity": "visit"}
    badges: dict[str, Any] = {
        "calls": {"name": "Calls", "category": "work", "criteria": first},
        "visits": {"name": "Visits", "category": "work", "criteria": visit},
        "secret": {"name": "Secret", "category": "work", "hidden": True, "criteria": visit},
        "thanks": {"type": "manual"},
        "badge": {"type": "badges_earned", "badges": ["calls", "visits", "thanks"], "at_least": 2},
        "by_category": {"type": "badges_earned", "category": "work", "at_least": 3},
        "any": {"type": "badges_earned", "at_least": 5},
    }
    apply(connection, rule_set(badges))
    condition(connection, value=0, held=[], missing=["calls", "thanks", "visits"])
    insert(connection, activity("2026-03-01"))
    held = [{"badge_definition_id": "calls", "earned_at": "2026-03-01T12:00:00+00:00"}]
    condition(connection, value=1, remaining=1, held=held, missing=["thanks", "visits"], **NOT_MET)
    (found,) = explained(connection, badge="by_category")["conditions"]
    assert (found["held"], found["missing"]) == (held, ["visits"])
    (found,) = explained(connection, badge="any")["conditions"]
    assert (found["held"], found["missing"]) == (held, ["thanks", "visits"])
    insert(connection, activity("2026-03-02", kind="visit"))
    condition(connection, value=2, missing=["thanks"], **met(None, "2026-03-02T12:00"))
    (found,) = explained(connection, badge="by_category")["conditions"]
    assert (found["verdict"], found["value"], found["missing"]) == ("met", 3, [])
    value(connection, "select badges.award_badge(%s, 'thanks', %s, 'well done')", ANN, ORG)
    condition(connection, value=3, missing=[], verdict="met")


NESTED = {
    "type": "n_of",
    "n": 2,
    "criteria": [
        {"type": "threshold", "activity": "call", "at_least": 2, "id": "calls"},
        {
            "type": "any_of",
            "criteria": [
                {"type": "streak", "unit": "day", "length": 9},
                {"type": "training_completion", "courses": ["a"]},
            ],
        },
        {"type": "threshold", "activity": "visit", "at_least": 1},
    ],
}


CALL = {"type": "threshold", "activity": "call", "at_least": 1}


def test_groups_are_explained_with_their_parts(connection: Connection) -> None:
    given(connection, NESTED)
    insert(connection, activity("2026-03-01"))
    told = explained(connection, "2026-03-01")
    whole, inner = told["groups"]
    assert (whole["kind"], whole["value"], whole["required"], whole["remaining"]) == (
        "n_of",
        0,
        2,
        2,
    )
    assert (whole["verdict"], inner["verdict"], inner["kind"]) == ("not met", "not met", "any_of")
    assert (inner["parent"], inner["required"], inner["path"]) == (0, 1, "$.criteria[1]")
    assert [each["parent"] for each in told["conditions"]] == [0, 2, 2, 0]
    assert told["conditions"][0]["id"] == "calls"
    assert [each["type"] for each in told["conditions"]] == [
        "threshold",
        "streak",
        "training_completion",
        "threshold",
    ]
    assert progress(connection) == (0, 2, 0)
    (trained,) = ids(connection, course("a", "2026-03-02"))
    told = explained(connection, "2026-03-02")
    whole, inner = told["groups"]
    assert (inner["verdict"], inner["came_true_at"]) == ("met", "2026-03-02T12:00:00+00:00")
    assert inner["activity_id"] == trained
    assert (whole["value"], whole["remaining"], whole["verdict"]) == (1, 1, "not met")
    assert progress(connection) == (1, 2, 0.5)
    (at,) = ids(connection, activity("2026-03-03", kind="visit"))
    told = explained(connection, "2026-03-03")
    whole = told["groups"][0]
    assert (whole["value"], whole["remaining"], whole["verdict"]) == (2, 0, "met")
    assert (whole["activity_id"], told["verdict"]) == (at, "earned")
    insert(connection, activity("2026-03-04"))
    assert explained(connection)["groups"][0]["value"] == 3


def test_what_must_not_hold_is_explained(connection: Connection) -> None:
    visits = {"type": "threshold", "activity": "visit", "at_least": 2}
    error = {"type": "threshold", "activity": "error", "at_least": 1}
    barring = {"type": "none_of", "criteria": [error]}
    given(connection, {"type": "all_of", "criteria": [visits, CALL, barring]})
    insert(connection, activity("2026-03-01", kind="visit"), activity("2026-03-01"))
    whole, none = explained(connection)["groups"]
    assert (whole["value"], whole["required"], whole["remaining"]) == (1, 2, 1)
    assert (none["kind"], none["value"], none["verdict"]) == ("none_of", 0, "met")
    assert progress(connection) == (1, 2, 0.5)
    (broken,) = ids(connection, activity("2026-03-02", kind="error"))
    whole, none = explained(connection)["groups"]
    assert (none["value"], none["verdict"], none["activity_id"]) == (1, "not met", broken)
    assert (none["broken_at"], none["came_true_at"]) == ("2026-03-02T12:00:00+00:00", None)
    assert progress(connection) == (0, 2, 0)
    insert(connection, activity("2026-03-03", kind="visit"))
    told = explained(connection)
    whole = told["groups"][0]
    assert (whole["value"], whole["remaining"], whole["verdict"]) == (2, 0, "not met")
    assert (told["verdict"], progress(connection)) == ("not earned", (1, 2, 0.5))
    insert(connection, activity("2026-03-01 13:00", kind="visit"))
    told = explained(connection)
    whole, none = told["groups"]
    assert (whole["verdict"], whole["came_true_at"]) == ("met", "2026-03-01T13:00:00+00:00")
    assert (none["verdict"], told["verdict"]) == ("not met", "earned")


def test_parts_that_never_held_together_do_not_make_a_whole(connection: Connection) -> None:
    high = {"type": "threshold", "measure": "sum", "activity": "points", "at_least": 5}
    given(connection, {"type": "all_of", "criteria": [high, CALL]})
    insert(connection, activity("2026-03-01", kind="points", quantity=5))
    insert(connection, activity("2026-03-02", kind="points", quantity=-5))
    insert(connection, activity("2026-03-03"))
    told = explained(connection)
    (whole,) = told["groups"]
    assert (whole["value"], whole["remaining"], whole["verdict"]) == (2, 0, "not met")
    assert [each["verdict"] for each in told["conditions"]] == ["met", "met"]
    fell = told["conditions"][0]
    assert (fell["value"], fell["target"], fell["remaining"]) == (0, 5, 0)
    assert told["why_not_code"] == "condition_not_met"
    # What holds now counts towards the whole.
    assert progress(connection) == (1, 2, 0.5)


def test_thresholds_tell_their_source_and_version(connection: Connection) -> None:
    badges: dict[str, Any] = {
        "plain": {"type": "threshold", "at_least": 4},
        "run": {"type": "streak", "unit": "day", "length": 7},
        "tiered": {
            "type": "tier",
            "tiers": [{"tier": "a", "at_least": 2}, {"tier": "b", "at_least": 5}],
        },
        "parts": NESTED,
        "some": {"type": "all_of", "criteria": [{**NESTED, "id": "two"}, NESTED["criteria"][2]]},
    }
    numbers = {"plain": 3, "run": 5, "tiered": {"a": 1}, "parts": {"calls": 9}, "some": {"two": 3}}
    apply(connection, rule_set(badges))
    apply(connection, rule_set(badges, {ORG: {"custom_thresholds": numbers}}))

    def told(badge: str) -> list[tuple[Any, ...]]:
        answer = explained(connection, badge=badge)
        assert answer["rule_set_version"] == 2
        return [
            (
                each["target"],
                each["default_target"],
                each["threshold_source"],
                each["since_version"],
            )
            for each in answer["conditions"]
        ]

    assert told("plain") == [(3, 4, "organization", 2)]
    assert told("run") == [(5, 7, "organization", 2)]
    assert told("tiered") == [(1, 2, "organization", 2), (5, 5, "default", 1)]
    assert told("parts")[0] == (9, 2, "organization", 2)
    assert {each[2] for each in told("parts")[1:]} == {"default"}
    groups = explained(connection, badge="some")["groups"]
    assert [
        (each["required"], each["default_target"], each["threshold_source"]) for each in groups
    ] == [
        (2, 2, "default"),
        (3, 2, "organization"),
        (1, 1, "default"),
    ]


def test_of_a_repeated_badge_the_next_occurrence_is_explained(connection: Connection) -> None:
    given(connection, {"type": "threshold", "at_least": 2, "repeat": {"every": 3, "max": 4}})
    made = ids(connection, *[activity(f"2026-03-0{n}") for n in range(1, 7)])
    told = explained(connection)
    assert told["verdict"] == "partly earned"
    assert [
        (each["occurrence"], each["target"], each["value"], each["verdict"], each["activity_id"])
        for each in told["conditions"]
    ] == [(1, 2, 6, "met", made[1]), (2, 5, 6, "met", made[4]), (3, 8, 6, "not met", None)]


def test_a_raw_rule_tells_its_expression(connection: Connection) -> None:
    value(connection, "select badges.set_setting('criteria_raw', 'true')")
    expression = "$.activities.call.count > 1"
    given(connection, {"type": "criteria_raw", "expression": expression, "reason": "why not"})
    insert(connection, activity("2026-03-01"))
    condition(connection, value=0, target=1, expression=expression, reason="why not", **NOT_MET)
    insert(connection, activity("2026-03-02"), activity("2026-03-01"))
    condition(connection, value=1, **met(None, "2026-03-02T12:00"))
    assert progress(connection) == (1, 1, 1)


def test_another_organizations_activities_are_not_told(connection: Connection) -> None:
    apply(
        connection, rule_set({"badge": {"type": "threshold", "at_least": 2}}, {ORG: {}, "hlf": {}})
    )
    insert(connection, activity("2026-03-01", org="hlf"), activity("2026-03-01"))
    condition(connection, value=1, remaining=1)


def test_a_week_begins_where_the_organization_is(connection: Connection) -> None:
    """23:30 UTC on Sunday is Monday in Oslo."""
    given(connection, {"type": "threshold", "window": "week", "at_least": 2})
    insert(connection, activity("2026-03-08 23:30"))
    condition(
        connection, "2026-03-09", current={"from": "2026-03-09", "until": "2026-03-15", "value": 1}
    )


def test_the_session_does_not_change_what_is_told(connection: Connection) -> None:
    given(connection, {"type": "threshold", "window": "week", "at_least": 2})
    insert(connection, activity("2026-03-02"))
    plain = explained(connection, "2026-03-02")
    connection.execute("set datestyle = 'SQL, DMY'; set timezone = 'UTC'; set search_path = ''")
    assert explained(connection, "2026-03-02") == plain


def test_as_of_is_today_where_the_organization_is(connection: Connection) -> None:
    given(connection, {"type": "threshold", "at_least": 2})
    assert explained(connection)["as_of"] == value(
        connection, "select (now() at time zone 'Europe/Oslo')::date::text"
    )
