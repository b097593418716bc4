"""The same criteria meet the same problems, in the same words, in Python and in the database."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pgmerit.rules.grammar import canonical_text, edit_distance
from pgmerit.rules.versions import validate_criteria
from psycopg.types.json import Jsonb

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
EACH = LEAF | {"window": "week", "repeat": {"each": "window", "max": 2}}
STREAK = {"type": "streak", "unit": "day", "length": 2}


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
        (LEAF | {"measure": "distinct"}, 0),
        (LEAF | {"when": {"hours": [0, 24]}}, 0),
        (LEAF | {"when": {"hours": ["23:59", "00:00"]}}, 0),
        (LEAF | {"when": {"hours": [23, "24:00"], "months": [1, 12, 12]}}, 0),
        (LEAF | {"when": {"dates": ["02-29"], "days_of_year": [1, 366]}}, 0),
        (LEAF | {"when": {"from": "2024-02-29", "until": "2024-02-29"}}, 0),
        (LEAF | {"window": {"rolling_days": 1}}, 0),
        (LEAF | {"window": {"rolling_days": 3660}}, 0),
        (STREAK | {"grace": 365, "consecutive": True}, 0),
        (STREAK | {"consecutive": False}, 0),
        ({"type": "training_completion", "courses": ["a"], "within_days": 3660}, 0),
        ({"type": "tenure", "days": 36500}, 0),
        ({"type": "tenure", "months": 1200, "activity": ["a", "b"], "where": {"a": 1}}, 0),
        ({"type": "tenure", "years": 100}, 0),
        ({"type": "all_of", "criteria": [{"type": "tenure", "years": 1, "id": "a"}, LEAF]}, 0),
    ],
)
def test_the_bounds(asking: Any, criteria: Any, problems: int) -> None:
    found = python_problems(criteria)
    assert len(found) == problems
    assert database_problems(asking, criteria) == found


NONE = {"type": "none_of", "criteria": [LEAF]}
SAID = [
    ({"type": "threshold", "at_leest": 1}, "$.at_leest",
     'unknown key "at_leest", did you mean "at_least"?'),
    ({"type": "treshold"}, "$.type", '"treshold" is not known, did you mean "threshold"?'),
    ({"type": "threshold", "at_least": 1, "when": {}}, "$.when", "is empty"),
    ({"type": "threshold", "at_least": 1, "when": {"hour": [1, 2]}}, "$.when.hour",
     'unknown key "hour", did you mean "hours"?'),
    (LEAF | {"when": {"hours": [6, "06:00"]}}, "$.when.hours",
     "is empty, as both ends are the same"),
    (LEAF | {"when": {"hours": [6]}}, "$.when.hours", "is not two times"),
    (LEAF | {"when": {"hours": 6}}, "$.when.hours", "must not be a number"),
    (LEAF | {"when": {"hours": [24, 6]}}, "$.when.hours[0]", "is out of bounds"),
    (LEAF | {"when": {"hours": ["24:00", 6]}}, "$.when.hours[0]", '"24:00" is not well formed'),
    (LEAF | {"when": {"hours": [6, 25]}}, "$.when.hours[1]", "is out of bounds"),
    (LEAF | {"when": {"hours": [6, "6:30"]}}, "$.when.hours[1]", '"6:30" is not well formed'),
    (LEAF | {"when": {"hours": [6.5, 7]}}, "$.when.hours[0]", "is not a whole number"),
    (LEAF | {"when": {"weekdays": ["sat", "sund"]}}, "$.when.weekdays[1]",
     '"sund" is not known, did you mean "sun"?'),
    (LEAF | {"when": {"weekdays": []}}, "$.when.weekdays", "is empty"),
    (LEAF | {"when": {"months": [0]}}, "$.when.months[0]", "is out of bounds"),
    (LEAF | {"when": {"months": [13]}}, "$.when.months[0]", "is out of bounds"),
    (LEAF | {"when": {"dates": ["02-30"]}}, "$.when.dates[0]", '"02-30" is not well formed'),
    (LEAF | {"when": {"dates": ["04-31"]}}, "$.when.dates[0]", '"04-31" is not well formed'),
    (LEAF | {"when": {"days_of_year": [367]}}, "$.when.days_of_year[0]", "is out of bounds"),
    (LEAF | {"when": {"days_of_year": [0]}}, "$.when.days_of_year[0]", "is out of bounds"),
    (LEAF | {"when": {"from": "2026-02-29"}}, "$.when.from", '"2026-02-29" is not well formed'),
    (LEAF | {"when": {"from": "2026-01-02", "until": "2026-01-01"}}, "$.when.from",
     "is after until"),
    (LEAF | {"window": {"rolling_days": 0}}, "$.window.rolling_days", "is out of bounds"),
    (LEAF | {"window": {"rolling_days": 3661}}, "$.window.rolling_days", "is out of bounds"),
    (LEAF | {"window": {}}, "$.window.rolling_days", "is missing, as there is no last_days"),
    (LEAF | {"window": {"last_days": 3, "rolling_days": 3}}, "$.window.last_days",
     "does not go with rolling_days"),
    (LEAF | {"window": {"last_days": 3}, "measure": "distinct", "per_value": {"at_least": 2}},
     "$.per_value", "does not go with last_days"),
    ({"type": "training_completion", "courses": ["a"], "within_days": 3, "valid_days": 3},
     "$.valid_days", "does not go with within_days"),
    (LEAF | {"window": 30}, "$.window", "must not be a number"),
    (LEAF | {"window": {"rolling_days": 3}, "repeat": {"every": 1, "max": 2}}, "$.repeat.every",
     "does not go with window"),
    (STREAK | {"grace": 0}, "$.grace", "is out of bounds"),
    (STREAK | {"grace": 366}, "$.grace", "is out of bounds"),
    (STREAK | {"grace": 1, "consecutive": False}, "$.grace",
     "does not go with consecutive: false"),
    (STREAK | {"consecutive": 0}, "$.consecutive", "must not be a number"),
    (STREAK | {"per_unit": {"measure": "distinct", "at_least": 2}}, "$.per_unit.measure",
     '"distinct" is not known'),
    ({"type": "threshold", "at_least": 1, "measure": "distinct", "field": "a",
      "per_value": {"measure": "active_days", "at_least": 2}}, "$.per_value.measure",
     '"active_days" is not known'),
    (STREAK | {"per_unit": {"measure": "active_days", "field": "a", "at_least": 2}},
     "$.per_unit.field", "goes only with measure sum, max"),
    ({"type": "training_completion", "courses": ["a"], "within_days": 0}, "$.within_days",
     "is out of bounds"),
    ({"type": "training_completion", "courses": ["a"], "when": {"months": [1]}}, "$.when",
     'unknown key "when", did you mean "where"?'),
    ({"type": "tenure"}, "$.days", "is missing, as there is no months or years"),
    ({"type": "tenure", "months": 1, "years": 1}, "$.years", "does not go with months"),
    ({"type": "tenure", "days": 1, "months": 1, "years": 1}, "$.years", "does not go with days"),
    ({"type": "tenure", "years": 101}, "$.years", "is out of bounds"),
    ({"type": "tenure", "months": 1201}, "$.months", "is out of bounds"),
    ({"type": "tenure", "days": 36501}, "$.days", "is out of bounds"),
    ({"type": "tenure", "days": 0.5}, "$.days", "is out of bounds"),
    ({"type": "tenure", "days": 1, "when": {"months": [1]}}, "$.when",
     'unknown key "when", did you mean "where"?'),
    ({"type": "tier", "tiers": [{"tier": "a", "at_least": 3}, {"tier": "b", "at_least": 3}]},
     "$.tiers[1].at_least", "is not above the tier before it"),
    ({"type": "tier", "tiers": [{"tier": "a", "at_least": 3}, {"tier": "a", "at_least": 4}]},
     "$.tiers[1].tier", "is there twice"),
    ({"type": "threshold", "at_least": 1, "repeat": {"every": 1, "max": 2}, "window": "day"},
     "$.repeat.every", "does not go with window"),
    ({"type": "threshold", "at_least": 1, "repeat": {"max": 2}}, "$.repeat.every",
     "is missing, as there is no each"),
    ({"type": "threshold", "at_least": 1, "window": "day",
      "repeat": {"every": 1, "each": "window", "max": 2}}, "$.repeat.each",
     "does not go with every"),
    ({"type": "threshold", "at_least": 1, "window": "day", "repeat": {"each": "day", "max": 2}},
     "$.repeat.each", '"day" is not known'),
    (EACH | {"window": "lifetime"}, "$.repeat.each",
     "goes only with window day, week, month, quarter, year"),
    (EACH | {"window": {"rolling_days": 7}}, "$.repeat.each",
     "goes only with window day, week, month, quarter, year"),
    (EACH | {"measure": "distinct", "field": "x"}, "$.repeat.each",
     "goes only with measure count, sum, max, active_days"),
    (EACH | {"per": "x"}, "$.repeat.each", "does not go with per"),
    ({"type": "tenure", "years": 1, "repeat": {"every": 1, "max": 2}}, "$.repeat.every",
     'unknown key "every"'),
    (STREAK | {"repeat": {"every": 1, "max": 2}}, "$.repeat", 'unknown key "repeat"'),
    ({"type": "threshold", "at_least": 1, "repeat": {"every": 1, "max": 1001}},
     "$.repeat.max", "is out of bounds"),
    ({"type": "threshold", "at_least": 1, "repeat": {"every": 1}}, "$.repeat.max", "is missing"),
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
    (NONE, "$.type", '"none_of" stands only in all_of'),
    ({"type": "any_of", "criteria": [LEAF, NONE]}, "$.criteria[1].type",
     '"none_of" stands only in all_of'),
    ({"type": "all_of", "criteria": [LEAF, NONE | {"criteria": [NONE]}]},
     "$.criteria[1].criteria[0].type", '"none_of" stands only in all_of'),
    ({"type": "all_of", "criteria": [NONE, NONE]}, "$.criteria",
     "has only parts that must not hold"),
    ({"type": "all_of", "criteria": [LEAF, NONE | {"criteria": [
        {"type": "any_of", "criteria": [LEAF, {"type": "badges_earned", "at_least": 1}]}]}]},
     "$.criteria[1].criteria[0].criteria[1].type", '"badges_earned" does not stand in none_of'),
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
