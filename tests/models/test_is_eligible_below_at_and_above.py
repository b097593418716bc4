"""is_eligible decides every criteria type below, at and above its number."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pgmerit.models import CRITERIA_TYPES, BadgeDefinition, StatsDocument, Tally, selector_key


def definition(criteria: dict[str, Any], **more: Any) -> BadgeDefinition:
    return BadgeDefinition(badge_definition_id="mine", name="Mine", criteria=criteria, **more)


def measured(criteria: dict[str, Any], **tally: Any) -> StatsDocument:
    """Return stats in which the rule's own stat holds the tally."""
    key = selector_key(definition(criteria).criteria)  # type: ignore[arg-type]
    if key == "*":
        return StatsDocument(activities={"*": Tally(**tally)})
    if key.startswith("="):
        return StatsDocument(activities={key[1:]: Tally(**tally)})
    return StatsDocument(selectors={key: Tally(**tally)})


def both(calls: int, days: int) -> StatsDocument:
    return StatsDocument(activities={"call": Tally(count=calls, longest_day_run=days)})


def held(*badges: str, category: str | None = None) -> StatsDocument:
    return StatsDocument.model_validate(
        {"badges": {slug: {"category": category} for slug in badges}}
    )


def since(criteria: dict[str, Any], first: date, as_of: str, zone: str = "UTC") -> StatsDocument:
    stats = measured(criteria, count=1, first_date=first)
    return stats.model_copy(update={"as_of": datetime.fromisoformat(as_of), "time_zone": zone})


def raw(count: int) -> StatsDocument:
    return StatsDocument(activities={"call": Tally(count=count)})


THRESHOLD = {"type": "threshold", "activity": "call", "at_least": 5}
SUM = {"type": "threshold", "measure": "sum", "at_least": 2.5}
MAX = {"type": "threshold", "measure": "max", "field": "builds", "at_least": 2}
DAYS = {"type": "threshold", "measure": "active_days", "where": {"a": 1}, "at_least": 3}
DISTINCT = {"type": "threshold", "measure": "distinct", "field": "kind", "at_least": 3}
WINDOW = {"type": "threshold", "activity": ["a", "b"], "window": "week", "at_least": 4}
TIER = {"type": "tier", "tiers": [{"tier": "a", "at_least": 3}, {"tier": "b", "at_least": 9}]}
STREAK = {"type": "streak", "activity": "call", "unit": "week", "length": 4}
STREAK_TIERS = {"type": "streak", "unit": "day", "tiers": [{"tier": "a", "length": 3}]}
PER_UNIT = {"type": "streak", "unit": "month", "per_unit": {"at_least": 2}, "length": 3}
TRAINING = {"type": "training_completion", "courses": ["a", "b", "c"]}
TWO_OF_THREE = {"type": "training_completion", "courses": ["a", "b", "c"], "require": 2}
PARTS = [
    {"type": "threshold", "activity": "call", "at_least": 2},
    {"type": "streak", "activity": "call", "unit": "day", "length": 2},
]
LISTED = {"type": "badges_earned", "badges": ["x", "y"]}
CATEGORY = {"type": "badges_earned", "category": "fun", "at_least": 2}
ANY = {"type": "badges_earned", "at_least": 2}
ROLLING = {"type": "threshold", "window": {"rolling_days": 30}, "at_least": 4}
WHEN = {"type": "threshold", "when": {"hours": [22, "06:00"], "weekdays": ["sun"]}, "at_least": 2}
GRACE = {"type": "streak", "unit": "day", "length": 3, "grace": 2}
DAYS_IN_ALL = {"type": "streak", "unit": "day", "length": 3, "consecutive": False}
WEEKS_IN_ALL = {"type": "streak", "unit": "week", "length": 3, "consecutive": False}
GOOD_DAYS = DAYS_IN_ALL | {"per_unit": {"at_least": 2}}
WITHIN = {"type": "training_completion", "courses": ["a", "b"], "within_days": 30}
A_YEAR = {"type": "tenure", "activity": "call", "years": 1}
A_MONTH = {"type": "tenure", "where": {"kind": "visit"}, "months": 1}
DAY_90 = {"type": "tenure", "days": 90}
RUN = {"type": "in_a_row", "activity": "answer", "qualify": {"right": True}, "length": 5}
RUN_TIERS = {"type": "in_a_row", "qualify": {"a": 1}, "tiers": [{"tier": "a", "length": 3}]}
SHARE = {"type": "share", "qualify": {"right": True}, "at_least": 0.9, "of_at_least": 20}
LATELY = {"type": "share", "qualify": {"a": {"lt": 2}}, "at_least": 0.75, "of_last": 8}
LEAP_DAY = date(2024, 2, 29)
RAW = {"type": "criteria_raw", "reason": "r", "expression": "$.activities.call.count >= 3"}

CASES = [
    (THRESHOLD, measured(THRESHOLD, count=4), measured(THRESHOLD, count=5),
     measured(THRESHOLD, count=6)),
    (SUM, measured(SUM, sum=2.4), measured(SUM, sum=2.5), measured(SUM, sum=2.6)),
    (MAX, measured(MAX, max=1), measured(MAX, max=2), measured(MAX, max=3)),
    (MAX, measured(MAX), measured(MAX, max=2), measured(MAX, max=3)),
    (DAYS, measured(DAYS, active_days=2), measured(DAYS, active_days=3),
     measured(DAYS, active_days=4)),
    (DISTINCT, measured(DISTINCT, distinct=2), measured(DISTINCT, distinct=3),
     measured(DISTINCT, distinct=4)),
    (WINDOW, measured(WINDOW, count=3), measured(WINDOW, count=4), measured(WINDOW, count=5)),
    (TIER, measured(TIER, count=2), measured(TIER, count=3), measured(TIER, count=10)),
    (STREAK, measured(STREAK, longest_week_run=3), measured(STREAK, longest_week_run=4),
     measured(STREAK, longest_week_run=5)),
    (STREAK_TIERS, measured(STREAK_TIERS, longest_day_run=2),
     measured(STREAK_TIERS, longest_day_run=3), measured(STREAK_TIERS, longest_day_run=4)),
    (PER_UNIT, measured(PER_UNIT, longest_month_run=2), measured(PER_UNIT, longest_month_run=3),
     measured(PER_UNIT, longest_month_run=4)),
    (TRAINING, measured(TRAINING, distinct=2), measured(TRAINING, distinct=3),
     measured(TRAINING, distinct=4)),
    (TWO_OF_THREE, measured(TWO_OF_THREE, distinct=1), measured(TWO_OF_THREE, distinct=2),
     measured(TWO_OF_THREE, distinct=3)),
    ({"type": "all_of", "criteria": PARTS}, both(2, 1), both(2, 2), both(3, 3)),
    ({"type": "any_of", "criteria": PARTS}, both(1, 1), both(1, 2), both(2, 2)),
    ({"type": "n_of", "n": 2, "criteria": [*PARTS, ANY]}, both(2, 1), both(2, 2),
     both(3, 3)),
    ({"type": "all_of", "criteria": [PARTS[0], {"type": "none_of", "criteria": PARTS[1:]}]},
     both(2, 2), both(2, 1), both(3, 0)),
    (LISTED, held("x", "z"), held("x", "y"), held("x", "y", "z")),
    (LISTED | {"at_least": 1}, held("z"), held("x"), held("x", "y")),
    (CATEGORY, held("x", category="fun"), held("x", "y", category="fun"),
     held("x", "y", "z", category="fun")),
    (ANY, held("x", "mine"), held("x", "y"), held("x", "y", "z")),
    (ROLLING, measured(ROLLING, count=3), measured(ROLLING, count=4), measured(ROLLING, count=5)),
    (WHEN, measured(WHEN, count=1), measured(WHEN, count=2), measured(WHEN, count=3)),
    (GRACE, measured(GRACE, longest_day_run=2), measured(GRACE, longest_day_run=3),
     measured(GRACE, longest_day_run=4)),
    (DAYS_IN_ALL, measured(DAYS_IN_ALL, active_days=2, longest_day_run=9),
     measured(DAYS_IN_ALL, active_days=3), measured(DAYS_IN_ALL, active_days=4)),
    (WEEKS_IN_ALL, measured(WEEKS_IN_ALL, distinct=2), measured(WEEKS_IN_ALL, distinct=3),
     measured(WEEKS_IN_ALL, distinct=4)),
    (GOOD_DAYS, measured(GOOD_DAYS, distinct=2), measured(GOOD_DAYS, distinct=3),
     measured(GOOD_DAYS, distinct=4)),
    (WITHIN, measured(WITHIN, distinct=1), measured(WITHIN, distinct=2),
     measured(WITHIN, distinct=3)),
    (A_YEAR, since(A_YEAR, LEAP_DAY, "2025-02-27T23:59:59Z"),
     since(A_YEAR, LEAP_DAY, "2025-02-28T00:00:00Z"), since(A_YEAR, LEAP_DAY, "2026-01-01T00:00Z")),
    (A_MONTH, since(A_MONTH, date(2026, 1, 31), "2026-02-27T22:59:59Z", "Europe/Oslo"),
     since(A_MONTH, date(2026, 1, 31), "2026-02-27T23:00:00Z", "Europe/Oslo"),
     since(A_MONTH, date(2026, 1, 31), "2026-03-01T00:00:00Z", "Europe/Oslo")),
    (DAY_90, since(DAY_90, date(2026, 1, 1), "2026-03-31T21:59:59Z", "Europe/Oslo"),
     since(DAY_90, date(2026, 1, 1), "2026-03-31T22:00:00Z", "Europe/Oslo"),
     since(DAY_90, date(2026, 1, 1), "2026-04-01T22:00:00Z", "Europe/Oslo")),
    (RUN, measured(RUN, max=4), measured(RUN, max=5), measured(RUN, max=6)),
    (RUN_TIERS, measured(RUN_TIERS, max=2), measured(RUN_TIERS, max=3),
     measured(RUN_TIERS, max=4)),
    (SHARE, measured(SHARE, max=0.899999), measured(SHARE, max=0.9), measured(SHARE, max=1)),
    (LATELY, measured(LATELY), measured(LATELY, max=0.75), measured(LATELY, max=0.875)),
    (RAW, raw(2), raw(3), raw(4)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("criteria", "below", "at", "above"), CASES, ids=[str(case[0]) for case in CASES]
)
def test_below_at_and_above(
    criteria: dict[str, Any], below: StatsDocument, at: StatsDocument, above: StatsDocument
) -> None:
    badge = definition(criteria)
    assert [badge.is_eligible(stats) for stats in (below, at, above)] == [False, True, True]
    assert not badge.is_eligible(StatsDocument())
    assert not badge.is_eligible({})
    assert badge.is_eligible(above.model_dump(mode="json"))
    assert not definition(criteria, active=False).is_eligible(above)


def test_manual_is_never_earned_by_stats() -> None:
    badge = definition({"type": "manual"})
    assert not any(badge.is_eligible(stats) for stats in (StatsDocument(), both(99, 99)))


def test_a_tenure_without_a_first_day_is_left_to_the_database() -> None:
    stats = measured(A_YEAR, count=1, first_at=datetime(2020, 1, 1, tzinfo=UTC))
    stats = stats.model_copy(update={"as_of": datetime(2026, 1, 1, tzinfo=UTC)})
    with pytest.raises(ValueError, match="only the database decides a tenure"):
        definition(A_YEAR).is_eligible(stats)


def test_every_criteria_type_is_among_the_cases() -> None:
    shown = {case[0]["type"] for case in CASES}
    shown |= {part["type"] for case in CASES for part in case[0].get("criteria", [])}
    assert shown | {"manual"} == CRITERIA_TYPES.keys()


def test_category_and_any_pass_over_badges_for_badges() -> None:
    stats = {"badges": {"x": {}, "y": {"from_badges": True}}}
    assert not definition(ANY).is_eligible(stats)


@pytest.mark.parametrize(("count", "tiers"), [(2, ()), (3, ("a",)), (9, ("a", "b"))])
def test_a_jump_reaches_the_lower_tiers_too(count: int, tiers: tuple[str, ...]) -> None:
    assert definition(TIER).criteria.reached_tiers(measured(TIER, count=count)) == tiers  # type: ignore[union-attr]
