"""Beside a batch, an activity that nothing new asks for leaves its person to the backfill."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from pgmerit import routines
from pgmerit.database import Connection
from pgmerit.rules import versions
from psycopg.types.json import Jsonb

from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    assert_exact,
    in_background,
    insert,
    person,
    rows,
    rule_set,
    until,
    value,
)

LASTING = True

HOME = {"place": "home"}
RAW = {"type": "criteria_raw", "expression": "$.activities.call.count > 3", "reason": "odd"}
OLD = {"calls": {"type": "threshold", "activity": "call", "at_least": 5}}
NEW = OLD | {"homes": {"type": "threshold", "activity": "visit", "where": HOME, "at_least": 2}}


def write(connection: Connection, **what: Any) -> bool:
    """Write for Ann; tell whether she is built for the version."""
    given = {"occurred_at": "2026-01-07", "kind": "other", "attributes": HOME} | what
    insert(connection, activity(**given))
    return bool(
        value(
            connection,
            "select base.rule_set_version = organization.rule_set_version"
            " from badges.peer_mentor_stats as base"
            " join badges.organizations as organization using (org_id)"
            " where stat = '*' and peer_mentor_id = %s",
            ANN,
        )
    )


@pytest.fixture
def beside(connection: Connection, connect: Callable[..., Connection]) -> Connection:
    """Four calls and a visit of Ann and of Ben, and a session for a batch."""
    apply(connection, rule_set(OLD))
    for who in (BEN, ANN):
        insert(connection, *[activity(f"2026-01-0{day}", who=who) for day in (2, 3, 4, 5)])
        insert(connection, activity("2026-01-06", who=who, kind="visit", attributes=HOME))
    return connect()


def begin(beside: Connection) -> None:
    """Let a batch run that comes to nobody yet."""
    beside.execute("begin")
    value(beside, "select badges.backfill_rule_set('tests', 0)")


@pytest.mark.parametrize(
    ("what", "is_built"),
    [
        ({}, False),
        ({"kind": "visit", "attributes": {}}, False),
        ({"kind": "visit"}, True),
        ({"kind": "call"}, True),
        ({"quantity": -1}, True),
        ({"occurred_at": "2026-01-01"}, True),
    ],
    ids=["not asked", "not chosen", "asked anew", "reaches", "negative", "late"],
)
def test_only_what_nothing_new_asks_for(
    connection: Connection, beside: Connection, what: dict[str, Any], is_built: bool
) -> None:
    value(connection, "select badges.apply_rule_set(%s)", Jsonb(rule_set(NEW)))
    begin(beside)
    assert write(connection, **what) is is_built
    beside.execute("commit")
    while value(connection, "select badges.backfill_rule_set('tests', 1)")["remaining"]:
        pass
    assert_exact(connection)


def test_the_measuring_before_the_batches_is_told(
    connection: Connection, beside: Connection
) -> None:
    value(connection, "select badges.apply_rule_set(%s)", Jsonb(rule_set(NEW)))
    beside.execute("begin")
    value(beside, "select badges.measure_rule_set('tests')")
    assert not write(connection)
    beside.execute("commit")


def test_a_batch_that_rests_is_told_and_holds_nobody(
    connection: Connection, beside: Connection
) -> None:
    value(connection, "select badges.apply_rule_set(%s)", Jsonb(rule_set(NEW)))
    batch = in_background(
        lambda: value(beside, "select badges.backfill_rule_set('tests', 9, now(), '2 seconds')")
    )
    resting = "select from pg_stat_activity where wait_event = 'PgSleep' and pid = %s"
    until(lambda: rows(connection, resting, beside.info.backend_pid) != [])
    assert not write(connection)
    assert not batch.done()
    assert batch.result()["evaluated"] == 2
    assert_exact(connection)


@pytest.mark.parametrize("rest", ["'-1 second'", "'61 seconds'", "null"])
def test_a_rest_has_bounds(connection: Connection, rest: str) -> None:
    apply(connection, rule_set(OLD))
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="between 0 and 1 minute"):
        value(connection, f"select badges.backfill_rule_set('tests', 9, now(), {rest})")


@pytest.mark.parametrize("writes", [True, False])
def test_the_command_rests_beside_writers_alone(
    connection: Connection, beside: Connection, monkeypatch: pytest.MonkeyPatch, writes: bool
) -> None:
    given: list[float] = []
    batch = routines.backfill_rule_set
    # Each write takes Ann from it: some are left for a second batch.
    insert(connection, *[activity("2026-01-06", who=person(f"other {n}")) for n in range(3)])
    # Other tests take transaction ids of the same server.
    taken = routines.rule_set_horizon(connection)
    if not writes:
        monkeypatch.setattr(routines, "rule_set_horizon", lambda connection: taken)

    def seen(*args: Any, **options: Any) -> Any:
        given.append(options.get("rest", timedelta(0)).total_seconds())
        if writes:
            write(beside, kind="visit", attributes={})
        return batch(*args, **options)

    monkeypatch.setattr(routines, "backfill_rule_set", seen)
    versions.apply(connection, rule_set(NEW), batch=1)
    assert any(rest > 0 for rest in given) is writes
    assert all(rest < 10 for rest in given)


@pytest.mark.parametrize(
    "end",
    [
        "commit; begin; select pg_current_xact_id()",
        "rollback",
        # What a dump from a server that counted further leaves.
        "commit; select setval('badges_internal.latest_batch', (1::bigint << 40) + 9)",
    ],
)
def test_nobody_is_left_where_no_batch_runs(
    connection: Connection, beside: Connection, end: str
) -> None:
    value(connection, "select badges.apply_rule_set(%s)", Jsonb(rule_set(NEW)))
    begin(beside)
    beside.execute(end.encode())
    assert write(connection)


def test_of_two_batches_the_later_one_is_told(
    connection: Connection, beside: Connection, connect: Callable[..., Connection]
) -> None:
    value(connection, "select badges.apply_rule_set(%s)", Jsonb(rule_set(NEW)))
    begin(beside)
    later = connect()
    begin(later)
    assert not write(connection)
    later.execute("commit")
    assert write(connection)
    beside.execute("commit")


def test_raw_rules_and_new_days_are_decided_at_once(
    connection: Connection, beside: Connection
) -> None:
    value(connection, "select badges.set_setting('criteria_raw', 'true')")
    value(connection, "select badges.apply_rule_set(%s)", Jsonb(rule_set(NEW | {"raw": RAW})))
    begin(beside)
    assert write(connection)
    beside.execute("commit")
    apply(connection, rule_set(NEW))
    value(connection, "select badges.rezone_organization(%s, 'Europe/Oslo')", ORG)
    begin(beside)
    assert write(connection, occurred_at="2026-01-08 23:30")
    beside.execute("commit")
    value(connection, "select badges.backfill_rule_set('tests')")
    assert_exact(connection)
