"""What a whole rule set must keep to, beyond what each of its values must.

badges_internal._validate_rule_set asks the same questions in the database, in the same words. Only
what the database alone knows is left to it: whether criteria_raw is switched on and parses.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from pgmerit.rules.bounds import bound_problems, needed_badges, nest
from pgmerit.rules.grammar import (
    Problem,
    as_number,
    canonical_text,
    criteria_problems,
    first,
    grammar,
    in_order,
    quote,
    sorted_problems,
    sorted_words,
    step,
    type_of,
    unknown,
    validate_value,
    walk,
)

_LONGEST_CIRCLE = 10


def document_problems(document: Any) -> list[Problem]:
    """Return every problem of a rule set, sorted by path; empty when it may be applied."""
    limit = grammar()["limits"]["document_bytes"]
    try:
        size = len(canonical_text(document).encode("utf-8"))
    except (ValueError, RecursionError) as error:
        said = "is nested too deep" if isinstance(error, RecursionError) else str(error)
        return [Problem("$", said, "a JSON value")]
    if size > limit:
        return [Problem("$", f"is larger than {limit} bytes", f"at most {limit} bytes")]
    problems = validate_value("document", document, "$")
    if not isinstance(document, Mapping):
        return problems
    most = grammar()["limits"]["problems"]
    badges = _objects(document, "badges")
    written, sound = {}, {}
    for slug, badge in badges.items():
        if len(problems) >= most:
            break
        if "criteria" in badge:
            place = step(step("$.badges", slug), "criteria")
            written[slug] = badge["criteria"]
            found = criteria_problems(badge["criteria"])
            problems += [
                Problem(place + each.path[1:], each.problem, each.allowed) for each in found
            ]
            if not found:
                sound[slug] = badge["criteria"]
    if len(problems) < most:
        told = {each.path for each in problems}
        more = _organization_problems(document, badges, written)
        more += _activity_problems(document, written)
        more += _held_problems(badges, written)
        more += bound_problems(_objects(document, "organizations"), badges, written, sound)
        problems += [each for each in more if each.path not in told]
    return sorted_problems(problems)


def _objects(document: Mapping[str, Any], key: str) -> dict[str, Mapping[str, Any]]:
    """Return the entries below a key that are objects, in the database's order."""
    below = document.get(key)
    if not isinstance(below, Mapping):
        return {}
    return {slug: value for slug, value in in_order(below) if isinstance(value, Mapping)}


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def is_time_zone(name: str) -> bool:
    """Tell whether a name is a time zone of an organization: of the list, spelt as there.

    The list is this system's; one without time zones leaves the question to the database, which
    has its own and decides.
    """
    refused = grammar()["no_time_zones"]
    if name in refused or name.split("/")[0] + "/" in refused:
        return False
    return name in _time_zones() or not _time_zones()


def _time_zone_problems(organization: Mapping[str, Any], place: str) -> list[Problem]:
    zone = organization.get("time_zone", "UTC")
    if validate_value("time_zone", zone, "$") or is_time_zone(zone):
        return []
    said = f"{quote(zone)} is no time zone"
    return [Problem(step(place, "time_zone"), said, "an IANA time zone such as Europe/Oslo")]


def _organization_problems(
    document: Mapping[str, Any], badges: Mapping[str, Any], written: Mapping[str, Any]
) -> list[Problem]:
    organizations = {
        step("$.organizations", org_id): organization
        for org_id, organization in _objects(document, "organizations").items()
    }
    named = [
        each
        for place, organization in organizations.items()
        for each in _badges_named(organization, place)
    ]
    numbers = first(
        problem
        for place, organization in organizations.items()
        for slug, thresholds in in_order(_below(organization, "custom_thresholds"))
        if _may_take_numbers(written.get(slug))
        for problem in _override_problems(
            written[slug], thresholds, step(step(place, "custom_thresholds"), slug)
        )
    )
    zones = [
        problem
        for place, organization in organizations.items()
        for problem in _time_zone_problems(organization, place)
    ]
    return _unknown_badges(named, badges) + numbers + zones


def _below(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    below = value.get(key)
    return below if isinstance(below, Mapping) else {}


def _badges_named(organization: Mapping[str, Any], place: str) -> Iterator[tuple[str, str]]:
    """Give the place and the slug of each badge that an organization names."""
    enabled = organization.get("badges")
    if isinstance(enabled, list | tuple):
        for index, slug in enumerate(enabled):
            if isinstance(slug, str):
                yield step(step(place, "badges"), index), slug
    for slug in _below(organization, "custom_thresholds"):
        yield step(step(place, "custom_thresholds"), slug), slug


def _unknown_badges(named: Iterable[tuple[str, str]], badges: Mapping[str, Any]) -> list[Problem]:
    """Return a problem for each place that names no badge, for the first places at most."""
    missing = [(place, slug) for place, slug in named if slug not in badges]
    missing.sort(key=lambda each: each[0].encode("utf-8"))
    return first(
        Problem(
            place, unknown(slug, badges, "badge ", " does not exist"), "a badge of this document"
        )
        for place, slug in missing
    )


def _override_problems(criteria: Mapping[str, Any], thresholds: Any, path: str) -> list[Problem]:
    return validate_value("threshold", thresholds, path) or threshold_problems(
        criteria, thresholds, path
    )


def _may_take_numbers(criteria: Any) -> bool:
    """Tell whether criteria, valid or not, say what an organization's numbers are for."""
    kind = type_of(criteria)
    if kind is None:
        return False
    parts = grammar()["parts"].get(kind)
    if parts:
        return isinstance(criteria.get(parts), list | tuple)
    if kind != "tier" and "tiers" not in criteria:
        return True
    tiers = criteria.get("tiers")
    return (
        "tiers" in grammar()["types"][kind]["keys"]
        and isinstance(tiers, list | tuple)
        and all(isinstance(tier, Mapping) and isinstance(tier.get("tier"), str) for tier in tiers)
    )


def threshold_problems(criteria: Mapping[str, Any], thresholds: Any, path: str) -> list[Problem]:
    """Return the problems of one organization's thresholds for one badge's criteria."""
    tiers = criteria.get("tiers")
    kind = criteria["type"]
    if tiers is not None:
        return _tier_threshold_problems(kind, tiers, thresholds, path)
    if kind in grammar()["parts"]:
        return _part_threshold_problems(criteria, thresholds, path)
    if kind not in grammar()["plain_numbers"]:
        return [Problem(path, "the badge has no number to change", "no threshold")]
    if isinstance(thresholds, Mapping):
        said = "must not be an object, as the badge has one number"
        return [Problem(path, said, "a number")]
    return _number_problems(criteria, thresholds, path)


def _number_problems(node: Mapping[str, Any], number: Any, path: str) -> list[Problem]:
    """Return what the node would say of itself with the number in its place."""
    key = grammar()["numbers"][node["type"]]
    found = validate_value(grammar()["types"][node["type"]], {**node, key: number}, "$")
    return [
        Problem(path, each.problem, each.allowed) for each in found if each.path == step("$", key)
    ]


def _tier_threshold_problems(
    kind: str, tiers: list[Mapping[str, Any]], thresholds: Any, path: str
) -> list[Problem]:
    names = [tier["tier"] for tier in tiers]
    allowed = "numbers by tier: " + ", ".join(names)
    if not isinstance(thresholds, Mapping):
        return [Problem(path, "the badge has tiers: name those that change", allowed)]
    has_lengths = kind in ("streak", "in_a_row")
    key = "length" if has_lengths else "at_least"
    problems = []
    for name, number in thresholds.items():
        if name not in names:
            said = unknown(name, names, "tier ", " does not exist")
            problems.append(Problem(step(path, name), said, allowed))
        else:
            number_kind = "count" if has_lengths else "amount"
            problems += validate_value(number_kind, number, step(path, name))
    before = None
    for tier in tiers:
        number = as_number(thresholds.get(tier["tier"], tier.get(key)))
        if before is not None and number is not None and number <= before:
            said = f"tier {quote(tier['tier'])} is not above the tier before it"
            problems.append(Problem(path, said, "numbers that rise from tier to tier"))
        before = number
    return problems


def _part_threshold_problems(
    criteria: Mapping[str, Any], thresholds: Any, path: str
) -> list[Problem]:
    parts = {
        node["id"]: node
        for _, node, _ in walk(criteria)
        if type_of(node) and isinstance(node.get("id"), str)
    }
    names = sorted_words(parts)
    allowed = "numbers by the id of a part: " + (", ".join(names) or "none has one")
    if not isinstance(thresholds, Mapping):
        return [Problem(path, "the badge is composed: name the parts that change", allowed)]
    problems = []
    for name, number in thresholds.items():
        place = step(path, name)
        if name not in parts:
            said = unknown(name, names, "part ", " does not exist")
            problems.append(Problem(place, said, allowed))
        elif parts[name]["type"] not in grammar()["numbers"]:
            said = f"part {quote(name)} has no number to change"
            problems.append(Problem(place, said, allowed))
        else:
            problems += _number_problems(parts[name], number, place)
    return problems


def _held_problems(badges: Mapping[str, Any], written: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong among badges that need badges: unknown, in a circle, too deep."""
    needed = list(needed_badges(written))
    nested = nest([(slug, other) for slug, other, _ in needed if not other or other in badges])
    deepest = grammar()["limits"]["badge_depth"]
    found = [
        (circle[0], _circle_text(circle), "badges that do not need each other")
        for circle in nested.circles
    ]
    found += [
        (slug, f"badges_earned goes {depth} badges deep", f"at most {deepest} badges deep")
        for slug, depth in nested.depths.items()
        if depth == deepest + 1
    ]
    return _unknown_badges(((place, slug) for _, slug, place in needed if slug), badges) + [
        Problem(step(step("$.badges", slug), "criteria"), said, allowed)
        for slug, said, allowed in found
    ]


def _circle_text(circle: list[str]) -> str:
    shown = circle
    if len(circle) > _LONGEST_CIRCLE:
        more = len(circle) - _LONGEST_CIRCLE
        shown = [*circle[: _LONGEST_CIRCLE - 1], f"{more} more", circle[-1]]
    return "badges_earned goes in a circle: " + ", ".join(shown)


def _named(place: str, chosen: Any) -> Iterator[tuple[str, Any]]:
    """Give the activity types that activity names, one or a list, each with its place."""
    at = step(place, "activity")
    if isinstance(chosen, list | tuple):
        yield from ((step(at, index), word) for index, word in enumerate(chosen))
    else:
        yield at, chosen


def _activity_problems(document: Mapping[str, Any], written: Mapping[str, Any]) -> list[Problem]:
    known = document.get("activity_types")
    if not isinstance(known, list | tuple):
        return []
    words = {word for word in known if isinstance(word, str)}
    missing = []
    for slug, criteria in written.items():
        place = step(step("$.badges", slug), "criteria")
        for path, node, _ in walk(criteria):
            kind = type_of(node)
            if kind is None or "activity" not in grammar()["types"][kind]["keys"]:
                continue
            default = "training_completed" if kind == "training_completion" else None
            at = place + path[1:]
            excuse = node.get("excused_by") if kind == "streak" else None
            named = [*_named(at, node.get("activity", default))]
            if isinstance(excuse, Mapping):
                named += _named(step(at, "excused_by"), excuse.get("activity"))
            missing += [
                (where, word)
                for where, word in named
                if isinstance(word, str) and word not in words
            ]
    missing.sort(key=lambda each: each[0].encode("utf-8"))
    return first(
        Problem(
            where, unknown(word, words, "", " is not in activity_types"), "one of activity_types"
        )
        for where, word in missing
    )
