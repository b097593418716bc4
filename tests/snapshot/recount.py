"""An independent recount of the snapshot: plain loops over plain rows, straight from RULES.

Nothing here follows the engine's way of working; it only knows what each column means and what a
selector chooses.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any

from pgmerit.database import Connection

from tests.engine import rows

Row = dict[str, Any]
Key = tuple[Any, str, str, str]
LIMIT = Decimal("1e30")
# A rule's stat keeps days where a rule asks for one of these; base stats always do. Runs are kept
# where a rule asks for them. What is not kept is null.
DAYS = {"active_days", "day_run", "week_run", "month_run"}


def assert_equals_a_recount(connection: Connection) -> None:
    """Fail unless every row of the snapshot equals a recount, and no row is too many."""
    expected = recount(connection)
    stored = {
        (each["peer_mentor_id"], each["org_id"], each["stat"], each["bucket"]): each
        for each in rows(connection, "select * from badges.peer_mentor_stats")
    }
    assert stored.keys() == expected.keys(), stored.keys() ^ expected.keys()
    differences = [
        (key, name, stored[key][name], wanted)
        for key, row in expected.items()
        for name, wanted in row.items()
        if stored[key][name] != wanted
    ]
    assert not differences, differences


def recount(connection: Connection) -> dict[Key, Row]:
    """Count every stat of everybody from the activities."""
    with localcontext(prec=40000):
        return _recount(connection)


def _recount(connection: Connection) -> dict[Key, Row]:
    activities = [
        each
        | {"attributes": json.loads(each["attributes"], parse_float=Decimal, parse_int=Decimal)}
        for each in rows(
            connection,
            "select org_id, peer_mentor_id, activity_type, occurred_at, activity_date, quantity,"
            " attributes::text from badges.activities",
        )
    ]
    selectors = [
        (
            each["org_id"],
            each["stat"],
            json.loads(each["selector"], parse_float=Decimal)
            | {"keeps_days": not DAYS.isdisjoint(each["watched"]), "asked": each["watched"]},
        )
        for each in rows(
            connection,
            "select org_id, stat, selector::text, watched from badges_internal.stat_definitions"
            " where stat >= '~'",
        )
    ]
    asked = {
        (each["org_id"], each["stat"]): each["watched"]
        for each in rows(
            connection, "select org_id, stat, watched from badges_internal.stat_definitions"
        )
    }
    orgs = {each["org_id"] for each in activities}
    selectors += [(org, "*", {"asked": asked.get((org, "*"), ())}) for org in orgs]
    selectors += [
        (org, f"={kind}", {"types": [kind], "asked": asked.get((org, f"={kind}"), ())})
        for org, kind in {(each["org_id"], each["activity_type"]) for each in activities}
    ]
    parts: dict[Key, tuple[Row, list[Row]]] = {}
    for org, stat, selector in selectors:
        for each in activities:
            if each["org_id"] != org or not is_chosen(each, selector):
                continue
            bucket = bucket_of(each, selector)
            if bucket is not None:
                key = (each["peer_mentor_id"], org, stat, bucket)
                parts.setdefault(key, (selector, []))[1].append(each)
    return {key: counted(chosen, selector) for key, (selector, chosen) in parts.items()}


def value_of(activity: Row, field: str) -> Any:
    """Give an attribute, None where it is absent or null."""
    if field == "quantity":
        return activity["quantity"]
    return activity["attributes"].get(field)


def number_of(activity: Row, field: str) -> Decimal | None:
    """Give an attribute's number, None where it has none within 1e30."""
    value = value_of(activity, field)
    return value if isinstance(value, Decimal) and abs(value) <= LIMIT else None


def scalar_name(value: Any) -> str | None:
    """Name a scalar: equal values have one name, anything else none."""
    if isinstance(value, bool):
        name = "true" if value else "false"
    elif isinstance(value, Decimal):
        if abs(value) > LIMIT:
            return None
        name = format(value.normalize() if value else Decimal(0), "f")
    elif isinstance(value, str):
        name = json.dumps(value, ensure_ascii=False)
    else:
        return None
    if len(name.encode()) > 200:
        return "sha256:" + hashlib.sha256(name.encode()).hexdigest()
    return name


def same(value: Any, wanted: Any) -> bool:
    """Compare as JSON does: true is not 1, 1.0 is 1."""
    if isinstance(wanted, (int, Decimal)) and not isinstance(wanted, bool):
        return (
            isinstance(value, Decimal) and not isinstance(value, bool) and value == Decimal(wanted)
        )
    return type(value) is type(wanted) and bool(value == wanted)


def passes(activity: Row, field: str, test: Any) -> bool:
    """Tell whether an attribute passes its test."""
    value = value_of(activity, field)
    number = number_of(activity, field)
    if isinstance(test, list):
        return any(same(value, wanted) for wanted in test)
    if not isinstance(test, Mapping):
        return same(value, test)
    verdicts = {
        "gte": lambda bound: number is not None and number >= bound,
        "gt": lambda bound: number is not None and number > bound,
        "lte": lambda bound: number is not None and number <= bound,
        "lt": lambda bound: number is not None and number < bound,
        "ne": lambda wanted: not same(value, wanted),
        "in": lambda choice: any(same(value, wanted) for wanted in choice),
        "prefix": lambda prefix: isinstance(value, str) and value.startswith(prefix),
        "exists": lambda wanted: (value is not None) == wanted,
    }
    return all(verdicts[operator](operand) for operator, operand in test.items())


def is_chosen(activity: Row, selector: Mapping[str, Any]) -> bool:
    """Tell whether a selector picks an activity."""
    if "types" in selector and activity["activity_type"] not in selector["types"]:
        return False
    return all(passes(activity, field, test) for field, test in selector.get("where", {}).items())


def unit_start(unit: str, day: date) -> date:
    """Give the first day of the calendar unit a day lies in."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    months = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}
    return day if unit == "day" else day.replace(month=months[unit], day=1)


def next_unit(unit: str, start: date) -> date:
    """Give the first day of the unit after the one that begins on a day."""
    if unit == "month":
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=7 if unit == "week" else 1)


def bucket_of(activity: Row, selector: Mapping[str, Any]) -> str | None:
    """Name the part an activity is measured in, None where it belongs to none."""
    names = []
    if "window" in selector:
        names.append(unit_start(selector["window"], activity["activity_date"]).isoformat())
    if "per" in selector:
        name = scalar_name(value_of(activity, selector["per"]))
        if name is None:
            return None
        names.append(name)
    return " ".join(names)


def counted_elements(chosen: Iterable[Row], selector: Mapping[str, Any]) -> list[str]:
    """List the values, or the first days of the units, that reach what they must."""
    rule = selector.get("per_value") or selector.get("per_unit") or {}
    tallies: dict[str, list[Decimal | None]] = defaultdict(list)
    for each in chosen:
        if "per_unit" in selector:
            name: str | None = unit_start(selector["unit"], each["activity_date"]).isoformat()
        elif "distinct" in selector:
            name = scalar_name(value_of(each, selector["distinct"]))
        else:
            return []
        if name is not None:
            tallies[name].append(
                number_of(each, rule.get("field", "quantity"))
                if rule.get("measure") in ("sum", "max")
                else Decimal(1)
            )

    def is_reached(tally: list[Decimal | None]) -> bool:
        numbers = [number for number in tally if number is not None]
        if "at_least" not in rule:
            return True
        if not numbers:
            return False
        reached = max(numbers) if rule.get("measure") == "max" else sum(numbers)
        return reached >= rule["at_least"]

    return sorted(name for name, tally in tallies.items() if is_reached(tally))


def runs(unit: str, days: Iterable[date]) -> list[tuple[int, date]]:
    """List the runs of units that hold a day: length and first day of the last unit."""
    found: list[tuple[int, date]] = []
    for start in sorted({unit_start(unit, day) for day in days}):
        if found and next_unit(unit, found[-1][1]) == start:
            found[-1] = (found[-1][0] + 1, start)
        else:
            found.append((1, start))
    return found


def counted(chosen: list[Row], selector: Mapping[str, Any]) -> Row:
    """Count one row of the snapshot."""
    numbers = [
        number
        for each in chosen
        if (number := number_of(each, selector.get("field", "quantity"))) is not None
    ]
    days = {each["activity_date"] for each in chosen}
    elements = counted_elements(chosen, selector)
    row: Row = {
        "activity_count": len(chosen),
        "value_sum": sum(numbers, Decimal(0)),
        "value_max": max(numbers, default=None),
        "active_days": len(days),
        "distinct_count": len(elements),
        "first_at": min(each["occurred_at"] for each in chosen),
        "last_at": max(each["occurred_at"] for each in chosen),
        "last_date": max(days),
    }
    by_elements = "per_unit" in selector
    for unit in ("day", "week", "month"):
        found: list[tuple[int, date]] = []
        if not by_elements:
            found = runs(unit, days)
        elif selector["unit"] == unit:
            found = runs(unit, [date.fromisoformat(each) for each in elements])
        row[f"{unit}_run"] = found[-1][0] if found else 0
        row[f"longest_{unit}_run"] = max((length for length, _ in found), default=0)
    if by_elements:
        row["run_end"] = date.fromisoformat(elements[-1]) if elements else None
    else:
        row["run_end"] = max(days)
    if by_elements or not selector.get("keeps_days", True):
        row |= {"active_days": None, "last_date": None}
    if not by_elements and not selector.get("keeps_days", True):
        row["run_end"] = None
    if not by_elements and "distinct" not in selector:
        row["distinct_count"] = None
    for unit in ("day", "week", "month"):
        if f"{unit}_run" not in selector["asked"]:
            row |= {f"{unit}_run": None, f"longest_{unit}_run": None}
    return row
