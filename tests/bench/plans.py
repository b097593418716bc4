"""How long `rules plan` takes over many activities."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from datetime import date, timedelta
from importlib.resources import as_file, files
from typing import Any

from pgmerit.database import Connection
from pgmerit.rules import versions
from pgmerit.rules.files import load_document

FIRST_PERSON = 3_000_000
HISTORY = 50  # activities a person
ROUNDS = 3


def planned_seconds(
    connection: Connection, activities: int, first_day: date, columns: str
) -> dict[str, float]:
    """Fill up to so many activities, and plan some changes: the median seconds of each."""
    fill(connection, activities, first_day, columns)
    with as_file(files("pgmerit.demo") / "rule_sets" / "peer-mentors.yaml") as path:
        document = load_document(path).value
    return {name: _median(connection, change) for name, change in changes(document).items()}


def fill(connection: Connection, activities: int, first_day: date, columns: str) -> None:
    """Add people with activities by one statement, as many as are missing."""
    row = connection.execute("select count(*) as n from badges.activities").fetchone()
    missing = activities - (row["n"] if row else 0)
    connection.execute(
        f"""
        insert into badges.activities ({columns})
        select made.*
        from generate_series(%s::integer, %s::integer) as person
        cross join generate_series(1, {HISTORY}) as n
        cross join lateral bench.activity(person, n, %s::date + n) as made
        """.encode(),
        (
            FIRST_PERSON,
            FIRST_PERSON + max(0, missing) // HISTORY,
            first_day + timedelta(days=1),
        ),
    )
    connection.execute("vacuum analyze")


def changes(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Give the documents to plan, by what is changed in them."""
    thresholds = copy.deepcopy(dict(document))
    for organization in thresholds["organizations"].values():
        organization["custom_thresholds"] = organization.get("custom_thresholds", {}) | {
            "steady": 5,
            "first_assignment": 2,
        }
    selector = copy.deepcopy(dict(document))
    for organization in selector["organizations"].values():
        organization["badges"].append("at_home")
    selector["badges"]["at_home"] = {
        "name": "At home",
        "criteria": {
            "type": "threshold",
            "activity": "assignment",
            "where": {"kind": "home_visit"},
            "window": "quarter",
            "at_least": 4,
        },
    }
    return {"two thresholds changed": thresholds, "a badge with a new selector": selector}


def _median(connection: Connection, document: Mapping[str, Any]) -> float:
    taken = []
    for _ in range(ROUNDS):
        begun = time.monotonic()
        versions.plan(connection, document)
        taken.append(time.monotonic() - begun)
    return round(sorted(taken)[ROUNDS // 2], 2)
