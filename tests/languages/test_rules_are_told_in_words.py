from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from pgmerit import languages
from pgmerit.languages.rules import RuleWords
from ruamel.yaml import YAML

from tests.house.sources import ROOT

EXAMPLES = re.findall(r"```yaml\n(# .*?)```", (ROOT / "docs/rules.md").read_text(), re.S)


@pytest.mark.parametrize("code", languages.codes())
def test_each_example_of_the_language_is_told(code: str) -> None:
    """Every key and value of it is in the words, numbers as the language writes them."""
    told = RuleWords(languages.find(code))
    yaml = YAML(typ="safe", pure=True)
    rules = [rule for text in EXAMPLES if "type" in (rule := yaml.load(text))]
    assert len(rules) > 25
    for rule in rules:
        lines = "\n".join(told.criteria_lines(rule))
        missing = [name for name in _names(rule) if name not in lines]
        assert not missing, (lines, missing)


def _names(node: Any) -> list[str]:
    """Give what somebody chose: names of types, attributes, courses, badges, and the numbers."""
    if isinstance(node, dict):
        chosen = {
            key: value
            for key, value in node.items()
            # Words of the language itself, calendars, and numbers told otherwise.
            if key
            not in (
                *("type", "id", "measure", "window", "unit", "when", "name", "require", "reason"),
                *("each", "on"),
            )
            and (key, "at" in node) != ("per", True)
        }
        own = list(node.get("where", ()))
        return own + [name for value in chosen.values() for name in _names(value)]
    if isinstance(node, list):
        return [name for each in node for name in _names(each)]
    if isinstance(node, bool | date):
        return []
    return [str(node)]


def test_each_kind_of_rule_reads_well() -> None:
    in_words = RuleWords(languages.find("en")).criteria_lines
    part = {"type": "streak", "unit": "week", "length": 4, "grace": 1}
    for rule, lines in (
        ({"type": "manual"}, ["awarded by hand"]),
        (
            {
                "type": "streak",
                "activity": "a",
                "unit": "day",
                "on": {"weekdays": ["mon", "tue", "wed", "thu", "fri"], "closed_days": False},
                "excused_by": {"activity": ["b", "c"], "where": {"reason": "illness"}},
                "length": 4,
            },
            [
                "days in a row at least 4; a; by days; on Monday, Tuesday, Wednesday, Thursday, and"
                " Friday alone: other days neither count nor break; closed days neither count nor"
                " break; a day with b, c, where reason illness is excused"
            ],
        ),
        (
            {"type": "threshold", "measure": "sum", "at_least": 2.5, "window": "month"},
            ["sum of quantity at least 2.5; any activity; within a month"],
        ),
        (
            {"type": "tier", "activity": ["a", "b"], "tiers": [{"tier": "low", "at_least": 3}]},
            ["how many; a, b", "  low: at least 3"],
        ),
        (
            {"type": "threshold", "at_least": 3, "repeat": {"every": 2, "max": 1}},
            ["how many at least 3; any activity", "  again for every 2 more, 1 time at most"],
        ),
        (
            {
                "type": "threshold",
                "window": "month",
                "at_least": 3,
                "repeat": {"each": "window", "max": 2},
            },
            [
                "how many at least 3; any activity; within a month",
                "  again for each such month, 2 times at most",
            ],
        ),
        (
            {"type": "tenure", "years": 1, "repeat": {"max": 9}},
            [
                "years passed at least 1; any activity",
                "  again after each such span, 9 times at most",
            ],
        ),
        (
            {"type": "training_completion", "courses": ["x", 7], "within_days": 30},
            ["at least 2 of the courses x, 7; training_completed; within 30 days"],
        ),
        (
            {"type": "n_of", "n": 1, "criteria": [part, {"type": "tenure", "years": 2}]},
            [
                "1 of:",
                "  weeks in a row at least 4; any activity; up to 1 week in succession may lack",
                "  years passed at least 2; any activity",
            ],
        ),
        (
            {
                "type": "all_of",
                "criteria": [
                    {"type": "tenure", "days": 9},
                    {"type": "none_of", "criteria": [part]},
                ],
            },
            [
                "all of:",
                "  days passed at least 9; any activity",
                "  none of:",
                "    weeks in a row at least 4; any activity; up to 1 week in succession may lack",
            ],
        ),
        ({"type": "badges_earned", "badges": ["x", "y"]}, ["at least 2 of the badges x, y"]),
        (
            {"type": "badges_earned", "category": "odd", "at_least": 2},
            ["at least 2 badges of the category odd"],
        ),
        ({"type": "badges_earned", "at_least": 3}, ["at least 3 other badges"]),
        (
            {"type": "streak", "unit": "day", "consecutive": False, "length": 9},
            ["days in all at least 9; any activity"],
        ),
        (
            {"type": "criteria_raw", "expression": "$.x > 1", "reason": "why"},
            ["expression $.x > 1"],
        ),
    ):
        assert list(in_words(rule)) == lines
