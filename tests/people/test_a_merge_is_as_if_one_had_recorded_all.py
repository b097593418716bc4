"""Merged people are as one person who recorded everything: stats, elements, awards and dates."""

from __future__ import annotations

import os
import time
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from pgmerit.database import Connection

from tests.engine import Row, activity, apply, insert, rows, rule_set, value
from tests.oracle.strategies import MENTORS, ORGS, STARTS, Entry, documents, entries

LASTING = True

START = STARTS[0]
FIRST, SECOND = MENTORS
ALONE = UUID(int=3)  # who records all of it alone
RULES = rule_set(
    {
        "calls": {"type": "threshold", "activity": "call", "at_least": 3},
        "levels": {
            "type": "tier",
            "measure": "sum",
            "tiers": [{"tier": "one", "at_least": 2}, {"tier": "two", "at_least": 6}],
        },
        "again": {"type": "threshold", "at_least": 2, "repeat": {"every": 2, "max": 9}},
        "kinds": {"type": "threshold", "measure": "distinct", "field": "kind", "at_least": 3},
        "loved": {"type": "threshold", "per": "kind", "window": "week", "at_least": 3},
        "rolling": {"type": "threshold", "window": {"rolling_days": 5}, "at_least": 4},
        "daily": {"type": "streak", "unit": "day", "length": 3, "grace": 1},
        "courses": {"type": "training_completion", "courses": ["x", "y"], "require": "all"},
        "month": {"type": "tenure", "months": 1},
        "both": {
            "type": "all_of",
            "criteria": [
                {"type": "threshold", "activity": "call", "at_least": 2},
                {"type": "threshold", "measure": "max", "field": "score", "at_least": 3},
            ],
        },
        "balance": {
            "name": "Balance",
            "on_unmet": "revoke",
            "criteria": {"type": "threshold", "measure": "sum", "field": "score", "at_least": 6},
        },
        "collector": {"type": "badges_earned", "at_least": 4},
    },
    {org: {"time_zone": zone} for org, zone in zip(ORGS, ("Europe/Oslo", "UTC"), strict=True)},
)
KEPT = (
    "select * from badges.peer_mentor_stats where peer_mentor_id = %s order by 2, 3, 4",
    "select * from badges_internal.stat_elements where peer_mentor_id = %s order by 2, 3, 4, 5",
)
OWN = ("peer_mentor_id", "counted_in", "counted_upto")


def kept(connection: Connection, who: UUID) -> list[list[Row]]:
    """Give the stats and elements of a person, without the person."""
    return [
        [
            {name: row[name] for name in row if name not in OWN}
            for row in rows(connection, query, who)
        ]
        for query in KEPT
    ]


def dates(connection: Connection, who: UUID) -> dict[tuple[Any, ...], Row]:
    """Give the awards that a person holds of rules, but of badges with places, by their keys."""
    found = rows(
        connection,
        "select earned.org_id, badge_definition_id, tier, occurrence, earned_at, on_unmet"
        " from badges.earned_badges as earned"
        " join badges.badge_definitions as definition using (badge_definition_id)"
        " where peer_mentor_id = %s and revoked_at is null and place_limit is null",
        who,
    )
    return {
        (each["org_id"], each["badge_definition_id"], each["tier"], each["occurrence"]): each
        for each in found
    }


def check(connection: Connection, document: Any, given_entries: tuple[Entry, ...]) -> None:
    """Record a story for two people and for one, merge the two, and compare.

    Without a document the rules are applied already.
    """
    with connection.transaction(force_rollback=True):
        if document is not None:
            apply(connection, document)
        for number, entry in enumerate(given_entries):
            insert(connection, _values(number, entry, entry.mentor))
        insert(connection, *[_values(*each, ALONE) for each in enumerate(given_entries)])
        before = dates(connection, FIRST) | dates(connection, SECOND)
        done = value(connection, "select badges.merge_peer_mentors(%s, %s)", FIRST, SECOND)
        assert kept(connection, FIRST) == [[], []]
        assert kept(connection, SECOND) == kept(connection, ALONE)
        merged, alone = dates(connection, SECOND), dates(connection, ALONE)
        assert merged.keys() >= alone.keys()
        for key, award in alone.items():
            assert merged[key]["earned_at"] <= award["earned_at"]
        revocable = {key for key, award in merged.items() if award["on_unmet"] == "revoke"}
        assert {key: merged[key] for key in revocable} == {
            key: award for key, award in alone.items() if award["on_unmet"] == "revoke"
        }
        # What is kept once it is earned is not lost.
        assert all(key in merged for key, award in before.items() if award["on_unmet"] != "revoke")
        for check_of in ("stats", "awards"):
            assert rows(connection, f"select * from badges.verify_{check_of}()") == []
        again = value(connection, "select badges.merge_peer_mentors(%s, %s)", FIRST, SECOND)
        assert (done["changed"], again["changed"]) == (True, False)
        assert (dates(connection, SECOND), again["new_badges"]) == (merged, [])


def _values(number: int, entry: Entry, who: UUID) -> tuple[Any, ...]:
    return activity(
        entry.occurred_at,
        who=who,
        org=entry.org,
        kind=entry.activity_type,
        quantity=entry.quantity,
        attributes=entry.attributes,
        key=str(number),
    )


def run(connection: Connection, number: int, examples: int, rules: st.SearchStrategy[Any]) -> None:
    """Check a number of stories under rules, the same for the same number."""

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(
        rules,
        st.booleans().flatmap(lambda may_fall: entries(START, may_fall=may_fall, max_size=30)),
    )
    def story(document: Any, given_entries: tuple[Entry, ...]) -> None:
        check(connection, document, given_entries)

    story()


def test_any_activities(connection: Connection) -> None:
    apply(connection, RULES)
    run(connection, 2, 2, st.none())


@pytest.mark.soak
def test_any_rules_and_any_activities_for_long(connection: Connection) -> None:
    until = time.monotonic() + float(os.environ.get("SOAK_SECONDS", "60"))
    number = int(os.environ.get("SOAK_SEED", time.time_ns() % 1_000_000))
    while time.monotonic() < until:
        number += 1
        run(connection, number, 20, documents(START))
