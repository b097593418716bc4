"""on, excused_by and closed_days: days that do not exist, units that are passed over."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import (
    ANN,
    ORG,
    Row,
    activity,
    apply,
    assert_exact,
    awards,
    insert,
    moment,
    person,
    rows,
    rule_set,
    value,
)

LASTING = True

WORKING = ["mon", "tue", "wed", "thu", "fri"]
STEADY = {
    "type": "streak",
    "activity": "visit",
    "unit": "day",
    "on": {"weekdays": WORKING, "closed_days": False},
    "excused_by": {"activity": "absence", "where": {"reason": "illness"}},
    "length": 4,
}


def visits(who: str, *days: str) -> list[Any]:
    """Give a visit on each day of March 2026, of which the 2nd is a Monday."""
    return [activity(f"2026-03-{day}", who=person(who), kind="visit") for day in days]


def absence(day: str, reason: str = "illness", at: str = "08:00") -> Any:
    """Give an absence of Ann's."""
    moment_of = moment(f"2026-03-{day}", at)
    return activity(moment_of, kind="absence", attributes={"reason": reason})


def document(closed: list[str], **badge: Any) -> Row:
    """Give a rule set of the one badge."""
    organizations = {ORG: {"time_zone": "UTC", "closed_days": closed}}
    return rule_set({"steady": {"name": "Steady", "criteria": STEADY, **badge}}, organizations)


def held(connection: Connection) -> list[Any]:
    """List who holds the badge, and since which hour."""
    return [
        (each["peer_mentor_id"], str(each["earned_at"])[:13])
        for each in awards(connection)
        if each["revoked_at"] is None
    ]


def explained(connection: Connection, day: str) -> Row:
    """Give what explain_badge tells of the one condition on a day."""
    told = value(
        connection,
        "select badges.explain_badge(%s, 'steady', %s, %s)",
        ANN,
        ORG,
        date.fromisoformat(day),
    )
    condition: Row = told["conditions"][0]
    return condition


def test_a_missed_working_day_breaks_and_a_weekend_does_not(connection: Connection) -> None:
    ten = {"type": "streak", "activity": "visit", "unit": "day", "on": {"weekdays": WORKING}}
    apply(connection, rule_set({"ten": ten | {"length": 10}}))
    weekdays = [f"{day:02}" for day in range(2, 28) if date(2026, 3, day).weekday() < 5]
    some = [day for day in weekdays if date(2026, 3, int(day)).weekday() in (0, 3, 4)]
    insert(
        connection,
        *visits("every", *weekdays[:10]),
        *visits("some", *some),
        *visits("missed", *(day for day in weekdays[:13] if day != "11")),
    )
    assert held(connection) == [(person("every"), "2026-03-13 12")]


def test_an_excuse_joins_runs_when_it_comes_and_parts_them_when_it_goes(
    connection: Connection,
) -> None:
    apply(connection, document([], on_unmet="revoke"))
    insert(connection, *visits("ann", "04", "05", "06", "10", "11"))
    insert(connection, absence("07"), absence("08"), absence("09", "holiday"))
    assert held(connection) == []
    connection.execute(
        'update badges.activities set attributes = \'{"reason": "illness"}\''
        " where attributes ->> 'reason' = 'holiday'"
    )
    assert held(connection) == [(ANN, "2026-03-10 12")]
    connection.execute("delete from badges.activities where activity_date = '2026-03-09'")
    assert held(connection) == []
    insert(connection, absence("09", at="23:00"))
    assert held(connection) == [(ANN, "2026-03-10 12")]
    # Told on Tuesday after the visit, of Monday: the run is complete only then.
    for change in ("occurred_at = '2026-03-10 13:00Z'", "activity_date = '2026-03-09'"):
        connection.execute(
            f"update badges.activities set {change}"
            " where activity_type = 'absence' and activity_date > '2026-03-08'".encode()
        )
    assert held(connection) == [(ANN, "2026-03-10 13")]
    assert_exact(connection)


def test_an_explanation_tells_what_was_passed_over(connection: Connection) -> None:
    apply(connection, document(["2026-03-09", "03-10"]))
    insert(connection, *visits("ann", "05", "06"), absence("11"), *visits("ann", "12"))
    on_friday = explained(connection, "2026-03-13")
    assert on_friday["run"] | {"unit": "day"} == {
        "unit": "day",
        "longest": 3,
        "current": 3,
        "first": "2026-03-05",
        "last": "2026-03-12",
        "alive_until": "2026-03-13",
        "excused": ["2026-03-11"],
        "closed": ["2026-03-09", "2026-03-10"],
    }
    assert (on_friday["now"]["exists"], on_friday["now"]["is_excused"]) == (True, False)
    on_saturday = explained(connection, "2026-03-14")
    assert (on_saturday["run"]["current"], on_saturday["now"]["exists"]) == (0, False)
    insert(connection, absence("13"))
    on_sunday = explained(connection, "2026-03-15")
    assert on_sunday["run"]["alive_until"] == "2026-03-16"
    assert explained(connection, "2026-03-17")["run"]["current"] == 0
    for query in ("get_badge_progress(%s, %s, %s)", "list_progress(%s, %s)"):
        person_of = (ANN,) if query.startswith("get") else ()
        for day, run in (("2026-03-16", 3), ("2026-03-17", 0)):
            found = rows(
                connection,
                f"select current from badges.{query}",
                *person_of,
                ORG,
                date.fromisoformat(day),
            )
            assert [int(each["current"]) for each in found] == [run], (query, day)


def test_another_list_of_closed_days_is_another_rule(connection: Connection) -> None:
    apply(connection, document([]))
    insert(connection, *visits("ann", "05", "06", "10", "11"))
    assert held(connection) == []
    closed = document(["2026-03-09"])
    plan = value(connection, "select badges.plan_rule_set(%s)", Jsonb(closed))
    assert [each["key"] for each in plan["changes"]] == ["closed_days"]
    assert [each["awarded"]["people"] for each in plan["effects"]] == [1]
    apply(connection, closed)
    assert held(connection) == [(ANN, "2026-03-11 12")]
    apply(connection, document([]))
    assert held(connection) == [(ANN, "2026-03-11 12")]
    assert_exact(connection)


@pytest.mark.parametrize(
    "on",
    [
        {"weekdays": [1, 2, 3, 4, 5], "closed": ["02-29", "12-25", "2024-01-02", "2024-02-28"]},
        {"weekdays": [6, 7]},
        {"weekdays": [3], "closed": ["02-29", "01-01"]},
        {"closed": ["01-01", "02-29", "2023-12-31"]},
    ],
)
def test_days_between_are_counted_as_they_are_listed(connection: Connection, on: Row) -> None:
    """By brute force: turns of years, a leap day, spans that begin and end on any weekday."""
    first = date(2023, 12, 20)
    days = [first + timedelta(days=place) for place in range(430)]
    exists = [
        day.isoweekday() in on.get("weekdays", range(1, 8))
        and not any(day.isoformat().endswith(each) for each in on.get("closed", ()))
        for day in days
    ]
    found = rows(
        connection,
        """
        select since.place as since, later.place as later, badges_internal._missed_units(
            'day', %s + since.place, %s + later.place, %s
        ) as missed
        from generate_series(0, 14, 2) as since (place)
        cross join generate_series(0, 429, 7) as later (place)
        where later.place > since.place
        """,
        first,
        first,
        json.dumps(on),
    )
    wrong = [
        each for each in found if each["missed"] != sum(exists[each["since"] + 1 : each["later"]])
    ]
    assert wrong == []
