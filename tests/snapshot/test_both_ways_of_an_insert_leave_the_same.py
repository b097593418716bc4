"""One by one and in one statement: equal snapshot, elements and awards, whatever the rules ask."""

from __future__ import annotations

import os
import random
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from pgmerit.database import Connection

from tests.engine import activity, apply, insert, person, rows, rule_set
from tests.oracle.strategies import STARTS, Entry, documents, entries

LASTING = True

START = STARTS[0]
# Statements that correct activities, each by one statement or one by one.
CORRECTIONS = (
    "delete from badges.activities where idempotency_key = any(%s)",
    *(
        f"update badges.activities set {change} where idempotency_key = any(%s)"
        for change in (
            "quantity = quantity + 1",
            "occurred_at = occurred_at - interval '3 days'",
            'attributes = attributes || \'{"kind": "b"}\'',
            "activity_type = 'visit'",
        )
    ),
)
Corrections = tuple[tuple[str, tuple[int, ...]], ...]
# Criteria that an activity can make false, for its own moment and those after it.
FALLS = '"(share|in_a_row|none_of)"'
# More than a statement may have to go row by row; repeated, more than for a plan that is kept.
OTHERS = [activity("2024-03-01", who=person(f"other{n}"), org="north") for n in range(31)]


def stored(connection: Connection) -> list[list[dict[str, Any]]]:
    """Give all that is kept of people; ids of activities differ from one insert to another."""
    return [
        [
            {name: each[name] for name in each if name not in ("counted_in", "counted_upto")}
            for each in rows(connection, query)
        ]
        for query in (
            "select * from badges.peer_mentor_stats order by 1, 2, 3, 4",
            "select * from badges_internal.stat_elements order by 1, 2, 3, 4, 5",
            "select peer_mentor_id, org_id, badge_definition_id, tier, occurrence, earned_at,"
            " threshold from badges.earned_badges"
            " join badges.badge_definitions using (badge_definition_id)"
            # What is held is told by all activities together, but for what held until something
            # earlier came and was kept, or counted: that only who came in between has seen.
            f" where revoked_at is null and not (on_unmet = 'keep' and criteria::text ~ '{FALLS}')"
            " and not (criteria::text ~ '\"badges_earned\"' and exists ("
            "     select from badges.badge_definitions as counted"
            f"     where counted.on_unmet = 'lapse' or counted.criteria::text ~ '{FALLS}'"
            " )) order by 1, 2, 3, 4, 5",
        )
    ]


def values(number: int, entry: Entry) -> tuple[Any, ...]:
    """Give an entry's values in the order in which tests insert them; its number is its key."""
    return activity(
        entry.occurred_at,
        who=entry.mentor,
        org=entry.org,
        kind=entry.activity_type,
        quantity=entry.quantity,
        attributes=entry.attributes,
        key=str(number),
    )


def correct(connection: Connection, corrections: Corrections, *, at_once: bool) -> None:
    """Correct the activities of these numbers, each correction by one statement or many."""
    for statement, numbers in corrections:
        keys = [str(number) for number in numbers]
        for each in [keys] if at_once else [[key] for key in keys]:
            connection.execute(statement.encode(), (each,))


def check(
    connection: Connection,
    document: Any,
    given_entries: tuple[Entry, ...],
    corrections: Corrections,
) -> None:
    """Feed the same to either fold and to the single path, correct it, and compare."""
    with connection.transaction(force_rollback=True):
        apply(connection, document)
        activities = [values(*each) for each in enumerate(given_entries)]
        others = OTHERS * (1 if len(activities) % 2 else 17)
        with connection.transaction(force_rollback=True):
            insert(connection, *activities, *others)
            correct(connection, corrections, at_once=True)
            folded = stored(connection)
        batched = list(activities)
        with connection.transaction(force_rollback=True):
            insert(connection, *others)
            while batched:
                size = random.Random(len(batched)).choice((1, 1, 2, 7))
                insert(connection, *batched[:size])
                batched = batched[size:]
            correct(connection, corrections, at_once=False)
            found = stored(connection)
            assert found[:2] == folded[:2]
            # What is kept depends on the order of arrival where a value fell in between.
            if not corrections and not any(
                "-" in each.quantity + each.attributes for each in given_entries
            ):
                assert found[2] == folded[2]


def run(connection: Connection, number: int, examples: int) -> None:
    """Check a number of examples, the same for the same number."""

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(documents(START), st.booleans().flatmap(
        lambda may_fall: entries(START, may_fall=may_fall, max_size=30)
    ), st.just(()) | st.lists(
        st.tuples(st.sampled_from(CORRECTIONS), st.sets(st.integers(0, 29)).map(tuple)), max_size=3
    ))  # fmt: skip
    def story(
        document: dict[str, Any], given_entries: tuple[Entry, ...], corrections: Corrections
    ) -> None:
        check(connection, document, given_entries, tuple(corrections))

    story()


def test_any_rules_and_any_activities(connection: Connection) -> None:
    run(connection, 1, 4)


@pytest.mark.soak
def test_any_rules_and_any_activities_for_long(connection: Connection) -> None:
    until = time.monotonic() + float(os.environ.get("SOAK_SECONDS", "60"))
    number = int(os.environ.get("SOAK_SEED", time.time_ns() % 1_000_000))
    while time.monotonic() < until:
        number += 1
        run(connection, number, 20)


def test_a_statement_of_few_rows_leaves_no_cursor_open(connection: Connection) -> None:
    with connection.transaction():
        apply(connection, rule_set({"first": {"type": "threshold", "at_least": 1}}))
        insert(connection, activity("2024-03-01"), activity("2024-03-02"))
        assert rows(connection, "select name from pg_cursors") == []
