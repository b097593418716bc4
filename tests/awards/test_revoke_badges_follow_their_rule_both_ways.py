"""on_unmet: revoke: taken back when a correction makes the rule false, given back when true."""

from __future__ import annotations

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
    insert,
    moment,
    rows,
    rule_set,
    value,
)

LASTING = True

CALLS = {"type": "threshold", "activity": "call", "at_least": 2}
SUM = {"type": "threshold", "measure": "sum", "at_least": 10}


def revocable(criteria: Row, on_unmet: str = "revoke") -> Row:
    return {"name": "A badge", "on_unmet": on_unmet, "criteria": criteria}


def every_award(connection: Connection) -> list[Row]:
    """Give all awards, those taken back too."""
    return rows(connection, "select * from badges.earned_badges order by badge_definition_id")


def events(connection: Connection) -> list[str]:
    return [
        each["event_type"]
        for each in rows(connection, "select event_type from badges.award_events order by event_id")
    ]


def forget(connection: Connection, day: str) -> None:
    connection.execute("delete from badges.activities where activity_date = %s", [day])


def test_a_correction_takes_back_and_another_gives_back(connection: Connection) -> None:
    apply(connection, rule_set({"calls": revocable(CALLS)}))
    insert(connection, activity("2026-03-01"), activity("2026-03-02"))
    forget(connection, "2026-03-01")
    (award,) = every_award(connection)
    assert award["revoked_by"] == "rule"
    assert award["revoke_reason"] == "the rule no longer holds"
    assert award["revoked_at"] >= award["granted_at"]
    assert_exact(connection)
    insert(connection, activity("2026-03-09"))
    (award,) = every_award(connection)
    assert (award["revoked_at"], award["revoked_by"], award["revoke_reason"]) == (None, None, None)
    assert award["earned_at"] == moment("2026-03-09")
    assert events(connection) == ["awarded", "revoked", "restored"]
    assert_exact(connection)


def test_keep_never_takes_back(connection: Connection) -> None:
    apply(connection, rule_set({"calls": revocable(CALLS, "keep")}))
    insert(connection, activity("2026-03-01"), activity("2026-03-02"))
    connection.execute("delete from badges.activities")
    (award,) = every_award(connection)
    assert award["revoked_at"] is None
    assert award["earned_at"] == moment("2026-03-02")
    assert events(connection) == ["awarded"]


def test_the_date_moves_both_ways(connection: Connection) -> None:
    apply(connection, rule_set({"calls": revocable(CALLS)}))
    insert(connection, *[activity(f"2026-03-0{day}") for day in (2, 4, 6)])
    forget(connection, "2026-03-04")
    assert every_award(connection)[0]["earned_at"] == moment("2026-03-06")
    insert(connection, activity("2026-03-01"))
    assert every_award(connection)[0]["earned_at"] == moment("2026-03-02")
    assert events(connection) == ["awarded", "redated", "redated"]
    assert_exact(connection)


@pytest.mark.parametrize("at", ["2026-03-01", "2026-03-02"], ids=["before", "the same instant"])
def test_a_late_negative_value_takes_back(connection: Connection, at: str) -> None:
    apply(connection, rule_set({"points": revocable(SUM)}))
    insert(connection, activity("2026-03-02", quantity=10))
    insert(connection, activity(at, quantity=-1))
    assert every_award(connection)[0]["revoked_by"] == "rule"
    insert(connection, activity("2026-03-03", quantity=1))
    assert every_award(connection)[0]["revoked_by"] is None
    assert every_award(connection)[0]["earned_at"] == moment("2026-03-03")
    assert_exact(connection)


def test_a_later_negative_value_takes_nothing_back(connection: Connection) -> None:
    apply(connection, rule_set({"points": revocable(SUM)}))
    insert(connection, activity("2026-03-02", quantity=10))
    insert(connection, activity("2026-03-03", quantity=-9))
    (award,) = every_award(connection)
    assert award["revoked_at"] is None
    assert award["earned_at"] == moment("2026-03-02")
    assert_exact(connection)


def test_truncate_takes_all_of_them_back(connection: Connection) -> None:
    apply(
        connection,
        rule_set({"calls": revocable(CALLS), "kept": revocable(CALLS, "keep")}),
    )
    insert(connection, activity("2026-03-01"), activity("2026-03-02"))
    connection.execute("truncate badges.activities")
    assert {
        each["badge_definition_id"]: each["revoked_by"] for each in every_award(connection)
    } == {
        "calls": "rule",
        "kept": None,
    }


def test_badges_that_count_badges_follow(connection: Connection) -> None:
    two = {"type": "badges_earned", "badges": ["calls", "points"], "at_least": 2}
    document = rule_set(
        {
            "calls": revocable(CALLS),
            "points": revocable(SUM),
            "both": revocable(two),
            "kept": revocable(two, "keep"),
        }
    )
    apply(connection, document)
    insert(connection, *[activity(f"2026-03-0{day}", quantity=5) for day in (1, 2, 3)])
    forget(connection, "2026-03-01")
    assert {each["earned_at"] for each in every_award(connection) if not each["revoked_at"]} == {
        moment("2026-03-02"),
        moment("2026-03-03"),
    }
    forget(connection, "2026-03-03")
    revoked = [
        each["badge_definition_id"] for each in every_award(connection) if each["revoked_at"]
    ]
    assert sorted(revoked) == ["both", "calls", "points"]
    insert(connection, activity("2026-03-04", quantity=5))
    assert not [each for each in every_award(connection) if each["revoked_at"]]
    assert_exact(connection)


def test_a_person_s_revocation_is_not_undone_by_the_rule(connection: Connection) -> None:
    apply(connection, rule_set({"calls": revocable(CALLS)}))
    insert(connection, activity("2026-03-01"), activity("2026-03-02"))
    value(connection, "select badges.revoke_badge(%s, 'calls', %s, 'by mistake')", ANN, ORG)
    forget(connection, "2026-03-01")
    insert(connection, activity("2026-03-01"))
    rows(connection, "select * from badges.evaluate_badges(%s, %s)", ANN, ORG)
    (award,) = every_award(connection)
    assert (award["revoked_by"], award["revoke_reason"]) == ("person", "by mistake")
    assert events(connection) == ["awarded", "revoked"]


def test_an_award_by_hand_is_not_taken_by_the_rule(connection: Connection) -> None:
    apply(connection, rule_set({"calls": revocable(CALLS)}))
    value(connection, "select badges.award_badge(%s, 'calls', %s, 'deserved')", ANN, ORG)
    insert(connection, activity("2026-03-01"))
    forget(connection, "2026-03-01")
    (award,) = every_award(connection)
    assert (award["source"], award["revoked_at"]) == ("manual", None)


def test_a_raised_threshold_takes_back_and_a_disabled_badge_keeps(connection: Connection) -> None:
    apply(connection, rule_set({"calls": revocable(CALLS)}))
    insert(connection, activity("2026-03-01"), activity("2026-03-02"))
    off = {**revocable({**CALLS, "at_least": 3}), "active": False}
    apply(connection, rule_set({"calls": off}), allow_revoke=True)
    assert every_award(connection)[0]["revoked_at"] is None
    apply(connection, rule_set({"calls": {**off, "active": True}}), allow_revoke=True)
    (award,) = every_award(connection)
    assert award["revoked_by"] == "rule"
    assert rows(
        connection,
        "select source, is_delivered_by_default from badges.award_events"
        " where event_type = 'revoked'",
    ) == [{"source": "backfill", "is_delivered_by_default": False}]
    insert(connection, activity("2026-03-03"))
    (award,) = every_award(connection)
    assert (award["revoked_at"], award["threshold"], award["rule_set_version"]) == (None, 3, 3)
    assert_exact(connection)


def test_undoing_the_rule_that_took_gives_back(connection: Connection) -> None:
    kept = rule_set({"calls": revocable(CALLS, "keep")})
    apply(connection, kept)
    insert(connection, activity("2026-03-01"), activity("2026-03-02"))
    harder = rule_set({"calls": revocable({**CALLS, "at_least": 3})})
    apply(connection, harder, allow_revoke=True)
    assert every_award(connection)[0]["revoked_by"] == "rule"
    planned = value(connection, "select badges.plan_rule_set(%s)::text", Jsonb(kept))
    assert str(ANN) in planned
    apply(connection, kept)
    (award,) = every_award(connection)
    assert (award["revoked_at"], award["earned_at"]) == (None, moment("2026-03-02"))
    assert events(connection) == ["awarded", "revoked", "restored"]
    assert_exact(connection)
