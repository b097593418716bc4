"""Goal of the language's second part: each of its keys alone beside the base stats."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

from tests.bench.machine import Machine
from tests.bench.single import CALL, NEVER, STREAK, Group
from tests.bench.stand import Activity, Line, Scale, Stand, beside, line, ratios, stand
from tests.engine import rule_set

TOPICS = ["t0", "t1", "t2", "t3"]
THOUSAND = 1000
LONG = {"minutes": {"gte": 20}}
DAYS = STREAK | {"unit": "day"}
LAPSE = {"on_unmet": "lapse"}
NEARLY_ALL: dict[str, Any] = {"type": "share", "activity": "call", "qualify": LONG, "at_least": 1}

# By name: the rule, what else stands at the badge and the organization, the aim.
KEYS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], float]] = {
    "week_starts": (STREAK | {"unit": "week"}, {}, {"week_starts": "sunday"}, 1.5),
    "on": (
        DAYS | {"on": {"weekdays": ["mon", "tue", "wed", "thu", "fri"], "closed_days": False}},
        {},
        {"closed_days": ["01-01", "05-01", "12-25", "12-26"]},
        1.5,
    ),
    "excused_by": (DAYS | {"excused_by": {"activity": "vacation"}}, {}, {}, 1.5),
    "in_a_row": (
        {"type": "in_a_row", "activity": "call", "qualify": LONG, "length": NEVER},
        {},
        {},
        1.5,
    ),
    "share of_at_least": (NEARLY_ALL | {"of_at_least": 20}, {}, {}, 1.5),
    "share of_last": (NEARLY_ALL | {"of_last": 10}, {}, {}, 2.5),
    "none_of": (
        {
            "type": "all_of",
            "criteria": [
                CALL,
                {"type": "none_of", "criteria": [CALL | {"where": {"mood": "bad"}}]},
            ],
        },
        {},
        {},
        1.5,
    ),
    "lapse": (CALL, LAPSE, {}, 1.5),
    "lapse, streak": (DAYS, LAPSE, {}, 1.5),
    "lapse, streak that is held": (DAYS | {"length": 7}, LAPSE, {}, 1.5),
    "last_days": (CALL | {"window": {"last_days": 30}}, LAPSE, {}, 2.5),
    "last_days, held": (CALL | {"window": {"last_days": 30}, "at_least": 10}, LAPSE, {}, 2.5),
    "valid_days": (
        {
            "type": "training_completion",
            "activity": "call",
            "field": "topic",
            "courses": TOPICS,
            "valid_days": 30,
        },
        LAPSE,
        {},
        2.5,
    ),
    "repeat each": (
        CALL | {"window": "month", "repeat": {"each": "window", "max": 12}},
        {},
        {},
        1.5,
    ),
    "repeat of tenure": (
        {"type": "tenure", "activity": "call", "years": 100, "repeat": {"max": 3}},
        {},
        {},
        1.5,
    ),
    "cap": (
        CALL | {"measure": "sum", "field": "minutes", "cap": {"per": "day", "at": 30}},
        {},
        {},
        1.5,
    ),
}


def of_second_part(machine: Machine, scale: Scale) -> list[Line]:
    """Goal 17: each key of the second part, in order and late, against a plain one in order."""
    return _of_keys(machine, scale) + _of_long_sequences(machine, scale)


def _of_keys(machine: Machine, scale: Scale) -> list[Line]:
    with stand(machine) as place:
        names = ("plain", *KEYS)
        place.apply(_document())
        groups = {name: Group(_org(name), scale.block) for name in names}
        place.fill(itertools.chain(*(group.past() for group in groups.values())))
        # Two days a round: some fall due at every second.
        in_order = beside(
            scale.rounds,
            _ways(place, partial(_two_days, groups["plain"])),
            {name: _ways(place, partial(_two_days, groups[name])) for name in KEYS},
        )
        late = beside(
            scale.rounds,
            _ways(place, groups["plain"].next),
            {name: _ways(place, groups[name].late) for name in names},
        )
    return [_line(name, in_order[name], aim, "plain") for name, (*_, aim) in KEYS.items()] + [
        _line(f"{name}, late", found, 5, "plain in order") for name, found in late.items()
    ]


def _of_long_sequences(machine: Machine, scale: Scale) -> list[Line]:
    """Measure a late activity that does not qualify, of people with a thousand."""
    names = ("plain", "in_a_row", "share of_at_least", "share of_last")
    with stand(machine) as place:
        place.apply(_document())
        groups = {name: Group(_org(name), scale.block // 5, THOUSAND) for name in names}
        place.fill(itertools.chain(*(group.past() for group in groups.values())))
        found = beside(
            scale.rounds,
            _ways(place, groups["plain"].next),
            {name: _ways(place, partial(_failing, groups[name])) for name in names},
        )
    return [
        _line(f"{name}, late, not qualifying, 1,000 a person", found[name], 5, "plain in order")
        for name in names
    ]


def _line(what: str, found: tuple[list[float], list[float]], aim: float, base: str) -> Line:
    its, plain = found
    return line(
        17, what, ratios(its, plain), aim, f"x {base}",
        note=f"{median(its):.0f} µs, {base} {median(plain):.0f}",
    )  # fmt: skip


def _two_days(group: Group) -> list[Activity]:
    """Give two activities of each person, on the next two days."""
    return group.next() + group.next()


def _failing(group: Group) -> list[Activity]:
    """Give a late activity of each person that no sequence takes."""
    return [(*row[:6], '{"minutes": 1}', row[7]) for row in group.late()]


def _document() -> dict[str, Any]:
    badges: dict[str, Any] = {"plain": CALL}
    organizations: dict[str, Any] = {"plain": {"time_zone": "UTC", "badges": ["plain"]}}
    for name, (criteria, more, of_organization, _) in KEYS.items():
        badges[_org(name)] = {"name": name, "criteria": criteria, **more}
        organizations[_org(name)] = {
            "time_zone": "UTC",
            "badges": [_org(name)],
            **of_organization,
        }
    return rule_set(badges, organizations)


def _ways(place: Stand, give: Callable[[], list[Activity]]) -> Callable[[], float]:
    return lambda: place.insert(give())


def _org(name: str) -> str:
    return name.replace("_", "-").replace(", ", "-").replace(" ", "-")
