"""The same criteria meet the same problems, in the same words, in Python and in the database."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from orchestrator.grammar import canonical_text, edit_distance
from orchestrator.rules import validate_criteria
from tests.rules import criteria_strategies as generated

slow_to_draw = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def database_problems(asking: Any, criteria: Any) -> list[dict[str, str]]:
    row = asking.execute(
        "select badges.validate_criteria(%s) as problems", [Jsonb(criteria, dumps=canonical_text)]
    ).fetchone()
    problems: list[dict[str, str]] = row["problems"]
    return problems


def python_problems(criteria: Any) -> list[dict[str, Any]]:
    return [problem.as_dict() for problem in validate_criteria(criteria)]


@settings(max_examples=300, deadline=None, suppress_health_check=slow_to_draw, derandomize=True)
@given(criteria=generated.damaged())
def test_damaged_criteria(asking: Any, criteria: Any) -> None:
    assert database_problems(asking, criteria) == python_problems(criteria)


@settings(max_examples=150, deadline=None, suppress_health_check=slow_to_draw, derandomize=True)
@given(criteria=generated.valid)
def test_valid_criteria_have_none(asking: Any, criteria: Any) -> None:
    assert python_problems(criteria) == []
    assert database_problems(asking, criteria) == []


@settings(max_examples=60, deadline=None, suppress_health_check=slow_to_draw, derandomize=True)
@given(criteria=generated.anything)
def test_any_json_at_all(asking: Any, criteria: Any) -> None:
    assert database_problems(asking, criteria) == python_problems(criteria)


@settings(max_examples=100, deadline=None, suppress_health_check=slow_to_draw, derandomize=True)
@given(value=generated.anything)
def test_canonical_text_is_what_the_database_writes(asking: Any, value: Any) -> None:
    text = canonical_text(value)
    row = asking.execute("select %s::jsonb::text as text", [text]).fetchone()
    assert row["text"] == text


@settings(max_examples=60, deadline=None, suppress_health_check=slow_to_draw, derandomize=True)
@given(left=generated.text, right=generated.text)
def test_edit_distance(asking: Any, left: str, right: str) -> None:
    row = asking.execute(
        "select badges_internal._edit_distance(%s, %s) as distance", [left, right]
    ).fetchone()
    assert row["distance"] == edit_distance(left, right)


def nested(depth: int) -> Any:
    criteria: Any = {"type": "threshold", "at_least": 1}
    for _ in range(depth - 1):
        criteria = {"type": "all_of", "criteria": [criteria]}
    return criteria


LEAF = {"type": "threshold", "at_least": 1}


@pytest.mark.parametrize(
    ("criteria", "problems"),
    [
        (nested(16), 0),
        (nested(17), 1),
        (nested(60), 1),
        ({"type": "any_of", "criteria": [LEAF] * 255}, 0),
        ({"type": "any_of", "criteria": [LEAF] * 256}, 1),
        ({"type": "threshold", "at_least": 1, "activity": "x" * 17000}, 1),
        ({"type": "threshold", "at_least": 1e30}, 0),
        ({"type": "threshold", "at_least": 10**30 + 1}, 1),
        ({"type": "threshold", "at_least": 0}, 1),
    ],
)
def test_the_bounds(asking: Any, criteria: Any, problems: int) -> None:
    found = python_problems(criteria)
    assert len(found) == problems
    assert database_problems(asking, criteria) == found


SAID = [
    ({"type": "threshold", "at_leest": 1}, "$.at_leest",
     'unknown key "at_leest", did you mean "at_least"?'),
    ({"type": "treshold"}, "$.type", '"treshold" is not known, did you mean "threshold"?'),
    ({"type": "tenure", "years": 1}, "$.type", '"tenure" is not supported in this version'),
    ({"type": "threshold", "at_least": 1, "when": {}}, "$.when",
     '"when" is not supported in this version'),
    ({"type": "threshold", "at_least": 1, "window": {"rolling_days": 3}}, "$.window.rolling_days",
     '"rolling_days" is not supported in this version'),
    ({"type": "streak", "unit": "day", "length": 2, "grace": 1}, "$.grace",
     '"grace" is not supported in this version'),
    ({"type": "streak", "unit": "day", "length": 2, "consecutive": False}, "$.consecutive",
     '"consecutive" is not supported in this version'),
    ({"type": "training_completion", "courses": ["a"], "within_days": 1}, "$.within_days",
     '"within_days" is not supported in this version'),
    ({"type": "streak", "unit": "day", "length": 2,
      "per_unit": {"measure": "active_days", "at_least": 2}}, "$.per_unit.measure",
     '"active_days" is not supported in this version'),
    ({"type": "tier", "tiers": [{"tier": "a", "at_least": 3}, {"tier": "b", "at_least": 3}]},
     "$.tiers[1].at_least", "is not above the tier before it"),
    ({"type": "tier", "tiers": [{"tier": "a", "at_least": 3}, {"tier": "a", "at_least": 4}]},
     "$.tiers[1].tier", "is there twice"),
    ({"type": "threshold", "at_least": 1, "repeat": {"every": 1, "max": 2}, "window": "day"},
     "$.repeat", "does not go with window"),
    ({"type": "threshold", "at_least": 1, "repeat": {"every": 1, "max": 1001}},
     "$.repeat.max", "is out of bounds"),
    ({"type": "threshold", "at_least": 1, "repeat": {"every": 1}}, "$.repeat.max", "is missing"),
    ({"type": "threshold", "at_least": 1, "measure": "distinct"}, "$.field",
     "is missing, as measure is distinct"),
    ({"type": "threshold", "at_least": 1, "field": "x"}, "$.field",
     "goes only with measure sum, max, distinct"),
    ({"type": "threshold", "at_least": 1, "per_value": {"at_least": 2}}, "$.per_value",
     "goes only with measure distinct"),
    ({"type": "threshold", "at_least": 1, "where": {"score": {"gte": "5"}}}, "$.where.score.gte",
     "must not be text"),
    ({"type": "threshold", "at_least": 1, "where": {"score": None}}, "$.where.score",
     "must not be null"),
    ({"type": "threshold", "at_least": 1, "where": {"": 1}}, '$.where[""]', "is empty"),
    ({"type": "all_of", "criteria": [{"type": "manual"}]}, "$.criteria[0].type",
     '"manual" stands only at the top of a badge'),
    ({"type": "all_of", "criteria": [LEAF | {"repeat": {"every": 1, "max": 1}}]},
     "$.criteria[0].repeat", '"repeat" stands only at the top of a badge'),
    ({"type": "n_of", "n": 2, "criteria": [LEAF]}, "$.n", "is more than there are criteria"),
    ({"type": "training_completion", "courses": ["a"], "require": 2}, "$.require",
     "is more than there are courses"),
    ({"type": "training_completion", "courses": ["a", "a"]}, "$.courses[1]", "is there twice"),
    ({"type": "all_of", "criteria": [LEAF | {"id": "a"}, LEAF | {"id": "a"}]},
     "$.criteria[1].id", "is there twice"),
    ({"type": "badges_earned"}, "$.at_least", "is missing, as there is no badges"),
    ({"type": "badges_earned", "badges": ["a"], "category": "b"}, "$.category",
     "does not go with badges"),
    ({"type": "streak", "unit": "day"}, "$.length", "is missing, as there is no tiers"),
    ({"type": "criteria_raw", "reason": "x", "expression": "$.** > 1"}, "$.expression",
     'must not contain ".**"'),
    ({"type": "criteria_raw", "reason": "x", "expression": '$.a like_regex "b"'}, "$.expression",
     'must not contain "like_regex"'),
    ({"type": "criteria_raw", "reason": "x", "expression": "exists($ ? (@.a ? (@ > 1) > 2))"},
     "$.expression", 'contains "?" more than once'),
]  # fmt: skip


@pytest.mark.parametrize(("criteria", "path", "said"), SAID)
def test_each_wrong_thing_is_named_at_its_place(
    asking: Any, criteria: Any, path: str, said: str
) -> None:
    found = python_problems(criteria)
    assert (path, said) in [(each["path"], each["problem"]) for each in found]
    assert database_problems(asking, criteria) == found


def test_all_problems_come_at_once(asking: Any) -> None:
    criteria = {"type": "all_of", "criteria": [{"type": "x"}, {"type": "threshold", "at": 1}, 5]}
    found = python_problems(criteria)
    assert Counter(each["path"] for each in found) == {
        "$.criteria[0].type": 1,
        "$.criteria[1].at": 1,
        "$.criteria[1].at_least": 1,
        "$.criteria[2]": 1,
    }
    assert database_problems(asking, criteria) == found


@given(value=st.sampled_from([float("nan"), float("inf"), "\0", "\ud800", object(), {1: 2}]))
def test_what_json_cannot_hold_is_a_problem_not_an_exception(value: Any) -> None:
    assert [each.path for each in validate_criteria(value)] == ["$"]
