"""Attributes have a size of their own, whatever rules there are; rows from before may stay."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection
from pgmerit.rules.grammar import grammar

from tests.engine import (
    ANN,
    ORG,
    activity,
    apply,
    assert_exact,
    badge_ids,
    copy_in,
    insert,
    rule_set,
    value,
)

LASTING = True

MOST = grammar()["limits"]["attributes_bytes"]


def attributes(size: int) -> str:
    """Give attributes of so many bytes in the database's binary form."""
    return json.dumps({"kind": "visit", "x": "y" * (size - 34)})


def by_insert(connection: Connection, given: str) -> None:
    insert(connection, activity("2026-03-01", attributes=given))


def by_copy(connection: Connection, given: str) -> None:
    copy_in(connection, [activity("2026-03-01", attributes=given)])


def by_record_activity(connection: Connection, given: str) -> None:
    query = "select badges.record_activity(%s, %s, 'call', '2026-03-01 12:00Z', 1, %s::jsonb)"
    value(connection, query, ANN, ORG, given)


def among_few(connection: Connection, given: str) -> None:
    insert(connection, *_others(3), activity("2026-03-01", attributes=given), *_others(3))


def among_many(connection: Connection, given: str) -> None:
    insert(connection, *_others(30), activity("2026-03-01", attributes=given), *_others(30))


def _others(count: int) -> list[Any]:
    return [activity("2026-03-01") for _ in range(count)]


def by_update(connection: Connection, given: str) -> None:
    insert(connection, activity("2026-03-01"))
    connection.execute("update badges.activities set attributes = %s::jsonb", [given])


WAYS = [by_insert, by_copy, by_record_activity, among_few, among_many, by_update]


@pytest.fixture
def ruled(connection: Connection) -> Connection:
    apply(
        connection,
        rule_set({"visit": {"type": "threshold", "where": {"kind": "visit"}, "at_least": 1}}),
    )
    return connection


@pytest.mark.parametrize("way", WAYS)
def test_one_byte_more_is_refused_by_name(
    ruled: Connection, way: Callable[[Connection, str], None]
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as caught, ruled.transaction():
        way(ruled, attributes(MOST + 1))
    told = caught.value.diag
    assert (told.constraint_name, told.table_name, told.column_name) == (
        "attributes_are_at_most_256_kb",
        "activities",
        "attributes",
    )
    way(ruled, attributes(MOST))
    assert badge_ids(ruled) == ["visit"]


def test_what_compresses_well_is_as_large(ruled: Connection) -> None:
    ruled.execute("create table odd as select %s::jsonb as a", [attributes(5 * MOST)])
    with pytest.raises(psycopg.errors.CheckViolation):
        ruled.execute(
            "insert into badges.activities"
            " (org_id, peer_mentor_id, activity_type, occurred_at, attributes)"
            " select %s, %s, 'call', '2026-03-01', a from odd",
            [ORG, ANN],
        )


def test_a_row_from_before_stays_and_changes_in_all_else(ruled: Connection) -> None:
    by_insert(ruled, "{}")
    ruled.execute("alter table badges.activities disable trigger refuse_large_changed_attributes")
    ruled.execute("update badges.activities set attributes = %s", [attributes(MOST + 1)])
    ruled.execute("alter table badges.activities enable trigger refuse_large_changed_attributes")
    ruled.execute("update badges.activities set quantity = 2, attributes = attributes")
    changed: Any = "update badges.activities set attributes = attributes || '{\"a\": 1}'"
    with pytest.raises(psycopg.errors.CheckViolation):
        ruled.execute(changed)
    ruled.execute("update badges.activities set attributes = attributes - 'x'")
    ruled.execute(changed)
    assert badge_ids(ruled) == ["visit"]


def test_what_refuses_asks_for_the_bound_of_the_grammar(connection: Connection) -> None:
    query = """
        select bool_and(asked like '%%> ' || %s || '%%')
        from (
            select pg_get_triggerdef(oid)
            from pg_trigger
            where tgname = 'refuse_large_changed_attributes'
            union all
            select pg_get_functiondef('badges_internal._refuse_activity'::regproc)
        ) as defined (asked)
    """
    assert value(connection, query, str(MOST))


ODD = {
    "deep": '{"a": ' * 1000 + "1" + "}" * 1000,
    "keys": json.dumps({f"k{n:05}": n % 10 for n in range(2500)}),
    "list": json.dumps({"kind": list(range(3000))}),
    "numbers": "{" + ", ".join(f'"n{n}": 1e100000' for n in range(1500)) + "}",
    "name": json.dumps({"k" * 250_000: "visit"}),
}
RULES: dict[str, Any] = {
    "where": {"type": "threshold", "where": {"n7": {"ne": 3}}, "at_least": 1},
    "long": {"type": "threshold", "where": {"kind": {"in": list(range(1500))}}, "at_least": 1},
    "prefix": {"type": "threshold", "where": {"a": {"prefix": "v" * 1000}}, "at_least": 1},
    "exists": {"type": "threshold", "where": {"k00007": {"exists": True}}, "at_least": 1},
    "sum": {"type": "threshold", "measure": "sum", "field": "n7", "at_least": 1},
    "per": {"type": "threshold", "per": "a", "at_least": 1},
    "values": {"type": "threshold", "measure": "distinct", "field": "kind", "at_least": 1},
}


EARNED = {shape: ["where"] for shape in ODD} | {"keys": ["exists", "where"]}


@pytest.mark.parametrize("shape", ODD)
def test_all_that_is_smaller_goes_through_every_rule(connection: Connection, shape: str) -> None:
    apply(connection, rule_set(RULES))
    for way in (by_insert, by_copy, by_record_activity):
        way(connection, ODD[shape])
    by_update(connection, ODD[shape])
    assert_exact(connection)
    assert badge_ids(connection) == EARNED[shape]
