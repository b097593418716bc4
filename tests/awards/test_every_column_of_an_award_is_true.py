from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    assert_exact,
    awards,
    insert,
    moment,
    rows,
    rule_set,
    value,
    without_badges,
)

LASTING = True

RULES = {
    "hours": {
        "type": "tier",
        "measure": "sum",
        "tiers": [{"tier": "a", "at_least": 2}, {"tier": "b", "at_least": 4}],
    },
    "again": {"type": "threshold", "at_least": 1, "repeat": {"every": 1, "max": 2}},
    "both": {
        "type": "all_of",
        "criteria": [
            {"type": "threshold", "activity": "call", "at_least": 1},
            {"type": "threshold", "activity": "visit", "at_least": 1, "id": "visits"},
        ],
    },
    "counting": {"type": "badges_earned", "at_least": 3},
}
ORGANIZATIONS = {
    ORG: {
        "time_zone": "Europe/Oslo",
        "custom_thresholds": {"hours": {"a": Decimal("2.5")}, "both": {"visits": 2}},
    }
}
ACTIVITIES = [
    activity("2026-03-01", quantity=2),
    activity("2026-03-02", quantity=1, kind="visit"),
    activity("2026-03-03", quantity=3, kind="visit"),
]


def document() -> dict[str, Any]:
    found = rule_set(RULES, ORGANIZATIONS)
    found["organizations"][ORG]["custom_thresholds"]["hours"] = {"a": 2.5}
    return found


def first_rules(connection: Connection) -> str:
    apply(connection, document())
    insert(connection, *ACTIVITIES)
    return "rule"


def one_by_one(connection: Connection) -> str:
    apply(connection, document())
    for each in ACTIVITIES:
        insert(connection, each)
    return "rule"


def backwards(connection: Connection) -> str:
    apply(connection, document())
    for each in ACTIVITIES[::-1]:
        insert(connection, each)
    return "rule"


def last_rules(connection: Connection) -> str:
    apply(connection, without_badges(document()))
    insert(connection, *ACTIVITIES)
    apply(connection, document())
    return "backfill"


@pytest.mark.parametrize("way", [first_rules, one_by_one, backwards, last_rules])
def test_columns(connection: Connection, way: Callable[[Connection], str]) -> None:
    before = value(connection, "select clock_timestamp()")
    source = way(connection)
    after = value(connection, "select clock_timestamp()")
    ids = {
        each["occurred_at"]: each["activity_id"]
        for each in rows(connection, "select * from badges.activities")
    }
    first, second, third = (ids[moment(f"2026-03-0{n}")] for n in (1, 2, 3))
    found = awards(connection)
    assert {
        (each["badge_definition_id"], each["tier"], each["occurrence"]): (
            each["earned_at"].day,
            each["activity_id"],
            each["threshold"],
            each["threshold_source"],
        )
        for each in found
    } == {
        ("again", "", 1): (1, first, 1, "default"),
        ("again", "", 2): (2, second, 2, "default"),
        ("hours", "a", 1): (2, second, Decimal("2.5"), "organization"),
        ("hours", "b", 1): (3, third, 4, "default"),
        ("both", "", 1): (3, third, None, "organization"),
        ("counting", "", 1): (3, None, 3, "default"),
    }
    version = value(connection, "select max(version) from badges.rule_sets")
    for each in found:
        assert each["earned_at"].time() == moment("2026-03-01").time()
        assert before <= each["granted_at"] <= after
        assert (each["rule_set"], each["rule_set_version"]) == ("tests", version)
        assert each["source"] == source
        assert (each["revoked_at"], each["revoked_by"], each["revoke_reason"]) == (None,) * 3
        assert each["idempotency_key"] == value(
            connection,
            "select badges.derive_idempotency_key(%s, %s, %s, %s, %s)",
            each["peer_mentor_id"],
            each["badge_definition_id"],
            each["org_id"],
            each["tier"],
            each["occurrence"],
        )
    assert_exact(connection)


def test_each_award_has_one_event_in_its_transaction(connection: Connection) -> None:
    apply(connection, document())
    with connection.transaction():
        insert(connection, *ACTIVITIES)
        transaction = value(connection, "select pg_current_xact_id()::text")
    events = rows(connection, "select *, transaction_id::text as xid from badges.award_events")
    assert len(events) == len(awards(connection)) == 6
    assert {(each["event_type"], each["source"], each["xid"]) for each in events} == {
        ("awarded", "rule", transaction)
    }
    assert all(each["is_delivered_by_default"] for each in events)


def test_a_backfills_events_are_not_delivered_by_default(connection: Connection) -> None:
    last_rules(connection)
    events = rows(connection, "select * from badges.award_events")
    assert {(each["source"], each["is_delivered_by_default"]) for each in events} == {
        ("backfill", False)
    }


def heard(connection: Connection) -> list[str]:
    """Collect what the server logs about this session from now on."""
    lines: list[str] = []
    connection.add_notice_handler(
        lambda said: lines.append(f"{said.severity_nonlocalized}: {said.message_primary}")
    )
    connection.execute("set client_min_messages = log")
    return lines


def test_each_live_award_is_logged_with_its_transaction(connection: Connection) -> None:
    apply(connection, document())
    lines = heard(connection)
    with connection.transaction():
        insert(connection, ACTIVITIES[0])
        transaction = value(connection, "select pg_current_xact_id()::text")
    assert lines == [f"LOG: badge awarded: again to {ANN} in {ORG} (transaction {transaction})"]


def test_a_backfill_logs_a_line_a_batch(connection: Connection) -> None:
    apply(connection, without_badges(document()))
    insert(connection, *ACTIVITIES, activity("2026-03-01", who=BEN))
    lines = heard(connection)
    apply(connection, document(), batch=1)
    found = [each for each in lines if "award" in each]
    assert 2 <= len(found) <= 6
    assert all(each.startswith("LOG: badges awarded: ") for each in found)


def test_a_held_badge_burns_no_number_and_makes_no_conflict(connection: Connection) -> None:
    """Held badges are skipped before the insert, so the guard has nothing to refuse."""
    apply(connection, document())
    insert(connection, *ACTIVITIES)
    last = value(connection, "select max(event_id) from badges.award_events")
    insert(connection, *[activity(f"2026-03-0{n}", quantity=9) for n in (4, 5, 6)])
    rows(connection, "select * from badges.evaluate_badges(%s, %s)", ANN, ORG)
    insert(connection, activity("2026-03-01", who=BEN))
    events = rows(connection, "select * from badges.award_events where event_id > %s", last)
    assert [each["event_type"] for each in events] == ["awarded"]
    assert events[0]["event_id"] == last + 1


def test_an_award_that_appears_unseen_is_told_as_a_conflict(connection: Connection) -> None:
    """A writer outside the engine takes no base row: the unique key is the last guard."""
    apply(connection, rule_set({"first": {"type": "threshold", "at_least": 1}}))
    connection.execute(
        """
        create function public.sneak() returns trigger language plpgsql as $$
        begin
            if pg_trigger_depth() < 3 and new.source = 'rule' then
                insert into badges.earned_badges
                select (jsonb_populate_record(new, '{"source": "import"}')).*;
            end if;
            return new;
        end $$
        """
    )
    connection.execute(
        "create trigger sneak before insert on badges.earned_badges"
        " for each row execute function public.sneak()"
    )
    insert(connection, activity("2026-03-01"))
    (award,) = awards(connection)
    assert award["source"] == "import"
    (event,) = rows(connection, "select * from badges.award_events")
    assert event["event_type"] == "conflict"
