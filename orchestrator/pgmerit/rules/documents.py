"""What a whole rule set must keep to, beyond what each of its values must.

badges_internal._validate_rule_set asks the same questions in the database, in the same words. Only
what the database alone knows is left to it: whether criteria_raw is switched on and parses.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pgmerit.rules.grammar import (
    Problem,
    as_number,
    canonical_text,
    criteria_problems,
    grammar,
    json_type,
    quote,
    sorted_problems,
    sorted_words,
    step,
    unknown,
    validate_value,
    walk,
)


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
    badges = _objects(document, "badges")
    sound = {}
    for slug, badge in badges.items():
        if "criteria" in badge:
            place = step(step("$.badges", slug), "criteria")
            found = criteria_problems(badge["criteria"])
            problems += [
                Problem(place + each.path[1:], each.problem, each.allowed) for each in found
            ]
            if not found:
                sound[slug] = badge["criteria"]
    for org_id, organization in _objects(document, "organizations").items():
        place = step("$.organizations", org_id)
        problems += _time_zone_problems(organization, place)
        problems += _enabled_problems(organization, badges, place)
        problems += _override_problems(organization, badges, sound, place)
    problems += _held_problems(document, badges, sound)
    problems += [
        Problem(
            step(step("$.badges", min(circle)), "criteria"),
            "badges_earned goes in a circle: " + ", ".join(circle),
            "badges that do not need each other",
        )
        for circle in _circles(sound, badges)
    ]
    problems += _activity_problems(document, sound)
    return sorted_problems(problems)


def _objects(document: Mapping[str, Any], key: str) -> dict[str, Mapping[str, Any]]:
    """Return the entries below a key that are objects, in the order of their slugs."""
    below = document.get(key)
    if not isinstance(below, Mapping):
        return {}
    return {slug: below[slug] for slug in sorted_words(below) if isinstance(below[slug], Mapping)}


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones()) - {"Factory", "localtime", "posixrules"}


def _time_zone_problems(organization: Mapping[str, Any], place: str) -> list[Problem]:
    zone = organization.get("time_zone")
    # A system without time zones of its own leaves the question to the database.
    if not isinstance(zone, str) or not _time_zones() or zone in _time_zones():
        return []
    if validate_value("time_zone", zone, "$"):
        return []
    said = f"{quote(zone)} is no time zone"
    return [Problem(step(place, "time_zone"), said, "an IANA time zone such as Europe/Oslo")]


def _unknown_badge(slug: str, badges: Mapping[str, Any], place: str) -> Problem:
    return Problem(
        place, unknown(slug, badges, "badge ", " does not exist"), "a badge of this document"
    )


def _enabled_problems(
    organization: Mapping[str, Any], badges: Mapping[str, Any], place: str
) -> list[Problem]:
    enabled = organization.get("badges")
    if not isinstance(enabled, list | tuple):
        return []
    return [
        _unknown_badge(slug, badges, step(step(place, "badges"), index))
        for index, slug in enumerate(enabled)
        if isinstance(slug, str) and slug not in badges
    ]


def _override_problems(
    organization: Mapping[str, Any],
    badges: Mapping[str, Any],
    sound: Mapping[str, Any],
    place: str,
) -> list[Problem]:
    given = organization.get("custom_thresholds")
    if not isinstance(given, Mapping):
        return []
    problems = []
    for slug, thresholds in given.items():
        below = step(step(place, "custom_thresholds"), slug)
        if slug not in badges:
            problems.append(_unknown_badge(slug, badges, below))
        elif slug in sound and not validate_value("threshold", thresholds, below):
            problems += threshold_problems(sound[slug], thresholds, below)
    return problems


def threshold_problems(criteria: Mapping[str, Any], thresholds: Any, path: str) -> list[Problem]:
    """Return the problems of one organization's thresholds for one badge's valid criteria."""
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
    key = "length" if kind == "streak" else "at_least"
    problems = []
    for name, number in thresholds.items():
        if name not in names:
            said = unknown(name, names, "tier ", " does not exist")
            problems.append(Problem(step(path, name), said, allowed))
        else:
            number_kind = "count" if kind == "streak" else "amount"
            problems += validate_value(number_kind, number, step(path, name))
    before = None
    for tier in tiers:
        number = as_number(thresholds.get(tier["tier"], tier[key]))
        if before is not None and number is not None and number <= before:
            said = f"tier {quote(tier['tier'])} is not above the tier before it"
            problems.append(Problem(path, said, "numbers that rise from tier to tier"))
        before = number
    return problems


def _part_threshold_problems(
    criteria: Mapping[str, Any], thresholds: Any, path: str
) -> list[Problem]:
    parts = {node["id"]: node for _, node, _ in walk(criteria) if "id" in node}
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


def _listed(sound: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Give every badge with each badge that it lists under badges_earned, and the place."""
    for slug, criteria in sound.items():
        place = step(step("$.badges", slug), "criteria")
        for path, node, _ in walk(criteria):
            if node["type"] == "badges_earned":
                for index, listed in enumerate(node.get("badges", [])):
                    yield slug, listed, step(step(place + path[1:], "badges"), index)


def _held_problems(
    document: Mapping[str, Any], badges: Mapping[str, Any], sound: Mapping[str, Any]
) -> list[Problem]:
    problems = []
    organizations = _objects(document, "organizations")
    for slug, listed, place in _listed(sound):
        if listed not in badges:
            problems.append(_unknown_badge(listed, badges, place))
            continue
        for org_id, organization in organizations.items():
            enabled = organization.get("badges")
            if isinstance(enabled, list | tuple) and slug in enabled and listed not in enabled:
                said = f"badge {quote(listed)} is not enabled in {quote(org_id)}"
                allowed = f"badges enabled wherever {slug} is"
                problems.append(Problem(place, said, allowed))
    return problems


def _circles(sound: Mapping[str, Any], badges: Mapping[str, Any]) -> Iterator[list[str]]:
    """Give circles of badges that need each other, each beginning and ending with its least."""
    needs: dict[str, set[str]] = {}
    for slug, listed, _ in _listed(sound):
        if listed in badges:
            needs.setdefault(slug, set()).add(listed)
    while True:
        before = -1
        while len(needs) != before:
            before = len(needs)
            needs = {
                slug: kept for slug, listed in needs.items() if (kept := listed & needs.keys())
            }
        if not needs:
            return
        walked = [min(needs)]
        while (following := min(needs[walked[-1]])) not in walked:
            walked.append(following)
        circle = walked[walked.index(following) :]
        least = circle.index(min(circle))
        yield [*circle[least:], *circle[:least], min(circle)]
        needs = {slug: listed for slug, listed in needs.items() if slug not in circle}


def _activity_problems(document: Mapping[str, Any], sound: Mapping[str, Any]) -> list[Problem]:
    known = document.get("activity_types")
    if not isinstance(known, list | tuple):
        return []
    words = [word for word in known if isinstance(word, str)]
    problems = []
    for slug, criteria in sound.items():
        place = step(step("$.badges", slug), "criteria")
        for path, node, _ in walk(criteria):
            default = "training_completed" if node["type"] == "training_completion" else None
            chosen = node.get("activity", default)
            at = step(place + path[1:], "activity")
            named = (
                [(at, chosen)]
                if json_type(chosen) == "string"
                else [(step(at, index), word) for index, word in enumerate(chosen or [])]
            )
            problems += [
                Problem(
                    where,
                    unknown(word, words, "", " is not in activity_types"),
                    "one of activity_types",
                )
                for where, word in named
                if word not in words
            ]
    return problems
