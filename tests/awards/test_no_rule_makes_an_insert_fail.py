from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from pgmerit.database import Connection

from tests.engine import (
    ANN,
    BEN,
    COLUMNS,
    activity,
    apply,
    assert_exact,
    badge_ids,
    copy_in,
    insert,
    moment,
    rows,
    rule_set,
    value,
    without_badges,
)
from tests.snapshot.recount import assert_equals_a_recount

LASTING = True

FIELDS = ["n", 'a"b.c', "$", "a b'\\", "%s", "ключ", "quantity", "k" * 100]
ODD_VALUES = [
    "1e100000",
    "-1e100000",
    "1e-16000",
    "1e30",
    "1000000000000000000000000000000.1",
    "-1e30",
    "0",
    "-0.0",
    "1.000",
    "123456789012345678901234567890.123456789",
    "null",
    "true",
    "false",
    '""',
    '" "',
    '"1"',
    '"NaN"',
    '"Infinity"',
    json.dumps("x" * 10_000),
    json.dumps("ø" * 120),
    json.dumps("🏅\u202e\ud7ff"),
    json.dumps("'; drop table badges.activities; --"),
    json.dumps('"quoted" \\ back\n\t\x01'),
    "[]",
    "[1, [2, [3]]]",
    "[null]",
    "{}",
    '{"n": 1, "": {"$": [1e100000]}}',
    "[" * 400 + "1" + "]" * 400,
    '{"a":' * 400 + "1" + "}" * 400,
]
TESTS: list[Any] = [
    1,
    "1",
    True,
    "",
    ["x", 1, False],
    {"gte": 1},
    {"gt": -1e30},
    {"lte": 1e30},
    {"lt": 0.5, "ne": 0},
    {"ne": "1"},
    {"in": [1e30, "", True]},
    {"prefix": "x"},
    {"prefix": "'\"\\"},
    {"exists": True},
    {"exists": False},
]
QUANTITIES = [Decimal(each) for each in ("0", "1e30", "-1e30", "1e-300", "2.50", "-0.0")]


def of_every_key(field: str) -> Iterator[dict[str, Any]]:
    base: dict[str, Any] = {"type": "threshold", "at_least": 2}
    yield from ({**base, "where": {field: test}} for test in TESTS)
    yield {**base, "where": {field: {"exists": True}, "n": {"ne": 3}}, "activity": ["call", "x"]}
    yield {**base, "measure": "sum", "field": field, "at_least": 1e30}
    yield {**base, "measure": "max", "field": field, "at_least": 0.000001}
    yield {
        "type": "tier",
        "measure": "sum",
        "field": field,
        "tiers": [{"tier": "a", "at_least": 1}],
    }
    yield {**base, "measure": "distinct", "field": field}
    for window in ("day", "week", "month", "quarter", "year"):
        yield {**base, "per": field, "window": window, "measure": "active_days"}
    yield {**base, "per": field, "measure": "sum"}
    yield {**base, "per": field, "repeat": {"every": 1, "max": 5}}
    yield {**base, "per": field, "measure": "distinct", "field": field}
    yield {**base, "measure": "distinct", "field": field, "per_value": {"at_least": 2}}
    for measure in ("sum", "max"):
        element = {"measure": measure, "field": field, "at_least": 1e29}
        yield {**base, "measure": "distinct", "field": field, "per_value": element}
        yield {"type": "streak", "unit": "day", "length": 2, "per_unit": element}
    yield {"type": "streak", "unit": "month", "length": 1, "where": {field: {"exists": True}}}
    yield {
        "type": "training_completion",
        "activity": "call",
        "field": field,
        "courses": ["", 1, True],
    }
    parts = [{**base, "where": {field: 1}}, {**base, "measure": "sum", "field": field}]
    yield {"type": "n_of", "n": 1, "criteria": [*parts, {"type": "badges_earned", "at_least": 3}]}


RULES = {
    f"b{number}": criteria
    for number, criteria in enumerate(
        criteria for field in FIELDS for criteria in of_every_key(field)
    )
}


def odd_activities(who: Any = ANN) -> list[tuple[Any, ...]]:
    """Give every odd value in every field, and every odd quantity."""
    return [
        activity(
            f"2026-03-{number % 28 + 1:02}",
            who=who,
            quantity=QUANTITIES[number % len(QUANTITIES)],
            attributes="{" + ", ".join(f"{json.dumps(field)}: {odd}" for field in FIELDS) + "}",
        )
        for number, odd in enumerate(ODD_VALUES)
    ]


def row_by_row(connection: Connection) -> None:
    for each in odd_activities():
        insert(connection, each)


def in_one_statement(connection: Connection) -> None:
    insert(connection, *odd_activities(), *odd_activities(BEN))


def by_copy(connection: Connection) -> None:
    copy_in(connection, odd_activities()[::-1])


def by_record_activity(connection: Connection) -> None:
    for org, who, kind, occurred_at, quantity, attributes, key in odd_activities():
        value(
            connection,
            "select badges.record_activity(%s, %s, %s, %s, %s, %s::jsonb, %s)",
            *(who, org, kind, occurred_at, quantity, attributes, key),
        )


def by_update(connection: Connection) -> None:
    insert(connection, *[activity("2026-03-01", key=str(n)) for n in range(len(ODD_VALUES))])
    connection.execute(
        "update badges.activities set attributes = given.attributes"
        " from unnest(%s::jsonb[]) with ordinality as given (attributes, number)"
        " where idempotency_key = (given.number - 1)::text",
        ([each[5] for each in odd_activities()],),
    )


@pytest.mark.parametrize(
    "way", [row_by_row, in_one_statement, by_copy, by_record_activity, by_update]
)
def test_odd_values_through_every_key(connection: Connection, way: Any) -> None:
    apply(connection, rule_set(RULES))
    way(connection)
    assert value(connection, "select count(*) >= %s from badges.activities", len(ODD_VALUES))
    assert_equals_a_recount(connection)
    assert_exact(connection)
    connection.execute("delete from badges.activities where activity_id % 2 = 0")
    assert_equals_a_recount(connection)


def test_nor_does_a_backfill_over_them(connection: Connection) -> None:
    document = rule_set(RULES)
    apply(connection, without_badges(document))
    in_one_statement(connection)
    apply(connection, document)
    assert_equals_a_recount(connection)
    assert_exact(connection)


def test_odd_columns(connection: Connection) -> None:
    """Types and keys are text of any kind; a day may stand one day beside its moment."""
    apply(connection, rule_set(RULES))
    kinds = [
        "=",
        "*",
        "~0123456789abcdef",
        "'",
        '"',
        "%s",
        "\\",
        " ",
        "ø" * 100,
        "null",
        "{}",
        "a,b",
    ]
    for kind in kinds:
        insert(connection, activity("2026-03-01", kind=kind))
    insert(connection, *[activity("2026-03-01", kind=kind, key=kind) for kind in kinds])
    connection.execute(
        "insert into badges.activities"
        f" ({', '.join(COLUMNS)}, activity_date)"
        " select org_id, peer_mentor_id, activity_type, occurred_at, quantity, attributes,"
        " null, activity_date + 1 from badges.activities".encode()
    )
    assert_equals_a_recount(connection)
    assert_exact(connection)


RAW = [
    "$.activities.call.count / 0 > 1",
    "$.nothing.at.all > 1",
    "strict $.nothing > 1",
    "$.activities",
    "$.activities.call.count",
    '"text"',
    "$.activities.call.count.datetime() > 1",
    "$.activities.call.first_at.datetime() > 1",
    '$.activities.call.first_at.datetime() > "2026-01-01".datetime()',
    "$.activities.*.count > 0",
    "-$.activities.call.first_at > 1",
    "$.activities.call.count > $unknown",
    "$.badges.keyvalue() > 1",
    "$.activities.call.sum * 1e300 * 1e300 > 1",
    "$.activities.call.count > 1",
]


def test_nor_does_a_raw_expression_that_fails(connection: Connection) -> None:
    value(connection, "select badges.set_setting('criteria_raw', 'true')")
    rules = {
        f"raw{number}": {"type": "criteria_raw", "expression": each, "reason": "odd"}
        for number, each in enumerate(RAW)
    }
    apply(connection, rule_set({**rules, "first": {"type": "threshold", "at_least": 1}}))
    insert(connection, activity("2026-03-01"))
    insert(connection, activity("2026-03-02"), activity("2026-03-02", who=BEN))
    insert(connection, *odd_activities())
    connection.execute("update badges.activities set quantity = 2 where quantity < 1")
    connection.execute("delete from badges.activities where activity_id % 2 = 1")
    earned = badge_ids(connection, ANN)
    assert {"first", "raw9", "raw14"} <= set(earned)
    assert not {"raw0", "raw1", "raw2", "raw3", "raw4", "raw7", "raw8", "raw11"} & set(earned)
    assert rows(connection, "select * from badges.verify_stats()") == []


def test_raw_rules_wait_until_they_are_switched_on(connection: Connection) -> None:
    value(connection, "select badges.set_setting('criteria_raw', 'true')")
    raw = {"type": "criteria_raw", "expression": RAW[-1], "reason": "why"}
    after = {"type": "badges_earned", "badges": ["raw"]}
    apply(connection, rule_set({"raw": raw, "after": after}))
    value(connection, "select badges.set_setting('criteria_raw', 'false')")
    insert(connection, activity("2026-03-01"), activity("2026-03-02"))
    assert badge_ids(connection) == []
    value(connection, "select badges.set_setting('criteria_raw', 'true')")
    insert(connection, activity("2026-03-01"))
    earned = rows(connection, "select * from badges.earned_badges order by 1, 2")
    assert [each["badge_definition_id"] for each in earned] == ["after", "raw"]
    assert {each["earned_at"] for each in earned} == {moment("2026-03-02")}
