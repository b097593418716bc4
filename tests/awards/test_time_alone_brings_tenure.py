"""award_due_badges: tenure without an activity, however late, often or after whatever gap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import pytest
from pgmerit.database import Connection

from tests.engine import (
    ANN,
    BEN,
    ORG,
    Row,
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

LASTING = True

Opening = Callable[..., Connection]
OSLO = {ORG: {"time_zone": "Europe/Oslo"}}
YEAR = {"type": "tenure", "activity": "call", "years": 1}
DUE = datetime(2026, 2, 28, 23, tzinfo=UTC)


def sweep(connection: Connection, as_of: str) -> int:
    number: int = value(connection, "select badges.award_due_badges(%s)", as_of)
    return number


def dates(connection: Connection) -> dict[object, datetime]:
    return {each["peer_mentor_id"]: each["earned_at"] for each in awards(connection)}


@pytest.mark.parametrize(
    "sweeps",
    [
        ["2026-02-28 23:00+00"],
        ["2026-02-28 22:59:59.999999+00", "2026-03-01 12:00+00"],
        ["2026-09-01"],
        ["2026-09-01", "2026-03-02", "2026-09-02"],
    ],
    ids=["in time", "too early, then late", "after a gap", "twice and backwards"],
)
def test_the_same_awards_whenever_it_runs(connection: Connection, sweeps: list[str]) -> None:
    apply(connection, rule_set({"year": YEAR}, OSLO))
    insert(connection, activity("2025-03-01 11:00"))
    assert sum(sweep(connection, each) for each in sweeps) == 1
    (award,) = awards(connection)
    assert award["earned_at"] == DUE
    assert (award["source"], award["activity_id"]) == ("sweep", None)
    assert_exact(connection)


def test_any_activity_of_the_person_notices(connection: Connection) -> None:
    apply(connection, rule_set({"year": YEAR}, OSLO))
    insert(connection, activity("2025-03-01"), activity("2026-02-28 22:59", kind="visit"))
    assert awards(connection) == []
    insert(connection, activity("2026-02-28 23:00", kind="visit"))
    assert dates(connection) == {ANN: DUE}
    assert sweep(connection, "2026-09-01") == 0
    assert_exact(connection)


def test_a_late_first_activity_moves_it_back(connection: Connection) -> None:
    apply(connection, rule_set({"year": YEAR}, OSLO))
    insert(connection, activity("2025-03-01"))
    sweep(connection, "2026-09-01")
    insert(connection, activity("2025-02-01"))
    assert dates(connection) == {ANN: datetime(2026, 1, 31, 23, tzinfo=UTC)}
    assert_exact(connection)


@pytest.mark.parametrize(
    ("keys", "first", "due"),
    [
        ({"months": 1}, "2025-01-31", "2025-02-28"),
        ({"years": 1}, "2024-02-29", "2025-02-28"),
        ({"days": 30}, "2025-01-31", "2025-03-02"),
    ],
)
def test_intervals_are_added_as_the_calendar_does(
    connection: Connection, keys: Row, first: str, due: str
) -> None:
    apply(connection, rule_set({"stay": {"type": "tenure", **keys}}))
    insert(connection, activity(first))
    sweep(connection, "2026-01-01")
    assert dates(connection) == {ANN: datetime.fromisoformat(due).replace(tzinfo=UTC)}


def test_a_part_of_a_composed_badge(connection: Connection) -> None:
    both = {"type": "all_of", "criteria": [YEAR, {"type": "threshold", "at_least": 3}]}
    either = {"type": "any_of", "criteria": [YEAR, {"type": "threshold", "at_least": 3}]}
    apply(connection, rule_set({"both": both, "either": either}))
    insert(connection, activity("2025-03-01"), activity("2025-03-02"))
    sweep(connection, "2026-06-01")
    assert [each["badge_definition_id"] for each in awards(connection)] == ["either"]
    # The sweep has seen June: a part that came true before is enough now.
    insert(connection, activity("2025-04-01"))
    assert {each["badge_definition_id"]: each["earned_at"] for each in awards(connection)} == {
        "both": datetime(2026, 3, 1, tzinfo=UTC),
        "either": datetime(2025, 4, 1, 12, tzinfo=UTC),
    }
    assert_exact(connection)


@pytest.mark.parametrize("others", [0, 40], ids=["row by row", "folded"])
def test_a_part_that_fell_due_before_another_dates_the_badge(
    connection: Connection, others: int
) -> None:
    trained = {"type": "training_completion", "courses": ["role"]}
    either = {"type": "any_of", "criteria": [{"type": "tenure", "days": 3}, trained]}
    apply(connection, rule_set({"either": either}))
    insert(
        connection,
        activity("2026-03-01"),
        activity("2026-03-04 04:30", kind="training_completed", attributes={"course": "role"}),
        *[activity("2026-03-01", who=BEN) for _ in range(others)],
    )
    assert dates(connection)[ANN] == moment("2026-03-04", "00:00")
    assert_exact(connection)


def test_revoke_follows_the_first_activity(connection: Connection) -> None:
    apply(
        connection, rule_set({"year": {"name": "Y", "on_unmet": "revoke", "criteria": YEAR}}, OSLO)
    )
    insert(connection, activity("2025-03-01"), activity("2025-08-01"))
    sweep(connection, "2026-06-01")
    connection.execute("delete from badges.activities where activity_date = '2025-03-01'")
    (award,) = rows(connection, "select * from badges.earned_badges")
    assert award["revoked_by"] == "rule"
    sweep(connection, "2026-08-01")
    assert dates(connection) == {ANN: datetime(2026, 7, 31, 22, tzinfo=UTC)}
    assert_exact(connection)


def test_rules_that_come_later_find_who_is_due(connection: Connection) -> None:
    apply(connection, rule_set({}, OSLO))
    insert(connection, activity("2025-03-01"), activity("2025-03-01", who=BEN))
    insert(connection, activity("2026-03-01", who=BEN))
    apply(connection, rule_set({"year": YEAR}, OSLO))
    assert dates(connection) == {BEN: DUE}
    sweep(connection, "2026-09-01")
    assert dates(connection) == {ANN: DUE, BEN: DUE}
    assert_exact(connection)


def test_thousands_in_one_sweep(connection: Connection) -> None:
    apply(connection, rule_set({"year": YEAR}, OSLO))
    people = [person(f"p{number}") for number in range(2500)]
    insert(connection, *[activity("2025-03-01", who=each) for each in people])
    assert sweep(connection, "2026-09-01") == 2500
    assert set(dates(connection).values()) == {DUE}


def test_a_moment_to_come_is_refused(connection: Connection) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="p_as_of"):
        sweep(connection, "2150-01-01")


def test_a_sweep_beside_an_insert_awards_once(connection: Connection, connect: Opening) -> None:
    apply(connection, rule_set({"year": YEAR}, OSLO))
    insert(connection, activity("2025-03-01"))
    one, two = connect(autocommit=False), connect()
    insert(one, activity("2026-03-01", kind="visit"))
    work = in_background(lambda: sweep(two, "2026-09-01"))
    wait_until_blocked(connection, two)
    one.commit()
    assert work.result(timeout=20) == 0
    assert dates(connection) == {ANN: DUE}
    assert rows(connection, "select event_type from badges.award_events") == [
        {"event_type": "awarded"}
    ]
