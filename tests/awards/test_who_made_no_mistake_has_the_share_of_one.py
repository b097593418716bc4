"""The stats document has every type the organization knows: one that never occurred is at 0."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from pgmerit.database import Connection
from pgmerit.models import CriteriaRaw, StatsDocument, stats_document_schema

from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    badge_ids,
    insert,
    moment,
    rows,
    rule_set,
    value,
)

LASTING = True

ACCURATE = (
    "$.activities.right.count + $.activities.wrong.count >= 20"
    " && $.activities.right.count >= 9 * $.activities.wrong.count"
)
SHARE = {
    "type": "share",
    "activity": ["right", "wrong"],
    "qualify": {"is_right": True},
    "of_at_least": 20,
    "at_least": 0.9,
}
CALLS = "$.activities.call.count > 2 * $.activities.assignment.count"


def raw(expression: str) -> dict[str, str]:
    return {"type": "criteria_raw", "expression": expression, "reason": "a ratio"}


@pytest.fixture(autouse=True)
def _switched_on(connection: Connection) -> None:
    value(connection, "select badges.set_setting('criteria_raw', 'true')")


def some(kind: str, count: int, who: Any = ANN) -> list[tuple[Any, ...]]:
    given = {"is_right": kind == "right"}
    return [
        activity(f"2026-03-01 10:{n:02}", kind=kind, who=who, attributes=given)
        for n in range(count)
    ]


def document(connection: Connection, who: Any = ANN, org: str = ORG) -> dict[str, Any]:
    found: dict[str, Any] = value(
        connection, "select badges_internal._stats_document(%s, %s)", who, org
    )
    jsonschema.Draft202012Validator(stats_document_schema()).validate(found)
    return found


def test_a_share_over_people_with_and_without_mistakes(connection: Connection) -> None:
    rules = {"accurate": raw(ACCURATE), "share": SHARE, "calls": raw(CALLS)}
    apply(connection, rule_set(rules))
    insert(connection, *some("right", 20))
    insert(connection, *some("right", 18, BEN), *some("wrong", 2, BEN))
    assert badge_ids(connection, ANN) == badge_ids(connection, BEN) == ["accurate", "share"]


def test_a_share_just_missed(connection: Connection) -> None:
    apply(connection, rule_set({"accurate": raw(ACCURATE)}))
    insert(connection, *some("right", 19))
    insert(connection, *some("right", 17, BEN), *some("wrong", 3, BEN))
    assert badge_ids(connection) == []


def test_more_than_twice_as_many_as_none(connection: Connection) -> None:
    apply(connection, rule_set({"calls": raw(CALLS)}))
    insert(connection, *some("call", 1))
    insert(connection, *some("call", 2, BEN), *some("assignment", 1, BEN))
    assert badge_ids(connection, ANN) == ["calls"]
    assert badge_ids(connection, BEN) == []


def test_so_a_backfill_decides_too(connection: Connection) -> None:
    apply(connection, rule_set({}))
    insert(connection, *some("call", 1))
    apply(connection, rule_set({"calls": raw(CALLS)}))
    assert badge_ids(connection) == ["calls"]


@pytest.mark.parametrize(
    ("expression", "is_held"),
    [
        ("$.activities.wrong.count == 0", True),
        ("$.activities.wrong.max < 1", True),
        ("$.activities.wrong.sum <= 0 && $.activities.wrong.longest_day_run < 1", True),
        ("!($.activities.wrong.count > 0)", True),
        ("$.activities.wrong.count > 0", False),
        ('$.activities."got it wrong".count == 0', True),
        ('$ . "activities" . wrong . count == 0', True),
        ('$.selectors."=wrong".count == 0', True),
        ('$.selectors."~0123456789abcdef".distinct == 0', True),
        ("exists($.activities.wrong)", True),
        ("exists($ ? (@.activities.wrong.count == 0))", True),
        ("exists($.activities.* ? (@.count == 0))", False),
        ("exists($.activities.* ? (@.count == $.activities.wrong.count))", True),
        ("$.activities.right.count / $.activities.wrong.count > 1", False),
        ("$.activities.right.count > 1 || $.activities.right.count / 0 > 1", True),
        ("$.activities.wrong.first_at == null", True),
        ("$.activities.right.nothing_of_the_kind == 0", False),
    ],
)
def test_each_way_of_asking(connection: Connection, expression: str, is_held: bool) -> None:
    apply(connection, rule_set({"asked": raw(expression)}))
    insert(connection, *some("right", 2))
    assert badge_ids(connection) == (["asked"] if is_held else [])
    explained = value(connection, "select badges.explain_badge(%s, 'asked', %s)", ANN, ORG)
    told = [each["verdict"] for each in explained["conditions"]]
    assert told == ["met" if is_held else "not met"]


@pytest.mark.parametrize(
    "expression",
    [
        "$.activities.wrong.count == 0 && $.activities.wrong.max < 1",
        '$.activities."got it wrong".sum <= 0',
        '$."activities" . wrong . count == 0',
        '$.selectors."=wrong".count == 0 && $.selectors."~0123".distinct == 0',
        "$.activities.wrong.count > 0",
        "$.activities.wrong.first_at == null",
        "$.activities.right.nothing_of_the_kind == 0",
        "$.nothing.wrong.count == 0",
    ],
)
def test_python_says_the_same_of_stats_without_the_type(
    connection: Connection, expression: str
) -> None:
    apply(connection, rule_set({"asked": raw(expression)}))
    insert(connection, *some("right", 2))
    criteria = CriteriaRaw.model_validate(raw(expression))
    by_hand = StatsDocument.model_validate({"activities": {"*": {}, "right": {"count": 2}}})
    is_held = badge_ids(connection) == ["asked"]
    assert criteria.is_eligible(by_hand) is is_held
    assert criteria.is_eligible(document(connection)) is is_held


def test_every_type_that_is_known(connection: Connection) -> None:
    told = rule_set(
        {
            "listed": {"type": "threshold", "activity": ["visit", "email"], "at_least": 1},
            "trained": {"type": "training_completion", "courses": ["a"]},
            "raw": raw("$.activities.named.count > 0"),
        }
    ) | {"activity_types": ["visit", "email", "training_completed", "closed"]}
    apply(connection, told)
    known = {"*", "visit", "email", "training_completed", "closed", "named"}
    assert document(connection, BEN)["activities"].keys() == known
    insert(connection, *some("own", 1))
    found = document(connection)
    assert found["activities"].keys() == {*known, "own"}
    assert found["activities"]["own"]["count"] == found["activities"]["*"]["count"] == 1
    assert {
        each["count"] for name, each in found["activities"].items() if name in known - {"*"}
    } == {0}
    stats = {
        row["stat"] for row in rows(connection, "select stat from badges_internal.stat_definitions")
    }
    assert stats <= found["selectors"].keys()


def test_what_is_measured_stands_over_nothing(connection: Connection) -> None:
    apply(connection, rule_set({"raw": raw("$.activities.call.count > 99")}))
    insert(connection, *some("call", 3))
    assert document(connection)["activities"]["call"]["count"] == 3
    assert document(connection)["activities"]["call"]["last_at"].startswith("2026-03-01T10:02")


def test_many_raw_rules_of_many_people_in_one_statement(connection: Connection) -> None:
    apply(
        connection,
        rule_set(
            {
                f"r{n}": raw(f"$.activities.call.count >= {n} && $.activities.x.count == 0")
                for n in range(1, 6)
            }
        ),
    )
    insert(connection, *some("call", 2), *some("call", 4, BEN), *some("x", 1, BEN))
    assert badge_ids(connection, ANN) == ["r1", "r2"]
    assert badge_ids(connection, BEN) == []
    insert(connection, activity("2026-03-02", kind="call"))
    found = rows(
        connection, "select earned_at from badges.earned_badges where badge_definition_id = 'r3'"
    )
    assert [each["earned_at"] for each in found] == [moment("2026-03-02")]
