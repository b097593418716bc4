"""Generated criteria: valid ones of every type, and damaged ones."""

from __future__ import annotations

import copy
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

WORDS = ["assignment", "call", "group_meeting", "kind", "minutes", "quiz_result", "course", "é ö"]

text = st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12
)
numbers = st.one_of(
    st.integers(-3, 12),
    st.integers(-(10**32), 10**32),
    st.decimals(-5, 40, allow_nan=False, allow_infinity=False, places=3),
    st.sampled_from([Decimal("1e30"), Decimal("1E-9"), Decimal("2.00"), 0.5, 1e31]),
)
scalars = st.one_of(
    st.sampled_from(WORDS), st.booleans(), st.integers(-50, 50), st.decimals(-9, 9, places=2)
)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, text),
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(text, below, max_size=3)),
    max_leaves=6,
)
slugs = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,8}", fullmatch=True)
amounts = st.one_of(st.integers(1, 50), st.decimals("0.01", 90, places=2))
fields = st.sampled_from(["minutes", "kind", "quantity"])


def _mapping(required: dict[str, Any], **optional: Any) -> Any:
    return st.fixed_dictionaries(required, optional=optional)


tests = st.one_of(
    scalars,
    st.lists(scalars, min_size=1, max_size=3),
    st.fixed_dictionaries(
        {},
        optional={
            "gte": st.integers(0, 9),
            "lt": st.decimals(0, 9, places=1),
            "ne": scalars,
            "in": st.lists(scalars, min_size=1, max_size=2),
            "prefix": st.sampled_from(["docs/", "a"]),
            "exists": st.booleans(),
        },
    ).filter(bool),
)
where = st.dictionaries(st.sampled_from(WORDS), tests, min_size=1, max_size=2)
activity = st.one_of(
    st.sampled_from(WORDS), st.lists(st.sampled_from(WORDS), min_size=1, max_size=3)
)
times = st.one_of(
    st.integers(0, 23),
    st.sampled_from(["00:00", "06:30", "22:00", "23:59", Decimal("6.0"), Decimal("14.00")]),
)


def _differ(ends: tuple[Any, Any]) -> bool:
    first, last = (end if isinstance(end, str) else f"{int(end):02}:00" for end in ends)
    return first != last


hours = st.tuples(times, st.one_of(times, st.sampled_from([24, "24:00"]))).filter(_differ).map(list)
days = st.dates().map(str)
when = st.fixed_dictionaries(
    {},
    optional={
        "hours": hours,
        "weekdays": st.lists(
            st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
            min_size=1,
            max_size=4,
        ),
        "months": st.lists(
            st.one_of(st.integers(1, 12), st.just(Decimal("2.0"))), min_size=1, max_size=3
        ),
        "dates": st.lists(
            st.dates(date(2024, 1, 1), date(2024, 12, 31)).map(lambda day: f"{day:%m-%d}"),
            min_size=1,
            max_size=3,
        ),
        "days_of_year": st.lists(st.integers(1, 366), min_size=1, max_size=3),
        "from": days,
        "until": days,
    },
).filter(lambda chosen: chosen and chosen.get("from", "0") <= chosen.get("until", "9"))
choice = {"activity": activity, "where": where}
dated = choice | {"when": when}
rolling = st.one_of(st.integers(1, 3660), st.just(Decimal("30.0")))


def _measure(criteria: dict[str, Any], measure: str, field: str) -> dict[str, Any]:
    if measure != "count" or "activity" in criteria:
        criteria["measure"] = measure
    if measure in ("sum", "max", "distinct") and field != "quantity":
        criteria["field"] = field
    is_rolling = isinstance(criteria.get("window"), dict)
    if measure in ("count", "sum") and field != "quantity" and not is_rolling:
        criteria["cap"] = {"per": "week", "at": 2}
    if measure == "distinct" and field == "kind":
        criteria["per_value"] = {"at_least": 2, "measure": "sum", "field": "minutes"}
    return criteria


def _rising(elements: list[str], key: str, first: int) -> list[dict[str, Any]]:
    return [{"tier": tier, key: first + 2 * index} for index, tier in enumerate(elements)]


thresholds = st.builds(
    _measure,
    _mapping(
        {"type": st.just("threshold"), "at_least": amounts},
        per=fields,
        window=st.one_of(
            st.sampled_from(["lifetime", "day", "week", "year"]),
            st.builds(lambda count: {"rolling_days": count}, rolling),
        ),
        **dated,
    ),
    st.sampled_from(["count", "sum", "max", "active_days", "distinct"]),
    fields,
)
streaks = st.builds(
    lambda base, more: base | more,
    _mapping(
        {
            "type": st.just("streak"),
            "unit": st.sampled_from(["day", "week", "month"]),
            "length": st.integers(1, 30),
        },
        per_unit=st.sampled_from(
            [
                {"at_least": 2},
                {"at_least": 2, "measure": "active_days"},
                {"at_least": 2.5, "measure": "sum", "field": "minutes"},
            ]
        ),
        **dated,
    ),
    st.one_of(
        st.just({}),
        st.builds(lambda grace: {"grace": grace}, st.integers(1, 365)),
        st.builds(lambda flag: {"consecutive": flag}, st.booleans()),
        st.just({"grace": 1, "consecutive": True}),
        st.builds(
            lambda days, kinds: {"unit": "day", "on": days, "excused_by": {"activity": kinds}},
            st.sampled_from(
                [{"weekdays": ["mon", "fri"]}, {"closed_days": False}, {"closed_days": True}]
            ),
            activity,
        ),
    ),
)
courses = st.lists(st.sampled_from(WORDS), min_size=2, max_size=4, unique=True)
trainings = st.builds(
    lambda base, require: base if require is None else base | {"require": require},
    _mapping(
        {"type": st.just("training_completion"), "courses": courses},
        where=st.one_of(where, st.dictionaries(st.just("course"), tests, min_size=1)),
        within_days=rolling,
    ),
    st.sampled_from([None, "all", 1, 2]),
)
held = st.one_of(
    st.builds(
        lambda badges: {"type": "badges_earned", "badges": badges},
        st.lists(slugs, min_size=1, max_size=3, unique=True),
    ),
    _mapping(
        {"type": st.just("badges_earned"), "at_least": st.integers(1, 9)},
        category=st.just("milestones"),
    ),
)
tenures = st.builds(
    lambda base, unit, count: base | {unit: count},
    _mapping({"type": st.just("tenure")}, **choice),
    st.sampled_from(["days", "months", "years"]),
    st.integers(1, 100),
)
runs = _mapping(
    {"type": st.just("in_a_row"), "qualify": where, "length": st.integers(1, 30)}, **dated
)
shares = st.builds(
    lambda base, size, number: base | {size: number},
    _mapping(
        {
            "type": st.just("share"),
            "qualify": where,
            "at_least": st.one_of(
                st.just(1), st.decimals("0.000001", 1, places=6), st.just(Decimal("0.90"))
            ),
        },
        **dated,
    ),
    st.sampled_from(["of_at_least", "of_last"]),
    st.integers(1, 1000),
)
leaves = st.one_of(thresholds, streaks, trainings, held, tenures, runs, shares)
broken = st.one_of(thresholds, tenures, shares)


def _compose(
    kind: str, parts: list[dict[str, Any]], broken: list[dict[str, Any]]
) -> dict[str, Any]:
    criteria = {"type": kind, "criteria": parts}
    if kind == "all_of" and broken:
        parts.append({"type": "none_of", "criteria": broken})
    return criteria | {"n": len(parts)} if kind == "n_of" else criteria


parts = st.recursive(
    leaves,
    lambda below: st.builds(
        _compose,
        st.sampled_from(["all_of", "any_of", "n_of"]),
        st.lists(below, min_size=1, max_size=3),
        st.lists(broken, max_size=2),
    ),
    max_leaves=6,
)
tiers = st.builds(
    lambda names, first: {"type": "tier", "tiers": _rising(names, "at_least", first)},
    st.lists(slugs, min_size=1, max_size=4, unique=True),
    st.integers(1, 5),
)
streak_tiers = st.builds(
    lambda names, first: {
        "type": "streak",
        "unit": "week",
        "tiers": _rising(names, "length", first),
    },
    st.lists(slugs, min_size=1, max_size=4, unique=True),
    st.integers(1, 5),
)
run_tiers = st.builds(
    lambda names, first: {
        "type": "in_a_row",
        "qualify": {"kind": "x"},
        "tiers": _rising(names, "length", first),
    },
    st.lists(slugs, min_size=1, max_size=4, unique=True),
    st.integers(1, 5),
)
repeated = st.builds(
    lambda at_least, every: {
        "type": "threshold",
        "at_least": at_least,
        "repeat": {"every": every, "max": 20},
    },
    amounts,
    st.integers(1, 20),
)
repeated_windows = st.builds(
    lambda at_least, window, measure, most: {
        "type": "threshold",
        "at_least": at_least,
        "window": window,
        "measure": measure,
        "repeat": {"each": "window", "max": most},
    },
    amounts,
    st.sampled_from(("day", "week", "month", "quarter", "year")),
    st.sampled_from(("count", "sum", "max", "active_days")),
    st.integers(1, 20),
)
repeated_tenures = st.builds(
    lambda years, most: {"type": "tenure", "years": years, "repeat": {"max": most}},
    st.integers(1, 20),
    st.integers(1, 20),
)
raw = st.just(
    {"type": "criteria_raw", "expression": '$.activities."*".count > 3', "reason": "one of a kind"}
)
again = st.one_of(repeated, repeated_windows, repeated_tenures)
valid = st.one_of(parts, tiers, streak_tiers, run_tiers, again, raw, st.just({"type": "manual"}))


def _places(value: Any) -> list[tuple[Any, Any]]:
    """List every (container, key or index) of a document."""
    found: list[tuple[Any, Any]] = []
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        found.append((value, key))
        found += _places(value[key])
    return found


# What may be right under one key and wrong under another, or is just past a bound.
near = st.sampled_from(
    [
        "x", 2, "sum", "week", ["a", "a"], False, True, 0, 366, 3661, 36501, 101, 1201, [], {},
        [22, 6], [6, 6], [6, "06:00"], [24, 3], [3, 24], ["24:00", 1], ["6:00", 1], [1, 2, 3],
        [0, 25], [1.5, 2], [0, "24:00"], ["sat", "sat"], ["Sat"], [12, 13], [0], [366], [367],
        ["02-29"], ["02-30"], ["2-3"], ["12-24", "12-24"], "2026-02-29", "2024-02-29", "2026-1-1",
        "9999-12-31", {"rolling_days": 0}, {"rolling_days": 3660}, {"rolling_days": 3661},
        {"rolling": 3}, {"from": "2026-01-02", "until": "2026-01-01"},
        {"from": "2026-01-01", "until": "2026-01-01"},
        {"weekdays": ["sat", "sunday"], "months": []}, 0.9, 1.1, Decimal("0.1234567"), 1001,
    ]
).map(copy.deepcopy)  # fmt: skip
NEW_KEYS = [
    "at_leest", "when", "grace", "tiers", "repeat", "n", "id", "window", "field", "per_value",
    "measure", "badges", "category", "length", "where", "consecutive", "require", "criteria",
    "type", "within_days", "rolling_days", "days", "months", "years", "hours", "weekdays", "dates",
    "days_of_year", "from", "until", "on", "excused_by", "closed_days", "qualify", "of_at_least",
    "of_last", "cap", "each", "every", "at",
]  # fmt: skip


WHOLES = ("any_of", "all_of", "none_of")


@st.composite
def damaged(draw: Any, base: Any = valid) -> Any:
    """Give a document with one to four things broken."""
    holder = [copy.deepcopy(draw(base))]
    for _ in range(draw(st.integers(1, 4))):
        container, key = draw(st.sampled_from(_places(holder)))
        match draw(st.integers(0, 5)):
            case 0:
                container[key] = draw(anything)
            case 1 if isinstance(container, dict):
                del container[key]
            case 2 if isinstance(container, dict) and key:
                container[key[:-1] + draw(st.sampled_from("aex"))] = container.pop(key)
            case 3 if isinstance(container, list) and container is not holder:
                container.append(copy.deepcopy(container[key]))
            case 4 if isinstance(container[key], dict):
                container[key][draw(st.one_of(st.sampled_from(NEW_KEYS), text))] = draw(
                    st.one_of(anything, near)
                )
            case _:
                container[key] = draw(
                    st.sampled_from(
                        [{"type": kind, "criteria": [container[key]]} for kind in WHOLES]
                        + [0, "", [], {}]
                    )
                )
    return holder[0]
