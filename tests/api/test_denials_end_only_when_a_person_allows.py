"""deny_badge and allow_badge, and what people decided against every evaluation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from pgmerit import verify
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    assert_exact,
    awards,
    badge_ids,
    in_background,
    insert,
    moment,
    rows,
    rule_set,
    value,
    wait_until_blocked,
)

LASTING = True

Opening = Callable[..., Connection]
FIRST = {"type": "threshold", "activity": "call", "at_least": 1}
RULES: dict[str, Any] = {
    "calls": FIRST,
    "by_hand": {"type": "manual"},
    "again": {**FIRST, "activity": "visit", "repeat": {"every": 1, "max": 5}},
    "tiered": {
        "type": "tier",
        "activity": "talk",
        "tiers": [{"tier": "a", "at_least": 1}, {"tier": "b", "at_least": 2}],
    },
    "counting": {"type": "badges_earned", "badges": ["by_hand", "calls"]},
}


def _ready(connection: Connection) -> None:
    apply(connection, rule_set(RULES))


PREPARED = {"ready": _ready}


@pytest.fixture
def ready(connection: Connection) -> Connection:
    return connection


def by_hand(connection: Connection, verb: str, badge: str, tier: str | None = None) -> Any:
    query = f"select badges.{verb}_badge(%s, %s, %s, %s, %s)"
    return value(connection, query, ANN, badge, ORG, f"to {verb}", tier)


def evaluate(connection: Connection) -> list[dict[str, Any]]:
    return rows(connection, "select * from badges.evaluate_badges(%s, %s)", ANN, ORG)


def told(connection: Connection) -> list[tuple[str, str]]:
    query = "select event_type, badge_definition_id from badges.award_events order by event_id"
    return [(each["event_type"], each["badge_definition_id"]) for each in rows(connection, query)]


def denied_tiers(connection: Connection) -> list[str]:
    query = "select tier from badges.badge_denials order by tier"
    return [each["tier"] for each in rows(connection, query)]


def test_a_denial_takes_back_what_is_held_and_says_who_and_why(ready: Connection) -> None:
    insert(ready, activity("2026-03-01"))
    answer = by_hand(ready, "deny", "calls")
    assert answer["changed"] is True
    taken = answer["award"]
    assert (taken["revoked_by"], taken["revoke_reason"]) == ("person", "to deny")
    (denial,) = rows(ready, "select * from badges.badge_denials")
    assert (denial["peer_mentor_id"], denial["badge_definition_id"]) == (ANN, "calls")
    assert (denial["org_id"], denial["tier"], denial["reason"]) == (ORG, "", "to deny")
    assert denial["denied_by"] == value(ready, "select session_user")
    assert told(ready) == [("awarded", "calls"), ("revoked", "calls")]
    (event,) = rows(ready, "select * from badges.award_events where event_type = 'revoked'")
    assert (event["source"], event["details"]["reason"]) == ("manual", "to deny")
    assert event["is_delivered_by_default"] is True
    assert by_hand(ready, "deny", "calls") == {"award": taken, "changed": False}
    assert len(told(ready)) == 2
    assert_exact(ready)


def test_a_denial_of_what_is_not_held_gives_no_award_and_no_event(ready: Connection) -> None:
    assert by_hand(ready, "deny", "calls") == {"award": None, "changed": True}
    assert by_hand(ready, "deny", "calls") == {"award": None, "changed": False}
    insert(ready, activity("2026-03-01"), activity("2026-03-01", who=BEN))
    assert evaluate(ready) == []
    assert badge_ids(ready, ANN) == []
    assert badge_ids(ready, BEN) == ["calls"]
    assert told(ready) == [("awarded", "calls")]
    assert_exact(ready)


def test_a_denied_badge_cannot_be_awarded_by_hand(ready: Connection) -> None:
    by_hand(ready, "deny", "calls")
    with pytest.raises(psycopg.Error, match=f'badge "calls" is denied to {ANN}') as caught:
        by_hand(ready, "award", "calls")
    assert caught.value.sqlstate == "MB002"
    assert caught.value.diag.message_hint == "End the denial with badges.allow_badge first."
    by_hand(ready, "allow", "calls")
    assert by_hand(ready, "award", "calls")["changed"] is True


def test_a_denial_without_a_tier_is_of_every_tier_and_occurrence(ready: Connection) -> None:
    for kind in ("talk", "visit"):
        insert(ready, *[activity(f"2026-03-0{n}", kind=kind) for n in (1, 2)])
    assert len(awards(ready)) == 4
    assert by_hand(ready, "deny", "tiered")["award"]["tier"] == "b"
    assert by_hand(ready, "deny", "again")["award"]["occurrence"] == 2
    insert(ready, activity("2026-03-03", kind="talk"), activity("2026-03-03", kind="visit"))
    assert awards(ready) == []
    assert denied_tiers(ready) == ["", ""]
    assert_exact(ready)


def test_a_denied_tier_leaves_the_others(ready: Connection) -> None:
    insert(ready, *[activity(f"2026-03-0{n}", kind="talk") for n in (1, 2)])
    assert by_hand(ready, "deny", "tiered", "a")["award"]["tier"] == "a"
    assert [each["tier"] for each in awards(ready)] == ["b"]
    with pytest.raises(psycopg.Error, match="is denied"):
        by_hand(ready, "award", "tiered", "a")
    by_hand(ready, "revoke", "tiered", "b")
    assert by_hand(ready, "award", "tiered", "b")["changed"] is True
    assert_exact(ready)


def test_one_tier_is_not_allowed_while_all_are_denied(ready: Connection) -> None:
    by_hand(ready, "deny", "tiered")
    by_hand(ready, "deny", "tiered", "a")
    with pytest.raises(psycopg.Error, match="is denied") as caught:
        by_hand(ready, "allow", "tiered", "a")
    assert caught.value.sqlstate == "MB002"
    assert "without a tier" in str(caught.value.diag.message_hint)
    assert denied_tiers(ready) == ["", "a"]
    assert by_hand(ready, "allow", "tiered")["changed"] is True
    assert denied_tiers(ready) == []


def test_allowing_awards_what_is_true_by_now_with_its_true_date(ready: Connection) -> None:
    by_hand(ready, "deny", "calls")
    by_hand(ready, "deny", "tiered", "a")
    insert(ready, activity("2026-03-01"), activity("2026-03-02", kind="talk"))
    answer = by_hand(ready, "allow", "calls")
    assert answer["changed"] is True
    assert answer["award"]["earned_at"] == "2026-03-01T12:00:00+00:00"
    assert (answer["award"]["source"], answer["award"]["threshold"]) == ("rule", 1)
    assert by_hand(ready, "allow", "calls") == {**answer, "changed": False}
    assert by_hand(ready, "allow", "tiered", "a")["award"]["tier"] == "a"
    assert told(ready) == [("awarded", "calls"), ("awarded", "tiered")]
    assert_exact(ready)


def test_what_a_denial_took_back_stays_so_until_it_is_awarded(ready: Connection) -> None:
    insert(ready, activity("2026-03-01"))
    by_hand(ready, "deny", "calls")
    assert by_hand(ready, "allow", "calls")["award"]["revoked_by"] == "person"
    insert(ready, activity("2026-03-02"))
    assert evaluate(ready) == []
    assert badge_ids(ready) == []
    restored = by_hand(ready, "award", "calls")
    assert restored["changed"] is True
    assert restored["award"]["earned_at"] == "2026-03-01T12:00:00+00:00"
    assert restored["award"]["source"] == "rule"
    assert told(ready)[1:] == [("revoked", "calls"), ("restored", "calls")]


def test_allowing_what_is_not_denied_changes_nothing(ready: Connection) -> None:
    assert by_hand(ready, "allow", "calls") == {"award": None, "changed": False}
    insert(ready, activity("2026-03-01"))
    assert by_hand(ready, "allow", "calls")["changed"] is False
    assert told(ready) == [("awarded", "calls")]


def test_badges_that_count_badges_follow_when_allowed(ready: Connection) -> None:
    """Also of somebody who has done nothing yet."""
    by_hand(ready, "deny", "counting")
    by_hand(ready, "award", "by_hand")
    by_hand(ready, "award", "calls")
    assert badge_ids(ready) == ["by_hand", "calls"]
    by_hand(ready, "allow", "counting")
    assert badge_ids(ready) == ["by_hand", "calls", "counting"]
    assert_exact(ready)


def test_a_kept_badge_for_badges_outlives_the_badge_it_counted(ready: Connection) -> None:
    insert(ready, activity("2026-03-01"))
    by_hand(ready, "award", "by_hand")
    by_hand(ready, "deny", "calls")
    assert badge_ids(ready) == ["by_hand", "counting"]


@pytest.mark.parametrize("verb", ["deny", "revoke"])
def test_no_evaluation_backfill_or_repair_gives_it_again(ready: Connection, verb: str) -> None:
    insert(ready, activity("2026-03-02"))
    by_hand(ready, verb, "calls")
    (decided,) = rows(ready, "select * from badges.earned_badges")

    def still_so() -> None:
        evaluate(ready)
        assert rows(ready, "select * from badges.earned_badges") == [decided]
        assert told(ready)[2:] == []
        assert_exact(ready)

    insert(ready, activity("2026-03-03"))
    insert(ready, activity("2026-02-01"))  # late: would move the date back
    still_so()
    ready.execute("update badges.activities set quantity = 5")
    still_so()
    ready.execute("delete from badges.activities where occurred_at < '2026-03-01'")
    still_so()
    changed = {**RULES, "calls": {**FIRST, "at_least": 2}}
    apply(ready, rule_set(changed))
    apply(ready, rule_set(RULES))
    still_so()
    ready.execute("update badges.peer_mentor_stats set activity_count = 9 where stat = '*'")
    found = verify.find_differences(ready)
    assert found
    verify.repair(ready, found)
    still_so()
    ready.execute("truncate badges.activities")
    insert(ready, activity("2026-01-01"))
    assert rows(ready, "select * from badges.earned_badges") == [decided]


@pytest.mark.parametrize("first", ["insert", "deny"])
@pytest.mark.parametrize("is_known", [False, True], ids=["new person", "known person"])
def test_a_denial_beside_an_insert_that_awards_leaves_nothing_held(
    ready: Connection, connect: Opening, first: str, is_known: bool
) -> None:
    if is_known:
        insert(ready, activity("2026-02-01", kind="other"))
    sessions = connect(), connect()
    for session in sessions:
        session.execute("begin")
        session.execute("select from badges.activities")
    work = [
        lambda session: insert(session, activity("2026-03-01")),
        lambda session: by_hand(session, "deny", "calls"),
    ]
    if first == "deny":
        work.reverse()
    ahead, behind = sessions
    work[0](ahead)
    waiting = in_background(lambda: work[1](behind))
    wait_until_blocked(ready, behind)
    ahead.execute("commit")
    waiting.result(timeout=20)
    behind.execute("commit")
    assert badge_ids(ready) == []
    expected = [("awarded", "calls"), ("revoked", "calls")] if first == "insert" else []
    assert told(ready) == expected
    assert_exact(ready)


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_two_denials_at_once_are_one(ready: Connection, connect: Opening, ending: str) -> None:
    insert(ready, activity("2026-03-01"))
    ahead, behind = connect(), connect()
    ahead.execute("begin")
    by_hand(ahead, "deny", "calls")
    waiting = in_background(lambda: by_hand(behind, "deny", "calls"))
    wait_until_blocked(ready, behind)
    ahead.execute(ending.encode())
    assert waiting.result(timeout=20)["changed"] is (ending == "rollback")
    assert told(ready) == [("awarded", "calls"), ("revoked", "calls")]


def test_an_old_snapshot_is_refused(ready: Connection, connect: Opening) -> None:
    insert(ready, activity("2026-03-01", kind="other"))
    behind = connect()
    behind.execute("begin isolation level repeatable read")
    behind.execute("select from badges.activities")
    insert(ready, activity("2026-03-01"))
    with pytest.raises(psycopg.errors.SerializationFailure):
        by_hand(behind, "deny", "calls")
    behind.execute("rollback")
    assert badge_ids(ready) == ["calls"]


def test_a_denial_is_of_one_person_and_organization(connection: Connection) -> None:
    apply(connection, rule_set(RULES, {ORG: {}, "hlf": {}}))
    by_hand(connection, "deny", "calls")
    insert(
        connection,
        activity("2026-03-01"),
        activity("2026-03-01", org="hlf"),
        activity("2026-03-01", who=BEN),
    )
    held = {(each["peer_mentor_id"], each["org_id"]) for each in awards(connection)}
    assert held == {(ANN, "hlf"), (BEN, ORG)}


def test_a_raw_rule_is_denied_and_allowed_alike(connection: Connection) -> None:
    value(connection, "select badges.set_setting('criteria_raw', 'true')")
    raw = {"type": "criteria_raw", "expression": "$.activities.call.count > 0", "reason": "r"}
    apply(connection, rule_set({"raw": raw}))
    by_hand(connection, "deny", "raw")
    insert(connection, activity("2026-03-01"))
    assert badge_ids(connection) == []
    answer = by_hand(connection, "allow", "raw")
    assert datetime_of(answer["award"]) == moment("2026-03-01")


def datetime_of(award: dict[str, Any]) -> Any:
    return moment(award["earned_at"][:10], award["earned_at"][11:16])


def test_a_denied_award_is_not_restored_by_its_rule(connection: Connection) -> None:
    calls = {"name": "Calls", "on_unmet": "revoke", "criteria": FIRST}
    apply(connection, rule_set({"calls": calls}))
    insert(connection, activity("2026-03-01"))
    connection.execute("delete from badges.activities")
    assert by_hand(connection, "deny", "calls")["award"]["revoked_by"] == "rule"
    insert(connection, activity("2026-03-02"))
    evaluate(connection)
    assert badge_ids(connection) == []
    assert by_hand(connection, "allow", "calls")["award"]["revoked_at"] is None
    assert badge_ids(connection) == ["calls"]


def test_a_sweep_passes_over_the_denied(connection: Connection) -> None:
    apply(connection, rule_set({"month": {"type": "tenure", "months": 1}}))
    insert(connection, activity("2026-01-01"), activity("2026-01-01", who=BEN))
    by_hand(connection, "deny", "month")
    assert value(connection, "select badges.award_due_badges('2026-03-01 12:00+00')") == 1
    assert badge_ids(connection, ANN) == []
    assert badge_ids(connection, BEN) == ["month"]
    answer = by_hand(connection, "allow", "month")
    assert answer["award"]["earned_at"] == "2026-02-01T00:00:00+00:00"
    assert_exact(connection)


def claimed(connection: Connection) -> int:
    taken: int = value(connection, "select claimed from badges_internal.badge_places")
    return taken


@pytest.mark.parametrize("is_backfill", [False, True], ids=["rules first", "rules last"])
def test_the_denied_take_no_place(connection: Connection, is_backfill: bool) -> None:
    limited = {"name": "Calls", "limit": {"first": 1}, "criteria": FIRST}
    other = rule_set({"calls": {**limited, "active": False}})
    apply(connection, other if is_backfill else rule_set({"calls": limited}))
    by_hand(connection, "deny", "calls")
    insert(connection, activity("2026-03-01"))
    insert(connection, activity("2026-03-02", who=BEN))
    if is_backfill:
        apply(connection, rule_set({"calls": limited}))
    assert badge_ids(connection, ANN) == []
    assert badge_ids(connection, BEN) == ["calls"]
    assert claimed(connection) == 1
    assert by_hand(connection, "allow", "calls")["award"] is None
    assert by_hand(connection, "award", "calls")["changed"] is True
    assert claimed(connection) == 1


def test_a_denial_keeps_the_place_of_the_award_it_takes_back(connection: Connection) -> None:
    limited = {"name": "Calls", "limit": {"first": 1}, "criteria": FIRST}
    apply(connection, rule_set({"calls": limited}))
    insert(connection, activity("2026-03-01"))
    by_hand(connection, "deny", "calls")
    insert(connection, activity("2026-03-02", who=BEN))
    assert awards(connection) == []
    assert claimed(connection) == 1


@pytest.mark.parametrize("first", ["backfill", "deny"])
def test_a_denial_beside_a_backfill_leaves_nothing_held(
    connection: Connection, connect: Opening, first: str
) -> None:
    inactive = {"name": "Calls", "active": False, "criteria": FIRST}
    apply(connection, rule_set({"calls": inactive}))
    insert(connection, activity("2026-03-01"))
    document = Jsonb(rule_set({"calls": {**inactive, "active": True}}))
    value(connection, "select badges.apply_rule_set(%s)", document)
    ahead, behind = connect(), connect()
    backfill = "select (badges.backfill_rule_set('tests') -> 'remaining')::int"
    ahead.execute("begin")
    if first == "deny":
        by_hand(ahead, "deny", "calls")
        assert value(behind, backfill) == 1
        ahead.execute("commit")
        assert value(behind, backfill) == 0
    else:
        assert value(ahead, backfill) == 0
        waiting = in_background(lambda: by_hand(behind, "deny", "calls"))
        wait_until_blocked(connection, behind)
        ahead.execute("commit")
        waiting.result(timeout=20)
    assert badge_ids(connection) == []
    assert_exact(connection)


@pytest.mark.parametrize("first", ["award", "deny"])
def test_a_denial_beside_an_award_by_hand_leaves_nothing_held(
    ready: Connection, connect: Opening, first: str
) -> None:
    ahead, behind = connect(), connect()
    second = "deny" if first == "award" else "award"
    ahead.execute("begin")
    by_hand(ahead, first, "by_hand")
    waiting = in_background(lambda: by_hand(behind, second, "by_hand"))
    wait_until_blocked(ready, behind)
    ahead.execute("commit")
    if second == "award":
        with pytest.raises(psycopg.Error, match="is denied"):
            waiting.result(timeout=20)
    else:
        assert waiting.result(timeout=20)["award"]["revoked_by"] == "person"
    assert badge_ids(ready) == []
