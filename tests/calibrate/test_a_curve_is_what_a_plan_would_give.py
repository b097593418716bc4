"""Each point of a curve is the number of people that a plan with that threshold would award."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import psycopg
import pytest
from pgmerit import routines
from pgmerit.database import Connection

from tests.engine import ORG, Row, activity, apply, insert, moment, person, rule_set, value

LASTING = True

LAST = date(2026, 3, 31)
RULES: dict[str, Row] = {
    "count": {"type": "threshold", "activity": "call", "at_least": 4},
    "sum": {"type": "threshold", "measure": "sum", "at_least": 6.5},
    "best_week": {"type": "threshold", "window": "week", "at_least": 3},
    "best_days": {"type": "threshold", "window": {"rolling_days": 5}, "at_least": 3},
    "best_kind": {"type": "threshold", "per": "kind", "measure": "active_days", "at_least": 2},
    "kinds": {
        "type": "threshold", "measure": "distinct", "field": "kind", "per_value": {"at_least": 2},
        "at_least": 2,
    },
    "tiers": {
        "type": "tier", "measure": "max",
        "tiers": [{"tier": "low", "at_least": 2}, {"tier": "high", "at_least": 3}],
    },
    "again": {"type": "threshold", "at_least": 2, "repeat": {"every": 3, "max": 4}},
    "days": {"type": "streak", "unit": "day", "grace": 1, "length": 3},
    "open_days": {
        "type": "streak", "unit": "day", "on": {"weekdays": ["mon", "tue", "thu", "fri"]},
        "excused_by": {"activity": "visit"}, "length": 3,
    },
    "courses": {
        "type": "training_completion", "activity": "call", "field": "kind",
        "courses": ["a", "b", "c"], "require": 2,
    },
    "row": {"type": "in_a_row", "qualify": {"kind": {"ne": "b"}}, "length": 2},
    "share": {"type": "share", "qualify": {"kind": "a"}, "at_least": 0.5, "of_at_least": 3},
    "part": {
        "type": "all_of",
        "criteria": [
            {"type": "threshold", "activity": "call", "at_least": 3, "id": "calls"},
            {"type": "any_of", "criteria": [
                {"type": "tenure", "days": 20},
                {"type": "threshold", "measure": "sum", "at_least": 9},
            ]},
        ],
    },
    "clean": {
        "type": "all_of",
        "criteria": [
            {"type": "threshold", "activity": "call", "at_least": 3, "id": "calls"},
            {"type": "none_of", "criteria": [
                {"type": "threshold", "activity": "visit", "at_least": 2},
                {"type": "threshold", "measure": "sum", "at_least": 6},
            ]},
        ],
    },
    "parts": {
        "type": "n_of", "n": 2,
        "criteria": [
            {"type": "threshold", "activity": "call", "at_least": 5},
            {"type": "threshold", "activity": "visit", "at_least": 2},
            {"type": "threshold", "measure": "sum", "at_least": 5},
        ],
    },
}  # fmt: skip
PARTS = {"part": "calls", "clean": "calls", "parts": "$"}


def _fill(connection: Connection) -> None:
    """Give person n of nine n calls and a few visits; something fell of the third."""
    apply(
        connection, rule_set({"first": {"type": "threshold", "activity": "visit", "at_least": 1}})
    )
    insert(
        connection,
        *[
            activity(
                moment("2026-03-01", "12:00") + timedelta(days=(n * k) % 29),
                who=person(str(n)),
                kind="visit" if k % 4 == 3 else "call",
                quantity=Decimal(k % 3) + Decimal("0.5"),
                attributes={"kind": "abc"[(n + k) % 3]},
            )
            for n in range(1, 10)
            for k in range(n + 2)
        ],
        activity("2026-03-30", who=person("3"), kind="visit", quantity=-4),
        # A plan tells tenures that were seen to be due.
        *[activity(str(LAST), who=person(str(n)), kind="rest", quantity=0) for n in range(1, 10)],
    )


PREPARED = {"filled": _fill}


@pytest.fixture
def filled(connection: Connection) -> Connection:
    """Nine people with 3 to 11 activities of March 2026."""
    return connection


def _at(criteria: Row, name: str, threshold: float) -> Row:
    """Give criteria with another number, as a badge of one tier that is earned once."""
    changed = copy.deepcopy(criteria)
    node = changed["criteria"][0] if name in ("part", "clean") else changed
    if node["type"] == "tier":
        node["type"] = "threshold"
    for key in ("tiers", "repeat"):
        node.pop(key, None)
    keys = {"streak": "length", "in_a_row": "length", "training_completion": "require", "n_of": "n"}
    node[keys.get(node["type"], "at_least")] = threshold
    return changed


def _points(told: Row) -> Iterator[tuple[int, Row]]:
    yield from enumerate(told["organizations"][0]["curve"])


def test_of_each_kind_of_rule(filled: Connection) -> None:
    document = rule_set(RULES)
    filled.execute("set default_transaction_read_only = on")
    told = {
        name: routines.calibrate_badge(
            filled, name, share=0.5, part=PARTS.get(name), as_of=LAST, document=document
        )
        for name in RULES
    }
    trials = {
        f"{name}-{place}": _at(RULES[name], name, point["threshold"])
        for name in RULES
        for place, point in _points(told[name])
    }
    # Within the bounds of one document.
    plan = routines.plan_rule_set(filled, rule_set(trials))
    planned = {
        effect["badge_definition_id"]: effect["awarded"]["people"] for effect in plan["effects"]
    }
    drawn = {
        f"{name}-{place}": point["now"]["people"]
        for name in RULES
        for place, point in _points(told[name])
    }
    assert drawn == planned
    assert all(len(told[name]["organizations"][0]["curve"]) > 1 for name in RULES)
    assert any(0 < people < 9 for people in planned.values())


def test_nobody_is_counted_for_what_people_decided(filled: Connection) -> None:
    stranger = person("stranger")
    document = rule_set({
        "first": {"type": "threshold", "activity": "visit", "at_least": 1},
        "held": {"type": "badges_earned", "badges": ["first"]},
    })  # fmt: skip
    apply(filled, document)
    value(filled, "select badges.deny_badge(%s, 'first', %s, 'no')", person("9"), ORG)
    value(filled, "select badges.award_badge(%s, 'first', %s, 'paper')", stranger, ORG)
    told = routines.calibrate_badge(filled, "first", as_of=LAST)
    assert told["organizations"][0]["people"]["now"] == 9
    assert told["organizations"][0]["curve"][0]["now"]["people"] == 8
    held = routines.calibrate_badge(filled, "held")["organizations"][0]["curve"]
    assert [(each["threshold"], each["now"]["people"]) for each in held] == [(1, 7)]


def test_an_earlier_day_has_what_belongs_to_it_whenever_it_was_recorded(
    filled: Connection,
) -> None:
    """Late activities and the organization's own days count; the people are those of that day."""
    said = {"as_of": LAST, "then": date(2026, 2, 28), "document": rule_set(RULES)}
    assert routines.calibrate_badge(filled, "count", **said)["organizations"][0]["people"] == {
        "now": 9,
        "then": 0,
    }
    late = [activity(f"2026-02-0{k}", who=person("late")) for k in (1, 2, 3, 4, 5)]
    insert(filled, *late, activity("2026-03-01 00:30", who=person("late")))
    told = routines.calibrate_badge(filled, "count", **said)["organizations"][0]
    assert told["people"] == {"now": 10, "then": 1}
    # In UTC it is still February then.
    assert [each["threshold"] for each in told["curve"] if each["then"]["people"]] == [3, 4, 5]
    # Of what fell the highest of that day, not of a later one.
    fell = activity("2026-02-10", who=person("late"), quantity=-3)
    insert(filled, fell, activity("2026-03-20", who=person("late"), quantity=9))
    (summed,) = routines.calibrate_badge(filled, "sum", **said)["organizations"]
    had = [each["threshold"] for each in summed["curve"] if each["then"]["people"]]
    assert max(had) <= 5 < max(each["threshold"] for each in summed["curve"])
    assert had
    # Today is the organization's, most often another day than UTC's.
    filled.execute("update badges.organizations set time_zone = 'Pacific/Kiritimati'")
    now = routines.calibrate_badge(filled, "count", document=rule_set(RULES))
    assert (now["then"], now["now"]) == (
        value(filled, "select (%s::date - interval '1 year')::date::text", now["now"]),
        value(filled, "select (now() at time zone 'Pacific/Kiritimati')::date::text"),
    )


def test_each_organization_has_its_own_numbers_and_people(filled: Connection) -> None:
    badges = {"calls": RULES["count"], "tiers": RULES["tiers"]}
    organizations = {
        ORG: {"time_zone": "UTC", "custom_thresholds": {"tiers": {"low": 1}}},
        "south": {"name": "The south", "badges": ["tiers"]},
    }
    apply(filled, rule_set(badges, organizations))
    calls = routines.calibrate_badge(filled, "calls", as_of=LAST)
    assert [each["org_id"] for each in calls["organizations"]] == [ORG]
    tiers = routines.calibrate_badge(filled, "tiers", as_of=LAST)
    assert (tiers["path"], tiers["key"], tiers["criteria"]["type"]) == (
        "$.at_least",
        "at_least",
        "tier",
    )
    north, south = tiers["organizations"]
    assert north["thresholds"] == [
        {"tier": "low", "threshold": 1, "source": "organization"},
        {"tier": "high", "threshold": 3, "source": "default"},
    ]
    nobody = {"people": 0, "share": None}
    assert south == {
        "org_id": "south",
        "name": "The south",
        "people": {"now": 0, "then": 0},
        "nearest": None,
        "thresholds": [
            {"tier": "low", "threshold": 2, "source": "default"},
            {"tier": "high", "threshold": 3, "source": "default"},
        ],
        "curve": [{"threshold": n, "now": nobody, "then": nobody} for n in (2, 3)],
    }
    # Where it is enabled nowhere, or not active, it may be asked for all the same.
    document = rule_set(badges, {ORG: {"badges": ["tiers"]}, "south": {"badges": []}})
    document["badges"]["calls"]["active"] = False
    told = routines.calibrate_badge(filled, "calls", document=document)
    assert [each["org_id"] for each in told["organizations"]] == [ORG, "south"]


def test_what_cannot_be_answered_is_one_error(filled: Connection) -> None:
    value(filled, "select badges.set_setting('criteria_raw', 'true')")
    raw = {"type": "criteria_raw", "expression": "$.total.count > 3", "reason": "a test"}
    document = rule_set({**RULES, "hand": {"type": "manual"}, "raw": raw})
    cases: list[tuple[Row, str, str]] = [
        ({"badge_definition_id": "none"}, "22023", 'badge "none" is not in the rule set'),
        ({"org_id": "none"}, "23503", 'organization "none" does not exist'),
        ({"share": 1}, "22023", "p_share must lie between 0 and 1"),
        ({"share": 0}, "22023", "p_share must lie between 0 and 1"),
        ({"share": Decimal("NaN")}, "22023", "p_share must lie between 0 and 1"),
        ({"then": LAST + timedelta(days=1)}, "22023", "p_then the earlier"),
        ({"then": "-infinity"}, "22023", "days between 1900 and 2399"),
        ({"as_of": "infinity"}, "22023", "days between 1900 and 2399"),
        ({"badge_definition_id": "part"}, "22023", 'badge "part" has several thresholds'),
        ({"badge_definition_id": "part", "part": "x"}, "22023", 'has no threshold "x"'),
        ({"badge_definition_id": "hand"}, "22023", 'badge "hand" has no threshold: its rule is'),
        ({"badge_definition_id": "raw"}, "22023", 'badge "raw" has no threshold: its rule is'),
        ({"document": {"version": 1}}, "22023", "the rule set has 1 problem"),
    ]
    for given, code, said in cases:
        asked: Row = {"badge_definition_id": "count", "as_of": LAST, "document": document, **given}
        with pytest.raises(psycopg.Error, match=said) as refused:
            routines.calibrate_badge(filled, **asked)
        assert refused.value.sqlstate == code
        assert refused.value.diag.message_hint
