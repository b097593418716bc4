"""A rule set whose stats take every shape the language knows."""

from __future__ import annotations

from typing import Any

from tests.engine import ORG, rule_set

OTHER_ORG = "hlf"
ORGANIZATIONS = {ORG: {"time_zone": "Europe/Oslo"}, OTHER_ORG: {"time_zone": "America/New_York"}}

CRITERIA: dict[str, dict[str, Any]] = {
    "calls": {"type": "threshold", "activity": "call", "at_least": 3},
    "seniors": {
        "type": "threshold",
        "activity": ["call", "visit"],
        "where": {"level": {"gte": 2}, "kind": {"ne": "c"}},
        "at_least": 2,
    },
    "long": {"type": "threshold", "where": {"quantity": {"gt": 1}}, "at_least": 2},
    "minutes": {"type": "threshold", "measure": "sum", "field": "minutes", "at_least": 20},
    "hours": {
        "type": "tier",
        "measure": "sum",
        "tiers": [{"tier": "one", "at_least": 2}, {"tier": "two", "at_least": 7.5}],
    },
    "peak": {"type": "threshold", "measure": "max", "field": "minutes", "at_least": 10},
    "days": {"type": "threshold", "measure": "active_days", "at_least": 4},
    "kinds": {"type": "threshold", "measure": "distinct", "field": "kind", "at_least": 3},
    "loved": {"type": "threshold", "per": "kind", "at_least": 3},
    "busy_week": {"type": "threshold", "measure": "sum", "window": "week", "at_least": 5},
    "busy_kind": {"type": "threshold", "per": "kind", "window": "month", "at_least": 3},
    "tracks": {
        "type": "threshold",
        "measure": "distinct",
        "field": "kind",
        "per_value": {"at_least": 2},
        "at_least": 2,
    },
    "heavy": {
        "type": "threshold",
        "measure": "distinct",
        "field": "kind",
        "per_value": {"measure": "sum", "field": "minutes", "at_least": 8},
        "at_least": 2,
    },
    "summits": {
        "type": "threshold",
        "measure": "distinct",
        "field": "level",
        "window": "year",
        "per_value": {"measure": "max", "at_least": 2},
        "at_least": 2,
    },
    "daily": {"type": "streak", "unit": "day", "length": 3},
    "weekly": {"type": "streak", "activity": "call", "unit": "week", "length": 2},
    "monthly": {"type": "streak", "unit": "month", "tiers": [{"tier": "2", "length": 2}]},
    "hard_days": {
        "type": "streak",
        "unit": "day",
        "length": 2,
        "per_unit": {"measure": "sum", "at_least": 2},
    },
    "full_weeks": {"type": "streak", "unit": "week", "length": 2, "per_unit": {"at_least": 2}},
    "months": {
        "type": "threshold",
        "measure": "sum",
        "window": "month",
        "at_least": 3,
        "repeat": {"each": "window", "max": 3},
    },
    "repeated": {"type": "threshold", "at_least": 2, "repeat": {"every": 2, "max": 5}},
    "trained": {
        "type": "training_completion",
        "courses": ["a", "b"],
        "field": "kind",
        "activity": "visit",
    },
    "both": {
        "type": "all_of",
        "criteria": [
            {"type": "threshold", "activity": "call", "at_least": 2},
            {
                "type": "any_of",
                "criteria": [
                    {"type": "threshold", "activity": "visit", "at_least": 2},
                    {"type": "streak", "unit": "day", "length": 4},
                ],
            },
        ],
    },
    "some": {
        "type": "n_of",
        "n": 2,
        "criteria": [
            {"type": "threshold", "activity": "call", "at_least": 1},
            {"type": "threshold", "activity": "visit", "at_least": 1},
            {"type": "badges_earned", "badges": ["peak"]},
        ],
    },
    "collector": {"type": "badges_earned", "at_least": 5},
}
DOCUMENT = rule_set(CRITERIA, ORGANIZATIONS)
