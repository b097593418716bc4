"""An attacker puts objects of the same names before ours; the engine must not look at them.

Temporary tables come first for names of tables and types unless a path says otherwise, even when
it is empty. Functions and operators are found in any schema of the caller's path. Each trap tells
which role sprang it: whoever it is, if it is not the attacker, the attacker has won.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    assert_exact,
    badge_ids,
    insert,
    rows,
    rule_set,
    stage_in,
    value,
)

LASTING = True

Session = Callable[..., Connection]

FIRST = {"type": "threshold", "at_least": 1}
DOCUMENT = rule_set(
    {
        "first": FIRST,
        "third": {"type": "threshold", "activity": "call", "at_least": 3},
        "long": {"type": "threshold", "where": {"minutes": {"gte": 3}}, "at_least": 1},
        "kinds": {"type": "threshold", "measure": "distinct", "field": "kind", "at_least": 2},
        "days": {"type": "streak", "unit": "day", "length": 2},
        "both": {
            "type": "all_of",
            "criteria": [FIRST, {"type": "streak", "unit": "day", "length": 2}],
        },
        "collector": {"type": "badges_earned", "at_least": 2},
        "thanks": {"type": "manual"},
    },
)
CATALOGUES = ["pg_namespace", "pg_roles", "pg_class", "pg_proc", "pg_type", "pg_trigger"]
# Built-in functions and operators that routines of the engine use, in the attacker's own schema:
# the same arguments, so that only the order of the path decides.
FUNCTIONS = [
    ("lower(text)", "text", "''"),
    ("upper(text)", "text", "''"),
    ("length(text)", "integer", "0"),
    ("encode(bytea, text)", "text", "''"),
    ("sha256(bytea)", "bytea", "''"),
    ("jsonb_typeof(jsonb)", "text", "''"),
    ("jsonb_array_length(jsonb)", "integer", "0"),
    ("jsonb_array_elements(jsonb)", "setof jsonb", "null"),
    ("jsonb_path_exists(jsonb, jsonpath)", "boolean", "true"),
    ("clock_timestamp()", "timestamptz", "null"),
    ("timezone(text, timestamptz)", "timestamp", "null"),
    ("date_trunc(text, timestamp)", "timestamp", "null"),
    ("generate_series(integer, integer)", "setof integer", "null"),
    ("pg_has_role(name, oid, text)", "boolean", "true"),
    ("hashtextextended(text, bigint)", "bigint", "0"),
    ("pg_advisory_xact_lock(bigint)", "void", "null"),
]
OPERATORS = [
    ("=", "text", "text", "boolean"),
    ("=", "uuid", "uuid", "boolean"),
    ("=", "jsonb", "jsonb", "boolean"),
    (">=", "numeric", "numeric", "boolean"),
    (">=", "bigint", "bigint", "boolean"),
    ("+", "bigint", "bigint", "bigint"),
    ("||", "text", "text", "text"),
    ("->", "jsonb", "text", "jsonb"),
    ("->>", "jsonb", "text", "text"),
    ("@>", "jsonb", "jsonb", "boolean"),
]


def set_traps(owner: Connection, attacker: Connection) -> None:
    """Shadow every table and type of ours, and what our routines call."""
    role = attacker.info.user
    owner.execute(f"create schema {role} authorization {role}".encode())
    attacker.execute("create table sprung (by_role text, at_what text)")
    attacker.execute(f"grant usage on schema {role} to public".encode())
    attacker.execute("grant all on sprung to public")
    attacker.execute(
        f"create function spring(p_what text) returns text language plpgsql as $$ begin"
        f" insert into {role}.sprung values (current_user, p_what); return p_what; end $$".encode()
    )
    for signature, kind, result in FUNCTIONS:
        _function(attacker, role, signature, kind, result)
    for number, (operator, left, right, kind) in enumerate(OPERATORS):
        _function(attacker, role, f"operator_{number}({left}, {right})", kind, "null")
        attacker.execute(
            f"create operator {role}.{operator} (leftarg = {left}, rightarg = {right},"
            f" function = {role}.operator_{number})".encode()
        )
    names = rows(
        owner,
        "select relname as name from pg_class where relkind in ('r', 'v') and relnamespace in"
        " ('badges'::regnamespace, 'badges_internal'::regnamespace)",
    )
    for name in {each["name"] for each in names} | set(CATALOGUES):
        attacker.execute(
            f"create temp view {name} as select {role}.spring('{name}') as org_id".encode()
        )
    for name in ("uuid", "text", "jsonb", "numeric", "candidate", "stat_key", "date"):
        attacker.execute(f"create domain pg_temp.{name} as pg_catalog.int4 check (false)".encode())
    attacker.execute(f"set search_path = pg_temp, {role}, badges, pg_catalog".encode())


def _function(attacker: Connection, role: str, signature: str, kind: str, result: str) -> None:
    attacker.execute(
        f"create function {role}.{signature} returns {kind} language plpgsql as $$ begin"
        f" perform {role}.spring('{signature}');"
        f" return {'next' if kind.startswith('setof') else ''}"
        f" {'' if kind == 'void' else result}; end $$".encode()
    )


def is_set(attacker: Connection) -> bool:
    """Tell whether the traps work on the attacker's own statements."""
    attacker.execute("select * from activities")
    attacker.execute(
        "select lower('A'::pg_catalog.text), 'a'::pg_catalog.text = 'b'::pg_catalog.text"
    )
    found = value(attacker, "select pg_catalog.count(*) from sprung")
    attacker.execute("delete from sprung")
    return bool(found == 3)


def test_a_writer_who_shadows_names_is_not_looked_at(
    connection: Connection, session: Session
) -> None:
    apply(connection, DOCUMENT)
    attacker = session("pgmerit_writer")
    set_traps(connection, attacker)
    assert is_set(attacker)

    details = {"kind": "a", "minutes": 5}
    insert(attacker, activity("2026-03-01", attributes=details))
    insert(attacker, *[activity(f"2026-03-0{n}", attributes={"kind": f"{n}"}) for n in (4, 2, 3)])
    stage_in(attacker, [activity("2026-03-05", who=BEN, attributes=details)])
    attacker.execute("update badges.activities set quantity = 2, attributes = '{}'")
    for statement, parameters in (
        (
            "select badges.record_activity(%s, %s, 'call', p_attributes => %s)",
            (BEN, ORG, Jsonb(details)),
        ),
        (
            "select badges.record_activities(%s)",
            (Jsonb([{"peer_mentor_id": str(BEN), "org_id": ORG, "activity_type": "call"}]),),
        ),
        ("select badges.evaluate_badges(%s, %s)", (ANN, ORG)),
        ("select badges.get_badge_progress(%s, %s)", (ANN, ORG)),
        ("select badges.explain_badge(%s, 'both', %s)", (ANN, ORG)),
        ("select badges.explain_badge(%s, 'long', %s)", (ANN, ORG)),
        ("select badges.derive_idempotency_key(%s, 'first', %s)", (ANN, ORG)),
        ("select badges.mentor_id_from('app', '7')", ()),
        ("select badges.validate_criteria(%s)", (Jsonb(DOCUMENT["badges"]["both"]["criteria"]),)),
        ("select badges.get_rule_set('tests')", ()),
        ("select badges.list_rule_sets()", ()),
        ("select badges.new_badges()", ()),
    ):
        attacker.execute(statement.encode(), parameters)
    with attacker.transaction():
        attacker.execute("delete from badges.activities where activity_date = '2026-03-04'")
        assert sprung(connection, attacker) == []
    assert {"first", "third", "days", "both", "collector"} <= set(badge_ids(connection, ANN))
    assert_exact(connection)


def test_an_administrator_who_shadows_names_is_not_looked_at(
    connection: Connection, session: Session
) -> None:
    apply(connection, rule_set({}))
    insert(connection, *[activity(f"2026-03-0{n}") for n in (1, 2, 3)])
    attacker = session("pgmerit_admin")
    set_traps(connection, attacker)
    assert is_set(attacker)
    for statement, parameters in (
        ("select badges.apply_rule_set(%s)", (Jsonb(DOCUMENT),)),
        ("select badges.rule_set_horizon()", ()),
        ("select badges.measure_rule_set('tests')", ()),
        ("select badges.backfill_rule_set('tests')", ()),
        ("select badges.rule_set_is_settled('tests', '9')", ()),
        ("select badges.award_badge(%s, 'thanks', %s, 'mine')", (ANN, ORG)),
        ("select badges.revoke_badge(%s, 'thanks', %s, 'mine')", (ANN, ORG)),
        ("select badges.rebuild_stats()", ()),
        ("select badges.verify_stats()", ()),
        ("select badges.verify_awards()", ()),
        ("select badges.count_awards('tests')", ()),
    ):
        attacker.execute(statement.encode(), parameters)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        attacker.execute("select badges.set_setting('criteria_raw', 'true')")
    assert sprung(connection, attacker) == []
    assert "third" in badge_ids(connection, ANN)
    assert_exact(connection)


def sprung(owner: Connection, attacker: Connection) -> list[dict[str, str]]:
    """List the traps that any role but the attacker has sprung."""
    role = attacker.info.user
    return rows(owner, f"select * from {role}.sprung where by_role <> '{role}'")
