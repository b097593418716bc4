"""RULES.md by brute force: every measure from scratch, every prefix of the activities.

Slow and plain on purpose. It shares nothing with the SQL, so that the two can be held together.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

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
    clock: time = time(0)  # the organization's local time of day at occurred_at


@dataclass(frozen=True)
class Condition:
    """A number that a measure of a selector must reach."""

    selector: Mapping[str, Any] = field(hash=False)
    measure: str
    threshold: int


@dataclass(frozen=True)
class Tenure:
    """So many days or months since the first chosen activity, noticed by any activity or sweep."""

    selector: Mapping[str, Any] = field(hash=False)
    unit: str  # day or month
    length: int
    zone: ZoneInfo


@dataclass(frozen=True)
class Group:
    """Parts of which so many must hold at the same moment."""

    required: int
    parts: tuple[Rule, ...]


Rule = Condition | Tenure | Group


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


def _is_in_time(when: Mapping[str, Any], activity: Activity) -> bool:
    day = activity.activity_date
    first, end = when.get("hours", ["00:00", "24:00"])
    clock = activity.clock.strftime("%H:%M")
    is_within = first <= clock < end if first < end else clock >= first or clock < end
    return (
        is_within
        and day.isoweekday() in when.get("weekdays", range(1, 8))
        and day.month in when.get("months", range(1, 13))
        and ("dates" not in when or day.strftime("%m-%d") in when["dates"])
        and day.timetuple().tm_yday in when.get("days_of_year", range(1, 367))
        and when.get("from", "0001-01-01") <= day.isoformat() <= when.get("until", "9999-12-31")
    )


def bucket_of(selector: Mapping[str, Any], activity: Activity) -> str | None:
    """Name the part an activity is measured in; None where the selector does not choose it."""
    if "types" in selector and activity.activity_type not in selector["types"]:
        return None
    for name, test in selector.get("where", {}).items():
        if not _passes(_read(activity, name), test):
            return None
    if not _is_in_time(selector.get("when", {}), activity):
        return None
    parts = []
    if "window" in selector and not rolling_days(selector):
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


def rolling_days(selector: Mapping[str, Any]) -> int:
    """Give the length of a selector's rolling windows, 0 where it has none."""
    window = selector.get("window")
    return window["rolling_days"] if isinstance(window, Mapping) else 0


def _windows(selector: Mapping[str, Any], activities: Sequence[Activity]) -> list[list[Activity]]:
    length = timedelta(days=rolling_days(selector))
    return [
        [one for one in activities if last - length < one.activity_date <= last]
        for last in {activity.activity_date for activity in activities}
    ]


def counted_elements(selector: Mapping[str, Any], activities: Sequence[Activity]) -> list[str]:
    """List the values, or the units of a streak, that reached their target."""
    target = selector.get("per_value") or selector.get("per_unit") or {}
    tallied: dict[str, list[Activity]] = defaultdict(list)
    for activity in activities:
        if "unit" in selector:
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


def _runs(unit: str, days: Iterable[date], grace: int = 0) -> list[int]:
    starts = sorted({_unit_start(unit, day) for day in days})
    runs: list[int] = []
    for number, start in enumerate(starts):
        if number and start in _next_starts(unit, starts[number - 1], grace + 1):
            runs[-1] += 1
        else:
            runs.append(1)
    return runs or [0]


def _next_starts(unit: str, start: date, number: int) -> list[date]:
    starts = [start]
    for _ in range(number):
        starts.append(_next_start(unit, starts[-1]))
    return starts[1:]


def stats_row(
    selector: Mapping[str, Any], activities: Sequence[Activity], *, is_dated: bool = True
) -> dict[str, Any]:
    """Measure one part: the columns of peer_mentor_stats.

    A rule's stat that no rule asks for days or runs keeps none of them: it is not dated. A streak
    with units of its own keeps these only. A rolling window's row has the best of all windows.
    """
    if rolling_days(selector):
        return _best_row(selector, activities)
    values = [_number(_read(one, selector.get("field", "quantity"))) for one in activities]
    numbers = [value for value in values if value is not None]
    elements = counted_elements(selector, activities)
    is_dated = is_dated and "unit" not in selector
    days = {activity.activity_date for activity in activities} if is_dated else set()
    units = ("day", "week", "month")
    marks: Iterable[date] = days
    if "unit" in selector:
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
        runs = _runs(unit, marks, selector.get("grace", 0)) if unit in units else [0]
        row[f"{unit}_run"] = runs[-1]
        row[f"longest_{unit}_run"] = max(runs)
    return row


def _best_row(selector: Mapping[str, Any], activities: Sequence[Activity]) -> dict[str, Any]:
    plain = {key: value for key, value in selector.items() if key != "window"}
    windows = _windows(selector, activities)
    rows = [stats_row(plain, window) for window in windows]
    sums = [measured(Condition(plain, "sum", 0), window) for window in windows]
    best = stats_row(plain, activities, is_dated=False)
    for column in ("activity_count", "active_days", "distinct_count"):
        best[column] = max(row[column] for row in rows)
    best["value_sum"] = max((one for one in sums if one is not None), default=Decimal(0))
    return best


def measured(rule: Condition, activities: Sequence[Activity]) -> Any:
    """Measure one part for a condition, whatever the snapshot keeps of it."""
    if rolling_days(rule.selector):
        plain = {key: value for key, value in rule.selector.items() if key != "window"}
        values = [
            measured(Condition(plain, rule.measure, rule.threshold), window)
            for window in _windows(rule.selector, activities)
        ]
        return max((value for value in values if value is not None), default=None)
    if rule.measure == "active_days":
        return len({activity.activity_date for activity in activities})
    if rule.measure == "sum":
        name = rule.selector.get("field", "quantity")
        found = [_number(_read(activity, name)) for activity in activities]
        numbers = [value for value in found if value is not None]
        return sum(numbers, Decimal(0)) if numbers else None
    return stats_row(rule.selector, activities)[MEASURES[rule.measure]]


def due_at(rule: Tenure, activities: Iterable[Activity]) -> datetime | None:
    """Give the local midnight at which a tenure falls due, None where nothing began it."""
    days = [one.activity_date for one in activities if bucket_of(rule.selector, one) is not None]
    if not days:
        return None
    due = min(days)
    if rule.unit == "day":
        due += timedelta(days=rule.length)
    else:
        start = _next_starts("month", due.replace(day=1), rule.length)[-1]
        last = _next_start("month", start) - timedelta(days=1)
        due = min(last, start + timedelta(days=due.day - 1))
    midnight = datetime.combine(due, time(0), rule.zone)
    return max(midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


def _holds(rule: Rule, activities: Sequence[Activity], moment: datetime, end: datetime) -> bool:
    if isinstance(rule, Group):
        held = sum(_holds(part, activities, moment, end) for part in rule.parts)
        return held >= rule.required
    if isinstance(rule, Tenure):
        due = due_at(rule, activities)
        return due is not None and due <= moment and due <= end
    before = [one for one in activities if one.occurred_at <= moment]
    values = (measured(rule, members) for members in parts_of(rule.selector, before).values())
    return any(value is not None and value >= rule.threshold for value in values)


def _dues(rule: Rule, activities: Sequence[Activity]) -> set[datetime]:
    if isinstance(rule, Group):
        return {due for part in rule.parts for due in _dues(part, activities)}
    due = due_at(rule, activities) if isinstance(rule, Tenure) else None
    return set() if due is None else {due}


def earned_at(
    rule: Rule, activities: Iterable[Activity], seen_until: datetime | None = None
) -> datetime | None:
    """Give the first moment at which a rule holds, None where there is none.

    The moments are those of the activities and the midnights at which a tenure falls due.
    """
    present = list(activities)
    instants = {activity.occurred_at for activity in present}
    end = max([*instants, seen_until or min(instants)])
    for moment in sorted(instants | _dues(rule, present)):
        if _holds(rule, present, moment, end):
            return moment
    return None
