"""`courses` took the place of a `where` on the same attribute."""

from __future__ import annotations

from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import activity, apply, assert_exact, badge_ids, insert, rule_set

LASTING = True


@pytest.mark.parametrize(
    ("where", "is_met"),
    [
        ({"course": "other"}, False),
        ({"course": {"ne": "nb-role"}}, False),
        ({"course": ["nb-role", "other"]}, True),
        ({"course": {"prefix": "nb-"}}, True),
    ],
)
def test_a_course_must_also_pass_where_on_its_own_field(
    connection: Connection, where: dict[str, Any], is_met: bool
) -> None:
    criteria = {"type": "training_completion", "courses": ["nb-role"], "where": where}
    apply(connection, rule_set({"trained": criteria}))
    insert(
        connection,
        activity("2026-03-01", kind="training_completed", attributes={"course": "nb-role"}),
    )
    assert badge_ids(connection) == (["trained"] if is_met else [])
    assert_exact(connection)


@pytest.mark.parametrize(("at_least", "is_met"), [(2, True), (3, False)])
def test_so_must_a_quantity_that_names_the_course(
    connection: Connection, at_least: int, is_met: bool
) -> None:
    criteria = {
        "type": "training_completion",
        "courses": [2],
        "field": "quantity",
        "where": {"quantity": {"gte": at_least}},
    }
    apply(connection, rule_set({"trained": criteria}))
    insert(connection, activity("2026-03-01", kind="training_completed", quantity=2))
    assert badge_ids(connection) == (["trained"] if is_met else [])
    assert_exact(connection)
