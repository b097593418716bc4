"""Generated rule sets over the whole language, histories for them, and what befalls both.

Numbers are small, so that most rules are met by somebody; days lie around leap days, turns of years
and the nights on which clocks change; attributes are odd. What is drawn is plain data, so that a
failing example prints as something to read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

LEFT_OUT = frozenset(os.environ.get("ORACLE_WITHOUT", "verify").split())
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
TYPES = ("call", "visit", "training_completed")
STARTS = (
    date(2023, 12, 29),
    date(2024, 2, 27),
    date(2024, 3, 8),
    date(2024, 3, 29),
    date(2024, 10, 25),
    date(2024, 12, 28),
)
DAY_OFFSETS = (0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 21, 28, 30, 31, 61, 92, 366)
TIMES = (
    "00:00",
    "04:30",
    "05:00",
    "10:00",
    "12:00",
    "12:00",
    "12:00",
    "21:59:59.5",
    "22:30",
    "23:00",
)

# JSON texts: odd ones at the end.
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "kind": (
        '"a"', '"a"', '"b"', '"b"', '"c"', "3", "3.0", "true", "null", "[3]", '{"a": 1}', '"3"',
        '"' + "å" * 150 + '"',
    ),
    "score": ("1", "2", "3", "5", "5.00", "0.5", "7", '"7"', "null", "1e31", "false", "0"),
    "course": ('"x"', '"x"', '"y"', '"y"', '"z"', "1", "1.0", '"X"', "null", '["x"]'),
    "path": ('"docs/a"', '"docs/b"', '"src/docs/"', '"docs/"', "7", "null"),
    "quantity": ("99",),
}  # fmt: skip
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
    `number` days after the last activity. apply: the `number`-th document.
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
def entries(draw: Any, *, may_fall: bool, max_size: int = 24) -> tuple[Entry, ...]:
    """Give activities of few people on few days, many at the same instant."""
    start = draw(st.sampled_from(STARTS))
    quantities = QUANTITIES + (NEGATIVE_QUANTITIES if may_fall else ())
    scores = ATTRIBUTES["score"] + (NEGATIVE_SCORES if may_fall else ())
    names = {name: st.sampled_from(values) for name, values in ATTRIBUTES.items()}
    names["score"] = st.sampled_from(scores)
    quantity = names.pop("quantity")
    return tuple(
        draw(
            st.lists(
                st.builds(
                    _entry,
                    st.sampled_from((*ORGS[:1], *ORGS)),
                    st.sampled_from((*MENTORS[:1], *MENTORS)),
                    st.sampled_from(TYPES),
                    st.just(start),
                    st.sampled_from(DAY_OFFSETS),
                    st.sampled_from(TIMES),
                    st.sampled_from(quantities),
                    st.fixed_dictionaries({}, optional={**names, "quantity": quantity}),
                    st.sampled_from((None, None, None, None, -1, 0, 1)),
                ),
                min_size=min(draw(st.sampled_from((1, 6, 12, 18))), max_size),
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
    attributes: Mapping[str, str],
    shift: int | None,
) -> Entry:
    of_day = start + timedelta(days=offset)
    return Entry(
        org,
        mentor,
        activity_type,
        datetime.fromisoformat(f"{of_day}T{time_of_day}").replace(tzinfo=UTC),
        quantity,
        "{" + ", ".join(f'"{name}": {value}' for name, value in attributes.items()) + "}",
        None if shift is None else of_day + timedelta(days=shift),
    )


small = st.sampled_from((1, 1, 2, 2, 2, 3, 3, 4))
amounts = st.sampled_from((1, 1, 2, 2, 2, 3, 3, 4, 0.5, 1.5, 2.5, 6))
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
where = st.one_of(
    st.dictionaries(
        st.sampled_from(("kind", "score", "path", "quantity", "course", "absent")),
        tests,
        min_size=1,
        max_size=2,
    ),
    st.sampled_from(
        (
            {"kind": {"ne": "a"}},
            {"kind": ["a", "b"]},
            {"score": {"gte": 2}},
            {"score": {"lt": 6}},
            {"quantity": {"gte": 1}},
            {"path": {"prefix": "docs/"}},
            {"absent": {"exists": False}},
        )
    ),
)
days_near = st.sampled_from(
    tuple(start + timedelta(days=offset) for start in STARTS for offset in (0, 1, 2, 7))
)
hours = st.sampled_from(
    (
        [0, 12], [12, 24], [22, 6], ["22:30", "06:15"], [5, "12:00"], ["12:01", 12], [0, "24:00"],
        [23, 24], [1, 0], ["00:00", 23],
    )
)  # fmt: skip
when = st.fixed_dictionaries(
    {},
    optional={
        "hours": hours,
        "weekdays": st.lists(
            st.sampled_from(("mon", "tue", "wed", "thu", "fri", "sat", "sun")),
            min_size=1,
            max_size=5,
        ),
        "months": st.lists(st.sampled_from((1, 2, 3, 4, 10, 11, 12)), min_size=1, max_size=4),
        "dates": st.lists(days_near.map(lambda each: each.isoformat()[5:]), min_size=1, max_size=9),
        "days_of_year": st.lists(
            st.one_of(
                days_near.map(lambda each: each.timetuple().tm_yday),
                st.sampled_from((1, 59, 60, 61, 365, 366)),
            ),
            min_size=1,
            max_size=9,
        ),
        "from": days_near.map(date.isoformat),
        "until": days_near.map(date.isoformat),
    },
).filter(lambda found: 0 < len(found) < 4 and not found.get("from", "") > found.get("until", "9"))
activity = st.one_of(
    st.sampled_from(TYPES), st.lists(st.sampled_from((*TYPES, "unknown")), min_size=1, max_size=2)
)
choice: dict[str, Any] = {"activity": activity, "where": where, "when": when}
rarely = st.sampled_from((False, False, False, True))


@st.composite
def _choice(draw: Any, *keys: str) -> dict[str, Any]:
    """Choose activities by some of the keys, most often by few."""
    return {key: draw(choice[key]) for key in keys if draw(rarely)}


@st.composite
def _elements(draw: Any, measures: tuple[str, ...]) -> dict[str, Any]:
    """Give per_value or per_unit."""
    rule: dict[str, Any] = {"at_least": draw(amounts)}
    measure = draw(st.sampled_from((None, *measures)))
    if measure is not None:
        rule["measure"] = measure
    if measure in ("sum", "max") and draw(st.booleans()):
        rule["field"] = draw(st.sampled_from(("score", "quantity")))
    return rule


@st.composite
def _measured(draw: Any) -> dict[str, Any]:
    """Give what threshold and tier share."""
    criteria: dict[str, Any] = draw(_choice("activity", "where", "when"))
    measure = draw(
        st.sampled_from((None, "count", "sum", "sum", "max", "active_days", "distinct", "distinct"))
    )
    if measure is not None:
        criteria["measure"] = measure
    if measure == "distinct":
        criteria["field"] = draw(st.sampled_from(("kind", "score", "course", "quantity")))
        if draw(st.booleans()):
            criteria["per_value"] = draw(_elements(("count", "sum", "max")))
    elif measure in ("sum", "max") and draw(st.booleans()):
        criteria["field"] = draw(st.sampled_from(("score", "quantity", "kind")))
    if draw(rarely):
        criteria["per"] = draw(st.sampled_from(("kind", "course", "score", "quantity")))
    if draw(st.booleans()):
        criteria["window"] = draw(
            st.one_of(
                st.sampled_from(("lifetime", "day", "week", "month", "quarter", "year")),
                st.fixed_dictionaries({"rolling_days": st.sampled_from((1, 2, 3, 7, 30, 31))}),
            )
        )
    return criteria


@st.composite
def thresholds(draw: Any, *, may_repeat: bool = False) -> dict[str, Any]:
    criteria = {"type": "threshold", **draw(_measured()), "at_least": draw(amounts)}
    if may_repeat and draw(rarely) and criteria.get("window", "lifetime") == "lifetime":
        criteria["repeat"] = {"every": draw(small), "max": draw(st.sampled_from((1, 2, 5)))}
    return criteria


@st.composite
def _rising(draw: Any, key: str, numbers: Any) -> list[dict[str, Any]]:
    found = draw(st.lists(numbers, min_size=1, max_size=3, unique=True))
    return [{"tier": f"t{place}", key: each} for place, each in enumerate(sorted(found))]


@st.composite
def tiers(draw: Any) -> dict[str, Any]:
    return {"type": "tier", **draw(_measured()), "tiers": draw(_rising("at_least", amounts))}


@st.composite
def streaks(draw: Any, *, may_tier: bool = False) -> dict[str, Any]:
    criteria = {"type": "streak", **draw(_choice("activity", "where", "when"))}
    criteria["unit"] = draw(st.sampled_from(("day", "day", "week", "month")))
    if draw(rarely):
        criteria["per_unit"] = draw(_elements(("count", "sum", "max", "active_days")))
    freedom = draw(st.sampled_from((None, None, "grace", "consecutive")))
    if freedom == "grace":
        criteria["grace"] = draw(st.sampled_from((1, 1, 2, 3)))
    elif freedom == "consecutive":
        criteria["consecutive"] = draw(st.sampled_from((False, False, True)))
    if may_tier and draw(rarely):
        return criteria | {"tiers": draw(_rising("length", small))}
    return criteria | {"length": draw(small)}


@st.composite
def trainings(draw: Any) -> dict[str, Any]:
    criteria = {"type": "training_completion", **draw(_choice("where"))}
    courses = st.sampled_from(("x", "y", "z", 1, True))
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
def tenures(draw: Any) -> dict[str, Any]:
    """Give spans of three days at least: a shifted day cannot make a shorter one due at once."""
    spans = (("days", 3), ("days", 5), ("days", 13), ("months", 1), ("months", 2), ("years", 1))
    unit, number = draw(st.sampled_from(spans))
    return {"type": "tenure", **draw(_choice("activity", "where")), unit: number}


@st.composite
def helds(draw: Any, others: tuple[str, ...]) -> dict[str, Any]:
    """Count badges that come earlier in the document, or those of a category, or any."""
    if others and draw(st.booleans()):
        listed = draw(st.lists(st.sampled_from(others), min_size=1, max_size=3, unique=True))
        criteria: dict[str, Any] = {"type": "badges_earned", "badges": listed}
        if draw(st.booleans()):
            criteria["at_least"] = draw(st.integers(1, len(listed)))
        return criteria
    criteria = {"type": "badges_earned", "at_least": draw(small)}
    return criteria | ({"category": "odd"} if draw(st.booleans()) else {})


@st.composite
def parts(draw: Any, others: tuple[str, ...], depth: int = 2) -> dict[str, Any]:
    """Give criteria that may be a part of others."""
    kinds = ["threshold", "threshold", "streak", "training", "tenure", "held"]
    kinds = [each for each in kinds if each not in LEFT_OUT]
    kinds += ["composed"] * depth
    kind = draw(st.sampled_from(kinds))
    if kind != "composed":
        return draw(
            {
                "threshold": thresholds(),
                "streak": streaks(),
                "training": trainings(),
                "tenure": tenures(),
                "held": helds(others),
            }[kind]
        )
    return draw(composed(others, depth))


@st.composite
def composed(draw: Any, others: tuple[str, ...], depth: int = 2) -> dict[str, Any]:
    """Give all_of, any_of or n_of."""
    below = draw(st.lists(parts(others, depth - 1), min_size=1, max_size=3))
    kind = draw(st.sampled_from(("all_of", "all_of", "any_of", "n_of")))
    criteria: dict[str, Any] = {"type": kind, "criteria": below}
    return criteria | ({"n": draw(st.integers(1, len(below)))} if kind == "n_of" else {})


_BADGE_KINDS = (
    *("threshold", "threshold", "threshold", "tier", "streak", "streak", "training", "tenure"),
    *("composed", "composed", "held", "manual"),
)


@st.composite
def badges(draw: Any, others: tuple[str, ...], *, may_limit: bool) -> dict[str, Any]:
    kind = draw(st.sampled_from([each for each in _BADGE_KINDS if each not in LEFT_OUT]))
    criteria = draw(
        {
            "threshold": thresholds(may_repeat=True),
            "tier": tiers(),
            "streak": streaks(may_tier=True),
            "training": trainings(),
            "tenure": tenures(),
            "composed": composed(others),
            "held": helds(others),
            "manual": st.just({"type": "manual"}),
        }[kind]
    )
    badge: dict[str, Any] = {"name": {"en": "A badge", "nb": "Et merke"}, "criteria": criteria}
    if draw(st.booleans()):
        badge["category"] = draw(st.sampled_from(("odd", "even")))
    if draw(st.booleans()) and "revoke" not in LEFT_OUT:
        badge["on_unmet"] = draw(st.sampled_from(("revoke", "revoke", "keep")))
    if draw(rarely) and draw(rarely):
        badge["active"] = draw(st.booleans())
    if may_limit and "repeat" not in criteria and draw(st.booleans()):
        badge["limit"] = {"first": draw(st.sampled_from((1, 1, 2)))}
    return badge


@st.composite
def documents(draw: Any, *, may_limit: bool = False, max_badges: int = 7) -> dict[str, Any]:
    """Give a rule set for both organizations that the engine must accept."""
    found: dict[str, Any] = {}
    for place in range(draw(st.sampled_from((1, 3, 5, max_badges)))):
        # Only what is active everywhere can be asked of others.
        others = tuple(slug for slug, badge in found.items() if badge.get("active", True))
        found[f"b{place}"] = draw(badges(others, may_limit=may_limit))
    organizations = {}
    for org in ORGS:
        organization: dict[str, Any] = {"name": org, "time_zone": draw(st.sampled_from(ZONES))}
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
        key = "length" if kind == "streak" else "at_least"
        numbers = small if kind == "streak" else amounts
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
    if kind in ("threshold", "streak"):
        return draw(small if kind == "streak" else amounts)
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
        }.get(node["type"])
        if most is not None and draw(st.booleans()):
            node.setdefault("id", f"p{place}")  # type: ignore[attr-defined]
            custom[node["id"]] = draw(st.integers(1, most))
    return custom or None


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
    st.builds(Step, st.sampled_from(("truncate", "delete")), st.just(5)),
)


@st.composite
def insert_stories(draw: Any, *, max_size: int = 24) -> Story:
    """Give values that never fall, inserted in any order, the rules first, last or half-way."""
    feeding = draw(st.lists(inserts, min_size=draw(st.sampled_from((0, 3, 6))), max_size=12))
    place = draw(st.integers(0, len(feeding)))
    steps = [*feeding[:place], Step("apply"), *feeding[place:], Step("insert", 60, 0, "insert")]
    if place and draw(st.booleans()):
        steps.append(steps.pop(place))
    return Story(
        (draw(documents()),), draw(entries(may_fall=False, max_size=max_size)), tuple(steps)
    )


@st.composite
def limited_stories(draw: Any) -> Story:
    """Give everything that is to be found by one backfill, places being few."""
    steps = (Step("insert", 60, 0, "insert"), Step("apply"))
    return Story((draw(documents(may_limit=True)),), draw(entries(may_fall=False)), steps)


@st.composite
def any_stories(draw: Any, *, max_size: int = 24) -> Story:
    """Give inserts, falling values, corrections, sweeps and a change of the rules."""
    fewest = draw(st.sampled_from((0, 3, 6)))
    steps = draw(st.lists(st.one_of(inserts, inserts, corrections), min_size=fewest, max_size=12))
    steps.insert(draw(st.integers(0, len(steps))), Step("apply"))
    found = [draw(documents())]
    if draw(rarely):
        found.append(draw(documents()))
        steps.append(Step("apply", 1))
        steps += draw(st.lists(st.one_of(inserts, corrections), max_size=4))
    steps.append(Step("insert", 60, 0, "insert"))
    if draw(st.booleans()) and "tenure" not in LEFT_OUT:
        steps.append(Step("sweep", draw(st.sampled_from((0, 1, 4, 40, 400)))))
        steps += draw(st.lists(corrections, max_size=2))
    return Story(tuple(found), draw(entries(may_fall=True, max_size=max_size)), tuple(steps))
