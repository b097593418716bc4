from __future__ import annotations

from typing import Any

import psycopg
import pytest
from pgmerit import routines
from pgmerit.database import Connection

from tests.engine import (
    ANN,
    ORG,
    activity,
    apply,
    assert_exact,
    badge_ids,
    insert,
    rows,
    rule_set,
    value,
)

LASTING = True

RULES = {
    "calls": {"type": "threshold", "activity": "call", "at_least": 1},
    "by_hand": {"type": "manual"},
    "tiered": {
        "type": "tier",
        "tiers": [{"tier": "a", "at_least": 2}, {"tier": "b", "at_least": 9}],
    },
    "counting": {"type": "badges_earned", "badges": ["by_hand", "calls"]},
}


def _ready(connection: Connection) -> None:
    apply(connection, rule_set(RULES))


PREPARED = {"ready": _ready}


@pytest.fixture
def ready(connection: Connection) -> Connection:
    return connection


def award(connection: Connection, badge: str, tier: str | None = None, org: str = ORG) -> Any:
    query = "select badges.award_badge(%s, %s, %s, 'because', %s)"
    return value(connection, query, ANN, badge, org, tier)


def revoke(connection: Connection, badge: str, tier: str | None = None) -> Any:
    query = "select badges.revoke_badge(%s, %s, %s, 'mistake', %s)"
    return value(connection, query, ANN, badge, ORG, tier)


def deny(connection: Connection, badge: str, tier: str | None = None) -> Any:
    query = "select badges.deny_badge(%s, %s, %s, 'unfit', %s)"
    return value(connection, query, ANN, badge, ORG, tier)


def allow(connection: Connection, badge: str, tier: str | None = None) -> Any:
    query = "select badges.allow_badge(%s, %s, %s, 'fit again', %s)"
    return value(connection, query, ANN, badge, ORG, tier)


def events(connection: Connection) -> list[tuple[str, str]]:
    return [
        (each["event_type"], each["badge_definition_id"])
        for each in rows(connection, "select * from badges.award_events order by event_id")
    ]


def test_awarding_gives_the_row_and_that_it_changed(ready: Connection) -> None:
    told = award(ready, "by_hand")
    assert told["changed"] is True
    made = told["award"]
    assert (made["badge_definition_id"], made["source"], made["tier"]) == ("by_hand", "manual", "")
    assert (made["revoked_at"], made["activity_id"], made["threshold"]) == (None, None, None)
    assert made["idempotency_key"] == value(
        ready, "select badges.derive_idempotency_key(%s, 'by_hand', %s)", ANN, ORG
    )
    again = award(ready, "by_hand")
    assert again == {"award": made, "changed": False}
    (event,) = rows(ready, "select * from badges.award_events")
    assert (event["event_type"], event["source"]) == ("awarded", "manual")
    assert event["details"]["reason"] == "because"
    assert event["details"]["by"] == value(ready, "select session_user")


def test_a_revoked_award_is_restored_by_awarding_it(ready: Connection) -> None:
    award(ready, "by_hand")
    told = revoke(ready, "by_hand")
    assert told["changed"] is True
    assert (told["award"]["revoked_by"], told["award"]["revoke_reason"]) == ("person", "mistake")
    assert revoke(ready, "by_hand")["changed"] is False
    restored = award(ready, "by_hand")
    assert restored["changed"] is True
    assert restored["award"]["revoked_at"] is None
    assert [each for each, _ in events(ready)] == ["awarded", "revoked", "restored"]


def test_a_tier_that_is_no_more_is_taken_back_from_who_has_it(ready: Connection) -> None:
    insert(ready, activity("2026-03-01"), activity("2026-03-02"))
    fewer = {**RULES, "tiered": {"type": "tier", "tiers": [{"tier": "b", "at_least": 9}]}}
    apply(ready, rule_set(fewer))
    assert "tiered" in badge_ids(ready)
    assert revoke(ready, "tiered", "a")["changed"] is True
    assert "tiered" not in badge_ids(ready)
    for verb in (award, deny):
        with pytest.raises(psycopg.Error, match='has no tier "a"'):
            verb(ready, "tiered", "a")


def test_revoking_what_is_not_held_changes_nothing(ready: Connection) -> None:
    assert revoke(ready, "by_hand") == {"award": None, "changed": False}
    assert events(ready) == []


def test_what_a_person_revoked_no_rule_gives_again(ready: Connection) -> None:
    insert(ready, activity("2026-03-01"))
    revoke(ready, "calls")
    insert(ready, activity("2026-03-02"), activity("2026-02-01"))
    rows(ready, "select * from badges.evaluate_badges(%s, %s)", ANN, ORG)
    assert badge_ids(ready) == ["tiered"]
    assert_exact(ready)


def test_badges_that_count_badges_follow(ready: Connection) -> None:
    insert(ready, activity("2026-03-01"))
    award(ready, "by_hand")
    assert badge_ids(ready) == ["by_hand", "calls", "counting"]
    new = "select badge_definition_id from badges.new_badges()"
    with ready.transaction():
        revoke(ready, "counting")
        award(ready, "counting")
        assert [each["badge_definition_id"] for each in rows(ready, new)] == ["counting"]


def test_a_held_badge_meets_the_rule_already(ready: Connection) -> None:
    award(ready, "calls")
    insert(ready, activity("2026-03-01"))
    (held,) = rows(ready, "select * from badges.earned_badges")
    assert held["source"] == "manual"
    assert events(ready) == [("awarded", "calls")]


@pytest.mark.parametrize(
    ("badge", "tier", "org", "code", "said"),
    [
        ("by_hand", None, "no", "23503", '"no" does not exist'),
        ("no", None, ORG, "22023", '"no" does not exist in organization'),
        ("by_hand", "a", ORG, "22023", 'has no tier "a"'),
        ("tiered", "c", ORG, "22023", 'has no tier "c"'),
        ("tiered", None, ORG, "22023", 'has no tier ""'),
    ],
)
def test_unknown_names_are_errors(
    ready: Connection, badge: str, tier: str | None, org: str, code: str, said: str
) -> None:
    routines_here = ["award_badge", "revoke_badge"]
    if badge != "tiered" or tier is not None:
        routines_here += ["deny_badge", "allow_badge"]
    for routine in routines_here:
        with pytest.raises(psycopg.Error) as caught:
            value(ready, f"select badges.{routine}(%s, %s, %s, 'x', %s)", ANN, badge, org, tier)
        assert caught.value.sqlstate == code
        assert said in str(caught.value)
    assert events(ready) == []


def test_an_award_before_any_activity_leaves_an_exact_snapshot(ready: Connection) -> None:
    award(ready, "by_hand")
    assert_exact(ready)
    insert(ready, activity("2026-03-01"))
    assert badge_ids(ready) == ["by_hand", "calls", "counting"]
    ready.execute("delete from badges.activities")
    assert_exact(ready)


def test_the_python_functions_give_the_same(ready: Connection) -> None:
    made = routines.award_badge(ready, ANN, "by_hand", ORG, "because")
    assert made["changed"] is True
    assert made["award"]["badge_definition_id"] == "by_hand"
    taken = routines.revoke_badge(ready, ANN, "by_hand", ORG, "mistake")
    assert taken["award"]["revoked_by"] == "person"
    denied = routines.deny_badge(ready, ANN, "by_hand", ORG, "unfit")
    assert (denied["changed"], denied["award"]["revoke_reason"]) == (True, "mistake")
    allowed = routines.allow_badge(ready, ANN, "by_hand", ORG, "fit again")
    assert (allowed["changed"], allowed["award"]["revoked_by"]) == (True, "person")


REVOCABLE: dict[str, Any] = {
    "calls": {"name": "Calls", "on_unmet": "revoke", "criteria": RULES["calls"]},
    "by_hand": {"type": "manual"},
    "counting": {"name": "Counting", "on_unmet": "revoke", "criteria": RULES["counting"]},
    "kept": {"type": "badges_earned", "badges": ["by_hand"]},
}


def state(connection: Connection, badge: str) -> tuple[Any, ...]:
    (held,) = rows(
        connection, "select * from badges.earned_badges where badge_definition_id = %s", badge
    )
    return held["revoked_by"], held["source"]


@pytest.mark.parametrize("verb", ["revoke", "deny"])
def test_a_badge_for_badges_that_takes_back_follows_a_change_by_hand(
    connection: Connection, verb: str
) -> None:
    apply(connection, rule_set(REVOCABLE))
    insert(connection, activity("2026-03-01"))
    award(connection, "by_hand")
    assert badge_ids(connection) == ["by_hand", "calls", "counting", "kept"]
    {"revoke": revoke, "deny": deny}[verb](connection, "by_hand")
    assert badge_ids(connection) == ["calls", "kept"]
    assert state(connection, "counting") == ("rule", "rule")
    if verb == "deny":
        allow(connection, "by_hand")
    award(connection, "by_hand")
    assert badge_ids(connection) == ["by_hand", "calls", "counting", "kept"]
    assert state(connection, "counting") == (None, "rule")
    told = [event for event, badge in events(connection) if badge == "counting"]
    assert told == ["awarded", "revoked", "restored"]
    assert rows(connection, "select * from badges.verify_stats()") == []


def test_a_person_overrules_a_rule_that_takes_back(connection: Connection) -> None:
    """What is awarded by hand although its rule does not hold, no rule takes back."""
    apply(connection, rule_set(REVOCABLE))
    insert(connection, activity("2026-03-01"))
    connection.execute("delete from badges.activities")
    assert state(connection, "calls") == ("rule", "rule")
    assert award(connection, "calls")["award"]["revoked_at"] is None
    assert state(connection, "calls") == (None, "manual")
    insert(connection, activity("2026-03-02"))
    connection.execute("delete from badges.activities")
    rows(connection, "select * from badges.evaluate_badges(%s, %s)", ANN, ORG)
    assert state(connection, "calls") == (None, "manual")


def test_an_award_restored_while_its_rule_holds_is_the_rules_again(connection: Connection) -> None:
    apply(connection, rule_set(REVOCABLE))
    insert(connection, activity("2026-03-01"))
    revoke(connection, "calls")
    connection.execute("delete from badges.activities")
    insert(connection, activity("2026-03-02"))
    assert state(connection, "calls") == ("person", "rule")
    award(connection, "calls")
    assert state(connection, "calls") == (None, "rule")
    connection.execute("delete from badges.activities")
    assert state(connection, "calls") == ("rule", "rule")


def test_an_award_by_hand_is_not_taken_back_by_its_rule(connection: Connection) -> None:
    apply(connection, rule_set(REVOCABLE))
    award(connection, "calls")
    insert(connection, activity("2026-03-01"))
    connection.execute("delete from badges.activities")
    assert state(connection, "calls") == (None, "manual")


@pytest.mark.parametrize("verb", [award, deny, revoke])
def test_the_first_activity_after_a_decision_by_hand_counts(
    connection: Connection, verb: Any
) -> None:
    """Also towards badges that count any activity."""
    run = {"type": "streak", "unit": "day", "length": 2}
    any_one = {"type": "threshold", "at_least": 1}
    apply(connection, rule_set({"any": any_one, "run": run, "by_hand": {"type": "manual"}}))
    verb(connection, "by_hand")
    insert(connection, activity("2026-03-01"))
    assert "any" in badge_ids(connection)
    insert(connection, activity("2026-03-02"))
    assert "run" in badge_ids(connection)
    assert_exact(connection)
