"""unseen_awards and mark_seen: an application shows each award once."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from pgmerit import routines
from pgmerit.database import Connection

from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    in_background,
    insert,
    rows,
    rule_set,
    value,
    wait_until_blocked,
    without_badges,
)
from tests.house.sources import ROOT

Connect = Callable[..., Connection]
TIERS = [{"tier": "a", "name": "Bronze", "at_least": 1}, {"tier": "b", "at_least": 2}]
DOCUMENT = rule_set(
    {"hours": {"type": "tier", "tiers": TIERS}, "thanks": {"type": "manual"}},
    {ORG: {"time_zone": "UTC"}, "hlf": {"time_zone": "UTC"}},
)


def _ruled(connection: Connection) -> None:
    apply(connection, DOCUMENT)


PREPARED = {"ruled": _ruled}


@pytest.fixture
def ruled(connection: Connection) -> Connection:
    return connection


def unseen(connection: Connection, org: str = ORG) -> list[str]:
    return [each["name"] for each in routines.unseen_awards(connection, ANN, org)]


def test_awards_come_oldest_first_until_they_were_shown(ruled: Connection) -> None:
    insert(ruled, activity("2026-03-02"), activity("2026-03-01"), activity("2026-03-01", who=BEN))
    first, second = routines.unseen_awards(ruled, ANN, ORG)
    (held, _) = rows(
        ruled, "select * from badges.earned_badges where peer_mentor_id = %s order by tier", ANN
    )
    assert {key: first[key] for key in ("earned_at", "granted_at", "idempotency_key", "tier")} == {
        key: held[key] for key in ("earned_at", "granted_at", "idempotency_key", "tier")
    }
    assert (first["name"], second["tier"]) == ("Bronze", "b")
    assert unseen(ruled, "hlf") == []
    assert routines.mark_seen(ruled, ANN, ORG, [first["idempotency_key"]]) == 1
    assert routines.mark_seen(ruled, ANN, ORG, [first["idempotency_key"], "other"]) == 0
    assert len(unseen(ruled)) == 1
    assert routines.mark_seen(ruled, ANN, ORG) == 1
    assert unseen(ruled) == []
    assert len(routines.unseen_awards(ruled, BEN, ORG)) == 1


def test_what_was_taken_back_is_not_shown_and_comes_when_it_is_given_again(
    ruled: Connection,
) -> None:
    by_hand = "select badges.{}_badge(%s, 'thanks', %s, 'so it is')"
    value(ruled, by_hand.format("award"), ANN, ORG)
    value(ruled, by_hand.format("revoke"), ANN, ORG)
    assert unseen(ruled) == []
    assert routines.mark_seen(ruled, ANN, ORG) == 0
    value(ruled, by_hand.format("award"), ANN, ORG)
    assert unseen(ruled) == ["thanks"]


def test_backfills_and_imports_come_silent(connection: Connection) -> None:
    apply(connection, without_badges(DOCUMENT))
    insert(connection, activity("2026-03-01"))
    apply(connection, DOCUMENT)
    connection.execute(
        "insert into badges.earned_badges (peer_mentor_id, badge_definition_id, org_id, earned_at,"
        " granted_at, idempotency_key, source) values (%s, 'thanks', %s, now(), now(), 'k',"
        " 'import')",
        [ANN, ORG],
    )
    assert unseen(connection) == []
    assert routines.mark_seen(connection, ANN, ORG, ["k"]) == 0
    insert(connection, activity("2026-03-02"))
    assert unseen(connection) == ["hours"]


def test_of_two_sessions_one_shows_it(ruled: Connection, connect: Connect) -> None:
    insert(ruled, activity("2026-03-01"))
    one, two = connect(autocommit=False), connect()
    assert len(routines.unseen_awards(one, ANN, ORG)) == 1
    assert len(routines.unseen_awards(two, ANN, ORG)) == 1
    assert routines.mark_seen(one, ANN, ORG) == 1
    waiting = in_background(lambda: routines.mark_seen(two, ANN, ORG))
    wait_until_blocked(ruled, two)
    one.commit()
    assert waiting.result(timeout=20) == 0


def test_what_was_awarded_before_the_migration_counts_as_shown(ruled: Connection) -> None:
    insert(ruled, activity("2026-03-01"))
    ruled.execute("alter table badges.earned_badges drop column seen_at cascade")
    for statement in (ROOT / "migrations/0006_outbox.sql").read_text().split(";"):
        if "badges.earned_badges" in statement:
            ruled.execute(statement.encode())
    insert(ruled, activity("2026-03-02"))
    shown = "select seen_at is not null as is_shown from badges.earned_badges order by earned_at"
    assert [each["is_shown"] for each in rows(ruled, shown)] == [True, False]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("unseen_awards(null, 'nhf')", psycopg.errors.InvalidParameterValue),
        ("mark_seen(null, 'nhf')", psycopg.errors.InvalidParameterValue),
        ("mark_seen(gen_random_uuid(), 'nhf', '{null}')", psycopg.errors.InvalidParameterValue),
        ("unseen_awards(gen_random_uuid(), 'nowhere')", psycopg.errors.ForeignKeyViolation),
        ("mark_seen(gen_random_uuid(), null)", psycopg.errors.ForeignKeyViolation),
    ],
)
def test_nobody_and_nowhere_are_refused(
    ruled: Connection, call: str, error: type[psycopg.Error]
) -> None:
    with pytest.raises(error) as refused:
        ruled.execute(f"select * from badges.{call}".encode())
    assert refused.value.diag.message_hint


def test_who_marks_awards_takes_the_person_first(ruled: Connection, connect: Connect) -> None:
    insert(ruled, activity("2026-03-01"), activity("2026-03-02"))
    holder, marker = connect(autocommit=False), connect()
    holder.execute("select from badges.peer_mentor_stats where stat = '*' for no key update")
    work = in_background(lambda: routines.mark_seen(marker, ANN, ORG))
    wait_until_blocked(ruled, marker)
    # Whatever it held now, a writer in its place would wait for, and neither could go on.
    holder.execute("select from badges.earned_badges for no key update nowait")
    holder.commit()
    assert work.result(timeout=20) == 2
