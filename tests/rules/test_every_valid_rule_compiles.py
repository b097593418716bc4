"""What validation lets through, the compiler takes: no valid rule makes an insert fail."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from orchestrator.grammar import canonical_text
from orchestrator.rules import validate_criteria
from tests.rules import criteria_strategies as generated

slow_to_draw = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

# Every condition's route is laid out and asked of an odd activity.
COMPILE = """
select
    count(*) as conditions,
    count(jsonb_path_match(
        %(attributes)s, (route.of).predicate, '{"quantity": 2}', true
    )) as answers
from badges_internal._compile_badge(%(criteria)s, null) as condition
cross join lateral (
    select badges_internal._stat_route(condition.selector, array[condition.measure])
    where condition.selector is not null
) as route (of)
"""

odd_text = st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    min_size=1,
    max_size=20,
)
odd_numbers = st.one_of(
    st.integers(-(10**30), 10**30),
    st.decimals(-1000, 1000, places=6),
    st.sampled_from([Decimal("1E-300"), Decimal("-0.0"), Decimal("1e30"), Decimal("-1e30")]),
)
odd_scalars = st.one_of(odd_text, st.booleans(), odd_numbers)
odd_tests = st.one_of(
    odd_scalars,
    st.lists(odd_scalars, min_size=1, max_size=3),
    st.fixed_dictionaries(
        {},
        optional={
            "gte": odd_numbers,
            "gt": odd_numbers,
            "lte": odd_numbers,
            "lt": odd_numbers,
            "ne": odd_scalars,
            "in": st.lists(odd_scalars, min_size=1, max_size=3),
            "prefix": odd_text,
            "exists": st.booleans(),
        },
    ).filter(bool),
)
odd_where = st.dictionaries(
    st.one_of(odd_text, st.just("quantity")), odd_tests, min_size=1, max_size=3
)


def compiled(connection: Any, criteria: Any, attributes: Any) -> dict[str, int]:
    row: dict[str, int] = connection.execute(
        COMPILE,
        {
            "criteria": Jsonb(criteria, dumps=canonical_text),
            "attributes": Jsonb(attributes, dumps=canonical_text),
        },
    ).fetchone()
    return row


@settings(max_examples=200, deadline=None, suppress_health_check=slow_to_draw, derandomize=True)
@given(criteria=generated.valid)
def test_rules_of_every_type(asking: Any, criteria: Any) -> None:
    row = compiled(asking, criteria, {"kind": None, "minutes": [1], "course": {"a": 1}})
    assert (
        row["conditions"]
        or criteria["type"] in ("manual", "badges_earned", "criteria_raw")
        or ("criteria" in criteria)
    )


ABSENT = object()


def number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    found = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return found if abs(found) <= Decimal("1e30") else None


def equal(left: Any, right: Any) -> bool:
    if number(left) is not None or number(right) is not None:
        return number(left) == number(right)
    return type(left) is type(right) and isinstance(left, str | bool) and bool(left == right)


def holds(operator: str, operand: Any, value: Any) -> bool:
    """Tell what the documentation says of one test."""
    match operator:
        case "in":
            return any(equal(value, each) for each in operand)
        case "ne":
            return not equal(value, operand)
        case "prefix":
            return isinstance(value, str) and value.startswith(operand)
        case "exists":
            return (value is not ABSENT) == operand
    compared, bound = number(value), number(operand)
    assert bound is not None
    return (
        compared is not None
        and {
            "gte": compared >= bound,
            "gt": compared > bound,
            "lte": compared <= bound,
            "lt": compared < bound,
        }[operator]
    )


def matches(where: Any, attributes: Any, quantity: Decimal) -> bool:
    for name, test in where.items():
        value = quantity if name == "quantity" else attributes.get(name, ABSENT)
        value = ABSENT if value is None else value
        if not isinstance(test, dict):
            test = {"in": test if isinstance(test, list) else [test]}
        if not all(holds(operator, operand, value) for operator, operand in test.items()):
            return False
    return True


def values_for(test: Any) -> Any:
    """Draw a value near what a test asks for."""
    near = [test] if not isinstance(test, dict | list) else []
    near += test if isinstance(test, list) else []
    for operand in test.values() if isinstance(test, dict) else []:
        near += operand if isinstance(operand, list) else [operand]
    near += [f"{each}x" for each in near if isinstance(each, str)]
    return st.one_of(st.sampled_from(near), generated.anything)


@st.composite
def cases(draw: Any) -> tuple[Any, Any]:
    where = draw(odd_where)
    attributes = draw(st.dictionaries(odd_text, generated.anything, max_size=2))
    for name, test in where.items():
        if draw(st.integers(0, 4)):
            attributes[name] = draw(values_for(test))
    return where, attributes


@settings(max_examples=400, deadline=None, suppress_health_check=slow_to_draw, derandomize=True)
@given(case=cases(), quantity=st.decimals(-5, 5, places=1))
def test_where_with_odd_names_and_values(asking: Any, case: Any, quantity: Decimal) -> None:
    where, attributes = case
    assert validate_criteria({"type": "threshold", "at_least": 1, "where": where}) == []
    row = asking.execute(
        """select coalesce(jsonb_path_match(
            %s, badges_internal._compile_where(%s), jsonb_build_object('quantity', %s::numeric),
            true
        ), false) as matched""",
        [
            Jsonb(attributes, dumps=canonical_text),
            Jsonb(where, dumps=canonical_text),
            quantity,
        ],
    ).fetchone()
    assert row["matched"] == matches(where, attributes, quantity)
