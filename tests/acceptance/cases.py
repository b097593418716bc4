"""The acceptance files: their activities row by row, and the awards that must come out.

README.md describes the format.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
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
Place = tuple[str, UUID, str, str, int]


@dataclass(frozen=True)
class Change:
    """What happens to one activity when all is fed: new values by column, None deletes it."""

    org: str
    mentor: UUID
    key: str
    values: dict[str, Any] | None


@dataclass(frozen=True)
class Case:
    """One file: activities are tuples in the order of tests.engine.COLUMNS."""

    name: str
    title: str
    source: str
    document: dict[str, Any]
    activities: list[tuple[Any, ...]]
    changes: list[Change]
    denials: list[tuple[str, UUID, str, str]]
    as_of: datetime | None
    awards: set[Award]
    revoked: set[Place]
    has_replays: bool
    in_order_only: bool


@cache
def read(name: str) -> Case:
    """Read a file of this folder."""
    given = YAML(typ="safe", pure=True).load(FOLDER / f"{name}.yaml")
    activities = [row for each in given["activities"] for row in _expanded(given, each)]
    keys = [(row[0], row[1], row[6]) for row in activities if row[6] is not None]
    orgs = list(given["rule_set"]["organizations"])
    placed = [_with_organization(orgs, each, 4) for each in given.get("revoked", [])]
    denied = [_with_organization(orgs, each, 3) for each in given.get("denials", [])]
    return Case(
        name=name,
        title=given["title"],
        source=given["source"],
        document=_without_dates(given["rule_set"]),
        activities=activities,
        changes=[_change(each) for each in given.get("changes", [])],
        denials=[(org, person(mentor), *rest) for org, mentor, *rest in denied],
        as_of=datetime.fromisoformat(given["as_of"]) if "as_of" in given else None,
        awards={_award(orgs, each) for each in given["awards"]},
        revoked={(org, person(mentor), *rest) for org, mentor, *rest in placed},
        has_replays=len(set(keys)) < len(keys),
        in_order_only=given.get("in_order_only", False),
    )


def _without_dates(value: Any) -> Any:
    """Write days as text, as YAML 1.2 has them and this reader has not."""
    if isinstance(value, dict):
        return {key: _without_dates(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_dates(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


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


def _change(each: dict[str, Any]) -> Change:
    values = None
    if not each.get("delete"):
        as_columns = {
            "type": ("activity_type", str),
            "quantity": ("quantity", lambda value: Decimal(str(value))),
            "attributes": ("attributes", Jsonb),
            "at": ("occurred_at", datetime.fromisoformat),
        }
        values = {as_columns[name][0]: as_columns[name][1](it) for name, it in each["set"].items()}
    return Change(each["org"], person(each["mentor"]), each["key"], values)


def _with_organization(orgs: list[str], given: list[Any], others: int) -> list[Any]:
    return [orgs[0], *given] if len(given) == others else given


def _award(orgs: list[str], given: list[Any]) -> Award:
    *place, earned_at = given
    org, mentor, badge, tier, occurrence = _with_organization(orgs, place, 4)
    return (org, person(mentor), badge, tier, occurrence, datetime.fromisoformat(earned_at))
