"""The JSON Schema of rule sets, for editors: made from the grammar, with a text for every key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pgmerit.rules.grammar import grammar

Schema = dict[str, Any]

# What a key means, by the kind that has it, else wherever it stands.
_TEXTS: dict[str, str] = {
    "document.version": "The version of the language: 1.",
    "document.ruleset": "The rule set's slug; versions are counted by it.",
    "document.activity_types": "Closes the list: an activity type outside it is an error in rules.",
    "document.organizations": "Organizations by slug.",
    "document.badges": "Badges by slug.",
    "organization.name": "Shown to people; left out = the slug.",
    "organization.time_zone": "IANA, decides which local day an activity is of; left out = UTC.",
    "organization.day_starts": (
        "When a local day begins, 00:00 to 12:00; what happens before belongs to the day before. "
        "Left out = midnight."
    ),
    "organization.week_starts": "The day on which weeks begin; left out = monday.",
    "organization.badges": "The badges enabled here; left out = all.",
    "organization.custom_thresholds": (
        "This organization's own numbers by badge: a number, numbers by tier, or numbers by the "
        "id of a part."
    ),
    "organization.closed_days": (
        "Days as YYYY-MM-DD, or MM-DD for every year; a streak may leave them out."
    ),
    "badge.name": "Text, or text by language.",
    "badge.description": "Text, or text by language.",
    "badge.icon": "Anything the application shows.",
    "badge.category": "badges_earned can count by it.",
    "badge.hidden": "Not listed until earned.",
    "badge.active": "false: not awarded now; what was earned stays.",
    "badge.on_unmet": "What becomes of an award when the rule no longer holds.",
    "badge.limit": "Only the first so many people of an organization get it, each tier apart.",
    "badge.criteria": "The rule by which it is earned.",
    "limit.first": "How many people get it.",
    "type": "The kind of rule.",
    "id": "A name for the part: custom_thresholds changes its number by it.",
    "activity": "An activity type or a list of them; left out = any.",
    "training_completion.activity": "The activity type; left out = training_completed.",
    "where": "Tests of attributes; all must match. quantity means the activity's quantity.",
    "when": "The local calendar; all keys must match.",
    "measure": "What is measured of the chosen activities; left out = count.",
    "field": "The attribute that is measured; left out = quantity.",
    "training_completion.field": "The attribute that names the course; left out = course.",
    "per": "An attribute: measured for each of its values apart, the best single one counts.",
    "window": "The stretch of time that is measured; the best one counts. Left out = lifetime.",
    "per_value": "With distinct: what a value must reach before it counts.",
    "cap": "A day, week or month adds no more than so much; with count and sum.",
    "cap.per": "What is bounded apart: a day, a week or a month.",
    "cap.at": "So much of its total counts, the rest does not.",
    "at_least": "The number that must be reached.",
    "badges_earned.at_least": "How many badges; left out = all listed ones.",
    "repeat": "Awarded again: for every so many more, in each window, after each span.",
    "repeat.every": "How much further each next occurrence is: k at at_least + (k - 1) * every.",
    "repeat.each": "window: occurrence k is the k-th window that reaches at_least.",
    "max": "The last occurrence.",
    "tiers": "Tiers with rising numbers, each awarded as it is reached.",
    "amount_tier.tier": "The tier's slug.",
    "length_tier.tier": "The tier's slug.",
    "amount_tier.name": "Text, or text by language.",
    "length_tier.name": "Text, or text by language.",
    "length": "How long the longest run must be.",
    "unit": "What a streak is counted in.",
    "per_unit": "What a unit must reach to qualify; left out = one activity.",
    "grace": "Up to so many units in succession that do not qualify may lie between two that do.",
    "on": "The days that exist for the streak; others neither count nor break.",
    "existing_days.weekdays": "These weekdays exist; left out = all.",
    "existing_days.closed_days": "false: the organization's closed days do not exist.",
    "excused_by": (
        "Activities that excuse their unit: where it does not qualify it neither counts nor breaks."
    ),
    "consecutive": "false: the number of qualifying units in all, gaps or not.",
    "courses": "The courses, as the attribute names them.",
    "require": "all, or how many of the courses are enough; left out = all.",
    "within_days": "All within so many local days, the first and the last one included.",
    "valid_days": "A course counts for so many days once done; only with on_unmet: lapse.",
    "badges_earned.badges": "These badges.",
    "badges_earned.category": "Badges of this category.",
    "criteria": "The parts.",
    "n": "How many parts must hold.",
    "tenure.days": "So many days after the first such activity, as the local day begins.",
    "tenure.months": "So many months after the first such activity, as the local day begins.",
    "tenure.years": "So many years after the first such activity, as the local day begins.",
    "qualify": "Which of the chosen activities qualify; tests of attributes, as where has them.",
    "share.at_least": "The share that must qualify: 0.9 is nine of ten.",
    "of_at_least": "The share of all so far, once there are so many.",
    "of_last": "The share of the last so many.",
    "expression": "An SQL/JSON path predicate over the person's stats document.",
    "reason": "Why no typed rule would do.",
    "rolling_days": "So many local days, the last one being that of an activity.",
    "last_days": "The so many local days that end today; only with on_unmet: lapse.",
    "hours": "[from, until): local time of day, hours or HH:MM; [22, 6] wraps past midnight.",
    "weekdays": "Days of the week.",
    "months": "Months, 1 to 12.",
    "dates": "Days as MM-DD.",
    "days_of_year": "Days of the year, 1 to 366.",
    "when.from": "The first day, as YYYY-MM-DD.",
    "when.until": "The last day, as YYYY-MM-DD.",
    "gte": "A number that is at least this.",
    "gt": "A number above this.",
    "lte": "A number that is at most this.",
    "lt": "A number below this.",
    "ne": "Any other value, or none.",
    "in": "One of these values.",
    "prefix": "Text that begins so.",
    "exists": "true: any value; false: no value.",
}
# What a word means, by the kind whose word it is.
_WORDS: dict[str, str] = {
    "measure.count": "How many activities.",
    "measure.sum": "The sum of the field.",
    "measure.max": "The greatest value of the field.",
    "measure.active_days": "On how many local days.",
    "measure.distinct": "How many different values of the field.",
    "window.lifetime": "All activities together.",
    "window.day": "The best local day.",
    "window.week": "The best week.",
    "window.month": "The best month.",
    "window.quarter": "The best quarter.",
    "window.year": "The best year.",
    "unit.day": "Local days.",
    "unit.week": "Weeks.",
    "unit.month": "Months.",
    "each.window": "The window of the rule, day to year.",
    "on_unmet.keep": "What was earned stays.",
    "on_unmet.revoke": "It is marked revoked, and restored when the rule holds again.",
    "on_unmet.lapse": "Held only while the rule holds now: it lapses, and is restored.",
    "type.threshold": "A measure reaches a number.",
    "type.tier": "A measure reaches one tier after another.",
    "type.streak": "Days, weeks or months in a row.",
    "type.training_completion": "Courses are done.",
    "type.badges_earned": "So many other badges are held.",
    "type.all_of": "Every part holds.",
    "type.any_of": "One part holds.",
    "type.n_of": "n parts hold.",
    "type.none_of": "None of its parts holds. In all_of alone, beside a part that must hold; "
    "badges_earned does not stand in it.",
    "type.tenure": "The first activity was so long ago.",
    "type.in_a_row": "So many in a row qualify.",
    "type.share": "A large enough share qualifies.",
    "type.manual": "Never by itself: people award it.",
    "type.criteria_raw": "The escape hatch: an SQL/JSON path predicate.",
}
_WORD_KINDS = {
    "cap_unit": "unit",
    "element_measure": "measure",
    "unit_measure": "measure",
    "calendar_window": "window",
}


def rule_set_schema() -> Schema:
    """Return the JSON Schema of rule sets.

    It says all that the grammar says of one value; what it leaves to the validators is what
    compares two of them: rising tiers, from after until, more required than listed, names of
    badges, tiers and parts, what stands deep within a part, and what all rules of an organization
    come to.
    """
    owners = grammar()["part_types"]
    definitions = {name: _kind(name, spec) for name, spec in grammar()["kinds"].items()}
    del definitions["anything"], definitions["document"]
    for name, spec in grammar()["types"].items():
        if name not in owners:
            definitions[f"criteria_{name}"] = _criteria(name, spec, grammar()["part_keys"])
        if name not in grammar()["top_types"]:
            definitions[f"part_{name}"] = _criteria(name, spec, grammar()["top_keys"])
    top = [name for name in grammar()["types"] if name not in owners]
    inner = [name for name in top if name not in grammar()["top_types"]]
    definitions["criteria"] = _choice("A rule.", "criteria", top)
    definitions["part"] = _choice("A part of a rule.", "part", inner)
    definitions["parts"] = _parts("part")
    for owner in set(owners.values()):
        own = [name for name in owners if owners[name] == owner]
        definitions[f"part_of_{owner}"] = _choice("A part of a rule.", "part", inner + own)
        definitions[f"parts_of_{owner}"] = _parts(f"part_of_{owner}") | {
            "contains": {"not": {"properties": {"type": {"enum": own}}}}
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:pgmerit:rule-set:1",
        "title": "A rule set of pgmerit",
        **_kind("document", grammar()["kinds"]["document"]),
        "$defs": dict(sorted(definitions.items())),
    }


def _parts(item: str) -> Schema:
    return {
        "description": "Parts of a rule.",
        "type": "array",
        "items": {"$ref": f"#/$defs/{item}"},
        "minItems": 1,
    }


def _text(owner: str, key: str) -> str:
    found = _TEXTS.get(f"{owner}.{key}")
    return _TEXTS[key] if found is None else found


def _choice(description: str, prefix: str, types: list[str]) -> Schema:
    """Return the schema of criteria: the definition that the type names."""
    return {
        "description": description,
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"description": _TEXTS["type"], **_words("type", types)}},
        "allOf": [
            {
                "if": {"required": ["type"], "properties": {"type": {"const": name}}},
                "then": {"$ref": f"#/$defs/{prefix}_{name}"},
            }
            for name in types
        ],
    }


def _criteria(name: str, spec: Mapping[str, Any], forbidden: list[str]) -> Schema:
    keys = {key: kind for key, kind in spec["keys"].items() if key not in forbidden}
    rules = [
        rule
        for rule in spec["rules"]
        if rule["rule"] != "one_of"
        and {rule["key"].partition(".")[0], rule.get("other", "type")} <= keys.keys()
    ]
    required = ["type", *spec["required"]]
    for rule in spec["rules"]:
        if rule["rule"] == "one_of":
            if {rule["key"], rule["other"]} <= keys.keys():
                rules.append(rule)
            else:
                required.append(rule["key"])
    found = _object(name, {**spec, "keys": keys, "required": required, "rules": rules})
    found["properties"]["type"] = {
        "description": _WORDS[f"type.{name}"],
        "const": name,
    }
    if name in grammar()["part_types"].values():
        found["properties"][grammar()["parts"][name]]["$ref"] = f"#/$defs/parts_of_{name}"
    return {"description": _WORDS[f"type.{name}"], **found}


def _words(name: str, words: Any) -> Schema:
    kind = _WORD_KINDS.get(name, name)
    if not all(f"{kind}.{word}" in _WORDS for word in words):
        return {"enum": list(words)}
    described = [{"const": word, "description": _WORDS[f"{kind}.{word}"]} for word in words]
    return {"enum": list(words), "oneOf": described}


def _kind(name: str, spec: Mapping[str, Any]) -> Schema:
    """Return the schema of one kind of the grammar."""
    found: Schema = {"description": str(spec["allowed"])} if "allowed" in spec else {}
    match spec["is"]:
        case "either":
            options = [_reference(spec[key]) for key in spec if key != "is"]
            return {"anyOf": options[-1:] + options[:-1]}
        case "word":
            return found | _words(name, spec["words"])
        case "object":
            return _object(name, spec)
        case "map":
            return found | _map(spec)
        case "list":
            return found | _list(spec)
        case "span":
            ends = [_reference(kind) for kind in spec["items"]]
            size = {"minItems": len(ends), "maxItems": len(ends)}
            return found | {"type": "array", "prefixItems": ends} | size
        case "text":
            return found | _text_schema(spec)
        case "number":
            whole = "integer" if spec.get("whole") else "number"
            return found | {"type": whole} | _bounds(spec)
        case "scalar":
            return found | {"type": ["string", "boolean", "number"]} | _bounds(spec)
        case "boolean":
            return found | {"type": "boolean"}
    return found


def _reference(kind: str) -> Schema:
    return {} if kind == "anything" else {"$ref": f"#/$defs/{kind}"}


def _number(value: Any) -> int | float:
    if isinstance(value, Decimal) and value != value.to_integral_value():
        return float(value)
    return int(value)


def _bounds(spec: Mapping[str, Any]) -> Schema:
    names = {"from": "minimum", "above": "exclusiveMinimum", "to": "maximum"}
    return {names[key]: _number(spec[key]) for key in names if key in spec}


def _text_schema(spec: Mapping[str, Any]) -> Schema:
    found: Schema = {"type": "string", "minLength": spec["from"], "maxLength": spec["to"]}
    if "patterns" in spec:
        found["pattern"] = f"^(?:{'|'.join(spec['patterns'])})$"
    refused = [re.escape(word) for word in spec.get("without", [])]
    for once in spec.get("once", {}).values():
        refused.append(f"(?:{once})[\\s\\S]*(?:{once})")
    if refused:
        found["not"] = {"pattern": "|".join(refused)}
    return found


def _map(spec: Mapping[str, Any]) -> Schema:
    found: Schema = {
        "type": "object",
        "propertyNames": _reference(spec["names"]),
        "additionalProperties": _reference(spec["values"]),
    }
    names = {"from": "minProperties", "to": "maxProperties"}
    return found | {names[key]: spec[key] for key in names if key in spec}


def _list(spec: Mapping[str, Any]) -> Schema:
    found: Schema = {"type": "array", "items": _reference(spec["items"])}
    if spec.get("from", 1):
        found["minItems"] = spec.get("from", 1)
    if "to" in spec:
        found["maxItems"] = spec["to"]
    if spec.get("unique") == "":
        found["uniqueItems"] = True
    return found


def _object(name: str, spec: Mapping[str, Any]) -> Schema:
    properties = {
        key: {"description": _text(name, key), **_reference(kind)}
        for key, kind in spec["keys"].items()
    }
    if name == "badge":
        properties["criteria"]["$ref"] = "#/$defs/criteria"
    found: Schema = {
        "type": "object",
        "properties": properties,
        "required": spec["required"],
        "additionalProperties": False,
    }
    if "from" in spec:
        found["minProperties"] = spec["from"]
    clauses = [clause for rule in spec["rules"] if (clause := _rule(rule))]
    return found | ({"allOf": clauses} if clauses else {})


def _rule(rule: Mapping[str, Any]) -> Schema | None:
    """Return what a rule between two keys means; None where it compares their values."""
    key, other = rule["key"], rule.get("other", "")
    above, _, below_key = key.partition(".")
    has_key: Schema = {"required": [above]}
    if below_key:
        has_key["properties"] = {above: {"type": "object", "required": [below_key]}}
    match rule["rule"]:
        case "exactly_one":
            return {"oneOf": [{"required": [each]} for each in rule["keys"]]}
        case "one_of":
            return {"oneOf": [has_key, {"required": [other]}]}
        case "needs_without":
            return {"anyOf": [has_key, {"required": [other]}]}
        case "only_with":
            wanted: Schema = {"properties": {other: {"enum": rule["words"]}}}
            if grammar()["defaults"].get(other) not in rule["words"]:
                wanted["required"] = [other]
            return {"if": has_key, "then": wanted}
        case "not_with":
            defaults = grammar()["defaults"]
            absent = {"const": defaults[other]} if other in defaults else False
            return {"if": has_key, "then": {"properties": {other: absent}}}
        case "not_with_below":
            below = {"properties": {rule["below"]: False}}
            return {"if": has_key, "then": {"properties": {other: below}}}
        case "not_with_word":
            absent = {"not": {"const": rule["word"]}}
            return {"if": has_key, "then": {"properties": {other: absent}}}
    return None
