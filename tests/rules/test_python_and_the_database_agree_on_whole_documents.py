"""A whole rule set meets the same problems in Python and in the database."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pgmerit.rules.grammar import canonical_text
from pgmerit.rules.versions import validate_document
from psycopg.types.json import Jsonb

from tests.rules import criteria_strategies as generated

slow_to_draw = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

VALID: dict[str, Any] = {
    "version": 1,
    "ruleset": "peer-mentors",
    "activity_types": ["assignment", "call", "training_completed"],
    "organizations": {
        "nhf": {"name": "NHF"},
        "hlf": {
            "badges": ["first", "honorar", "both", "collector"],
            "custom_thresholds": {
                "first": 2,
                "honorar": {"gold": 15},
                "both": {"calls": 4},
                "steady": 6,
                "collector": 1,
            },
        },
    },
    "badges": {
        "first": {"name": {"en": "First", "nb": "Første"}, "criteria": {
            "type": "threshold", "activity": "assignment", "at_least": 1}},
        "honorar": {"name": "Honorar", "criteria": {"type": "tier", "activity": "call", "tiers": [
            {"tier": "silver", "at_least": 5}, {"tier": "gold", "at_least": 20}]}},
        "both": {"name": "Both", "hidden": True, "on_unmet": "keep", "criteria": {
            "type": "all_of", "criteria": [
                {"type": "threshold", "activity": "call", "at_least": 2, "id": "calls"},
                {"type": "any_of", "id": "group", "criteria": [
                    {"type": "tenure", "activity": "call", "months": 6, "id": "there"},
                    {"type": "training_completion", "courses": ["a", "b"], "within_days": 90,
                     "require": 1, "id": "trained"},
                    {"type": "streak", "unit": "week", "length": 3, "grace": 1, "id": "weeks"}]}]}},
        "steady": {"name": "Steady", "limit": {"first": 10}, "on_unmet": "revoke", "criteria": {
            "type": "streak", "unit": "day", "length": 4, "consecutive": False}},
        "veteran": {"name": {"nb-NO": "Veteran", "de-u-co-phonebk": "Veteran"}, "criteria": {
            "type": "tenure", "activity": "call", "where": {"kind": "visit"}, "years": 1}},
        "repeated": {"name": "Repeated", "criteria": {
            "type": "threshold", "activity": "call", "at_least": 2,
            "when": {"hours": [22, 6], "weekdays": ["sat"], "from": "2026-01-01"},
            "repeat": {"every": 2, "max": 5}}},
        "trained": {"name": "Trained", "criteria": {
            "type": "training_completion", "courses": ["a", "b"]}},
        "collector": {"name": "Collector", "criteria": {
            "type": "badges_earned", "badges": ["first", "honorar"]}},
        "by_hand": {"name": "By hand", "active": False, "criteria": {"type": "manual"}},
    },
}  # fmt: skip


def both(asking: Any, document: Any) -> list[dict[str, Any]]:
    """Return the problems after comparing the two."""
    found = [problem.as_dict() for problem in validate_document(document)]
    row = asking.execute(
        "select badges_internal._validate_rule_set(%s) as problems",
        [Jsonb(document, dumps=canonical_text)],
    ).fetchone()
    assert row["problems"] == found
    return found


def changed(path: str, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(VALID)
    *above, last = path.split("/")
    place: Any = document
    for key in above:
        place = place[int(key) if isinstance(place, list) else key]
    place[last] = value
    return document


def unsound(document: dict[str, Any]) -> dict[str, Any]:
    """Give a document in which every badge has a problem of its own."""
    made = copy.deepcopy(document)
    for each in made["badges"].values():
        each["criteria"]["att_least"] = 1
    return made


UNSOUND = unsound(VALID)


def test_a_valid_document_has_none(asking: Any) -> None:
    assert both(asking, VALID) == []
    assert both(asking, changed("organizations/nhf/time_zone", "Europe/Oslo")) == []


@settings(max_examples=150, deadline=None, suppress_health_check=slow_to_draw, derandomize=True)
@given(document=generated.damaged(st.sampled_from([VALID, UNSOUND])))
def test_damaged_documents(asking: Any, document: Any) -> None:
    both(asking, document)


def badge(criteria: dict[str, Any]) -> dict[str, Any]:
    return {"name": "x", "criteria": criteria}


def held(*badges: str) -> dict[str, Any]:
    return badge({"type": "badges_earned", "badges": list(badges)})


ORGANIZATION = "organizations/hlf/custom_thresholds"
PLACE = "$.organizations.hlf.custom_thresholds"
SAID = [
    ("organizations/hlf/time_zone", "Europe/Olso", "$.organizations.hlf.time_zone",
     '"Europe/Olso" is no time zone'),
    ("organizations/hlf/day_starts", "12:01", "$.organizations.hlf.day_starts",
     '"12:01" is not well formed'),
    ("organizations/hlf/day_starts", 4, "$.organizations.hlf.day_starts", "must not be a number"),
    ("organizations/hlf/week_starts", "sundays", "$.organizations.hlf.week_starts",
     '"sundays" is not known, did you mean "sunday"?'),
    ("organizations/hlf/badges", ["frist"], "$.organizations.hlf.badges[0]",
     'badge "frist" does not exist, did you mean "first"?'),
    ("organizations/hlf/names", "x", "$.organizations.hlf.names",
     'unknown key "names", did you mean "name"?'),
    ("organizations/HLF", {}, "$.organizations.HLF", '"HLF" is not well formed'),
    (f"{ORGANIZATION}/honorrar", 2, f"{PLACE}.honorrar",
     'badge "honorrar" does not exist, did you mean "honorar"?'),
    (f"{ORGANIZATION}/honorar", 2, f"{PLACE}.honorar",
     "the badge has tiers: name those that change"),
    (f"{ORGANIZATION}/honorar", {"golt": 2}, f"{PLACE}.honorar.golt",
     'tier "golt" does not exist, did you mean "gold"?'),
    (f"{ORGANIZATION}/honorar", {"silver": 30}, f"{PLACE}.honorar",
     'tier "gold" is not above the tier before it'),
    (f"{ORGANIZATION}/both", 3, f"{PLACE}.both",
     "the badge is composed: name the parts that change"),
    (f"{ORGANIZATION}/both", {"cals": 3}, f"{PLACE}.both.cals",
     'part "cals" does not exist, did you mean "calls"?'),
    (f"{ORGANIZATION}/both", {"group": 3}, f"{PLACE}.both.group",
     'part "group" has no number to change'),
    (f"{ORGANIZATION}/both", {"weeks": 1.5}, f"{PLACE}.both.weeks", "is not a whole number"),
    (f"{ORGANIZATION}/first", {"x": 1}, f"{PLACE}.first",
     "must not be an object, as the badge has one number"),
    (f"{ORGANIZATION}/first", 0, f"{PLACE}.first", "is out of bounds"),
    (f"{ORGANIZATION}/by_hand", 3, f"{PLACE}.by_hand", "the badge has no number to change"),
    ("badges/x", held("nobody"), "$.badges.x.criteria.badges[0]", 'badge "nobody" does not exist'),
    ("badges/first", held("first"), "$.badges.first.criteria",
     "badges_earned goes in a circle: first, first"),
    ("badges/honorar", held("collector"), "$.badges.collector.criteria",
     "badges_earned goes in a circle: collector, honorar, collector"),
    ("badges/collector", held("steady"), "$.badges.collector.criteria.badges[0]",
     'badge "steady" is not enabled in "hlf"'),
    ("badges/steady/criteria/activity", ["call", "asignment"],
     "$.badges.steady.criteria.activity[1]",
     '"asignment" is not in activity_types, did you mean "assignment"?'),
    ("activity_types", ["assignment", "call"], "$.badges.trained.criteria.activity",
     '"training_completed" is not in activity_types'),
    (f"{ORGANIZATION}/trained", 1, f"{PLACE}.trained", "the badge has no number to change"),
    (f"{ORGANIZATION}/veteran", 3, f"{PLACE}.veteran", "the badge has no number to change"),
    (f"{ORGANIZATION}/both", {"trained": 3}, f"{PLACE}.both.trained",
     "is more than there are courses"),
    (f"{ORGANIZATION}/both", {"there": 3}, f"{PLACE}.both.there",
     'part "there" has no number to change'),
    ("badges/first/limit", {"first": 0}, "$.badges.first.limit.first", "is out of bounds"),
    ("badges/first/limit", {}, "$.badges.first.limit.first", "is missing"),
    ("badges/first/limit", 3, "$.badges.first.limit", "must not be a number"),
    ("badges/repeated/limit", {"first": 3}, "$.badges.repeated.limit", "does not go with repeat"),
    ("badges/veteran/on_unmet", "lapse", "$.badges.veteran.on_unmet",
     "is lapse, which does not go with tenure"),
    ("badges/repeated/on_unmet", "lapse", "$.badges.repeated.on_unmet",
     "is lapse, which does not go with repeat"),
    ("badges/by_hand/on_unmet", "lapse", "$.badges.by_hand.on_unmet",
     "is lapse, which does not go with manual"),
    ("badges/both/on_unmet", "lapse", "$.badges.both.on_unmet",
     "is lapse, which does not go with tenure"),
    ("badges/steady/on_unmet", "lapse", "$.badges.steady.limit", "does not go with lapse"),
    ("badges/first/criteria/window", {"last_days": 7}, "$.badges.first.on_unmet",
     "must be lapse, as there is last_days"),
    ("badges/trained/criteria/valid_days", 365, "$.badges.trained.on_unmet",
     "must be lapse, as there is valid_days"),
    ("badges/first/on_unmet", "revok", "$.badges.first.on_unmet",
     '"revok" is not known, did you mean "revoke"?'),
    ("badges/first/name", {}, "$.badges.first.name", "is empty"),
    ("badges/first/description", {"e": "x"}, "$.badges.first.description.e",
     '"e" is not well formed'),
    ("badges/veteran/criteria/activity", "cal", "$.badges.veteran.criteria.activity",
     '"cal" is not in activity_types, did you mean "call"?'),
    ("version", 2, "$.version", "is out of bounds"),
    ("badges/first/criteria/at_least", "5", "$.badges.first.criteria.at_least",
     "must not be text"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "value", "path", "said"), SAID)
def test_each_wrong_thing_is_named_at_its_place(
    asking: Any, change: str, value: Any, path: str, said: str
) -> None:
    found = both(asking, changed(change, value))
    assert (path, said) in [(each["path"], each["problem"]) for each in found]


def test_a_problem_hides_none_of_what_is_wrong_beside_it(asking: Any) -> None:
    for change, value, path, said in SAID:
        found = both(asking, unsound(changed(change, value)))
        assert (path, said) in [(each["path"], each["problem"]) for each in found]
        assert sum('"att_least"' in each["problem"] for each in found) >= 9


def test_numbers_are_held_only_to_what_says_what_they_are_for(asking: Any) -> None:
    tier = {"tier": "silver", "at_least": 5}
    for criteria in (
        5,
        {"type": ["tier"], "tiers": [tier]},
        {"type": "tier"},
        {"type": "tier", "tiers": {"silver": 5}},
        {"type": "tier", "tiers": [tier, 5]},
        {"type": "tier", "tiers": [tier, {"tier": 5, "at_least": 6}]},
        {"type": "threshold", "tiers": [tier], "at_least": 5},
        {"type": "all_of", "criteria": tier},
    ):
        found = both(asking, changed("badges/honorar/criteria", criteria))
        assert found
        assert {each["path"].partition(".criteria")[0] for each in found} == {"$.badges.honorar"}


def test_the_parts_of_an_unknown_type_are_looked_at(asking: Any) -> None:
    part = {"type": "threshold", "activity": "cal", "at_least": 0}
    document = changed("badges/both/criteria", {"type": "all_off", "criteria": [part]})
    assert [
        each["path"].removeprefix("$.badges.both.criteria") for each in both(asking, document)
    ] == [
        ".criteria[0].activity",
        ".criteria[0].at_least",
        ".type",
    ]


def test_what_is_no_word_is_not_told_to_be_unknown_too(asking: Any) -> None:
    document = changed("badges/first/criteria/activity", "")
    assert [each["problem"] for each in both(asking, document)] == ["is empty"]


def test_an_expression_is_not_parsed_where_it_is_too_long(asking: Any) -> None:
    raw = {"type": "criteria_raw", "expression": "(" * 20_000, "reason": "x"}
    (found,) = both(asking, changed("badges/by_hand/criteria", raw))
    assert found["problem"] == "is larger than 16384 bytes"


def test_every_circle_is_named_once(asking: Any) -> None:
    document = {
        "version": 1,
        "ruleset": "circles",
        "badges": {
            "a": held("b"),
            "b": held("c", "end"),
            "c": held("a"),
            "d": held("e", "a"),
            "e": held("d"),
            "end": badge({"type": "manual"}),
            "way-in": held("d"),
        },
    }
    assert [each["problem"] for each in both(asking, document)] == [
        "badges_earned goes in a circle: a, b, c, a",
        "badges_earned goes in a circle: d, e, d",
    ]


@pytest.mark.parametrize("document", [None, 5, [], {}, {"version": 1}, "x" * 1_100_000])
def test_what_is_no_document_at_all(asking: Any, document: Any) -> None:
    assert both(asking, document)
