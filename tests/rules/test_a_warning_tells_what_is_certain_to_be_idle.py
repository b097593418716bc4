"""What a valid rule set most likely does not mean is a warning, and only what is certain."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from pgmerit.rules.grammar import canonical_text
from pgmerit.rules.versions import validate_document
from psycopg.types.json import Jsonb

LASTING = True

LEAF = {"type": "threshold", "at_least": 1}
STREAK = {"type": "streak", "unit": "week", "length": 2}
ORGANIZATIONS: dict[str, Any] = {"nhf": {}}


def warnings(connection: Any, badges: Any, organizations: Any = None) -> list[tuple[str, str]]:
    document = {
        "version": 1,
        "ruleset": "warned",
        "organizations": ORGANIZATIONS if organizations is None else organizations,
        "badges": badges,
    }
    assert validate_document(document) == []
    row = connection.execute(
        "select badges_internal._rule_set_warnings(%s) as warnings",
        [Jsonb(document, dumps=canonical_text)],
    ).fetchone()
    return [(each["path"], each["message"]) for each in row["warnings"]]


def badge(criteria: Any, **more: Any) -> dict[str, Any]:
    return {"name": "A", "criteria": criteria} | more


def record(connection: Any, *types: str) -> None:
    connection.execute(
        "insert into badges.organizations (org_id, name) values ('nhf', 'N') on conflict do nothing"
    )
    connection.cursor().executemany(
        """insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at)
        values ('nhf', %s, %s, '2026-01-01')""",
        [(UUID(int=number), name) for number, name in enumerate(types)],
    )


def test_a_type_that_was_never_recorded_is_named_once_at_its_first_place(connection: Any) -> None:
    record(connection, "call", "call", "visit")
    badges = {
        "a": badge(LEAF | {"activity": "call"}),
        "b": badge({"type": "all_of", "criteria": [
            LEAF | {"activity": ["visit", "meeting"]}, STREAK | {"activity": "meeting"}]}),
        "c": badge({"type": "tenure", "years": 1, "activity": "gathering"}),
        "d": badge({"type": "training_completion", "courses": ["x"]}),
    }  # fmt: skip
    assert warnings(connection, badges) == [
        (
            "$.badges.b.criteria.criteria[0].activity[1]",
            'the activity type "meeting" was never recorded',
        ),
        ("$.badges.c.criteria.activity", 'the activity type "gathering" was never recorded'),
        (
            "$.badges.d.criteria.activity",
            'the activity type "training_completed" was never recorded',
        ),
    ]


def test_while_nothing_was_recorded_no_type_is_named(connection: Any) -> None:
    assert warnings(connection, {"a": badge(LEAF | {"activity": "call"})}) == []


def test_a_type_whose_activities_were_deleted_counts_as_never_recorded(connection: Any) -> None:
    record(connection, "call", "visit")
    connection.execute("delete from badges.activities where activity_type = 'visit'")
    assert [
        path for path, _ in warnings(connection, {"a": badge(LEAF | {"activity": "visit"})})
    ] == ["$.badges.a.criteria.activity"]


def test_the_activities_themselves_are_never_read(connection: Any) -> None:
    record(connection, "call")
    connection.execute("begin")
    connection.execute("lock table badges.activities in access exclusive mode")
    assert connection.execute(
        "select badges_internal._unrecorded_types('{call,visit}') as types"
    ).fetchone() == {"types": ["visit"]}
    source = connection.execute(
        "select prosrc from pg_proc where proname = '_unrecorded_types'"
    ).fetchone()["prosrc"]
    assert "activities" not in source
    connection.execute("rollback")


def test_a_badge_that_no_organization_enables(connection: Any) -> None:
    badges = {"a": badge(LEAF), "b-c": badge(LEAF)}
    said = ('$.badges["b-c"]', 'no organization enables the badge "b-c"')
    assert warnings(connection, badges, {"nhf": {"badges": ["a"]}}) == [said]
    assert warnings(connection, badges, {"nhf": {"badges": ["a"]}, "hlf": {}}) == []
    assert warnings(connection, badges, {}) == [
        ("$.organizations", "no badge can be earned without an organization")
    ]
    assert warnings(connection, {}, {}) == []


@pytest.mark.parametrize(
    ("when", "is_warned"),
    [
        ({"months": [2], "dates": ["02-29"]}, False),
        ({"months": [1], "dates": ["02-29"]}, True),
        ({"months": [1], "dates": ["02-29", "01-31"]}, False),
        ({"weekdays": ["mon"], "dates": ["02-29"]}, False),
        ({"dates": ["02-29"], "until": "2027-12-31", "from": "2025-01-01"}, True),
        ({"dates": ["02-29"], "until": "2028-02-29", "from": "2025-01-01"}, False),
        ({"days_of_year": [366], "months": [12]}, False),
        ({"days_of_year": [366], "dates": ["12-30"]}, True),
        ({"days_of_year": [60], "dates": ["02-29"]}, False),
        ({"days_of_year": [366], "from": "2025-01-01", "until": "2027-12-31"}, True),
        ({"weekdays": ["sat"], "from": "2026-01-05", "until": "2026-01-09"}, True),
        ({"weekdays": ["sat"], "from": "2026-01-05", "until": "2026-01-10"}, False),
        ({"from": "2500-01-01"}, True),
        ({"until": "1850-01-01"}, True),
        ({"until": "1950-01-01", "dates": ["02-29"], "weekdays": ["tue"]}, False),
        ({"hours": [22, 6]}, False),
    ],
)
def test_a_calendar_without_a_day(asking: Any, when: Any, is_warned: bool) -> None:
    badges = {"a": badge({"type": "any_of", "criteria": [LEAF | {"when": when}]})}
    said = ("$.badges.a.criteria.criteria[0].when", "no day of the calendar matches")
    assert warnings(asking, badges) == [said] * is_warned


@pytest.mark.parametrize(
    ("criteria", "path", "said"),
    [
        (
            STREAK | {"per_unit": {"measure": "active_days", "at_least": 8}},
            "per_unit.at_least",
            "the most that a week can have is 7",
        ),
        (STREAK | {"per_unit": {"measure": "active_days", "at_least": 7}}, None, None),
        (STREAK | {"per_unit": {"measure": "sum", "at_least": 8}}, None, None),
        (
            LEAF | {"measure": "active_days", "window": {"rolling_days": 3}, "at_least": 4},
            "at_least",
            "the most that a window can have is 3",
        ),
        (
            LEAF | {"measure": "active_days", "window": "year", "at_least": 367},
            "at_least",
            "the most that a window can have is 366",
        ),
        (LEAF | {"measure": "active_days", "window": "year", "at_least": 366}, None, None),
        (LEAF | {"measure": "active_days", "at_least": 9999}, None, None),
        (
            {"type": "tier", "measure": "active_days", "window": "day", "tiers": [
                {"tier": "x", "at_least": 1}, {"tier": "y", "at_least": 2}]},
            "tiers[1].at_least",
            "the most that a window can have is 1",
        ),
        (
            {"type": "badges_earned", "category": "fun", "at_least": 2},
            "at_least",
            "the most that can be held is 1",
        ),
        ({"type": "badges_earned", "category": "fun", "at_least": 1}, None, None),
        ({"type": "badges_earned", "at_least": 2}, None, None),
        (
            {"type": "badges_earned", "at_least": 3},
            "at_least",
            "the most that can be held is 2",
        ),
    ],
)  # fmt: skip
def test_a_number_out_of_reach(asking: Any, criteria: Any, path: str | None, said: str) -> None:
    badges = {
        "a": badge(criteria, category="fun"),
        "b": badge(LEAF, category="fun"),
        "c": badge(LEAF),
        "d": badge({"type": "badges_earned", "badges": ["b"]}, category="fun"),
    }
    expected = [(f"$.badges.a.criteria.{path}", said)] if path else []
    assert warnings(asking, badges) == expected
    if "tiers" not in criteria and criteria["type"] != "streak":
        eased = {"nhf": {"custom_thresholds": {"a": 1}}}
        assert warnings(asking, badges, eased) == []
