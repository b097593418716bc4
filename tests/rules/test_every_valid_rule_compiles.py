"""What validation lets through, the compiler takes: no valid rule makes an insert fail."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pgmerit.rules.grammar import canonical_text
from pgmerit.rules.versions import validate_criteria
from psycopg.types.json import Jsonb

from tests.rules import criteria_strategies as generated

LASTING = True

slow_to_draw = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

# Every condition's route is laid out and asked of an odd activity.
COMPILE = """
select
    count(*) as conditions,
    count(badges_internal._is_chosen(
        (route.of).predicate, true, (route.of).needs_calendar, (route.of).clock_zone,
        %(attributes)s, 2, date '2026-01-01', timestamptz '2026-01-01 12:00Z'
    )) as answers
from badges_internal._compile_badge(%(criteria)s, null) as condition
cross join lateral (
    select badges_internal._stat_route(
        condition.selector, array[condition.measure], 'Europe/Oslo', 'monday'
    )
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
            %s, badges_internal._compile_where(%s, null),
            jsonb_build_object('quantity', %s::numeric), true
        ), false) as matched""",
        [
            Jsonb(attributes, dumps=canonical_text),
            Jsonb(where, dumps=canonical_text),
            quantity,
        ],
    ).fetchone()
    assert row["matched"] == matches(where, attributes, quantity)


MINUTE = """
select badges_internal._is_chosen(
    (route.of).predicate, false, (route.of).needs_calendar, (route.of).clock_zone, '{}', 0,
    %(day)s, %(at)s
) as chosen
from badges_internal._selector(%(criteria)s) as selector
cross join lateral (
    select badges_internal._stat_route(selector, '{count}', %(zone)s, 'monday')
) as route (of)
"""
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def minute(time: Any) -> int:
    hours, minutes = map(int, time.split(":")) if isinstance(time, str) else (int(time), 0)
    return hours * 60 + minutes


def falls(when: Any, day: date, clock: datetime) -> bool:
    """Tell what the documentation says of an activity's day and local moment."""
    if "hours" in when:
        first, end = map(minute, when["hours"])
        now = clock.hour * 60 + clock.minute
        if not (first <= now < end if first < end else now >= first or now < end):
            return False
    of_day = {
        "weekdays": DAYS[day.weekday()],
        "months": day.month,
        "dates": f"{day:%m-%d}",
        "days_of_year": day.timetuple().tm_yday,
    }
    return all(value in when[key] for key, value in of_day.items() if key in when) and when.get(
        "from", "0001-01-01"
    ) <= str(day) <= when.get("until", "9999-12-31")


@st.composite
def moments(draw: Any) -> tuple[Any, date, datetime]:
    """Give a when with a day and a moment near its bounds."""
    when = draw(generated.when)
    near = [*when.get("hours", []), draw(generated.times)]
    at = minute(draw(st.sampled_from(near))) - draw(st.integers(0, 1))
    ends = [when[key] for key in ("from", "until") if key in when]
    ends += [f"2024-{each}" for each in when.get("dates", [])]
    ends += [f"2023-{month:02}-01" for month in map(int, when.get("months", []))]
    base = date.fromisoformat(
        draw(st.one_of(generated.days, st.sampled_from([*ends, "2024-12-31"])))
    )
    ordinal = min(max(base.toordinal() + draw(st.integers(-2, 2)), 800), 3_650_000)
    day = date.fromordinal(ordinal)
    clock = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=at)
    return when, day, clock


@settings(max_examples=400, deadline=None, suppress_health_check=slow_to_draw, derandomize=True)
@given(case=moments())
def test_when_at_the_edges_of_the_calendar(asking: Any, case: Any) -> None:
    when, day, clock = case
    criteria = {"type": "threshold", "at_least": 1, "when": when}
    assert validate_criteria(criteria) == []
    row = asking.execute(
        MINUTE,
        {"criteria": Jsonb(criteria, dumps=canonical_text), "day": day, "at": clock, "zone": "UTC"},
    ).fetchone()
    assert row["chosen"] == falls(when, day, clock)


@pytest.mark.parametrize(("zone", "chosen"), [("Europe/Oslo", True), ("America/New_York", False)])
def test_hours_are_read_in_the_zone_of_the_organization(
    asking: Any, zone: str, chosen: bool
) -> None:
    criteria = {"type": "threshold", "at_least": 1, "when": {"hours": [22, 6]}}
    at = datetime(2026, 1, 1, 21, tzinfo=UTC)
    values = {"criteria": Jsonb(criteria), "day": at.date(), "at": at, "zone": zone}
    assert asking.execute(MINUTE, values).fetchone()["chosen"] is chosen
