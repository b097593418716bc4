"""Generated criteria: valid ones of every type, and damaged ones."""

from __future__ import annotations

import copy
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
choice = {"activity": activity, "where": where}


def _measure(criteria: dict[str, Any], measure: str, field: str) -> dict[str, Any]:
    if measure != "count" or "activity" in criteria:
        criteria["measure"] = measure
    if measure == "distinct" or (measure in ("sum", "max") and field != "quantity"):
        criteria["field"] = field
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
        window=st.sampled_from(["lifetime", "day", "week", "year"]),
        **choice,
    ),
    st.sampled_from(["count", "sum", "max", "active_days", "distinct"]),
    fields,
)
streaks = _mapping(
    {
        "type": st.just("streak"),
        "unit": st.sampled_from(["day", "week", "month"]),
        "length": st.integers(1, 30),
    },
    per_unit=st.just({"at_least": 2}),
    **choice,
)
courses = st.lists(st.sampled_from(WORDS), min_size=2, max_size=4, unique=True)
trainings = st.builds(
    lambda base, require: base if require is None else base | {"require": require},
    _mapping({"type": st.just("training_completion"), "courses": courses}, where=where),
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
leaves = st.one_of(thresholds, streaks, trainings, held)


def _compose(kind: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    criteria = {"type": kind, "criteria": parts}
    return criteria | {"n": len(parts)} if kind == "n_of" else criteria


parts = st.recursive(
    leaves,
    lambda below: st.builds(
        _compose,
        st.sampled_from(["all_of", "any_of", "n_of"]),
        st.lists(below, min_size=1, max_size=3),
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
repeated = st.builds(
    lambda at_least, every: {
        "type": "threshold",
        "at_least": at_least,
        "repeat": {"every": every, "max": 20},
    },
    amounts,
    st.integers(1, 20),
)
raw = st.just(
    {"type": "criteria_raw", "expression": '$.activities."*".count > 3', "reason": "one of a kind"}
)
valid = st.one_of(parts, tiers, streak_tiers, repeated, raw, st.just({"type": "manual"}))


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


NEW_KEYS = [
    "at_leest", "when", "grace", "tiers", "repeat", "n", "id", "window", "field", "per_value",
    "measure", "badges", "category", "length", "where", "consecutive", "require", "criteria",
    "type",
]  # fmt: skip


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
                    st.one_of(anything, st.sampled_from(["x", 2, "sum", "week", ["a", "a"]]))
                )
            case _:
                container[key] = draw(
                    st.sampled_from(
                        [{"type": "any_of", "criteria": [container[key]]}, 0, "", [], {}]
                    )
                )
    return holder[0]
