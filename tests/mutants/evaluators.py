"""Mutants of the plain evaluator: each of its functions that states a bound, replaced.

Every key and every bound of the language is one small function of tests.oracle.evaluator. Those
that answer yes or no are made to always say the one or the other, those that give a number give
one more and one less; both lists are read from the module. A third list, written by hand, has the
mistakes that one might make in reading the language.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from fractions import Fraction
from typing import Any

import pytest

from tests.acceptance.brute_force import awards_of
from tests.acceptance.cases import Case
from tests.oracle import evaluator

Function = Callable[..., Any]

# Functions that decide no award, or none by being wrong on their own.
NO_AWARD = {
    "day": "reads",
    "read_json": "reads",
    "exact": "reads",
    "number": "reads",
    "whole": "reads",
    "minutes": "reads",
    "is_same": "has its own in the list by hand",
    "is_rolling": "of the snapshot",
    "unit_number": "only that neighbours differ by one matters",
    "days_in_month": "has its own in the list by hand",
}


@dataclass(frozen=True)
class Mutant:
    """The evaluator with other functions."""

    name: str
    functions: Mapping[str, Function]

    def decides(self, case: Case) -> bool:
        """Tell whether a case's awards are others."""
        with pytest.MonkeyPatch.context() as patch:
            for name, function in self.functions.items():
                patch.setattr(evaluator, name, function)
            return awards_of(case) != case.awards


def _functions() -> dict[str, Function]:
    """List the evaluator's functions that awards are found with, by name."""
    names = {
        name: function
        for name, function in inspect.getmembers(evaluator, inspect.isfunction)
        if function.__module__ == evaluator.__name__ and not name.startswith("_")
    }
    needed: set[str] = set()
    left = ["awards"]
    while left:
        name = left.pop()
        function = getattr(evaluator, name, None)
        if inspect.isfunction(function) and name not in needed:
            needed.add(name)
            left += _named(function.__code__)
    return {name: names[name] for name in sorted(needed) if name in names}


def _named(code: Any) -> list[str]:
    inner = [each for each in code.co_consts if inspect.iscode(each)]
    return [*code.co_names, *(name for each in inner for name in _named(each))]


def constant_mutants() -> list[Mutant]:
    """Make each function that answers yes or no always say one of them."""
    return [
        Mutant(f"{name}: always {answer}", {name: lambda *_, answer=answer: answer})
        for name, function in _functions().items()
        if function.__annotations__.get("return") == "bool" and name not in NO_AWARD
        for answer in (True, False)
    ]


def number_mutants() -> list[Mutant]:
    """Make each function that gives a number give one more and one less."""
    return [
        Mutant(f"{name}: {step:+}", {name: lambda *given, f=function, step=step: f(*given) + step})
        for name, function in _functions().items()
        if function.__annotations__.get("return") in ("int", "Fraction") and name not in NO_AWARD
        for step in (1, -1)
    ]


# --- By hand -------------------------------------------------------------------------------------

_is_within_hours = evaluator.is_within_hours
_is_same = evaluator.is_same
_value_of = evaluator.value_of
_local_day = evaluator.local_day
_day_begins = evaluator.day_begins
_window_start = evaluator.window_start
_unit_number = evaluator.unit_number
_rolling_windows = evaluator.rolling_windows
_within_limit = evaluator.within_limit
_targets = evaluator.targets
_verdicts = evaluator.verdicts
_measured = evaluator.measured
_runs = evaluator.runs
_missed = evaluator.missed
_scalar_of = evaluator.scalar_of
_best = evaluator.best


def _hours_without_wrap(minute: int, first: Any, end: Any) -> bool:
    return evaluator.minutes(first) <= minute < evaluator.minutes(end)


def _hours_with_their_end(minute: int, first: Any, end: Any) -> bool:
    return _is_within_hours(minute, first, end) or minute == evaluator.minutes(end)


def _hours_after_their_beginning(minute: int, first: Any, end: Any) -> bool:
    return _is_within_hours(minute, first, end) and minute != evaluator.minutes(first)


def _same_text(value: Any, operand: Any) -> bool:
    return str(value) == str(evaluator.exact(operand))


def _null_is_present(activity: evaluator.Activity, name: str) -> Any:
    value = _value_of(activity, name)
    return None if value is evaluator.ABSENT and name in activity.attributes else value


def _quantity_is_an_attribute(activity: evaluator.Activity, name: str) -> Any:
    value = activity.attributes.get(name)
    return evaluator.ABSENT if value is None else value


def _absent_is_nothing_else(value: Any, operand: Any) -> bool:
    return value is not evaluator.ABSENT and not _is_same(value, operand)


def _text_is_a_number(value: Any) -> Fraction | None:
    if isinstance(value, str) and value.replace(".", "", 1).isdigit():
        return Fraction(value)
    return value if isinstance(value, Fraction) and abs(value) <= 10**30 else None


def _any_size_is_a_number(value: Any) -> Fraction | None:
    return value if isinstance(value, Fraction) else None


def _day_in_utc(activity: evaluator.Activity, clock: evaluator.Clock) -> Any:
    return activity.activity_date or activity.occurred_at.astimezone(UTC).date()


def _day_from_midnight(activity: evaluator.Activity, clock: evaluator.Clock) -> Any:
    return _local_day(activity, evaluator.replace(clock, day_starts=evaluator.time(0)))


def _begins_at_midnight(of_day: Any, clock: evaluator.Clock) -> Any:
    return _day_begins(of_day, evaluator.replace(clock, day_starts=evaluator.time(0)))


def _another_start(week_starts: str) -> str:
    return "monday" if week_starts != "monday" else "sunday"


def _week_from_another_day(window: str, of_day: Any, week_starts: str) -> Any:
    return _window_start(window, of_day, _another_start(week_starts))


def _week_of_streak_from_another_day(unit: str, of_day: Any, week_starts: str) -> int:
    return _unit_number(unit, of_day, _another_start(week_starts))


def _month_as_thirty_days(unit: str, of_day: Any, week_starts: str) -> int:
    if unit == "month":
        return int(of_day.toordinal()) // 30
    return _unit_number(unit, of_day, week_starts)


def _window_without_its_last_day(of_day: Any, last: Any, days: int) -> bool:
    return last - timedelta(days=days) <= of_day < last


def _only_the_last_window(part: Sequence[evaluator.Activity], days: int) -> Any:
    return _rolling_windows(part, days)[-1:]


def _sum_of_parts(found: Any) -> Fraction | None:
    numbers = [value for value in found if value is not None]
    return sum(numbers, Fraction(0)) if numbers else None


def _last_run_only(node: Any, chosen: Any, excusing: Any = ()) -> Fraction | None:
    if node["type"] != "streak" or not node.get("consecutive", True):
        return _measured(node, chosen, excusing)
    units = evaluator.qualifying_units(
        node["unit"], node.get("per_unit"), chosen, node["week_starts"]
    )
    found = evaluator.runs(units, node, excusing)
    return Fraction(len(found[-1]) if found else 0)


def _grace_counts(node: Any, chosen: Any, excusing: Any = ()) -> Fraction | None:
    if node["type"] != "streak" or "grace" not in node:
        return _measured(node, chosen, excusing)
    units = evaluator.qualifying_units(
        node["unit"], node.get("per_unit"), chosen, node["week_starts"]
    )
    found = evaluator.runs(units, node, excusing)
    return Fraction(max((run[-1] - run[0] + 1 for run in found), default=0))


def _grace_once(units: Any, node: Any, excusing: Any) -> list[list[int]]:
    found: list[list[int]] = []
    left = grace = evaluator.grace_of(node)
    excused = {
        evaluator.unit_number(node["unit"], each.activity_date, node["week_starts"])
        for each in excusing
    }
    for unit in units:
        missing = evaluator.missed(found[-1][-1], unit, node, excused) if found else 0
        if found and missing <= left:
            left -= missing
            found[-1].append(unit)
        else:
            left = grace
            found.append([unit])
    return found


def _only_the_highest_tier(criteria: Any) -> Any:
    found = list(_targets(criteria))
    return found[-1:] if "tiers" in criteria else found


def _places_of_all_tiers(limit: Any, given: Any) -> Any:
    if limit is None:
        return given
    kept = sorted(given, key=lambda each: (given[each], each[1]))[: evaluator.whole(limit["first"])]
    return {key: given[key] for key in kept}


def _last_places(limit: Any, given: Any) -> Any:
    if limit is None:
        return given
    kept = sorted(given, key=lambda each: (given[each], each[1]), reverse=True)
    return {key: given[key] for key in kept[: evaluator.whole(limit["first"])]}


def _end_of_the_present(slug: str, node: Any, history: evaluator.History) -> list[bool]:
    held = _verdicts(slug, node, history)
    return [each and held[-1] for each in held] if held else held


def _midnight_in_utc(of_day: Any, clock: evaluator.Clock) -> Any:
    return evaluator.datetime.combine(of_day, evaluator.time(0), UTC)


def _noticed_is_earned(node: Any, history: evaluator.History) -> Any:
    due = _tenure_due(node, history)
    later = [each.occurred_at for each in history.activities if due and each.occurred_at >= due]
    return min(later, default=history.as_of) if due else None


_tenure_due = evaluator.tenure_due
_awards = evaluator.awards


def _tenure_without_where(node: Any, history: evaluator.History) -> Any:
    return _tenure_due({key: node[key] for key in node if key != "where"}, history)


def _overflowing_months(first: Any, node: Any) -> Any:
    if "days" in node:
        return first + timedelta(days=evaluator.whole(node["days"]))
    months = evaluator.whole(node.get("months", 0)) + 12 * evaluator.whole(node.get("years", 0))
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return first.replace(year=year, month=month + 1, day=1) + timedelta(days=first.day - 1)


def _window_before_per_value(node: Any, chosen: Any, excusing: Any = ()) -> Fraction | None:
    """Apply per_value to all of the time, then part it."""
    if "per_value" not in node:
        return _measured(node, chosen, excusing)
    counted = evaluator.counted_values(node, chosen)
    left = [each for each in chosen if _scalar_of(each, node["field"]) in counted]
    return _measured({key: node[key] for key in node if key != "per_value"}, left)


def _excused_units_count(units: Any, node: Any, excusing: Any) -> list[list[int]]:
    excused = {
        evaluator.unit_number(node["unit"], each.activity_date, node["week_starts"])
        for each in excusing
    }
    return _runs(sorted({*units, *excused}), node, ())


def _per_ignores_the_window(node: Any, chosen: Any, excusing: Any = ()) -> Fraction | None:
    if "per" not in node:
        return _measured(node, chosen, excusing)
    return _measured({key: node[key] for key in node if key != "window"}, chosen)


def _without_ties(activity: evaluator.Activity, moment: Any) -> bool:
    return activity.occurred_at < moment


def _each_tier_counts(slug: str, node: Any, history: Any, moment: Any) -> list[str]:
    counted = _counted_badges(slug, node, history, moment)
    tiers = [
        other
        for other in counted
        for tier, _, target in _targets(history.badges[other]["criteria"])
        if tier and _is_held(other, target, history, moment)
    ]
    return counted + tiers


def _is_held(slug: str, target: Any, history: Any, moment: Any) -> bool:
    earned = evaluator.earned_at(slug, target, history)
    return earned is not None and earned <= moment


_counted_badges = evaluator.counted_badges


def _any_time(slug: str, node: Any, history: Any, moment: Any) -> list[str]:
    last = replace(history, held=dict.fromkeys(history.held, moment))
    return _counted_badges(slug, node, last, moment)


BY_HAND = [
    Mutant(name, functions)
    for name, functions in {
        "at_least: above": {"reaches": lambda value, at_least: value > at_least},
        "length: above": {"is_long_enough": lambda units, length: units > length},
        "require: above": {"enough_courses": lambda done, required: done > required},
        "n: above": {"enough_parts": lambda held, required: held > required},
        "none_of: one may hold": {"none_holds": lambda held: held < 2},
        "badges at_least: above": {"enough_badges": lambda held, required: held > required},
        "per_unit, per_value at_least: above": {
            "element_is_enough": lambda value, at_least: value > at_least
        },
        "tenure: after the day": {"is_due": lambda moment, due: moment > due},
        "limit: one more": {"has_place": lambda taken, limit: taken <= limit["first"]},
        "limit: places of all tiers": {"within_limit": _places_of_all_tiers},
        "limit: the last ones": {"within_limit": _last_places},
        "grace: one less": {"continues_run": lambda missing, grace: missing < max(grace, 1)},
        "grace: the days between count": {"measured": _grace_counts},
        "grace: once for all": {"runs": _grace_once},
        "on: days that do not exist break": {
            "missed": lambda last, unit, node, excused: sum(
                each not in excused for each in range(last + 1, unit)
            )
        },
        "excused_by: excused units break": {
            "missed": lambda last, unit, node, excused: _missed(last, unit, node, ())
        },
        "excused_by: excused units count": {"runs": _excused_units_count},
        "closed_days: dates alone": {
            "is_closed": lambda of_day, closed: of_day.isoformat() in closed
        },
        "streak: the last run": {"measured": _last_run_only},
        "rolling_days: without the last day": {
            "is_in_rolling_window": _window_without_its_last_day
        },
        "rolling_days: one more": {
            "is_in_rolling_window": lambda of_day, last, days: (
                last - timedelta(days=days) <= of_day <= last
            )
        },
        "rolling_days: the last window": {"rolling_windows": _only_the_last_window},
        "per, window: the sum of parts": {"best": _sum_of_parts},
        "per_value before the window": {"measured": _window_before_per_value},
        "per without its window": {"measured": _per_ignores_the_window},
        "week from another day": {"window_start": _week_from_another_day},
        "streak week from another day": {"unit_number": _week_of_streak_from_another_day},
        "weeks: always from Monday": {"before_monday": lambda week_starts: 0},
        "weeks: saturday is sunday": {"before_monday": lambda week_starts: week_starts != "monday"},
        "month of thirty days": {"unit_number": _month_as_thirty_days},
        "hours without midnight": {"is_within_hours": _hours_without_wrap},
        "hours with their end": {"is_within_hours": _hours_with_their_end},
        "hours after their beginning": {"is_within_hours": _hours_after_their_beginning},
        "from: after": {"is_from": lambda of_day, first: of_day > first},
        "until: before": {"is_until": lambda of_day, last: of_day < last},
        "gte: above": {"is_at_least": lambda value, bound: value > bound},
        "gt: at least": {"is_above": lambda value, bound: value >= bound},
        "lte: below": {"is_at_most": lambda value, bound: value < bound},
        "lt: at most": {"is_below": lambda value, bound: value <= bound},
        "text is the number it spells": {"is_same": _same_text},
        "a number in text is one": {"as_number": _text_is_a_number},
        "numbers of any size": {"as_number": _any_size_is_a_number},
        "null is present": {"value_of": _null_is_present},
        "quantity is an attribute": {"value_of": _quantity_is_an_attribute},
        "absent is not another": {"is_other": _absent_is_nothing_else},
        "prefix anywhere": {"has_prefix": lambda value, prefix: prefix in str(value)},
        "days in UTC": {"local_day": _day_in_utc},
        "days from midnight": {"local_day": _day_from_midnight},
        "tenure: midnight in UTC": {"day_begins": _midnight_in_utc},
        "tenure: from midnight": {"day_begins": _begins_at_midnight},
        "tenure: earned when noticed": {"tenure_due": _noticed_is_earned},
        "tenure: without where": {"tenure_due": _tenure_without_where},
        "tenure: months run over": {"after_interval": _overflowing_months},
        "tiers: the highest alone": {"targets": _only_the_highest_tier},
        "instants: before": {"is_in_prefix": _without_ties},
        "any prefix: the last one alone": {"verdicts": _end_of_the_present},
        "badges_earned: each tier": {"counted_badges": _each_tier_counts},
        "badges_earned: held some day": {"counted_badges": _any_time},
        "replays count": {"without_replays": lambda activities: iter(activities)},
    }.items()
]


def all_mutants() -> list[Mutant]:
    """List all of them."""
    return constant_mutants() + number_mutants() + BY_HAND
