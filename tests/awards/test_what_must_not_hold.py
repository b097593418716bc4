"""none_of: a badge is satisfied while its other parts hold and none of these does."""

from __future__ import annotations

from typing import Any

import pytest
from pgmerit.database import Connection

from tests.awards.test_what_one_activity_decides_is_awarded_at_once import decided
from tests.engine import (
    ANN,
    BEN,
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

SHIFTS = {"type": "threshold", "activity": "shift", "at_least": 3}
ERROR = {"type": "threshold", "activity": "error", "at_least": 1}
AGAIN = SHIFTS | {"at_least": 1, "repeat": {"every": 1, "max": 3}}
FILLERS = [activity(f"2025-01-{1 + n % 28:02}", kind="other") for n in range(40)]


def clean(*parts: Any, broken: Any = (ERROR,), **badge: Any) -> dict[str, Any]:
    """Give a badge of parts that must hold, and of those that must not."""
    whole = [*(parts or (SHIFTS,)), {"type": "none_of", "criteria": list(broken)}]
    criteria = {"type": "all_of", "criteria": whole}
    return {"name": "Clean", "on_unmet": "revoke", **badge, "criteria": criteria}


def earned(connection: Connection, badge: str = "clean") -> str | None:
    """Give the day since which a badge is held, None where it is not."""
    days = [
        f"{each['earned_at']:%m-%d}"
        for each in awards(connection, ANN)
        if each["badge_definition_id"] == badge
    ]
    return days[0] if days else None


def shifts(*days: int) -> list[tuple[Any, ...]]:
    return [activity(f"2026-03-{day:02}", kind="shift") for day in days]


def errors(*days: int) -> list[tuple[Any, ...]]:
    return [activity(f"2026-03-{day:02}", kind="error") for day in days]


def told(connection: Connection) -> list[str]:
    query = "select event_type from badges.award_events where event_type <> 'redated'"
    return [each["event_type"] for each in rows(connection, f"{query} order by event_id")]


@pytest.mark.parametrize("more", [[], FILLERS], ids=["one by one", "folded"])
@pytest.mark.parametrize(
    ("history", "since"),
    [
        (shifts(1, 2, 3), "03-03"),
        (shifts(1, 2, 3) + errors(4), "03-03"),
        (shifts(1, 2, 3) + errors(3), None),
        (shifts(1, 2, 4) + errors(3), None),
        (errors(3), None),
    ],
)
def test_it_is_earned_at_the_first_moment_before_it_is_broken(
    connection: Connection, history: list[tuple[Any, ...]], since: str | None, more: Any
) -> None:
    apply(connection, rule_set({"clean": clean(), "kept": clean(on_unmet="keep")}))
    insert(connection, *history, *more)
    assert (earned(connection), earned(connection, "kept")) == (since, since)
    assert_exact(connection)


@pytest.mark.parametrize("late", [errors(1), errors(3), errors(1) * 2 + FILLERS])
def test_what_comes_late_takes_back_what_can_be_revoked(connection: Connection, late: Any) -> None:
    apply(connection, rule_set({"clean": clean(), "kept": clean(on_unmet="keep")}))
    insert(connection, *shifts(1, 2, 3, 4))
    insert(connection, *late)
    assert (earned(connection), earned(connection, "kept")) == (None, "03-03")
    connection.execute("delete from badges.activities where activity_type = 'error'")
    assert (earned(connection), earned(connection, "kept")) == ("03-03", "03-03")
    assert told(connection) == ["awarded", "awarded", "revoked", "restored"]
    assert_exact(connection)


def test_a_late_part_may_come_true_before_it_was_broken(connection: Connection) -> None:
    """It crosses nothing: by now the other parts held already, too late."""
    apply(connection, rule_set({"clean": clean(), "kept": clean(on_unmet="keep")}))
    insert(connection, *shifts(1, 2))
    insert(connection, *errors(5))
    insert(connection, *shifts(6))
    assert earned(connection) is None
    insert(connection, *shifts(3))
    assert (earned(connection), earned(connection, "kept")) == ("03-03", "03-03")
    assert_exact(connection)


def test_what_comes_at_the_very_moment_takes_it_back(connection: Connection) -> None:
    """It is in order, and no earlier than the award."""
    apply(connection, rule_set({"clean": clean()}))
    insert(connection, *shifts(1, 2, 3))
    insert(connection, *errors(3))
    assert earned(connection) is None
    assert_exact(connection)


def test_a_late_activity_that_can_decide_nothing_is_no_look_at_the_past(
    connection: Connection,
) -> None:
    apply(connection, rule_set({"clean": clean()}))
    insert(connection, *shifts(1, 2, 3, 8))
    assert decided(connection, *shifts(5), *errors(9, 7)) == 0
    insert(connection, activity("2026-03-01", who=BEN, kind="error"))
    insert(connection, *[activity(f"2026-03-{d:02}", who=BEN, kind="shift") for d in (2, 3, 8)])
    assert decided(connection, activity("2026-03-05", who=BEN, kind="shift")) == 0
    assert_exact(connection)


def test_a_later_one_of_what_broke_it_already_changes_nothing(connection: Connection) -> None:
    apply(connection, rule_set({"clean": clean()}))
    insert(connection, *shifts(1, 2, 3))
    for batch in (errors(5), errors(6), errors(4), shifts(2)):
        insert(connection, *batch)
    assert earned(connection) == "03-02"
    insert(connection, *errors(2))
    assert earned(connection) is None
    assert_exact(connection)


@pytest.mark.parametrize("change", ["delete from", "update"])
def test_what_is_kept_is_awarded_once_nothing_breaks_it(
    connection: Connection, change: str
) -> None:
    apply(connection, rule_set({"clean": clean(on_unmet="keep")}))
    insert(connection, *errors(2), *shifts(1, 2, 3))
    assert earned(connection) is None
    moved = "set activity_type = 'other'" if change == "update" else ""
    connection.execute(f"{change} badges.activities {moved} where activity_type = 'error'".encode())
    assert earned(connection) == "03-03"
    assert_exact(connection)


def test_a_year_without_is_dated_by_the_year(connection: Connection) -> None:
    """The sweep sees the day before what happened before it is registered."""
    apply(connection, rule_set({"clean": clean({"type": "tenure", "days": 10})}))
    insert(connection, *shifts(1))
    value(connection, "select badges.award_due_badges(%s)", moment("2026-03-12"))
    assert earned(connection) == "03-11"
    insert(connection, activity("2026-03-11 00:00", kind="error"))
    assert earned(connection) is None
    connection.execute(
        "update badges.activities set occurred_at = occurred_at + interval '1 h'"
        " where activity_type = 'error'"
    )
    assert earned(connection) == "03-11"
    assert_exact(connection)


def test_a_tenure_breaks_it_as_well(connection: Connection) -> None:
    apply(connection, rule_set({"clean": clean(broken=[{"type": "tenure", "days": 10}])}))
    insert(connection, *shifts(1, 2))
    value(connection, "select badges.award_due_badges(%s)", moment("2026-03-12"))
    insert(connection, *shifts(12))
    assert earned(connection) is None
    insert(connection, *shifts(9))
    assert earned(connection) == "03-09"
    after = [activity(f"2026-03-{day:02}", who=BEN, kind="shift") for day in (1, 12, 13)]
    others = [activity(f"2026-03-{1 + n % 28:02}", who=BEN, kind="other") for n in range(40)]
    insert(connection, *after, *others)
    assert awards(connection, BEN) == []
    assert_exact(connection)


def test_what_breaks_may_itself_be_broken(connection: Connection) -> None:
    """An error counts unless it was mended before: then the badge holds from the mending on."""
    mended = {"type": "threshold", "activity": "mended", "at_least": 1}
    open_error = {"type": "all_of", "criteria": [ERROR, {"type": "none_of", "criteria": [mended]}]}
    apply(connection, rule_set({"clean": clean(broken=[open_error])}))
    insert(connection, *errors(2), *shifts(1, 2, 3))
    assert earned(connection) is None
    insert(connection, activity("2026-03-08", kind="mended"))
    assert earned(connection) == "03-08"
    insert(connection, activity("2026-03-05", kind="mended"))
    assert earned(connection) == "03-05"
    insert(connection, activity("2026-03-02 11:00", kind="mended"))
    assert earned(connection) == "03-03"
    assert_exact(connection)


def test_a_value_that_fell_breaks_it_no_longer(connection: Connection) -> None:
    much = {"type": "threshold", "measure": "sum", "activity": "points", "at_least": 5}
    apply(connection, rule_set({"clean": clean(broken=[much])}))
    insert(connection, activity("2026-03-01", kind="points", quantity=6), *shifts(1, 2, 3))
    assert earned(connection) is None
    insert(connection, activity("2026-03-07", kind="points", quantity=-2))
    assert earned(connection) == "03-07"
    insert(connection, activity("2026-03-06", kind="points", quantity=-2), *FILLERS)
    assert earned(connection) == "03-06"
    assert_exact(connection)


def test_badges_that_count_badges_come_before_it_is_broken(connection: Connection) -> None:
    visits = {"type": "threshold", "activity": "visit", "at_least": 2}
    counting = {"type": "badges_earned", "badges": ["visits"]}
    rules = {"visits": visits, "clean": clean(counting), "kept": clean(counting, on_unmet="keep")}
    apply(connection, rule_set(rules))
    for day, kind in ((1, "visit"), (5, "error"), (6, "visit")):
        insert(connection, activity(f"2026-03-{day:02}", kind=kind))
    assert earned(connection) is None
    insert(connection, activity("2026-03-03", kind="visit"))
    assert (earned(connection), earned(connection, "kept")) == ("03-03", "03-03")
    assert_exact(connection)


def test_another_number_of_what_breaks_it_is_looked_at_anew(connection: Connection) -> None:
    apply(connection, rule_set({"clean": clean()}))
    insert(connection, *errors(2), *shifts(1, 2, 3))
    assert earned(connection) is None
    looser = clean(broken=[{**ERROR, "at_least": 2}])
    apply(connection, rule_set({"clean": looser}))
    assert earned(connection) == "03-03"
    apply(connection, rule_set({"clean": clean()}), allow_revoke=True)
    assert earned(connection) is None
    assert_exact(connection)


def test_an_all_of_that_turns_one_part_into_what_must_not_hold_is_another_rule(
    connection: Connection,
) -> None:
    """any_of of both, and all_of of one without the other, need one part each."""
    either = {"type": "any_of", "criteria": [SHIFTS, {"type": "any_of", "criteria": [ERROR]}]}
    apply(connection, rule_set({"clean": {**clean(), "criteria": either}}))
    insert(connection, *errors(2), *shifts(1, 2, 3))
    assert earned(connection) == "03-02"
    apply(connection, rule_set({"clean": clean()}), allow_revoke=True)
    assert earned(connection) is None
    assert_exact(connection)


def test_its_places_go_to_those_who_did_not_break_it(connection: Connection) -> None:
    apply(connection, rule_set({"tours": {**ERROR, "activity": "tour"}}))
    insert(connection, *errors(1), *shifts(1, 2, 3))
    insert(connection, *[activity(f"2026-03-{d:02}", who=BEN, kind="shift") for d in (4, 5, 6)])
    apply(connection, rule_set({"clean": clean(limit={"first": 1})}))
    assert [each["peer_mentor_id"] for each in awards(connection)] == [BEN]


def test_a_badge_that_was_earned_several_times_may_come_to_have_it(connection: Connection) -> None:
    apply(connection, rule_set({"clean": AGAIN}))
    insert(connection, *shifts(2, 3))
    assert len(awards(connection, ANN)) == 2
    apply(connection, rule_set({"clean": clean(on_unmet="keep")}))
    insert(connection, *shifts(1))
    insert(connection, *errors(1))
    assert len(awards(connection, ANN)) == 2
    assert_exact(connection)


def test_another_rule_of_its_slug_is_explained(connection: Connection) -> None:
    raw = {"type": "criteria_raw", "expression": "$.activities.shift.count > 1", "reason": "a test"}
    connection.execute("select badges.set_setting('criteria_raw', 'true')")
    apply(connection, rule_set({"clean": AGAIN}))
    insert(connection, *shifts(2, 3))
    apply(connection, rule_set({"clean": raw}))
    told = value(connection, "select badges.explain_badge(%s, 'clean', 'nhf')", ANN)
    assert len(told["awards"]) == 2
