"""is_eligible on the stats document that the database gives says who holds which badge."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pgmerit.models import RuleSet
from pgmerit.rules import versions

CALLS = {"type": "threshold", "activity": "call"}
VISITS = {"type": "threshold", "activity": "visit"}
KINDS = {"type": "threshold", "measure": "distinct", "field": "kind"}
CRITERIA: dict[str, Any] = {
    "plain": CALLS | {"at_least": 4},
    "any_type": {"type": "threshold", "at_least": 9},
    "two_types": {"type": "threshold", "activity": ["call", "visit"], "at_least": 8},
    "summed": VISITS | {"measure": "sum", "at_least": Decimal("6.5")},
    "longest": {"type": "threshold", "measure": "max", "field": "minutes", "at_least": 55},
    "days": CALLS | {"measure": "active_days", "at_least": 4},
    "kinds": KINDS | {"at_least": 3},
    "weekly": {"type": "threshold", "window": "week", "at_least": 4},
    "by_kind": {"type": "threshold", "per": "kind", "at_least": 4},
    "deep": KINDS | {"per_value": {"at_least": 2}, "at_least": 2},
    "where": {
        "type": "threshold",
        "where": {"minutes": {"gte": Decimal("30.0")}, "kind": {"ne": "a"}},
        "at_least": 3,
    },
    "run": {"type": "streak", "unit": "day", "length": 4},
    "weeks": {"type": "streak", "unit": "week", "per_unit": {"at_least": 2}, "length": 3},
    "grace": {"type": "streak", "unit": "day", "grace": 1, "length": 6},
    "in_all": {"type": "streak", "unit": "day", "consecutive": False, "length": 7},
    "weeks_in_all": {"type": "streak", "unit": "week", "consecutive": False, "length": 4},
    "good_days": {
        "type": "streak",
        "unit": "day",
        "per_unit": {"at_least": 2},
        "consecutive": False,
        "length": 3,
    },
    "busy_weeks": {
        "type": "streak",
        "unit": "week",
        "per_unit": {"measure": "active_days", "at_least": 3},
        "grace": 1,
        "length": 2,
    },
    "open_days": {
        "type": "streak",
        "activity": "call",
        "unit": "day",
        "on": {"weekdays": ["mon", "tue", "wed", "thu", "fri"], "closed_days": False},
        "excused_by": {"activity": ["visit", "absence"], "where": {"kind": ["a", "b"]}},
        "length": 3,
    },
    "open_in_all": {
        "type": "streak",
        "unit": "day",
        "on": {"closed_days": False},
        "consecutive": False,
        "length": 7,
    },
    "rolling": {"type": "threshold", "window": {"rolling_days": 5}, "at_least": 5},
    "rolling_days": CALLS
    | {"measure": "active_days", "window": {"rolling_days": 6}, "at_least": 4},
    "weekends": VISITS | {"when": {"weekdays": ["sat", "sun"]}, "at_least": 3},
    "late": {"type": "threshold", "when": {"hours": [18, "06:30"]}, "at_least": 4},
    "dated": {
        "type": "threshold",
        "when": {"dates": ["01-20", "01-21"], "from": "2026-01-21", "until": "2026-01-22"},
        "at_least": 2,
    },
    "quantities": {"type": "threshold", "measure": "distinct", "at_least": 2},
    "within": {
        "type": "training_completion",
        "activity": "visit",
        "field": "kind",
        "courses": ["a", "b", "c"],
        "within_days": 9,
    },
    "veteran": {"type": "tenure", "activity": "call", "days": 20},
    "month_long": {
        "type": "all_of",
        "criteria": [{"type": "tenure", "days": 14}, VISITS | {"at_least": 5}],
    },
    "trained": {
        "type": "training_completion",
        "activity": "visit",
        "field": "kind",
        "courses": ["a", "b", "c"],
        "require": 2,
    },
    "tiers": {
        "type": "tier",
        "tiers": [{"tier": "one", "at_least": 6}, {"tier": "two", "at_least": 12}],
    },
    "both": {
        "type": "all_of",
        "criteria": [CALLS | {"at_least": 3}, {"type": "streak", "unit": "day", "length": 3}],
    },
    "either": {
        "type": "any_of",
        "criteria": [CALLS | {"at_least": 7}, VISITS | {"at_least": 7}],
    },
    "two": {
        "type": "n_of",
        "n": 2,
        "criteria": [
            CALLS | {"at_least": 5},
            VISITS | {"at_least": 5},
            {"type": "badges_earned", "badges": ["kinds"]},
        ],
    },
    "listed": {"type": "badges_earned", "badges": ["plain", "longest"]},
    "funny": {"type": "badges_earned", "category": "fun", "at_least": 2},
    "long_calls": {
        "type": "in_a_row",
        "activity": "call",
        "qualify": {"minutes": {"gte": 20}},
        "length": 3,
    },
    "mostly_a": {"type": "share", "qualify": {"kind": "a"}, "at_least": 0.5, "of_at_least": 4},
    "lately_long": {
        "type": "share",
        "qualify": {"minutes": {"gte": 30}},
        "at_least": 0.6,
        "of_last": 5,
    },
    "by_hand": {"type": "manual"},
}
DOCUMENT = {
    "version": 1,
    "ruleset": "eligible",
    "organizations": {
        "nhf": {
            "time_zone": "Europe/Oslo",
            "day_starts": "06:00",
            "closed_days": ["01-21", "2026-01-24", "2026-01-26", "2027-01-21"],
        }
    },
    "badges": {
        slug: {"name": slug, "criteria": criteria}
        | ({"category": "fun"} if slug in ("plain", "any_type", "where") else {})
        for slug, criteria in CRITERIA.items()
    },
}


def test_for_people_of_every_diligence(connection: Any, connect: Any) -> None:
    versions.apply(connect(), DOCUMENT)
    definitions = RuleSet.model_validate(DOCUMENT).definitions()
    source = random.Random(7)
    people = [UUID(int=number) for number in range(1, 41)]
    rows = []
    for diligence, person in enumerate(people, start=1):
        for _ in range(source.randint(0, 1 + diligence // 2)):
            at = datetime(2026, 1, 5, 12, tzinfo=UTC) + timedelta(
                days=source.randint(0, 24), hours=source.randint(-11, 11)
            )
            attributes = (
                f'{{"kind": "{source.choice("abcd")}", "minutes": {source.randint(1, 60)}}}'
            )
            rows.append(
                (
                    person,
                    source.choice(["call", "visit"]),
                    at,
                    source.choice([1.5, 1.5, 2]),
                    attributes,
                )
            )
    connection.execute(
        """insert into badges.activities
            (org_id, peer_mentor_id, activity_type, occurred_at, quantity, attributes)
        values """
        + ", ".join(["('nhf', %s, %s, %s, %s, %s)"] * len(rows)),
        [value for row in rows for value in row],
    )
    seen = set()
    for person in people:
        row = connection.execute(
            """select badges_internal._stats_document(%(person)s, 'nhf') as document, array(
                select distinct badge_definition_id from badges.earned_badges
                where peer_mentor_id = %(person)s
            ) as held""",
            {"person": person},
        ).fetchone()
        eligible = {
            each.badge_definition_id for each in definitions if each.is_eligible(row["document"])
        }
        assert eligible == set(row["held"])
        seen |= eligible
    assert seen == {each.badge_definition_id for each in definitions} - {"by_hand"}
