from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import ANN, BEN, ORG, Row, activity, apply, insert, rule_set, value

LASTING = True

Opening = Callable[..., Connection]
CALLS = {"type": "threshold", "activity": "call", "at_least": 1}


def told(connection: Connection, badge: str = "calls", org: str = ORG) -> Row:
    answer: Row = value(connection, "select badges.explain_badge(%s, %s, %s)", ANN, badge, org)
    return answer


def reason(connection: Connection, badge: str = "calls", org: str = ORG) -> tuple[str, str, str]:
    answer = told(connection, badge, org)
    return answer["verdict"], answer["why_not_code"], answer["why_not"]


def by_hand(connection: Connection, verb: str, badge: str, tier: str | None = None) -> Any:
    query = f"select badges.{verb}_badge(%s, %s, %s, 'so decided', %s)"
    return value(connection, query, ANN, badge, ORG, tier)


def test_a_condition_is_not_met(connection: Connection) -> None:
    apply(connection, rule_set({"calls": CALLS}))
    assert reason(connection) == ("not earned", "condition_not_met", "a condition is not met")
    insert(connection, activity("2026-03-01"))
    assert reason(connection) == ("earned", None, None)


def test_a_badge_is_inactive_or_dropped(connection: Connection) -> None:
    inactive = {"name": "Calls", "active": False, "criteria": CALLS}
    apply(connection, rule_set({"calls": inactive}))
    insert(connection, activity("2026-03-01"))
    expected = ("not earned", "badge_inactive", "the badge is not active")
    assert reason(connection) == expected
    apply(connection, rule_set({"other": CALLS}))
    assert reason(connection) == expected
    assert told(connection)["conditions"] == []


def test_a_badge_is_not_enabled_here(connection: Connection) -> None:
    apply(connection, rule_set({"calls": CALLS}, {ORG: {"badges": []}, "hlf": {}}))
    insert(connection, activity("2026-03-01"))
    expected = ("badge_disabled", "the badge is not enabled in this organization")
    assert reason(connection)[1:] == expected
    assert reason(connection, org="hlf")[1] == "condition_not_met"


def test_the_rule_set_dropped_the_organization(connection: Connection) -> None:
    apply(connection, rule_set({"calls": CALLS}, {ORG: {}, "hlf": {}}))
    apply(connection, rule_set({"calls": CALLS}, {"hlf": {}}))
    expected = ("organization_inactive", "the rule set no longer names the organization")
    assert reason(connection)[1:] == expected


def test_what_was_earned_stays_earned_when_the_badge_is_disabled(connection: Connection) -> None:
    tiers = [{"tier": "a", "at_least": 1}, {"tier": "b", "at_least": 2}]
    badges = {"calls": CALLS, "tiered": {"type": "tier", "tiers": tiers}}
    apply(connection, rule_set(badges))
    insert(connection, activity("2026-03-01"))
    apply(connection, rule_set(badges, {ORG: {"badges": []}}))
    assert reason(connection) == ("earned", None, None)
    assert reason(connection, "tiered")[:2] == ("partly earned", "badge_disabled")


def test_a_person_denied_it(connection: Connection) -> None:
    apply(connection, rule_set({"calls": CALLS}))
    insert(connection, activity("2026-03-01"))
    by_hand(connection, "deny", "calls")
    expected = ("not earned", "denied", "the badge is denied to this person")
    assert reason(connection) == expected
    answer = told(connection)
    (denial,) = answer["denials"]
    assert (answer["denied"], denial["reason"], denial["tier"]) == (True, "so decided", "")
    assert denial["denied_by"] == value(connection, "select session_user")
    assert denial["denied_at"]
    (condition,) = answer["conditions"]
    assert (condition["verdict"], condition["value"]) == ("met", 1)


def test_a_denied_tier_is_told_where_it_is_the_next(connection: Connection) -> None:
    tiers = [{"tier": "a", "at_least": 1}, {"tier": "b", "at_least": 2}]
    tiered = {"type": "tier", "activity": "call", "tiers": tiers}
    apply(connection, rule_set({"tiered": tiered}))
    by_hand(connection, "deny", "tiered", "b")
    assert reason(connection, "tiered")[1] == "condition_not_met"
    insert(connection, activity("2026-03-01"))
    assert reason(connection, "tiered")[:2] == ("partly earned", "denied")


def test_a_person_revoked_it(connection: Connection) -> None:
    apply(connection, rule_set({"calls": CALLS}))
    insert(connection, activity("2026-03-01"))
    by_hand(connection, "revoke", "calls")
    expected = ("not earned", "revoked_by_person", "a person revoked the award")
    assert reason(connection) == expected
    (award,) = told(connection)["awards"]
    assert (award["revoked_by"], award["revoke_reason"]) == ("person", "so decided")


def test_the_rule_took_it_back(connection: Connection) -> None:
    calls = {"name": "Calls", "on_unmet": "revoke", "criteria": CALLS}
    apply(connection, rule_set({"calls": calls}))
    insert(connection, activity("2026-03-01"))
    connection.execute("delete from badges.activities")
    expected = ("revoked_by_rule", "the rule no longer holds and took the award back")
    assert reason(connection)[1:] == expected
    answer = told(connection)
    assert answer["on_unmet"] == "revoke"
    (condition,) = answer["conditions"]
    assert (condition["value"], condition["remaining"], condition["verdict"]) == (0, 1, "not met")
    insert(connection, activity("2026-03-02"))
    assert reason(connection)[0] == "earned"


def test_every_place_is_taken(connection: Connection) -> None:
    calls = {"name": "Calls", "limit": {"first": 1}, "criteria": CALLS}
    apply(connection, rule_set({"calls": calls}))
    assert told(connection)["places"] == [{"tier": "", "places": 1, "claimed": 0}]
    insert(connection, activity("2026-03-01", who=BEN))
    insert(connection, activity("2026-03-01"))
    expected = ("not earned", "no_place_left", "no place is left: 1 of 1 are taken")
    assert reason(connection) == expected
    answer = told(connection)
    assert answer["places"] == [{"tier": "", "places": 1, "claimed": 1}]
    assert answer["conditions"][0]["verdict"] == "met"
    by_hand(connection, "award", "calls")
    assert reason(connection)[0] == "earned"


def test_each_tier_has_its_own_places(connection: Connection) -> None:
    tiers = [{"tier": "a", "at_least": 1}, {"tier": "b", "at_least": 2}]
    calls = {"name": "C", "limit": {"first": 1}, "criteria": {"type": "tier", "tiers": tiers}}
    apply(connection, rule_set({"calls": calls}))
    insert(connection, activity("2026-03-01", who=BEN))
    assert told(connection)["places"] == [
        {"tier": "a", "places": 1, "claimed": 1},
        {"tier": "b", "places": 1, "claimed": 0},
    ]
    insert(connection, activity("2026-03-01"), activity("2026-03-01"))
    assert reason(connection)[:2] == ("partly earned", "no_place_left")


def test_people_award_it(connection: Connection) -> None:
    apply(connection, rule_set({"calls": {"type": "manual"}}))
    assert reason(connection) == ("not earned", "manual", "the badge is awarded by hand")
    by_hand(connection, "award", "calls")
    assert reason(connection) == ("earned", None, None)
    assert told(connection)["conditions"] == []


def test_raw_criteria_are_switched_off(connection: Connection) -> None:
    value(connection, "select badges.set_setting('criteria_raw', 'true')")
    raw = {"type": "criteria_raw", "expression": "$.activities.call.count > 0", "reason": "r"}
    apply(connection, rule_set({"calls": raw}))
    assert reason(connection)[1] == "condition_not_met"
    value(connection, "select badges.set_setting('criteria_raw', 'false')")
    insert(connection, activity("2026-03-01"))
    assert reason(connection)[1:] == ("raw_switched_off", "raw criteria are switched off")
    assert told(connection)["conditions"][0]["verdict"] == "not met"


def test_nobody_has_looked_by_this_version_yet(connection: Connection) -> None:
    apply(connection, rule_set({"calls": {**CALLS, "at_least": 2}}))
    insert(connection, activity("2026-03-01"))
    value(connection, "select badges.apply_rule_set(%s)", Jsonb(rule_set({"calls": CALLS})))
    assert reason(connection)[1:] == (
        "not_evaluated",
        "the rule holds, and the person has yet to be evaluated",
    )
    answer = told(connection)
    assert (answer["rule_set_version"], answer["evaluated_version"]) == (2, 1)
    value(connection, "select badges.backfill_rule_set('tests')")
    assert reason(connection)[0] == "earned"
    assert told(connection)["evaluated_version"] == 2


def test_a_stranger_has_no_evaluated_version(connection: Connection) -> None:
    apply(connection, rule_set({"calls": CALLS}))
    assert told(connection)["evaluated_version"] is None
