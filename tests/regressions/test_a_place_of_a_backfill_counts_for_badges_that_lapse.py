"""A backfill hands its places out last, and badges that lapse count those awards too.

They were settled with each batch of people, before anybody had a place.
"""

from __future__ import annotations

from pgmerit.database import Connection

from tests.engine import ANN, BEN, activity, apply, assert_exact, awards, insert, rule_set

LASTING = True


def test_who_gets_the_place_holds_what_counts_it(connection: Connection) -> None:
    apply(connection, rule_set({}))
    insert(connection, activity("2026-03-01", who=ANN), activity("2026-03-02", who=BEN))
    founder = {
        "name": "Founder",
        "limit": {"first": 1},
        "criteria": {"type": "threshold", "at_least": 1},
    }
    counting = {
        "name": "Decorated",
        "on_unmet": "lapse",
        "criteria": {"type": "badges_earned", "badges": ["founder"]},
    }
    apply(connection, rule_set({"founder": founder, "decorated": counting}))
    assert {
        (each["peer_mentor_id"], each["badge_definition_id"]) for each in awards(connection)
    } == {
        (ANN, "founder"),
        (ANN, "decorated"),
    }
    assert_exact(connection)
