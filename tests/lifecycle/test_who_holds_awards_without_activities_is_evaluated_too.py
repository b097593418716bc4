"""Whoever holds awards and has no activities any more is evaluated by a new version.

No backfill meets them: at its end all of them are looked at. Who comes back before that, or is
decided about, has a row of the snapshot from then on, and is met like everybody.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
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
    insert,
    rows,
    rule_set,
    value,
)

FIRST = {"first": {"type": "threshold", "at_least": 1}}
OLD = rule_set(FIRST)
NEW = rule_set(FIRST | {"collector": {"type": "badges_earned", "at_least": 1}})


def by_hand(routine: str, badge: str) -> Callable[[Connection], None]:
    def decide(connection: Connection) -> None:
        value(connection, f"select badges.{routine}(%s, %s, %s, 'a reason')", ANN, badge, ORG)

    return decide


def comes(number: int) -> Callable[[Connection], None]:
    def come(connection: Connection) -> None:
        insert(connection, *[activity("2026-05-01", who=ANN)] * number)

    return come


COMINGS = {
    "an activity": comes(1),
    "some activities": comes(2),
    "many activities": comes(40),
}
TOUCHES = COMINGS | {
    "a decision that changes nothing": by_hand("revoke_badge", "collector"),
    "another decision": by_hand("allow_badge", "first"),
}


@pytest.mark.parametrize("touch", TOUCHES)
def test_who_is_touched_before_the_backfill_ends_is_evaluated(
    connection: Connection, touch: str
) -> None:
    apply(connection, OLD)
    insert(connection, activity("2026-03-01", who=ANN), activity("2026-03-01", who=BEN))
    connection.execute("delete from badges.activities")
    value(connection, "select badges.apply_rule_set(%s)", Jsonb(NEW))
    assert_exact(connection)  # nobody else waits, and nothing is owed yet
    TOUCHES[touch](connection)
    if touch in COMINGS:  # at once, as whoever writes for a person of an older version
        assert badge_ids(connection, ANN) == ["collector", "first"]
    apply(connection, NEW)  # the version stays, and the backfill is taken up
    assert badge_ids(connection, ANN) == ["collector", "first"]
    assert_exact(connection)


def test_who_is_touched_afterwards_waits_for_nothing(connection: Connection) -> None:
    apply(connection, OLD)
    insert(connection, activity("2026-03-01", who=ANN), activity("2026-03-01", who=BEN))
    connection.execute("delete from badges.activities where peer_mentor_id = %s", (ANN,))
    by_hand("allow_badge", "first")(connection)
    assert rows(connection, "select * from badges.list_unfinished_rule_sets()") == []
    insert(connection, activity("2026-03-02", who=ANN))
    assert [each["badge_definition_id"] for each in awards(connection, ANN)] == ["first"]
    assert_exact(connection)
