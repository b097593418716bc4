from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from pgmerit import routines
from pgmerit.database import Connection

from tests.engine import ANN, BEN, activity, apply, insert, moment, rule_set

LASTING = True

A_DAY = date(2026, 4, 20)
WITHIN_GRACE = date(2026, 3, 18)
HOME, AWAY = "home", "away"
BADGES: dict[str, Any] = {
    "calls": {"type": "threshold", "activity": "call", "at_least": 4},
    "hours": {
        "type": "tier",
        "measure": "sum",
        "tiers": [{"tier": "low", "at_least": 2.5}, {"tier": "high", "at_least": 9}],
    },
    "again": {"type": "threshold", "at_least": 2, "repeat": {"every": 3, "max": 4}},
    "month": {"type": "threshold", "window": "month", "at_least": 6},
    "weeks": {
        "type": "threshold",
        "window": "week",
        "at_least": 2,
        "repeat": {"each": "window", "max": 4},
    },
    "a_day": {"type": "threshold", "cap": {"per": "day", "at": 1}, "at_least": 5},
    "lately": {"type": "threshold", "window": {"rolling_days": 3}, "at_least": 4},
    "kinds": {"type": "threshold", "measure": "distinct", "field": "kind", "at_least": 2},
    "daily": {"type": "streak", "unit": "day", "length": 4},
    "weekly": {"type": "streak", "unit": "week", "grace": 1, "length": 5},
    "open_days": {
        "type": "streak",
        "unit": "day",
        "on": {"weekdays": ["mon", "tue", "wed", "thu", "fri"]},
        "excused_by": {"activity": "visit"},
        "length": 9,
    },
    "full_weeks": {"type": "streak", "unit": "week", "per_unit": {"at_least": 3}, "length": 2},
    "row": {"type": "in_a_row", "qualify": {"kind": "a"}, "length": 12},
    "mostly": {"type": "share", "qualify": {"kind": "a"}, "at_least": 0.95, "of_at_least": 3},
    "of_three": {"type": "share", "qualify": {"kind": "b"}, "at_least": 0.5, "of_last": 3},
    "long": {"type": "tenure", "months": 2},
    "short": {"type": "tenure", "days": 3, "repeat": {"max": 3}},
    "course": {"type": "training_completion", "courses": ["a", "b"]},
    "some": {"type": "badges_earned", "at_least": 3},
    "listed": {"type": "badges_earned", "badges": ["calls", "daily"]},
    "both": {
        "type": "all_of",
        "criteria": [
            {"type": "threshold", "activity": "call", "at_least": 2},
            {
                "type": "any_of",
                "criteria": [
                    {"type": "tenure", "days": 4},
                    {"type": "threshold", "activity": "visit", "at_least": 9},
                ],
            },
            {"type": "streak", "unit": "day", "length": 9},
        ],
    },
    "hidden": {"name": "Hidden", "hidden": True, "criteria": {"type": "threshold", "at_least": 5}},
    "thanks": {"type": "manual"},
}
SHARED = (
    "org_id, peer_mentor_id, badge_definition_id, tier, occurrence, name, current, target,"
    " fraction, earned_at"
)


def document(**badges: Any) -> dict[str, Any]:
    away = {"day_starts": "04:00", "week_starts": "saturday"}
    return rule_set({**BADGES, **badges}, {HOME: {"time_zone": "Europe/Oslo"}, AWAY: away})


def with_people(connection: Connection) -> None:
    apply(connection, document())
    days = [moment("2026-03-01", "21:30") + timedelta(days=n) for n in range(9)]
    insert(
        connection,
        *(activity(day, org=HOME, attributes={"kind": "a"}) for day in days),
        activity("2026-04-19 12:00", org=HOME, kind="visit", attributes={"kind": "b"}),
        *(activity(day, who=BEN, org=AWAY, quantity=2) for day in days[::2]),
        *(activity(day, who=BEN, org=HOME, kind="visit") for day in days[:3]),
    )
    routines.award_badge(connection, ANN, "thanks", HOME, "for all")
    routines.award_badge(connection, BEN, "again", AWAY, "first")
    routines.revoke_badge(connection, BEN, "again", AWAY, "by mistake")


def differences(connection: Connection, org_id: str | None, as_of: date | None) -> list[Any]:
    """Compare both; hidden badges that a person has not earned are listed of everybody alone."""
    query = f"""
        with everybody as (select * from badges.list_progress(%(org)s, %(as_of)s, 'nb')),
        each as (
            select person.org_id, person.peer_mentor_id, progress.*
            from (select distinct org_id, peer_mentor_id from badges.peer_mentor_stats) as person
            cross join lateral badges.get_badge_progress(
                peer_mentor_id, org_id, %(as_of)s, 'nb'
            ) as progress
            where org_id = coalesce(%(org)s, org_id)
        )
        (
            select {SHARED} from everybody where badge_definition_id <> 'hidden' or fraction = 1
            except all select {SHARED} from each
        )
        union all
        (select {SHARED} from each except all select {SHARED} from everybody)
        """
    return connection.execute(query.encode(), {"org": org_id, "as_of": as_of}).fetchall()


def test_progress_of_everybody_is_that_of_each(connection: Connection) -> None:
    with_people(connection)
    assert differences(connection, None, None) == []
    assert differences(connection, None, WITHIN_GRACE) == []
    assert differences(connection, HOME, A_DAY) == []
    # What is held stays, whatever became of the rule: fewer occurrences, other tiers, no badge.
    fewer = {"type": "threshold", "at_least": 2, "repeat": {"every": 3, "max": 2}}
    tiers = {"type": "tier", "measure": "sum", "tiers": [{"tier": "new", "at_least": 4}]}
    apply(connection, document(again=fewer, hours=tiers, kinds={"type": "manual"}))
    assert differences(connection, None, date(2026, 3, 10)) == []


def test_progress_of_everybody_tells_what_is_counted_and_of_hidden_badges(
    connection: Connection,
) -> None:
    with_people(connection)
    found = routines.list_progress(connection, HOME, A_DAY)
    assert {row["org_id"] for row in found} == {HOME}
    by_badge = {(row["badge_definition_id"], row["peer_mentor_id"]): row for row in found}
    calls, hidden = (by_badge[badge, BEN] for badge in ("calls", "hidden"))
    both = by_badge["both", ANN]
    assert (calls["stat"], calls["measure"], calls["current"]) == ("=call", "count", 0)
    assert (hidden["current"], hidden["target"], hidden["earned_at"]) == (3, 5, None)
    assert (both["stat"], both["measure"], both["current"]) == (None, None, 3)
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match='"no" does not exist'):
        routines.list_progress(connection, "no")
