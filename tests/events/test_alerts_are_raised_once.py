"""Alerts: an event and a line of the log, once until cleared; verify and sweep raise them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest
from pgmerit import routines
from pgmerit.database import Connection
from psycopg.types.json import Jsonb

from tests.conftest import CliResult
from tests.engine import (
    ANN,
    activity,
    apply,
    in_background,
    insert,
    rows,
    rule_set,
    value,
    wait_until_blocked,
    without_badges,
)
from tests.events.feed import count, tell

LASTING = True

Cli = Callable[..., CliResult]
Connect = Callable[..., Connection]
FIRST = rule_set({"first": {"type": "threshold", "at_least": 1}})
CODES = {
    "duplicate_stopped": "MBA01",
    "drift_found": "MBA02",
    "endpoint_dead": "MBA03",
    "people_waiting": "MBA04",
}


@pytest.fixture
def log(connection: Connection) -> list[str]:
    """What the server logs about the test's session."""
    lines: list[str] = []
    connection.add_notice_handler(lambda said: lines.append(str(said.message_primary)))
    connection.execute("set client_min_messages = log")
    return lines


def alerts(connection: Connection) -> list[tuple[str, str]]:
    """List the alerts that are open."""
    found = rows(
        connection,
        "select alert, subject from badges_internal.alerts where cleared_at is null order by 1, 2",
    )
    return [(each["alert"], each["subject"]) for each in found]


@pytest.mark.parametrize(("alert", "code"), CODES.items())
def test_an_alert_is_an_event_and_a_line_with_its_code(
    connection: Connection, log: list[str], alert: str, code: str
) -> None:
    assert routines.raise_alert(connection, alert, "the\nsubject", {"people": 7})
    (event,) = routines.claim_events(connection, "pager")
    assert (event["event_type"], event["peer_mentor_id"]) == ("alert", UUID(int=0))
    assert (event["org_id"], event["badge_definition_id"], event["tier"]) == ("", "", "")
    assert (event["name"], event["occurrence"]) == ("", 1)
    assert event["details"] == {
        "alert": alert,
        "subject": "the\nsubject",
        "code": code,
        "people": 7,
    }
    assert log == [f'pgmerit alert {code} ALERT: {alert} "the\\nsubject"']


def test_it_is_raised_again_only_after_it_was_cleared(connection: Connection) -> None:
    assert routines.raise_alert(connection, "drift_found", "a")
    assert not routines.raise_alert(connection, "drift_found", "a")
    assert routines.raise_alert(connection, "drift_found", "b")
    assert routines.clear_alert(connection, "drift_found", "a")
    assert not routines.clear_alert(connection, "drift_found", "a")
    assert routines.raise_alert(connection, "drift_found", "a")
    assert count(connection, "badges.award_events") == 3


def test_two_sessions_raise_it_once(connection: Connection, connect: Connect) -> None:
    one, two = connect(autocommit=False), connect()
    assert routines.raise_alert(one, "drift_found", "a")
    waiting = in_background(lambda: routines.raise_alert(two, "drift_found", "a"))
    wait_until_blocked(connection, two)
    one.commit()
    assert waiting.result(timeout=20) is False
    assert count(connection, "badges.award_events") == 1


NO_ALERTS: list[tuple[Any, Any, Any]] = [
    ("fire", "a", {}),
    (None, "a", {}),
    ("drift_found", " ", {}),
    ("drift_found", None, {}),
    ("drift_found", "x" * 201, {}),
    ("drift_found", "a", []),
    ("drift_found", "a", {"long": "".join(f"{n:x}" for n in range(9000))}),
]


def test_what_is_no_alert_is_refused(connection: Connection) -> None:
    for alert, subject, details in NO_ALERTS:
        with pytest.raises(psycopg.errors.InvalidParameterValue) as refused:
            value(
                connection, "select badges.raise_alert(%s, %s, %s)", alert, subject, Jsonb(details)
            )
        assert refused.value.diag.message_hint
    assert count(connection, "badges_internal.alerts") == 0


def test_a_disabled_consumer_is_a_dead_endpoint_until_it_is_enabled_or_removed(
    connection: Connection,
) -> None:
    for name in ("one", "two"):
        routines.register_consumer(connection, name)
        routines.disable_consumer(connection, name, "410 Gone")
    assert alerts(connection) == [("endpoint_dead", "one"), ("endpoint_dead", "two")]
    assert routines.check_alerts(connection) == 2
    routines.enable_consumer(connection, "one")
    routines.remove_consumer(connection, "two")
    assert alerts(connection) == []


def test_people_who_wait_over_ten_minutes_raise_it_until_nobody_does(
    connection: Connection,
) -> None:
    apply(connection, without_badges(FIRST))
    insert(connection, activity("2026-03-01"))
    value(connection, "select badges.apply_rule_set(%s)", Jsonb(FIRST))
    assert routines.check_alerts(connection) == 0
    connection.execute("update badges.rule_sets set applied_at = now() - interval '11 minutes'")
    assert routines.check_alerts(connection) == 1
    assert routines.check_alerts(connection) == 1
    (event,) = rows(connection, "select * from badges.award_events where event_type = 'alert'")
    assert (event["details"]["subject"], event["details"]["people"]) == ("tests", 1)
    routines.backfill_rule_set(connection, "tests")
    assert routines.check_alerts(connection) == 0


def test_a_stopped_duplicate_is_over_after_a_day_and_a_lost_endpoint_at_once(
    connection: Connection,
) -> None:
    routines.raise_alert(connection, "duplicate_stopped", "a table")
    routines.raise_alert(connection, "endpoint_dead", "removed long ago")
    routines.raise_alert(connection, "drift_found", "verify")
    assert routines.check_alerts(connection) == 2
    connection.execute(
        "update badges_internal.alerts set raised_at = raised_at - interval '25 hours'"
    )
    assert routines.check_alerts(connection) == 1
    assert alerts(connection) == [("drift_found", "verify")]


def test_old_attempts_are_deleted(connection: Connection) -> None:
    old, new = tell(connection, count=2)
    routines.claim_events(connection, "mailer")
    for each in (old, new):
        routines.settle_events(connection, "mailer", [each], "done", status=200)
    connection.execute(
        "update badges_internal.delivery_attempts set attempted_at = now() - interval '31 days'"
        " where event_id = %s",
        [old],
    )
    routines.check_alerts(connection)
    left = rows(connection, "select event_id from badges_internal.delivery_attempts")
    assert [each["event_id"] for each in left] == [new]


@pytest.fixture
def drifted(connection: Connection) -> Connection:
    apply(connection, FIRST)
    insert(connection, activity("2026-03-01"))
    connection.execute(
        "update badges.peer_mentor_stats set activity_count = activity_count + 1"
        " where bucket = '' and stat = '*'"
    )
    return connection


def verifications(connection: Connection) -> list[tuple[int, int, str]]:
    found = rows(connection, "select * from badges_internal.verifications order by 1")
    assert all(each["milliseconds"] >= 0 for each in found)
    return [(each["differences"], each["people_waiting"], each["scope"]) for each in found]


def test_verify_keeps_its_result_and_raises_drift(drifted: Connection, cli: Cli, dsn: str) -> None:
    assert cli("verify", dsn=dsn).exit_code == 1
    assert alerts(drifted) == [("drift_found", "verify")]
    assert cli("verify", "--repair", dsn=dsn).exit_code == 0
    assert cli("verify", "--mentor", str(ANN), dsn=dsn).exit_code == 0
    assert alerts(drifted) == [("drift_found", "verify")]  # of everybody else nothing is known
    assert cli("verify", dsn=dsn).exit_code == 0
    assert alerts(drifted) == []
    assert verifications(drifted) == [
        (1, 0, "all"),
        (1, 0, "all"),
        (0, 0, f"person {ANN}"),
        (0, 0, "all"),
    ]
    assert cli("verify", "--sample", "0.5", dsn=dsn).exit_code == 0
    assert verifications(drifted)[-1] == (0, 0, "sample 0.5")


def test_verify_works_where_nothing_can_be_written(drifted: Connection, cli: Cli, dsn: str) -> None:
    standby = f"{dsn} options='-c default_transaction_read_only=on'"
    told = cli("verify", "--format", "json", dsn=standby)
    assert (told.exit_code, json.loads(told.stdout)["found"]) == (1, 1)
    assert "note: the result is not kept: cannot execute" in told.stderr
    assert verifications(drifted) == []


def test_a_sweep_looks_for_alerts(drifted: Connection, cli: Cli, dsn: str) -> None:
    assert cli("sweep", dsn=dsn).stderr == ""
    drifted.execute("update badges.rule_sets set applied_at = now() - interval '11 minutes'")
    drifted.execute("update badges.organizations set rule_set_version = rule_set_version + 1")
    drifted.execute("update badges.rule_sets set version = version + 1")
    told = cli("sweep", dsn=dsn)
    assert told.stdout.split() == ["awarded", "0"]
    assert "alerts open: 1" in told.stderr
    assert alerts(drifted) == [("people_waiting", "tests")]


NO_RESULTS: list[tuple[Any, ...]] = [
    (-1, 0, 0, "all"),
    (0, None, 0, "all"),
    (0, 0, 0, " "),
    (0, 0, 0, None),
    (0, 0, 0, "x" * 201),
]


def test_a_result_that_means_nothing_is_refused(connection: Connection) -> None:
    for arguments in NO_RESULTS:
        with pytest.raises(psycopg.errors.InvalidParameterValue) as refused:
            value(connection, "select badges.record_verification(%s, %s, %s, %s)::text", *arguments)
        assert refused.value.diag.message_hint
    assert verifications(connection) == []
