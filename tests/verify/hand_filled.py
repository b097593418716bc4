"""Fills the tables by hand, past the triggers, from what brute force says."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.verify.brute_force import (
    Activity,
    Condition,
    Group,
    Rule,
    Tenure,
    counted_elements,
    earned_at,
    parts_of,
    rolling_days,
    stats_row,
)

ORG = "somewhere"
VERSION = 3
ZONE = ZoneInfo("America/Santiago")

# Every key of a selector, and the corners of where.
SELECTORS: list[dict[str, Any]] = [
    {"types": ["call", "visit"]},
    {"where": {"kind": "a"}},
    {"where": {"kind": [3, True, "b"]}},
    {"where": {"kind": {"ne": "a"}}},
    {"where": {"kind": {"ne": [3, "b"]}, "score": {"exists": True}}},
    {"where": {"score": {"gte": 5, "lt": 20}}},
    {"where": {"score": {"lte": 5}}},
    {"where": {"score": {"gt": -100}}},
    {"where": {"score": {"exists": False}}},
    {"where": {"path": {"prefix": "docs/"}}},
    {"where": {"quantity": {"in": [2, 3]}}},
    {"types": ["visit"], "where": {"quantity": {"gte": 1}}},
    {"field": "score"},
    {"per": "kind"},
    {"per": "quantity", "field": "score"},
    {"window": "week"},
    {"window": "month", "per": "path"},
    {"window": "quarter", "field": "score"},
    {"distinct": "kind"},
    {"types": ["call"], "distinct": "path", "window": "month"},
    {"distinct": "kind", "per_value": {"at_least": 3}},
    {"distinct": "kind", "per_value": {"measure": "sum", "at_least": 5}},
    {"distinct": "path", "per_value": {"measure": "max", "field": "score", "at_least": 7}},
    {"unit": "day", "per_unit": {"at_least": 2}},
    {"unit": "day", "per_unit": {"measure": "sum", "at_least": 3}},
    {"unit": "week", "per_unit": {"measure": "sum", "at_least": 6}},
    {"unit": "week", "per_unit": {"measure": "active_days", "at_least": 2}},
    {"types": ["visit"], "unit": "month", "per_unit": {"measure": "max", "at_least": 3}},
    {"per": "kind", "unit": "week", "per_unit": {"measure": "sum", "at_least": 2}},
    {"unit": "week"},
    {"unit": "day", "grace": 1},
    {"unit": "day", "grace": 3, "per_unit": {"at_least": 2}},
    {"types": ["visit"], "unit": "day", "grace": 2, "per_unit": {"measure": "sum", "at_least": 2}},
    {"unit": "week", "grace": 1, "per_unit": {"measure": "active_days", "at_least": 2}},
    {"when": {"hours": ["22:15", "06:15"]}},
    {"when": {"hours": ["09:00", "17:00"]}},
    {"when": {"hours": ["10:15", "24:00"], "weekdays": [1, 2, 7]}},
    {"types": ["visit"], "when": {"months": [2]}, "field": "score"},
    {"when": {"dates": ["01-25", "02-01", "02-14"]}},
    {"when": {"days_of_year": [21, 23, 32, 33]}},
    {"when": {"from": "2026-01-22", "until": "2026-02-10"}, "where": {"kind": {"ne": "a"}}},
    {"window": {"rolling_days": 7}},
    {"window": {"rolling_days": 3}, "field": "score", "types": ["call", "visit"]},
    {"window": {"rolling_days": 1}, "per": "kind"},
    {"window": {"rolling_days": 14}, "distinct": "kind"},
    {
        "window": {"rolling_days": 5},
        "distinct": "path",
        "per_value": {"measure": "sum", "at_least": 4},
    },
    {
        "window": {"rolling_days": 6},
        "distinct": "kind",
        "per_value": {"measure": "max", "field": "score", "at_least": 7},
    },
]
BASES: list[tuple[str, dict[str, Any]]] = [
    ("*", {}),
    ("=call", {"types": ["call"]}),
    ("=visit", {"types": ["visit"]}),
    ("=training", {"types": ["training"]}),
]
# What a tenure begins with: any activity, a type, and a choice of a rule's own.
TENURES: list[dict[str, Any]] = [{}, {"types": ["training"]}, {"where": {"kind": "a"}}]
KINDS = ["a", "b", 3, Decimal("3.0"), True, None, [3], {"a": 1}, "3", "å" * 150]
SCORES = [1, 5, Decimal("5.0"), 7, 20, -4, "7", None, Decimal("1e31"), Decimal("-1e31"), False]
PATHS = ["docs/a", "docs/b", "src/docs/", 7, None]


def stat_name(selector: Mapping[str, Any]) -> str:
    """Name a selector's stat; any name that begins with ~ does."""
    text = json.dumps(selector, sort_keys=True)
    return "~" + hashlib.sha256(text.encode()).hexdigest()[:16]


def stats() -> list[tuple[str, dict[str, Any]]]:
    """List every stat with its selector, the base stats first."""
    return BASES + [(stat_name(selector), selector) for selector in SELECTORS]


def _watched(stat: str) -> list[str]:
    """Let rules ask for days or runs of two stats out of three."""
    return [["count"], ["sum", "active_days"], ["week_run"]][int(stat[-1:].encode().hex(), 16) % 3]


def is_dated(stat: str) -> bool:
    """Tell whether the snapshot keeps a stat's days: always those of the base stats."""
    return not stat.startswith("~") or _watched(stat) != ["count"]


def random_activities(chance: random.Random, size: int) -> list[Activity]:
    """Make a history of odd attributes, equal instants and shifted days."""
    falling = chance.random() < 0.5
    start = datetime(2026, 1, 20, tzinfo=UTC)
    hours = [chance.randrange(24 * chance.choice([8, 40])) for _ in range(size)]
    moments = [start + timedelta(hours=hour, minutes=hour % 4 * 15) for hour in hours]
    made = []
    for _ in range(size):
        moment = chance.choice(moments)
        shift = chance.choice([0, 0, 0, 0, -1, 1])
        attributes = {}
        for name, values in (("kind", KINDS), ("score", SCORES), ("path", PATHS)):
            if chance.random() < 0.8:
                attributes[name] = chance.choice(values)
        if chance.random() < 0.1:
            attributes["quantity"] = 99
        lowest = -3 if falling else 0
        made.append(
            Activity(
                chance.choice(["call", "visit", "visit", "training"]),
                moment,
                moment.date() + timedelta(days=shift),
                Decimal(chance.randint(lowest, 4)) + Decimal(chance.choice(["0", "0.50"])),
                attributes,
                moment.astimezone(ZONE).time(),
            )
        )
    return made


def random_rules(chance: random.Random) -> dict[str, Rule]:
    """Make badges of single conditions over every measure, tenures, and composed ones."""
    conditions: list[Rule] = []
    for _, selector in stats():
        measures = ["count", "sum", "max", "active_days"]
        if "unit" in selector:
            measures += [f"{selector['unit']}_run", "distinct"] * 3
        else:
            measures += [] if rolling_days(selector) else ["day_run", "week_run", "month_run"]
            measures += ["distinct"] * 6 if "distinct" in selector else []
        for measure in chance.sample(sorted(set(measures)), 3):
            most = 12 if measure in ("count", "sum", "max") else 5
            conditions.append(Condition(selector, measure, chance.randint(1, most)))
    for selector in TENURES:
        for unit, most in (("day", 40), ("month", 1)):
            conditions.append(Tenure(selector, unit, chance.randint(1, most), ZONE))
    rules: dict[str, Rule] = {
        f"single-{number}": condition for number, condition in enumerate(conditions)
    }
    for number in range(30):
        rules[f"composed-{number}"] = _random_group(chance, conditions, 3)
    return rules


def _random_group(chance: random.Random, conditions: Sequence[Rule], depth: int) -> Group:
    parts = tuple(
        _random_group(chance, conditions, depth - 1)
        if depth and chance.random() < 0.3
        else chance.choice(conditions)
        for _ in range(chance.randint(1, 4))
    )
    return Group(chance.randint(1, len(parts)), parts)


@contextmanager
def past_the_triggers(connection: Connection) -> Iterator[None]:
    """Write without any trigger."""
    connection.execute("set session_replication_role = replica")
    try:
        yield
    finally:
        connection.execute("reset session_replication_role")


def write_rules(connection: Connection, rules: Mapping[str, Rule]) -> None:
    """Write the organization, every selector and the rules' milestones."""
    connection.execute(
        "insert into badges.organizations (org_id, name, time_zone, rule_set, rule_set_version)"
        " values (%s, 'Somewhere', %s, 'mine', %s)",
        (ORG, ZONE.key, VERSION),
    )
    for stat, selector in stats():
        connection.execute(
            "insert into badges_internal.stat_definitions"
            " (org_id, stat, selector, watched, since_version) values (%s, %s, %s, %s, 1)",
            (ORG, stat, Jsonb(selector, dumps=dumps), _watched(stat)),
        )
    for badge, rule in rules.items():
        kind = "all_of" if isinstance(rule, Group) else "threshold"
        connection.execute(
            "insert into badges.badge_definitions"
            " (badge_definition_id, rule_set, name, criteria_type, criteria)"
            " values (%s, 'mine', %s, %s, %s)",
            (badge, badge, kind, Jsonb({"type": kind})),
        )
        connection.execute(
            "insert into badges.org_badge_configs (org_id, badge_definition_id) values (%s, %s)",
            (ORG, badge),
        )
        _write_rule(connection, badge, rule, None, 0, [0])


def _write_rule(
    connection: Connection,
    badge: str,
    rule: Rule,
    parent: int | None,
    depth: int,
    last_node: list[int],
) -> None:
    node = last_node[0]
    last_node[0] += 1
    if isinstance(rule, Group):
        connection.execute(
            "insert into badges_internal.condition_groups"
            " values (%s, %s, %s, %s, %s, 'n_of', %s, '$')",
            (ORG, badge, node, parent, depth, rule.required),
        )
        for part in rule.parts:
            _write_rule(connection, badge, part, node, depth + 1, last_node)
        return
    stat = next(name for name, selector in stats() if selector == rule.selector)
    measure, threshold, duration = "tenure", 1, None
    if isinstance(rule, Tenure):
        threshold, duration = rule.length, f"{rule.length} {rule.unit}"
    else:
        measure, threshold = rule.measure, rule.threshold
    connection.execute(
        "insert into badges_internal.milestones (org_id, badge_definition_id, node, parent, stat,"
        " measure, threshold, duration, path, since_version)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, '$', 1)",
        (ORG, badge, node, parent, stat, measure, threshold, duration),
    )


def write_history(connection: Connection, person: UUID, activities: Sequence[Activity]) -> None:
    """Write the activities and, by brute force, the person's snapshot."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into badges.activities (org_id, peer_mentor_id, activity_type, occurred_at,"
            " activity_date, quantity, attributes) values (%s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    ORG,
                    person,
                    one.activity_type,
                    one.occurred_at,
                    one.activity_date,
                    one.quantity,
                    Jsonb(one.attributes, dumps=dumps),
                )
                for one in activities
            ],
        )
        for stat, selector in stats():
            for bucket, members in parts_of(selector, activities).items():
                row = stats_row(selector, members, is_dated=is_dated(stat))
                version = VERSION if stat == "*" else None
                columns = ", ".join(row)
                cursor.execute(
                    "insert into badges.peer_mentor_stats (peer_mentor_id, org_id, stat, bucket,"
                    f" rule_set_version, {columns})"
                    f" values ({', '.join(['%s'] * (5 + len(row)))})".encode(),
                    (person, ORG, stat, bucket, version, *row.values()),
                )
                cursor.executemany(
                    "insert into badges_internal.stat_elements (peer_mentor_id, org_id, stat,"
                    " bucket, element, is_counted) values (%s, %s, %s, %s, %s, true)",
                    [
                        (person, ORG, stat, bucket, element)
                        for element in counted_elements(selector, members)
                        if not rolling_days(selector)
                    ],
                )


def write_sweep(connection: Connection, person: UUID, seen_until: datetime) -> None:
    """Write that award_due_badges looked at a person."""
    connection.execute(
        "insert into badges_internal.due_people (peer_mentor_id, org_id, seen_until)"
        " values (%s, %s, %s)",
        (person, ORG, seen_until),
    )


def write_awards(
    connection: Connection,
    person: UUID,
    rules: Mapping[str, Rule],
    activities: Sequence[Activity],
    seen_until: datetime | None = None,
) -> None:
    """Write every award that brute force finds."""
    rows = []
    for badge, rule in rules.items():
        moment = earned_at(rule, activities, seen_until)
        if moment is not None:
            threshold = None
            if not isinstance(rule, Group):
                threshold = rule.length if isinstance(rule, Tenure) else rule.threshold
            rows.append((person, badge, ORG, moment, threshold, VERSION, f"{person}:{badge}"))
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into badges.earned_badges (peer_mentor_id, badge_definition_id, org_id,"
            " earned_at, granted_at, threshold, rule_set_version, idempotency_key, source)"
            " values (%s, %s, %s, %s, now(), %s, %s, %s, 'rule')",
            rows,
        )


def dumps(value: Any) -> str:
    """Write JSON with decimals as they are, trailing zeros and all."""
    text = json.dumps(value, default=lambda number: f"\0{number}\0", ensure_ascii=False)
    return re.sub(r'"\\u0000(.*?)\\u0000"', r"\1", text)
