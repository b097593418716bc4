"""RULES.md by brute force: every measure from scratch, every prefix of the activities.

Slow and plain on purpose. It shares nothing with the SQL, so that the two can be held together.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

LIMIT = Decimal("1e30")
ABSENT = object()
MEASURES = {
    "count": "activity_count",
    "sum": "value_sum",
    "max": "value_max",
    "distinct": "distinct_count",
    "day_run": "longest_day_run",
    "week_run": "longest_week_run",
    "month_run": "longest_month_run",
}


@dataclass(frozen=True)
class Activity:
    """One activity of one person in one organization."""

    activity_type: str
    occurred_at: datetime
    activity_date: date
    quantity: Decimal
    attributes: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True)
class Condition:
    """A number that a measure of a selector must reach."""

    selector: Mapping[str, Any] = field(hash=False)
    measure: str
    threshold: int


@dataclass(frozen=True)
class Group:
    """Parts of which so many must hold at the same moment."""

    required: int
    parts: tuple[Condition | Group, ...]


def _read(activity: Activity, name: str) -> Any:
    if name == "quantity":
        return activity.quantity
    value = activity.attributes.get(name, ABSENT)
    return ABSENT if value is None else value


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float | Decimal)
        and not isinstance(value, bool)
        and abs(Decimal(str(value))) <= LIMIT
    )


def _number(value: Any) -> Decimal | None:
    return Decimal(str(value)) if _is_number(value) else None


def _name(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if _is_number(value):
        plain = format(Decimal(str(value)), "f")
        return (plain.rstrip("0").rstrip(".") or "0") if "." in plain else plain
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
        if len(text.encode()) > 200:
            return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
        return text
    return None


def _is_equal(value: Any, operand: Any) -> bool:
    if _is_number(value) and _is_number(operand):
        return _number(value) == _number(operand)
    return type(value) is type(operand) and isinstance(value, str | bool) and value == operand


def _passes(value: Any, test: Any) -> bool:
    if not isinstance(test, Mapping):
        test = {"in": test if isinstance(test, list) else [test]}
    for operator, operand in test.items():
        operands = operand if isinstance(operand, list) else [operand]
        number = _number(value)
        held = {
            "in": lambda operands=operands: any(_is_equal(value, each) for each in operands),
            "ne": lambda operands=operands: not any(_is_equal(value, each) for each in operands),
            "exists": lambda operand=operand: (value is not ABSENT) == operand,
            "prefix": lambda operand=operand: isinstance(value, str) and value.startswith(operand),
            "gte": lambda n=number, o=operand: n is not None and n >= o,
            "gt": lambda n=number, o=operand: n is not None and n > o,
            "lte": lambda n=number, o=operand: n is not None and n <= o,
            "lt": lambda n=number, o=operand: n is not None and n < o,
        }[operator]()
        if not held:
            return False
    return True


def _unit_start(unit: str, day: date) -> date:
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "year":
        return day.replace(month=1, day=1)
    if unit == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(day=1)


def _next_start(unit: str, start: date) -> date:
    if unit == "month":
        return _unit_start("month", start + timedelta(days=31))
    return start + timedelta(days=7 if unit == "week" else 1)


def bucket_of(selector: Mapping[str, Any], activity: Activity) -> str | None:
    """Name the part an activity is measured in; None where the selector does not choose it."""
    if "types" in selector and activity.activity_type not in selector["types"]:
        return None
    for name, test in selector.get("where", {}).items():
        if not _passes(_read(activity, name), test):
            return None
    parts = []
    if "window" in selector:
        parts.append(_unit_start(selector["window"], activity.activity_date).isoformat())
    if "per" in selector:
        name = _name(_read(activity, selector["per"]))
        if name is None:
            return None
        parts.append(name)
    return " ".join(parts)


def parts_of(
    selector: Mapping[str, Any], activities: Iterable[Activity]
) -> dict[str, list[Activity]]:
    """Divide the chosen activities into the selector's parts."""
    parts: dict[str, list[Activity]] = defaultdict(list)
    for activity in activities:
        bucket = bucket_of(selector, activity)
        if bucket is not None:
            parts[bucket].append(activity)
    return parts


def counted_elements(selector: Mapping[str, Any], activities: Sequence[Activity]) -> list[str]:
    """List the values, or the units of a per_unit streak, that reached their target."""
    target = selector.get("per_value") or selector.get("per_unit") or {}
    tallied: dict[str, list[Activity]] = defaultdict(list)
    for activity in activities:
        if "per_unit" in selector:
            start = _unit_start(selector["unit"], activity.activity_date)
            tallied[start.isoformat()].append(activity)
        elif "distinct" in selector:
            name = _name(_read(activity, selector["distinct"]))
            if name is not None:
                tallied[name].append(activity)
    counted = []
    for element, members in tallied.items():
        values = [_number(_read(member, target.get("field", "quantity"))) for member in members]
        numbers = [value for value in values if value is not None]
        measure = target.get("measure", "count")
        if measure == "count":
            tally: Any = len(members)
        elif measure == "active_days":
            tally = len({member.activity_date for member in members})
        else:
            tally = (sum(numbers) if measure == "sum" else max(numbers)) if numbers else None
        if tally is not None and tally >= target.get("at_least", 1):
            counted.append(element)
    return sorted(counted)


def _runs(unit: str, days: Iterable[date]) -> list[int]:
    starts = sorted({_unit_start(unit, day) for day in days})
    runs: list[int] = []
    for number, start in enumerate(starts):
        if number and _next_start(unit, starts[number - 1]) == start:
            runs[-1] += 1
        else:
            runs.append(1)
    return runs or [0]


def stats_row(
    selector: Mapping[str, Any], activities: Sequence[Activity], *, is_dated: bool = True
) -> dict[str, Any]:
    """Measure one part: the columns of peer_mentor_stats.

    A rule's stat that no rule asks for days or runs keeps none of them: it is not dated. A
    per_unit streak keeps its units only.
    """
    values = [_number(_read(one, selector.get("field", "quantity"))) for one in activities]
    numbers = [value for value in values if value is not None]
    elements = counted_elements(selector, activities)
    is_dated = is_dated and "per_unit" not in selector
    days = {activity.activity_date for activity in activities} if is_dated else set()
    units = ("day", "week", "month")
    marks: Iterable[date] = days
    if "per_unit" in selector:
        units = (selector["unit"],)
        marks = {date.fromisoformat(element) for element in elements}
    row: dict[str, Any] = {
        "activity_count": len(activities),
        "value_sum": sum(numbers, Decimal(0)),
        "value_max": max(numbers, default=None),
        "has_negative": any(number < 0 for number in numbers),
        "active_days": len(days),
        "distinct_count": len(elements),
        "run_end": max(marks, default=None),
        "first_at": min(activity.occurred_at for activity in activities),
        "last_at": max(activity.occurred_at for activity in activities),
        "last_date": max(days, default=None),
    }
    for unit in ("day", "week", "month"):
        runs = _runs(unit, marks) if unit in units else [0]
        row[f"{unit}_run"] = runs[-1]
        row[f"longest_{unit}_run"] = max(runs)
    return row


def measured(rule: Condition, activities: Sequence[Activity]) -> Any:
    """Measure one part for a condition, whatever the snapshot keeps of it."""
    if rule.measure == "active_days":
        return len({activity.activity_date for activity in activities})
    return stats_row(rule.selector, activities)[MEASURES[rule.measure]]


def _holds(rule: Condition | Group, activities: Sequence[Activity]) -> bool:
    if isinstance(rule, Group):
        return sum(_holds(part, activities) for part in rule.parts) >= rule.required
    values = (measured(rule, members) for members in parts_of(rule.selector, activities).values())
    return any(value is not None and value >= rule.threshold for value in values)


def earned_at(rule: Condition | Group, activities: Iterable[Activity]) -> datetime | None:
    """Give the moment of the first prefix that satisfies a rule, None where none does."""
    ordered = sorted(activities, key=lambda activity: activity.occurred_at)
    for moment in sorted({activity.occurred_at for activity in ordered}):
        if _holds(rule, [one for one in ordered if one.occurred_at <= moment]):
            return moment
    return None
