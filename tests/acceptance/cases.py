"""The acceptance files: their activities row by row, and the awards that must come out.

title, source        what it stands for
rule_set             a document in the rule language
activities           org, mentor (a name: its id is uuid5(NAMESPACE_OID, name)), type, quantity,
                     attributes, key (the idempotency key), and at: TIMESTAMP, or date: LOCAL DATE
                     [time: "12:00"] [days: N  one a day] [every_days: K]; times: N repeats each,
                     a minute apart; vary: {attribute: prefix} gives prefix1, prefix2, ..
awards               [mentor, badge, tier, occurrence, earned_at in UTC]; with several
                     organizations the organization comes first
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb
from ruamel.yaml import YAML

from tests.engine import person

FOLDER = Path(__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
Award = tuple[str, UUID, str, str, int, datetime]


@dataclass(frozen=True)
class Case:
    """One file: activities are tuples in the order of tests.engine.COLUMNS."""

    title: str
    document: dict[str, Any]
    activities: list[tuple[Any, ...]]
    awards: set[Award]
    has_replays: bool
    in_order_only: bool


def read(name: str) -> Case:
    """Read a file of this folder."""
    given = YAML(typ="safe", pure=True).load(FOLDER / f"{name}.yaml")
    activities = [row for each in given["activities"] for row in _expanded(given, each)]
    keys = [(row[0], row[1], row[6]) for row in activities if row[6] is not None]
    orgs = list(given["rule_set"]["organizations"])
    return Case(
        title=given["title"],
        document=given["rule_set"],
        activities=activities,
        awards={_award(orgs, each) for each in given["awards"]},
        has_replays=len(set(keys)) < len(keys),
        in_order_only=given.get("in_order_only", False),
    )


def _moments(given: dict[str, Any], each: dict[str, Any]) -> Iterator[datetime]:
    zone = ZoneInfo(given["rule_set"]["organizations"][each["org"]].get("time_zone", "UTC"))
    if "at" in each:
        first = [datetime.fromisoformat(each["at"])]
    else:
        of_day = time.fromisoformat(each.get("time", "12:00"))
        first = [
            datetime.combine(each["date"] + timedelta(days=n * each.get("every_days", 1)), of_day)
            .replace(tzinfo=zone)
            .astimezone(UTC)
            for n in range(each.get("days", 1))
        ]
    for start in first:
        for minute in range(each.get("times", 1)):
            yield start + timedelta(minutes=minute)


def _expanded(given: dict[str, Any], each: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for number, occurred_at in enumerate(_moments(given, each), start=1):
        attributes = dict(each.get("attributes", {}))
        for name, prefix in each.get("vary", {}).items():
            attributes[name] = f"{prefix}{number}"
        yield (
            each["org"],
            person(each["mentor"]),
            each["type"],
            occurred_at,
            Decimal(str(each.get("quantity", 0))),
            Jsonb(attributes),
            each.get("key"),
        )


def _award(orgs: list[str], given: list[Any]) -> Award:
    org, mentor, badge, tier, occurrence, earned_at = given if len(orgs) > 1 else [orgs[0], *given]
    return (org, person(mentor), badge, tier, occurrence, datetime.fromisoformat(earned_at))
