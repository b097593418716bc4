"""Whatever changes an award writes one event in the same transaction, and loses it with it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection

from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    insert,
    person,
    rows,
    rule_set,
    value,
    without_badges,
)
from tests.events.feed import claim, count

CAT = person("cat")
CALL = {"type": "threshold", "activity": "call", "at_least": 1}
RULES: dict[str, Any] = {
    "first": CALL,
    "twice": {"name": "Twice", "on_unmet": "revoke", "criteria": {**CALL, "at_least": 2}},
    "tiers": {
        "type": "tier",
        "activity": "visit",
        "tiers": [{"tier": "a", "at_least": 1}, {"tier": "b", "at_least": 2}],
    },
    "again": {**CALL, "repeat": {"every": 1, "max": 2}},
    "many": {"type": "badges_earned", "at_least": 3},
    "days": {"type": "tenure", "activity": "walk", "days": 5},
    "lately": {
        "name": "Lately",
        "on_unmet": "lapse",
        "criteria": {**CALL, "activity": "swim", "window": {"last_days": 3}},
    },
    "thanks": {"type": "manual"},
    "early": {"name": "Early", "limit": {"first": 1}, "criteria": CALL},
    "raw": {"type": "criteria_raw", "expression": "$.activities.call.count > 0", "reason": "r"},
}

# What each row of earned_badges went through, told by a trigger that knows nothing of events.
WATCH = """
    create table public.changes as
    select peer_mentor_id, org_id, badge_definition_id, tier, occurrence, '' as change
    from badges.earned_badges where false;
    create function public.watch() returns trigger language plpgsql as $$
    declare
        v_change text := case
            when tg_op = 'INSERT' then 'awarded'
            when old.revoked_at is null and new.revoked_at is not null
                then case new.badge_definition_id when 'lately' then 'lapsed' else 'revoked' end
            when old.revoked_at is not null and new.revoked_at is null then 'restored'
            when old.earned_at <> new.earned_at then 'redated'
        end;
    begin
        if v_change is not null then
            insert into public.changes values (
                new.peer_mentor_id, new.org_id, new.badge_definition_id, new.tier, new.occurrence,
                v_change
            );
        end if;
        return null;
    end $$;
    create trigger watch after insert or update on badges.earned_badges
    for each row execute function public.watch();
"""
DIFFERENT = """
    with told as (
        select peer_mentor_id, org_id, badge_definition_id, tier, occurrence, event_type as change
        from badges.award_events
    )
    (table public.changes except all table told)
    union all
    (table told except all table public.changes)
"""


def by_hand(connection: Connection, what: str, badge: str, who: Any = ANN) -> None:
    value(connection, f"select badges.{what}_badge(%s, %s, %s, 'so it is')", who, badge, ORG)


def forget(connection: Connection, day: str) -> None:
    connection.execute("delete from badges.activities where activity_date = %s", [day])


def rename(connection: Connection) -> None:
    """Move an activity to another day."""
    connection.execute(
        "update badges.activities set occurred_at = occurred_at - interval '3 days',"
        " activity_date = activity_date - 3 where activity_type = 'visit'"
    )


def sweep(connection: Connection) -> None:
    """Let the fifth day begin for somebody who walked four days ago."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    insert(connection, activity(today - timedelta(days=4), kind="walk"))
    value(connection, "select badges.award_due_badges(%s)", today + timedelta(days=1))


STEPS: dict[str, Callable[[Connection], Any]] = {
    "rule": lambda c: insert(c, activity("2026-03-10"), activity("2026-03-11", kind="visit")),
    "backfill": lambda c: apply(c, rule_set(RULES)),
    "places": lambda c: insert(c, activity("2026-03-12", who=BEN)),
    "revoke by rule": lambda c: (insert(c, activity("2026-03-13")), forget(c, "2026-03-13")),
    "restore by rule": lambda c: insert(c, activity("2026-03-14")),
    "redate by a late row": lambda c: insert(c, activity("2026-03-01")),
    "redate by an update": rename,
    "sweep": sweep,
    "award by hand": lambda c: by_hand(c, "award", "thanks"),
    "revoke by hand": lambda c: by_hand(c, "revoke", "thanks"),
    "restore by hand": lambda c: by_hand(c, "award", "thanks"),
    "deny": lambda c: by_hand(c, "deny", "first"),
    "deny beforehand": lambda c: (
        by_hand(c, "deny", "first", CAT),
        insert(c, activity("2026-03-20", who=CAT)),
    ),
    "allow": lambda c: by_hand(c, "allow", "first", CAT),
    "record_activity": lambda c: value(
        c, "select badges.record_activity(%s, %s, 'visit', '2026-03-20')", CAT, ORG
    ),
    "lapse noticed by an activity": lambda c: (
        insert(c, activity("2026-03-21", kind="swim", who=BEN)),
        insert(c, activity("2026-03-24", kind="rest", who=BEN)),
    ),
    "restore what lapsed": lambda c: insert(c, activity("2026-03-25", kind="swim", who=BEN)),
    "lapse by a correction": lambda c: forget(c, "2026-03-25"),
    "truncate": lambda c: c.execute("truncate badges.activities"),
    "rebuild": lambda c: value(c, "select badges.rebuild_stats()::text"),
}


@pytest.fixture
def watched(connection: Connection) -> Connection:
    value(connection, "select badges.set_setting('criteria_raw', 'true')")
    connection.execute(WATCH)
    apply(connection, without_badges(rule_set(RULES)))
    return connection


def test_each_change_of_an_award_has_its_event_and_each_event_its_change(
    watched: Connection,
) -> None:
    seen = set()
    for name, step in STEPS.items():
        before = count(watched, "public.changes")
        step(watched)
        assert rows(watched, DIFFERENT) == [], name
        if count(watched, "public.changes") > before:
            seen.add(name)
    assert set(STEPS) - seen <= {"rule", "rebuild"}  # before the rules; nothing to mend
    sources = rows(watched, "select distinct source from badges.award_events order by 1")
    assert [each["source"] for each in sources] == ["backfill", "manual", "rule", "sweep"]
    kinds = rows(watched, "select distinct change from public.changes order by 1")
    assert [each["change"] for each in kinds] == [
        "awarded",
        "lapsed",
        "redated",
        "restored",
        "revoked",
    ]


class RollbackError(Exception):
    """What undoes a block."""


@contextlib.contextmanager
def undone(connection: Connection, how: str) -> Iterator[None]:
    with connection.transaction():
        try:
            with connection.transaction() if how == "savepoint" else contextlib.nullcontext():
                yield
                raise RollbackError
        except RollbackError:
            if how == "transaction":
                raise


@pytest.mark.parametrize("how", ["transaction", "savepoint"])
def test_what_is_rolled_back_was_never_told(watched: Connection, how: str) -> None:
    apply(watched, rule_set(RULES))
    with contextlib.suppress(RollbackError), undone(watched, how):
        insert(watched, activity("2026-03-10"))
        by_hand(watched, "award", "thanks", BEN)
        assert count(watched, "badges.award_events") > 3
    assert count(watched, "badges.award_events") == 0
    assert claim(watched) == []


def test_a_plain_insert_of_a_held_award_fails_and_leaves_nothing(watched: Connection) -> None:
    """Who writes past the engine hears of it themselves: the event would go with the rollback."""
    apply(watched, rule_set({"first": CALL}))
    insert(watched, activity("2026-03-10"))
    before = count(watched, "badges.award_events")
    with pytest.raises(psycopg.errors.UniqueViolation) as refused:
        watched.execute(
            "insert into badges.earned_badges (peer_mentor_id, badge_definition_id, org_id,"
            " earned_at, granted_at, idempotency_key, source) values"
            " (%s, 'first', %s, now(), now(), 'k', 'import')",
            [ANN, ORG],
        )
    assert refused.value.diag.constraint_name == "earned_badges_are_awarded_once"
    assert count(watched, "badges.award_events") == before


SNEAK = """
    create function public.sneak() returns trigger language plpgsql as $$
    begin
        if pg_trigger_depth() < 4 and new.source <> 'import' then
            insert into badges.earned_badges
            select (jsonb_populate_record(new, '{"source": "import"}')).*;
        end if;
        return new;
    end $$;
    create trigger sneak before insert on badges.earned_badges
    for each row execute function public.sneak();
"""


@pytest.mark.parametrize("source", ["rule", "backfill"])
def test_a_duplicate_stopped_by_the_guard_is_told_and_logged(
    connection: Connection, source: str
) -> None:
    document = rule_set({"first": CALL})
    lines: list[str] = []
    connection.add_notice_handler(lambda said: lines.append(str(said.message_primary)))
    connection.execute(SNEAK)
    connection.execute("set client_min_messages = log")
    apply(connection, document if source == "rule" else without_badges(document))
    insert(connection, activity("2026-03-01"))
    if source == "backfill":
        apply(connection, document)
    (event,) = rows(connection, "select * from badges.award_events")
    assert (event["event_type"], event["source"]) == ("conflict", source)
    alerts = [each for each in lines if "ALERT" in each]
    assert alerts == [f'pgmerit alert MBA01 ALERT: duplicate_stopped "{ANN} first in {ORG}"']
    assert claim(connection) == [event["event_id"]]
