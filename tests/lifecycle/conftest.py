"""What the tests of a rule set's life share: rules, and people who are near their badges."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import ANN, BEN, ORG, Row, activity, apply, insert, rule_set

RULES = rule_set(
    {
        "third": {"type": "threshold", "activity": "call", "at_least": 3},
        "climb": {
            "type": "tier",
            "activity": "call",
            "tiers": [{"tier": "low", "at_least": 2}, {"tier": "high", "at_least": 5}],
        },
    },
    {ORG: {"time_zone": "UTC"}, "hlf": {"time_zone": "UTC", "custom_thresholds": {"third": 2}}},
)


def changed(**badges: Any) -> Row:
    """Give the rules with badges changed, added, or (None) dropped; keys of a badge are merged."""
    document = copy.deepcopy(RULES)
    for slug, change in badges.items():
        if change is None:
            del document["badges"][slug]
            document["organizations"]["hlf"].pop("custom_thresholds")
        else:
            document["badges"][slug] = {"name": slug} | document["badges"].get(slug, {}) | change
    return document


def _ruled(connection: Connection) -> None:
    apply(connection, RULES)
    insert(connection, *[activity(f"2026-03-0{n}") for n in (1, 2, 3, 4)])
    insert(connection, activity("2026-03-01", who=BEN), activity("2026-03-01", who=BEN, org="hlf"))


PREPARED = {"ruled": _ruled}


@pytest.fixture
def ruled(connection: Connection) -> Connection:
    """Version 1 applied; Ann has four calls, Ben one, and one in hlf."""
    return connection


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Row], Path]:
    """Write a document to a file."""

    def write(document: Row) -> Path:
        file = tmp_path / "rules.json"
        file.write_text(json.dumps(document))
        return file

    return write


__all__ = ["ANN", "BEN", "RULES", "changed"]
