"""What the rules of a whole document come to: how deep, how many, how much an insert looks at.

badges_internal._validate_bounds and _nest_badges ask the same in the database, in the same words.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pgmerit.rules.grammar import (
    Problem,
    as_number,
    first,
    grammar,
    json_type,
    quote,
    step,
    type_of,
    walk,
)

_MEASURING = {
    "threshold", "tier", "streak", "training_completion", "tenure", "in_a_row", "share",
}  # fmt: skip
_UNIT_KEYS = ("per_unit", "grace", "consecutive", "on", "excused_by", "qualify")
_NOT_CHOOSING = {
    "type", "id", "at_least", "tiers", "length", "repeat", "require", "days", "months", "years",
}  # fmt: skip


@dataclass(frozen=True)
class Nesting:
    """How deep each badge goes, and the circles of those that need each other."""

    depths: dict[str, int]
    circles: list[list[str]]


def needed_badges(written: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Give every badge with each badge that it needs under badges_earned, and the place.

    Where none is listed, by category or any, the badge needed is ''. Criteria need not be valid.
    """
    for slug, criteria in written.items():
        place = step(step("$.badges", slug), "criteria")
        for path, node, _ in walk(criteria):
            if type_of(node) == "badges_earned":
                below = place + path[1:]
                listed = node.get("badges")
                for index, other in enumerate(listed if isinstance(listed, list | tuple) else ()):
                    if isinstance(other, str):
                        yield slug, other, step(step(below, "badges"), index)
                if "badges" not in node:
                    yield slug, "", below


def nest(pairs: Iterable[tuple[str, str]]) -> Nesting:
    """Find how deep badges nest, and one circle for all badges that need each other.

    Every badge and every pair is visited once (Tarjan's strongly connected components).
    """
    needs: dict[str, list[str]] = defaultdict(list)
    for badge, needed in sorted(set(pairs)):
        needs[badge].append(needed)
    visits: dict[str, int] = {}
    low: dict[str, int] = {}
    component: dict[str, str] = {}
    depths: dict[str, int] = defaultdict(int)
    open_: list[str] = []
    for root in sorted(needs):
        way = [] if root in visits else [(root, iter(needs[root]))]
        while way:
            badge, left = way[-1]
            if badge not in visits:
                visits[badge] = low[badge] = len(visits)
                open_.append(badge)
            other = next(left, None)
            if other is None:
                way.pop()
                if low[badge] == visits[badge]:
                    while badge not in component:
                        component[open_.pop()] = badge
                if way:
                    other, badge = badge, way[-1][0]
                    low[badge] = min(low[badge], low[other])
            elif other not in visits:
                way.append((other, iter(needs.get(other, []))))
                continue
            elif other not in component:
                low[badge] = min(low[badge], visits[other])
            if other in component:
                depths[badge] = max(depths[badge], depths[other] + 1)
    depths.pop("", None)
    return Nesting(dict(depths), _circles(needs, component))


def _circles(needs: Mapping[str, list[str]], component: Mapping[str, str]) -> list[list[str]]:
    """Name a circle a component: from its least badge, each time the least needed there."""
    following = {
        badge: inner[0]
        for badge, needed in needs.items()
        if (inner := [other for other in needed if component[other] == component[badge]])
    }
    least: dict[str, str] = {}
    for badge in sorted(following):
        least.setdefault(component[badge], badge)
    circles = []
    for badge in least.values():
        walked: dict[str, None] = {}
        while badge not in walked:
            walked[badge] = None
            badge = following[badge]
        names = list(walked)
        circle = names[names.index(badge) :]
        begin = circle.index(min(circle))
        circles.append([*circle[begin:], *circle[:begin], circle[begin]])
    return circles


def bound_problems(
    organizations: Mapping[str, Mapping[str, Any]],
    badges: Mapping[str, Any],
    written: Mapping[str, Any],
    sound: Mapping[str, Any],
) -> list[Problem]:
    """Return where a rule set would make an application's insert, or an apply, do too much.

    Each step is bounded by what the step before it let pass. Only what is sound of what is written
    can be counted.
    """
    most = grammar()["limits"]["all_rows"]
    if len(organizations) * len(sound) > most:
        said = f"has {len(organizations)} organizations times {len(sound)} badges"
        return [Problem("$", said, f"at most {most}: organizations times badges")]
    enabled = {
        org_id: _enabled(organization, sound) for org_id, organization in organizations.items()
    }
    return (
        _too_many_rows(enabled, badges, sound)
        or _too_many_stats(enabled, sound)
        or _not_enabled(organizations, badges, written)
    )


def _enabled(organization: Mapping[str, Any], sound: Mapping[str, Any]) -> set[str]:
    if "badges" not in organization:
        return set(sound)
    listed = organization["badges"]
    if not isinstance(listed, list | tuple):
        return set()
    return {slug for slug in listed if isinstance(slug, str)} & sound.keys()


def _weights(criteria: Mapping[str, Any], *, lapses: bool) -> Counter[str]:
    """Count the rows of one badge, and its conditions of the kinds that are bounded."""
    found: Counter[str] = Counter()
    for _, node, _ in walk(criteria):
        kind, listed = node["type"], len(node.get("badges", ()))
        numbers = max(1, len(node.get("tiers", ()))) * int(node.get("repeat", {}).get("max", 1))
        chosen = node.get("activity")
        found["rows"] += (0 if kind == "manual" else numbers) + listed
        found["rows"] += len(chosen) - 1 if isinstance(chosen, list | tuple) else 0
        found["raw"] += kind == "criteria_raw"
        found["counting"] += kind == "badges_earned"
        found["sweeping"] += kind == "badges_earned" and not listed
        found["listed"] += listed
        if lapses and kind not in grammar()["parts"]:
            found["lapsing"] += max(1, len(node.get("tiers", ())))
    return found


def _too_many_rows(
    enabled: Mapping[str, set[str]], badges: Mapping[str, Any], sound: Mapping[str, Any]
) -> list[Problem]:
    limits = grammar()["limits"]
    weights = {
        slug: _weights(criteria, lapses=badges[slug].get("on_unmet") == "lapse")
        for slug, criteria in sound.items()
    }
    problems, rows = [], 0
    for org_id, slugs in enabled.items():
        size: Counter[str] = Counter()
        for slug in slugs:
            size.update(weights[slug])
        rows += size["rows"]
        counted = size["listed"] + size["sweeping"] * len(slugs)
        for number, key, said, allowed in (
            (size["rows"], "organization_rows", "compiles to {} rows", "rows an organization"),
            (size["raw"], "raw_rules", "has {} raw rules", "criteria_raw an organization"),
            (
                size["counting"],
                "counting_conditions",
                "has {} conditions on other badges",
                "badges_earned an organization",
            ),
            (
                size["lapsing"],
                "lapse_conditions",
                "has {} conditions that lapse",
                "conditions that lapse an organization",
            ),
            (
                counted,
                "counted_badges",
                "looks at {} badges in badges_earned",
                "in all badges_earned of an organization",
            ),
        ):
            if number > limits[key]:
                place = step("$.organizations", org_id)
                allowed = f"at most {limits[key]} {allowed}"
                problems.append(Problem(place, said.format(number), allowed))
    if rows > limits["all_rows"]:
        allowed = f"at most {limits['all_rows']} rows in all organizations"
        problems.append(Problem("$", f"compiles to {rows} rows", allowed))
    return problems


@dataclass(frozen=True)
class _Stat:
    """What a condition measures; two that differ in their numbers alone are one."""

    choice: Any
    is_rolling: bool
    is_unit: bool


def _stats(criteria: Mapping[str, Any]) -> Iterator[tuple[str, _Stat]]:
    """Give what a badge measures, with each activity type it is measured of; '' = any."""
    for _, node, _ in walk(criteria):
        if node["type"] not in _MEASURING:
            continue
        choice = {key: below for key, below in node.items() if key not in _NOT_CHOOSING}
        if is_each := "each" in node.get("repeat", {}):
            choice["each"] = node["at_least"]
        default = "training_completed" if node["type"] == "training_completion" else ""
        chosen = node.get("activity", default)
        window = node.get("window")
        is_rolling = "within_days" in node or (
            isinstance(window, Mapping) and "rolling_days" in window
        )
        is_unit = is_each or not node.keys().isdisjoint(_UNIT_KEYS)
        stat = _Stat(_comparable(choice), is_rolling, is_unit)
        listed = [chosen] if isinstance(chosen, str) else list(chosen)
        if "" not in listed and "excused_by" in node:
            excusing = node["excused_by"]["activity"]
            listed += [excusing] if isinstance(excusing, str) else excusing
        for activity_type in listed:
            yield activity_type, stat


def _comparable(value: Any) -> Any:
    """Return a JSON value as one that can be hashed and equals what the database calls equal."""
    if isinstance(value, Mapping):
        return frozenset((key, _comparable(below)) for key, below in value.items())
    if isinstance(value, list | tuple):
        return tuple(_comparable(below) for below in value)
    number = as_number(value)
    return (json_type(value), value if number is None else number)


_COUNTED = (
    ("stats", "stats"),
    ("rolling windows", "rolling_stats"),
    ("streaks of stored units, repeated windows and sequences", "unit_stats"),
)


def _too_many_stats(enabled: Mapping[str, set[str]], sound: Mapping[str, Any]) -> list[Problem]:
    """Return the organizations in which an activity has too many stats to be looked at for.

    Of each organization the activity type with most is told.
    """
    limits = grammar()["limits"]
    measured = {slug: set(_stats(criteria)) for slug, criteria in sound.items()}
    problems, routes = [], 0
    for org_id, slugs in enabled.items():
        by_type: dict[str, Counter[str]] = defaultdict(Counter)
        for activity_type, stat in set().union(*(measured[slug] for slug in slugs)):
            by_type[activity_type]["stats"] += 1
            by_type[activity_type]["rolling_stats"] += stat.is_rolling
            by_type[activity_type]["unit_stats"] += stat.is_unit
        others = by_type.get("", Counter())
        for activity_type, counted in by_type.items():
            if activity_type:
                counted.update(others)
            routes += counted["stats"]
        for words, key in _COUNTED:
            worst = min(by_type, key=lambda each: (-by_type[each][key], each.encode()), default="")
            number = by_type[worst][key] if worst in by_type else 0
            if number > limits[key]:
                place = step("$.organizations", org_id)
                of = f"type {quote(worst)}" if worst else "any type"
                said = f"has {number} {words} for activities of {of}"
                allowed = f"at most {limits[key]} {words} for an activity type"
                problems.append(Problem(place, said, allowed))
    if routes > limits["all_routes"]:
        said = f"has {routes} stats for its activity types"
        most = limits["all_routes"]
        allowed = f"at most {most}, those of each activity type in each organization"
        problems.append(Problem("$", said, allowed))
    return problems


def _not_enabled(
    organizations: Mapping[str, Mapping[str, Any]],
    badges: Mapping[str, Any],
    written: Mapping[str, Any],
) -> list[Problem]:
    """Return the badges under badges_earned that an organization does not enable beside it."""
    listing: dict[str, list[tuple[str, set[str]]]] = defaultdict(list)
    for org_id in sorted(organizations):
        listed = organizations[org_id].get("badges")
        if isinstance(listed, list | tuple):
            chosen = {slug for slug in listed if isinstance(slug, str)}
            for slug in chosen & written.keys():
                listing[slug].append((org_id, chosen))
    needed = [each for each in needed_badges(written) if each[1] in badges]
    needed.sort(key=lambda each: each[2].encode("utf-8"))
    return first(
        Problem(
            place,
            f"badge {quote(other)} is not enabled in {quote(org_id)}",
            f"badges enabled wherever {slug} is",
        )
        for slug, other, place in needed
        for org_id, chosen in listing[slug]
        if other not in chosen
    )
