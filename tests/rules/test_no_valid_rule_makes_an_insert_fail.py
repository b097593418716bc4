"""Whatever valid rules are loaded, activities go in, change and go, and all is as recomputed."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pgmerit.rules import versions
from pgmerit.rules.grammar import canonical_text
from psycopg.types.json import Jsonb

from tests.rules import criteria_strategies as generated

LASTING = True

EXAMPLES = 6
TYPES = [*generated.WORDS, "training_completed", "x"]
ODD = [None, True, 0, -1, 2.5, 1e29, 1e31, "", "a", "docs/x", "é ö" * 90, [1], {"a": 1}]
KINDS = generated.valid.filter(lambda criteria: criteria["type"] != "criteria_raw")


def activity(source: random.Random) -> tuple[Any, ...]:
    at = datetime(2025, 12, 20, tzinfo=UTC) + timedelta(minutes=source.randint(0, 90 * 1440))
    if source.random() < 0.05:
        at = at.replace(year=source.choice([1901, 1999, 2024]), day=source.randint(1, 28))
    names = source.sample(generated.WORDS, 3)
    attributes = {name: source.choice([*generated.WORDS, *ODD]) for name in names}
    return (
        source.choice(["oslo", "new-york"]),
        UUID(int=source.randint(1, 3)),
        source.choice(TYPES),
        at,
        source.choice([0, 1, 2.5, -3, 10**29]),
        Jsonb(attributes, dumps=canonical_text),
    )


def document(criteria: list[Any]) -> dict[str, Any]:
    return {
        "version": 1,
        "ruleset": "any",
        "organizations": {
            "oslo": {"time_zone": "Europe/Oslo"},
            "new-york": {"time_zone": "America/New_York"},
        },
        "badges": {
            f"badge-{place}": {
                "name": "Any",
                "criteria": each,
                "category": ["milestones", "others"][place % 2],
                "on_unmet": ["keep", "revoke"][place % 2],
            }
            | ({"limit": {"first": 2}} if place % 3 == 0 and "repeat" not in each else {})
            for place, each in enumerate(criteria)
        },
    }


def without_lists(criteria: Any) -> Any:
    """Return criteria in which badges_earned lists nothing that the rule set does not have."""
    if "criteria" in criteria:
        return criteria | {"criteria": [without_lists(each) for each in criteria["criteria"]]}
    if "badges" in criteria:
        return {"type": "badges_earned", "at_least": 1}
    return criteria


@pytest.mark.timeout(600)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    criteria=st.lists(KINDS.map(without_lists), min_size=8, max_size=14),
    seed=st.integers(0, 2**32),
)
def test_activities_go_in_change_and_go(
    connection: Any, connect: Any, criteria: list[Any], seed: int
) -> None:
    source = random.Random(seed)
    loaded = document(criteria)
    connection.execute(
        "select badges.apply_rule_set(%s, p_allow_revoke => true)",
        [Jsonb(loaded, dumps=canonical_text)],
    )
    versions.apply(connect(), loaded)
    insert = """insert into badges.activities
        (org_id, peer_mentor_id, activity_type, occurred_at, quantity, attributes)
        values """
    row = "(%s, %s, %s, %s, %s, %s)"
    for _ in range(12):
        connection.execute(insert + row, activity(source))
    many = [activity(source) for _ in range(20)]
    connection.execute(insert + ", ".join([row] * 20), [value for each in many for value in each])
    connection.execute(
        "update badges.activities set quantity = 1 - quantity where activity_id %% 7 = %s",
        [source.randint(0, 6)],
    )
    connection.execute(
        "delete from badges.activities where activity_id %% 5 = %s", [source.randint(0, 4)]
    )
    assert connection.execute("select * from badges.verify_stats()").fetchall() == []
    assert connection.execute("select * from badges.verify_awards()").fetchall() == []
