"""Generated rule sets over the whole language, histories for them, and what befalls both.

Numbers are small, so that most rules are met by somebody; days lie around leap days, turns of years
and the nights on which clocks change; attributes are odd. What is drawn is plain data, so that a
failing example prints as something to read.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

ORGS = ("north", "south")
MENTORS = (UUID(int=1), UUID(int=2))
ZONES = (
    "UTC",
    "Europe/Oslo",
    "America/New_York",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Pacific/Auckland",
    "Pacific/Apia",
)
DAY_STARTS = ("00:00", "00:30", "02:30", "04:00", "05:00", "12:00")
WEEK_STARTS = ("monday", "saturday", "sunday")
CALENDAR = ("time_zone", "day_starts", "week_starts")
TYPES = ("call", "visit", "training_completed")
OFTEN = ("call", "call", "call", "visit", "visit", "training_completed", "training_completed")
STARTS = (
    date(2021, 12, 29),
    date(2020, 2, 27),
    date(2020, 12, 28),
    date(2022, 3, 11),
    date(2022, 10, 28),
    date(2023, 4, 26),
)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_OFFSETS = (
    *(0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 7, 8, 8, 9, 13, 14, 15, 21, 22, 28, 30, 31, 32, 61, 92),
    366,
)
TIMES = (
    *("00:00", "04:30", "05:00", "10:00", "12:00", "12:00", "12:00", "21:59:59.5", "22:30"),
    "23:00",
)

# JSON texts, odd ones among them; None = absent.
ATTRIBUTES: Mapping[str, tuple[str | None, ...]] = {
    "kind": (
        *('"a"', '"a"', '"a"', '"b"', '"b"', '"b"', '"c"', "3", "3.0", "true", "null", "[3]"),
        *('{"a": 1}', '"3"', '"' + "å" * 150 + '"', None),
    ),
    "score": (
        *("1", "2", "2", "3", "3", "5", "5", "5.00", "0.5", "7", '"7"', "null", "1e31", "false"),
        *("0", None, None),
    ),
    "course": (
        *('"x"', '"x"', '"x"', '"y"', '"y"', '"y"', '"z"', "1", "1.0", '"X"', "null", '["x"]'),
        *(None, None),
    ),
    "path": ('"docs/a"', '"docs/a"', '"docs/b"', '"src/docs/"', '"docs/"', "7", "null", None),
    "quantity": ("99", None, None, None),
}
NEGATIVE_SCORES = ("-1", "-2", "-5", "-0.5")
QUANTITIES = ("0", "1", "1", "1", "2", "3", "0.5", "1.50")
NEGATIVE_QUANTITIES = ("-1", "-2", "-0.5")
SCALARS: tuple[Any, ...] = ("a", "b", "x", "3", 3, 5, 0.5, True, False, "docs/a")
UPDATES = (
    "quantity = 4",
    "quantity = 0",
    "quantity = quantity + 1",
    "activity_type = 'call'",
    "activity_type = 'visit'",
    "occurred_at = occurred_at - interval '1 day', activity_date = activity_date - 1",
    "occurred_at = occurred_at + interval '5 days', activity_date = activity_date + 5",
    "activity_date = (occurred_at at time zone 'UTC')::date - 1",
    "activity_date = (occurred_at at time zone 'UTC')::date + 1",
    """attributes = attributes || '{"kind": "b", "course": "y"}'""",
    """attributes = attributes || '{"score": 5}'""",
    "attributes = attributes - 'kind' - 'course'",
    "attributes = '{}'",
    "peer_mentor_id = '00000000-0000-0000-0000-000000000001'",
    "idempotency_key = 'k' || activity.activity_id",
)


@dataclass(frozen=True)
class Entry:
    """An activity to be written; attributes are JSON text, no day = the organization fills it."""

    org: str
    mentor: UUID
    activity_type: str
    occurred_at: datetime
    quantity: str
    attributes: str
    activity_date: date | None = None


@dataclass(frozen=True)
class Step:
    """Something that befalls the database.

    insert: write the next `number` entries by `detail` (insert, copy, record_activity or
    record_activities). update: set `detail`. delete, truncate. `number` and `rest` choose the rows:
    those whose place among all leaves `rest` when divided by `number`. sweep: award_due_badges
    `number` days after the last activity. apply: the `number`-th document; with `rest` people are
    left to whoever touches them first. by_hand: `detail`
    (award, revoke, deny or allow) the `rest`-th badge to or from the `number`-th person of the
    first organization. rezone: give the `number`-th organization the `rest`-th calendar, whose
    zone is `detail`. evaluate, rebuild: what must change nothing.
    """

    what: str
    number: int = 1
    rest: int = 0
    detail: str = ""


@dataclass(frozen=True)
class Story:
    """Documents, entries and steps, in the order in which they come."""

    documents: tuple[dict[str, Any], ...]
    entries: tuple[Entry, ...]
    steps: tuple[Step, ...]


@st.composite
def entries(draw: Any, start: date, *, may_fall: bool, max_size: int = 24) -> tuple[Entry, ...]:
    """Give activities of few people on few days, many at the same instant."""
    quantities = QUANTITIES + (NEGATIVE_QUANTITIES if may_fall else ())
    scores = ATTRIBUTES["score"] + (NEGATIVE_SCORES if may_fall else ())
    values = ATTRIBUTES | {"score": scores}
    return tuple(
        draw(
            st.lists(
                st.builds(
                    _entry,
                    st.sampled_from((*ORGS[:1], *ORGS[:1], *ORGS)),
                    st.sampled_from((*MENTORS[:1], *MENTORS)),
                    st.sampled_from(OFTEN),
                    st.just(start),
                    st.sampled_from(DAY_OFFSETS),
                    st.sampled_from(TIMES),
                    st.sampled_from(quantities),
                    st.fixed_dictionaries({name: st.sampled_from(values[name]) for name in values}),
                    st.sampled_from((None, None, None, None, -1, 0, 1)),
                ),
                min_size=min(draw(st.sampled_from((1, 12, 18))), max_size),
                max_size=max_size,
            )
        )
    )


def _entry(
    org: str,
    mentor: UUID,
    activity_type: str,
    start: date,
    offset: int,
    time_of_day: str,
    quantity: str,
    attributes: Mapping[str, str | None],
    shift: int | None,
) -> Entry:
    of_day = start + timedelta(days=offset)
    return Entry(
        org,
        mentor,
        activity_type,
        datetime.fromisoformat(f"{of_day}T{time_of_day}").replace(tzinfo=UTC),
        quantity,
        "{"
        + ", ".join(f'"{name}": {value}' for name, value in attributes.items() if value is not None)
        + "}",
        None if shift is None else of_day + timedelta(days=shift),
    )


small = st.sampled_from((1, 1, 1, 2, 2, 2, 3, 3, 4))
amounts = st.sampled_from((1, 1, 1, 2, 2, 2, 3, 3, 4, 0.5, 1.5, 2.5, 6))
shares = st.sampled_from((0.3, 0.5, 0.5, 0.6, 0.666667, 0.75, 0.9, 1))
scalar_lists = st.lists(st.sampled_from(SCALARS), min_size=1, max_size=3)
bounds = st.sampled_from((-1, 0, 1, 2, 3, 5, 0.5))
operators = st.fixed_dictionaries(
    {},
    optional={
        "gte": bounds,
        "gt": bounds,
        "lte": bounds,
        "lt": bounds,
        "ne": st.sampled_from(SCALARS),
        "in": scalar_lists,
        "prefix": st.sampled_from(("docs/", "docs/a", "a", "å")),
        "exists": st.booleans(),
    },
).filter(lambda found: 0 < len(found) < 4)
tests = st.one_of(st.sampled_from(SCALARS), scalar_lists, operators)
mild_tests = st.sampled_from(
    (
        {"kind": "a"},
        {"kind": {"ne": "a"}},
        {"kind": ["a", "b"]},
        {"kind": {"in": ["a", "b", 3]}},
        {"kind": {"exists": True}},
        {"score": {"gte": 2}},
        {"score": {"gt": 1}},
        {"score": {"lt": 6}},
        {"score": {"lte": 5}},
        {"score": {"gte": 1, "lte": 5}},
        {"score": {"ne": 5}},
        {"score": {"exists": False}},
        {"quantity": {"gte": 1}},
        {"quantity": {"lt": 3, "gt": 0}},
        {"quantity": 1},
        {"path": {"prefix": "docs/"}},
        {"path": {"prefix": "docs/", "ne": "docs/b"}},
        {"course": ["x", "y", 1]},
        {"absent": {"exists": False}},
        {"absent": {"ne": 1}},
    )
)
where = st.one_of(
    mild_tests,
    mild_tests,
    mild_tests,
    st.dictionaries(
        st.sampled_from(("kind", "score", "path", "quantity", "course", "absent")),
        tests,
        min_size=1,
        max_size=2,
    ),
)
hours = st.sampled_from(
    (
        *([0, 13], [12, 24], [22, 6], ["22:30", "06:15"], [5, "12:01"], ["12:01", 12]),
        *([0, "24:00"], [23, 24], [1, 0], ["00:00", 23]),
    )
)


@st.composite
def when(draw: Any, start: date) -> dict[str, Any]:
    """Give a choice by the calendar, about the days of the story."""
    near = tuple(start + timedelta(days=offset) for offset in (*range(-1, 10), 30, 31))
    one = st.sampled_from(near)
    listed = st.lists(one, min_size=4, max_size=12)
    strategies = {
        "hours": hours,
        "weekdays": st.lists(st.sampled_from(WEEKDAYS), min_size=2, max_size=6),
        "months": st.lists(
            st.sampled_from((start.month, start.month % 12 + 1, 1, 6)), min_size=1, max_size=4
        ),
        "dates": listed.map(lambda days: [each.isoformat()[5:] for each in days]),
        "days_of_year": listed.map(lambda days: [each.timetuple().tm_yday for each in days]),
        "from": one.map(date.isoformat),
        "until": st.sampled_from(near[3:]).map(date.isoformat),
    }
    keys = draw(st.lists(st.sampled_from(sorted(strategies)), min_size=1, max_size=2, unique=True))
    found = {key: draw(strategies[key]) for key in keys}
    if found.get("from", "") > found.get("until", "9"):
        del found["from"]
    return found


activity = st.one_of(
    st.sampled_from(OFTEN), st.lists(st.sampled_from((*TYPES, "unknown")), min_size=1, max_size=2)
)
rarely = st.sampled_from((False, False, True))


@st.composite
def _choice(draw: Any, start: date, *keys: str) -> dict[str, Any]:
    """Choose activities by some of the keys, most often by few."""
    choice = {"activity": activity, "where": where, "when": when(start)}
    return {key: draw(choice[key]) for key in keys if draw(rarely)}


@st.composite
def _elements(draw: Any, measures: tuple[str, ...]) -> dict[str, Any]:
    """Give per_value or per_unit."""
    rule: dict[str, Any] = {"at_least": draw(st.sampled_from((1, 1, 2, 2, 3, 0.5, 1.5)))}
    measure = draw(st.sampled_from((None, *measures)))
    if measure is not None:
        rule["measure"] = measure
    if measure in ("sum", "max") and draw(st.booleans()):
        rule["field"] = draw(st.sampled_from(("score", "quantity")))
    return rule


@st.composite
def _measured(draw: Any, start: date) -> dict[str, Any]:
    """Give what threshold and tier share."""
    criteria: dict[str, Any] = draw(_choice(start, "activity", "where", "when"))
    measure = draw(
        st.sampled_from((None, "count", "sum", "sum", "max", "active_days", "distinct", "distinct"))
    )
    if measure is not None:
        criteria["measure"] = measure
    if measure == "distinct":
        if not draw(rarely):
            criteria["field"] = draw(st.sampled_from(("kind", "score", "course", "quantity")))
        if draw(st.booleans()):
            criteria["per_value"] = draw(_elements(("count", "sum", "max")))
    elif measure in ("sum", "max") and draw(st.booleans()):
        criteria["field"] = draw(st.sampled_from(("score", "quantity", "kind")))
    if measure in (None, "count", "sum") and draw(rarely):
        criteria["cap"] = {
            "per": draw(st.sampled_from(("day", "day", "week", "month"))),
            "at": draw(amounts),
        }
    if draw(rarely):
        criteria["per"] = draw(st.sampled_from(("kind", "course", "score", "quantity")))
    if draw(st.booleans()):
        criteria["window"] = draw(
            st.one_of(
                st.sampled_from(("lifetime", "day", "week", "month", "quarter", "year")),
                st.just("lifetime")
                if "cap" in criteria
                else st.fixed_dictionaries({"rolling_days": st.sampled_from((1, 2, 3, 7, 30, 31))}),
            )
        )
    return criteria


@st.composite
def thresholds(draw: Any, start: date, *, may_repeat: bool = False) -> dict[str, Any]:
    criteria = {"type": "threshold", **draw(_measured(start)), "at_least": draw(amounts)}
    if may_repeat and draw(rarely):
        window, most = criteria.get("window", "lifetime"), draw(st.sampled_from((1, 2, 5)))
        if window == "lifetime":
            criteria["repeat"] = {"every": draw(small), "max": most}
        elif isinstance(window, str) and criteria.get("measure") != "distinct":
            for key in ("per", "cap"):
                criteria.pop(key, None)
            criteria["repeat"] = {"each": "window", "max": most}
    return criteria


@st.composite
def _rising(draw: Any, key: str, numbers: Any) -> list[dict[str, Any]]:
    found = draw(st.lists(numbers, min_size=1, max_size=3, unique=True))
    return [{"tier": f"t{place}", key: each} for place, each in enumerate(sorted(found))]


@st.composite
def tiers(draw: Any, start: date) -> dict[str, Any]:
    return {"type": "tier", **draw(_measured(start)), "tiers": draw(_rising("at_least", amounts))}


existing_days = st.fixed_dictionaries(
    {},
    optional={
        "weekdays": st.lists(st.sampled_from(WEEKDAYS), min_size=3, unique=True),
        "closed_days": st.sampled_from((False, False, True)),
    },
).filter(bool)


def closed_days(start: date) -> Any:
    """Give days near a start, and days of every year there and at the turns of months."""
    near = [(start + timedelta(days=offset)).isoformat() for offset in range(10)]
    yearly = [each[5:] for each in near] + ["01-01", "02-29", "12-31"]
    return st.lists(st.sampled_from(near + yearly), max_size=5, unique=True)


@st.composite
def streaks(draw: Any, start: date, *, may_tier: bool = False) -> dict[str, Any]:
    criteria = {"type": "streak", **draw(_choice(start, "activity", "where", "when"))}
    criteria["unit"] = draw(st.sampled_from(("day", "day", "week", "month")))
    if draw(rarely):
        criteria["per_unit"] = draw(_elements(("count", "sum", "max", "active_days")))
    freedom = draw(st.sampled_from((None, None, "grace", "consecutive")))
    if freedom == "grace":
        criteria["grace"] = draw(st.sampled_from((1, 1, 2, 3)))
    elif freedom == "consecutive":
        criteria["consecutive"] = draw(st.sampled_from((False, False, True)))
    if criteria["unit"] == "day" and draw(rarely):
        criteria["on"] = draw(existing_days)
    if criteria.get("consecutive", True) and draw(rarely):
        criteria["excused_by"] = {
            "activity": draw(st.sampled_from((*TYPES, ["call", "visit"]))),
            **draw(_choice(start, "where")),
        }
    if may_tier and draw(rarely):
        return criteria | {"tiers": draw(_rising("length", small))}
    return criteria | {"length": draw(small)}


@st.composite
def trainings(draw: Any, start: date) -> dict[str, Any]:
    criteria = {"type": "training_completion", **draw(_choice(start, "where"))}
    courses = st.sampled_from(("x", "x", "y", "y", "z", 1, True))
    criteria["courses"] = draw(st.lists(courses, min_size=1, max_size=3, unique_by=repr))
    if draw(st.booleans()):
        most = len(criteria["courses"])
        criteria["require"] = draw(st.one_of(st.just("all"), st.integers(1, most)))
    if draw(rarely):
        criteria["activity"] = draw(st.sampled_from(TYPES))
    if draw(rarely):
        criteria["field"] = draw(st.sampled_from(("course", "kind", "quantity")))
    if draw(rarely):
        criteria["within_days"] = draw(st.sampled_from((1, 2, 3, 10)))
    return criteria


@st.composite
def sequences(draw: Any, start: date, *, may_tier: bool = False) -> dict[str, Any]:
    """Give in_a_row or share: a late activity can make either of them less."""
    criteria = draw(_choice(start, "activity", "where", "when"))
    criteria["qualify"] = draw(mild_tests)
    kind = draw(st.sampled_from(("in_a_row", "share", "share")))
    if kind == "share":
        size = draw(st.sampled_from(("of_at_least", "of_last")))
        return {"type": kind, **criteria, "at_least": draw(shares), size: draw(small)}
    if may_tier and draw(rarely):
        return {"type": kind, **criteria, "tiers": draw(_rising("length", small))}
    return {"type": kind, **criteria, "length": draw(small)}


@st.composite
def tenures(draw: Any, start: date, *, may_repeat: bool = False) -> dict[str, Any]:
    """Give spans of three days at least: a shifted day cannot make a shorter one due at once."""
    spans = (("days", 3), ("days", 5), ("days", 13), ("months", 1), ("months", 2), ("years", 1))
    unit, number = draw(st.sampled_from(spans))
    criteria = {"type": "tenure", **draw(_choice(start, "activity", "where")), unit: number}
    if may_repeat and draw(rarely):
        criteria["repeat"] = {"max": draw(st.sampled_from((1, 2, 5)))}
    return criteria


@st.composite
def helds(draw: Any, others: tuple[str, ...]) -> dict[str, Any]:
    """Count badges that come earlier in the document, or those of a category, or any."""
    if others and draw(st.booleans()):
        listed = draw(st.lists(st.sampled_from(others), min_size=1, max_size=3, unique=True))
        criteria: dict[str, Any] = {"type": "badges_earned", "badges": listed}
        if draw(st.booleans()):
            criteria["at_least"] = draw(st.integers(1, len(listed)))
        return criteria
    criteria = {"type": "badges_earned", "at_least": draw(st.sampled_from((1, 1, 2, 2, 3)))}
    return criteria | ({"category": "odd"} if draw(st.booleans()) else {})


@st.composite
def parts(
    draw: Any,
    start: date,
    others: tuple[str, ...] | None,
    depth: int = 2,
    *,
    may_order: bool = True,
) -> dict[str, Any]:
    """Give criteria that may be a part of others; None = what may not count badges."""
    kinds = ["threshold", "threshold", "streak", "training", "tenure"]
    kinds += ["composed"] * depth + ["held"] * (others is not None) + ["sequence"] * may_order
    kind = draw(st.sampled_from(kinds))
    if kind != "composed":
        return draw(
            {
                "threshold": thresholds(start),
                "streak": streaks(start),
                "training": trainings(start),
                "tenure": tenures(start),
                "held": helds(others or ()),
                "sequence": sequences(start),
            }[kind]
        )
    return draw(composed(start, others, depth, may_order=may_order))


@st.composite
def composed(
    draw: Any,
    start: date,
    others: tuple[str, ...] | None,
    depth: int = 2,
    *,
    may_order: bool = True,
) -> dict[str, Any]:
    """Give all_of, with parts that must not hold too, any_of or n_of."""
    part = parts(start, others, depth - 1, may_order=may_order)
    below = draw(st.lists(part, min_size=1, max_size=3))
    kind = draw(st.sampled_from(("all_of", "all_of", "any_of", "n_of")))
    criteria: dict[str, Any] = {"type": kind, "criteria": below}
    if kind == "all_of" and draw(st.booleans()):
        broken_part = parts(start, None, depth - 1, may_order=may_order)
        broken = draw(st.lists(broken_part, min_size=1, max_size=2))
        below.append({"type": "none_of", "criteria": broken})
    return criteria | ({"n": draw(st.integers(1, len(below)))} if kind == "n_of" else {})


_BADGE_KINDS = (
    *("threshold", "threshold", "threshold", "tier", "streak", "streak", "training", "tenure"),
    *("composed", "composed", "held", "manual"),
)


@st.composite
def badges(
    draw: Any, start: date, others: tuple[str, ...], *, may_limit: bool, may_order: bool
) -> dict[str, Any]:
    kind = draw(st.sampled_from((*_BADGE_KINDS, *("sequence", "sequence") * may_order)))
    criteria = draw(
        {
            "threshold": thresholds(start, may_repeat=True),
            "tier": tiers(start),
            "streak": streaks(start, may_tier=True),
            "training": trainings(start),
            "tenure": tenures(start, may_repeat=True),
            "composed": composed(start, others, may_order=may_order),
            "sequence": sequences(start, may_tier=True),
            "held": helds(others),
            "manual": st.just({"type": "manual"}),
        }[kind]
    )
    badge: dict[str, Any] = {"name": {"en": "A badge", "nb": "Et merke"}, "criteria": criteria}
    if draw(st.booleans()):
        badge["category"] = draw(st.sampled_from(("odd", "odd", "even")))
    if draw(st.booleans()):
        badge["on_unmet"] = draw(st.sampled_from(("revoke", "revoke", "keep")))
    if draw(rarely) and draw(rarely):
        badge["active"] = draw(st.booleans())
    # Whether places that hang on other places come in this order is not promised.
    is_counting = any(node["type"] == "badges_earned" for node in _nodes(criteria))
    if may_limit and "repeat" not in criteria and not is_counting and draw(st.booleans()):
        badge["limit"] = {"first": draw(st.sampled_from((1, 1, 2)))}
    return badge


def _may_lapse(badge: Mapping[str, Any]) -> bool:
    """Tell whether a badge says nothing that does not go with lapse."""
    below = _nodes(badge["criteria"])
    kinds = {each["type"] for each in below}
    keys = {key for each in below for key in each}
    may = "limit" not in badge and keys.isdisjoint(("repeat",))
    return may and kinds.isdisjoint(("tenure", "manual"))


def _let_lapse(badge: dict[str, Any]) -> None:
    """Have a badge lapse: what looked at any days then looks at the last ones."""
    badge["on_unmet"] = "lapse"
    for each in _nodes(badge["criteria"]):
        window = each.get("window")
        if isinstance(window, dict) and "per_value" not in each:
            each["window"] = {"last_days": window["rolling_days"]}  # type: ignore[index]
        if "within_days" in each:
            each["valid_days"] = each.pop("within_days")  # type: ignore[attr-defined]


@st.composite
def documents(
    draw: Any,
    start: date,
    *,
    may_limit: bool = False,
    may_order: bool = True,
    max_badges: int = 7,
) -> dict[str, Any]:
    """Give a rule set for both organizations that the engine must accept.

    may_order: with rules on the order of activities, which a late one can make untrue.
    """
    found: dict[str, Any] = {}
    for place in range(draw(st.sampled_from((1, 4, 6, 6, max_badges)))):
        # Only what is active everywhere can be asked of others.
        others = tuple(slug for slug, badge in found.items() if badge.get("active", True))
        found[f"b{place}"] = draw(badges(start, others, may_limit=may_limit, may_order=may_order))
    # What is kept once a badge that lapses was held does not follow from the activities alone.
    lapsing = {slug for slug in found if _may_lapse(found[slug])}
    counting = {
        slug
        for slug, badge in found.items()
        if any(node["type"] == "badges_earned" for node in _nodes(badge["criteria"]))
    }
    if counting <= lapsing and draw(st.booleans()):
        for slug in sorted(lapsing):
            if slug in counting or draw(st.booleans()):
                _let_lapse(found[slug])
    organizations = {}
    for org in ORGS:
        organization: dict[str, Any] = {"name": org, "time_zone": draw(st.sampled_from(ZONES))}
        if draw(st.booleans()):
            organization["day_starts"] = draw(st.sampled_from(DAY_STARTS))
            organization["week_starts"] = draw(st.sampled_from(WEEK_STARTS))
        if draw(rarely):
            listed = draw(st.lists(st.sampled_from(sorted(found)), unique=True))
            organization["badges"] = sorted(_with_needed(found, set(listed)))
        custom = {
            slug: numbers
            for slug in found
            if draw(rarely) and (numbers := draw(own_numbers(found[slug]["criteria"]))) is not None
        }
        if custom:
            organization["custom_thresholds"] = custom
        if draw(st.booleans()):
            organization["closed_days"] = draw(closed_days(start))
        organizations[org] = organization
    return {"version": 1, "ruleset": "generated", "organizations": organizations, "badges": found}


def _with_needed(found: Mapping[str, Any], listed: set[str]) -> set[str]:
    needed = {
        each
        for slug in listed
        for node in _nodes(found[slug]["criteria"])
        for each in node.get("badges", [])
    }
    return listed if needed <= listed else _with_needed(found, listed | needed)


def _nodes(criteria: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    below = [node for part in criteria.get("criteria", []) for node in _nodes(part)]
    return [criteria, *below]


@st.composite
def own_numbers(draw: Any, criteria: dict[str, Any]) -> Any:
    """Give an organization's own numbers for a badge, None where it has none to change.

    Parts of a composed badge get the ids they need.
    """
    kind = criteria["type"]
    if "tiers" in criteria:
        key = "at_least" if kind == "tier" else "length"
        numbers = amounts if kind == "tier" else small
        found = draw(
            st.lists(
                numbers,
                min_size=len(criteria["tiers"]),
                max_size=len(criteria["tiers"]),
                unique=True,
            )
        )
        rising = dict(zip((each["tier"] for each in criteria["tiers"]), sorted(found), strict=True))
        first = criteria["tiers"][0]
        # One tier alone may be changed too.
        return draw(st.sampled_from((rising, {first["tier"]: min(first[key], 1)})))
    if kind in ("threshold", "streak", "in_a_row", "share"):
        return draw({"threshold": amounts, "share": shares}.get(kind, small))
    if kind == "badges_earned":
        return draw(st.integers(1, len(criteria.get("badges", (1, 2)))))
    custom: dict[str, Any] = {}
    for place, node in enumerate(_nodes(criteria)[1:] if "criteria" in criteria else []):
        most = {
            "threshold": 4,
            "streak": 4,
            "training_completion": len(node.get("courses", ())),
            "badges_earned": len(node.get("badges", (1, 2))),
            "n_of": len(node.get("criteria", ())),
            "in_a_row": 4,
            "share": 1,
        }.get(node["type"])
        if most is not None and draw(st.booleans()):
            node.setdefault("id", f"p{place}")  # type: ignore[attr-defined]
            custom[node["id"]] = draw(st.integers(1, most))
    return custom or None


@st.composite
def changed(draw: Any, document: dict[str, Any], start: date) -> dict[str, Any]:
    """Give another rule set, some badges of another one among a document's, or its own retuned."""
    if draw(st.booleans()):
        return _retuned(document)
    other = draw(documents(start))
    for org in ORGS:
        other["organizations"][org] = in_calendar_of(
            document["organizations"][org], other["organizations"][org]
        )
    if draw(st.booleans()):
        return other
    kept = {slug: badge for slug, badge in document["badges"].items() if draw(st.booleans())}
    mixed = _without_lost({**other["badges"], **kept})
    organizations = {
        org: in_calendar_of(other["organizations"][org], {"name": org}) for org in ORGS
    }
    return other | {"organizations": organizations, "badges": mixed}


def in_calendar_of(other: Mapping[str, Any], organization: Mapping[str, Any]) -> dict[str, Any]:
    """Give an organization the calendar of another: a document cannot change it."""
    own = {key: each for key, each in organization.items() if key not in CALENDAR}
    return own | {key: other[key] for key in CALENDAR if key in other}


def _retuned(document: dict[str, Any]) -> dict[str, Any]:
    """Raise the highest tier and the most times of every badge that has any, and nothing else."""
    retuned = copy.deepcopy(document)
    for badge in retuned["badges"].values():
        if "repeat" in badge["criteria"]:
            badge["criteria"]["repeat"]["max"] += 1
        for tier in badge["criteria"].get("tiers", [])[-1:]:
            number = "at_least" if "at_least" in tier else "length"
            tier[number] += 1
    return retuned


def _without_lost(mixed: dict[str, Any]) -> dict[str, Any]:
    """Drop badges that count badges which are not there."""
    whole = {
        slug: badge
        for slug, badge in mixed.items()
        if all(
            each in mixed for node in _nodes(badge["criteria"]) for each in node.get("badges", [])
        )
    }
    return whole if whole == mixed else _without_lost(whole)


inserts = st.builds(
    Step,
    st.just("insert"),
    st.sampled_from((1, 1, 1, 2, 3, 7, 60)),
    st.just(0),
    st.sampled_from(("insert", "insert", "copy", "record_activity", "record_activities")),
)
corrections = st.one_of(
    st.builds(
        Step,
        st.just("update"),
        st.sampled_from((1, 2, 3, 5, 9, 9)),
        st.integers(0, 8),
        st.sampled_from(UPDATES),
    ),
    st.builds(Step, st.just("delete"), st.sampled_from((1, 2, 3, 9, 9, 9)), st.integers(0, 8)),
    st.builds(Step, st.sampled_from(("truncate", "delete", "evaluate", "rebuild")), st.just(5)),
)
by_hand = st.builds(
    Step,
    st.just("by_hand"),
    st.sampled_from((0, 0, 1)),
    st.integers(0, 6),
    st.sampled_from(("award", "revoke", "revoke", "deny", "allow")),
)
rezones = st.builds(
    Step,
    st.just("rezone"),
    st.integers(0, 1),
    st.integers(0, len(DAY_STARTS) * len(WEEK_STARTS) - 1),
    st.sampled_from(ZONES),
)


@st.composite
def insert_stories(draw: Any, *, max_size: int = 24) -> Story:
    """Give values that never fall, inserted in any order, the rules first, last or half-way."""
    start = draw(st.sampled_from(STARTS))
    feeding = draw(st.lists(inserts, min_size=draw(st.sampled_from((0, 3, 6))), max_size=12))
    place = draw(st.integers(0, len(feeding)))
    steps = [*feeding[:place], Step("apply"), *feeding[place:], Step("insert", 60, 0, "insert")]
    if place and draw(st.booleans()):
        steps.append(steps.pop(place))
    document = draw(documents(start, may_order=False))
    if '"none_of"' in json.dumps(document):
        # What is kept hangs on the order in which that comes which must not hold.
        for badge in document["badges"].values():
            if badge.get("on_unmet") != "lapse":
                badge["on_unmet"] = "revoke"
    return Story((document,), draw(entries(start, may_fall=False, max_size=max_size)), tuple(steps))


@st.composite
def limited_stories(draw: Any) -> Story:
    """Give everything that is to be found by one backfill, places being few."""
    start = draw(st.sampled_from(STARTS))
    steps = (Step("insert", 60, 0, "insert"), Step("apply"))
    return Story(
        (draw(documents(start, may_limit=True)),), draw(entries(start, may_fall=False)), steps
    )


@st.composite
def retuned_stories(draw: Any) -> Story:
    """Give inserts in any order around a version that leaves most tiers and occurrences alone."""
    start = draw(st.sampled_from(STARTS))
    chosen = {} if draw(st.booleans()) else {"activity": draw(st.sampled_from(TYPES))}
    first, step = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    criteria: dict[str, dict[str, Any]] = {
        "tiers": {"type": "tier", "tiers": [
            {"tier": f"t{k}", "at_least": first + k * step} for k in range(3)
        ]},
        "days": {"type": "streak", "unit": "day", "tiers": [
            {"tier": f"t{k}", "length": 1 + k} for k in range(3)
        ]},
        "times": {"type": "threshold", "at_least": first, "repeat": {"every": step, "max": 4}},
    }  # fmt: skip
    document = draw(documents(start, max_badges=1)) | {
        "badges": {
            slug: {
                "name": slug,
                "on_unmet": draw(st.sampled_from(("keep", "revoke"))),
                "criteria": {**each, **chosen},
            }
            for slug, each in criteria.items()
        }
    }
    for organization in document["organizations"].values():
        organization.pop("badges", None)
        organization.pop("custom_thresholds", None)
    feeding = st.lists(inserts, min_size=1, max_size=5)
    return Story(
        (document, _retuned(document)),
        draw(entries(start, may_fall=False)),
        (
            *draw(feeding),
            Step("apply"),
            *draw(feeding),
            Step("apply", 2, draw(st.sampled_from((0, 1)))),
            *draw(feeding),
            Step("insert", 60, 0, "insert"),
        ),
    )


@st.composite
def any_stories(draw: Any, *, max_size: int = 24) -> Story:
    """Give inserts, falling values, corrections, sweeps and a change of the rules."""
    start = draw(st.sampled_from(STARTS))
    fewest = draw(st.sampled_from((0, 3, 6)))
    steps = draw(st.lists(st.one_of(inserts, inserts, corrections), min_size=fewest, max_size=12))
    steps.insert(draw(st.integers(0, len(steps))), Step("apply"))
    found = [draw(documents(start))]
    if draw(rarely):
        found.append(draw(changed(found[0], start)))
        steps.append(Step("apply", 2, draw(st.sampled_from((0, 1)))))
        steps += draw(st.lists(st.one_of(inserts, corrections), max_size=4))
    if draw(rarely):
        steps.append(draw(rezones))
        steps += draw(st.lists(st.one_of(inserts, corrections), max_size=4))
    if draw(rarely):
        for step in draw(st.lists(by_hand, min_size=1, max_size=4)):
            steps.insert(draw(st.integers(0, len(steps))), step)
    # One by one, nothing looks at the whole person after the last.
    steps.append(Step("insert", 60, 0, draw(st.sampled_from(("insert", "record_activity")))))
    if draw(st.booleans()):
        steps.append(Step("sweep", draw(st.sampled_from((0, 1, 4, 40, 400)))))
        steps += draw(st.lists(corrections, max_size=2))
    happened = draw(entries(start, may_fall=True, max_size=max_size))
    if draw(rarely):
        happened = tuple(sorted(happened, key=lambda each: each.occurred_at))
    return Story(tuple(found), happened, tuple(steps))
