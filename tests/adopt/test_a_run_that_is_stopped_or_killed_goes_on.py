"""A batch is a transaction: what is taken over stands, and the same command goes on."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from pgmerit.adopting import moving
from pgmerit.database import Connection, connect
from psycopg import sql

from tests.adopt.legacy import COLUMNS, Cli, adopt, fill, held
from tests.engine import (
    ANN,
    ORG,
    activity,
    assert_exact,
    in_background,
    insert,
    person,
    until,
    value,
)

PEOPLE = sorted(person(f"mentor {n}") for n in range(6))
_RUN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " from pgmerit.cli import main; main(prog_name='pgmerit')"
)
_WAITING = (
    "select exists (select from pg_stat_activity where datname = current_database()"
    " and application_name = 'pgmerit' and wait_event_type = 'Lock')"
)
_AT_WORK = (
    "select exists (select from pg_stat_activity where datname = current_database()"
    " and application_name = 'pgmerit' and state = 'active' and pid <> pg_backend_pid())"
)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_same_command_goes_on(
    legacy: Connection, cli: Cli, dsn: str, tmp_path: Path, how: signal.Signals
) -> None:
    insert(legacy, *[activity("2026-01-01", kind="visit", who=who) for who in PEOPLE])
    fill(legacy, *((who, "first", "2020-05-01") for who in PEOPLE))
    words = ["adopt", "user_badges", *COLUMNS, "--apply", "--batch=2"]
    with contextlib.closing(connect(dsn)) as holder:
        holder.execute(
            "select from badges.peer_mentor_stats where peer_mentor_id = %s for update",
            (PEOPLE[4],),
        )
        with subprocess.Popen(
            [sys.executable, "-c", _RUN, *words],
            env=os.environ | {"PGMERIT_DSN": dsn, "PGMERIT_HOME": str(tmp_path / "home")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                until(lambda: process.poll() is not None or value(legacy, _WAITING))
                process.send_signal(how)
                _, told = process.communicate(timeout=30)
            finally:
                process.kill()
    if how is signal.SIGINT:
        assert process.returncode == 130, told
        assert told.splitlines()[-1] == (
            "error: stopped: 4 of 6 awards are taken over, one batch more perhaps;"
            " run the same command again: it goes on"
        )
    # The server may still end the batch of a client that is gone.
    until(lambda: not value(legacy, _AT_WORK))
    assert len(held(legacy)) in (4, 6)
    again = adopt(cli, dsn, "--apply", "--batch=2")
    assert (again["held"] + again["adopted"], again["repeated"]) == (6, 0)
    assert [each[4] for each in held(legacy)] == ["import"] * 6
    assert_exact(legacy)


def test_a_stop_in_the_middle_of_an_answer_is_a_stop(
    legacy: Connection, cli: Cli, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(connection: Connection, batch: int) -> None:
        connection.pgconn.send_query(b"select 1")
        raise KeyboardInterrupt

    fill(legacy, (ANN, "first", "2020-05-01"))
    with monkeypatch.context() as patch:
        patch.setattr(moving, "_adopt", stop)
        told = cli("adopt", "user_badges", *COLUMNS, "--apply", dsn=dsn)
    assert told.exit_code == 130
    assert "stopped: nothing was taken over; run the same command again" in told.stderr
    assert adopt(cli, dsn, "--apply")["adopted"] == 1


def test_an_award_that_a_writer_brings_meanwhile_stays_the_rules(
    legacy: Connection, cli: Cli, dsn: str
) -> None:
    """The writer holds Ann; when it has committed, her award is there by the rule."""
    fill(legacy, (ANN, "first", "2020-05-01"))
    with contextlib.closing(psycopg.connect(dsn)) as writer:
        writer.execute("select badges.record_activity(%s, %s, 'call', '2026-03-01')", (ANN, ORG))
        run = in_background(lambda: adopt(cli, dsn, "--apply"))
        until(lambda: value(legacy, _WAITING))
        writer.commit()
        told = run.result(timeout=20)
    assert (told["adopt"], told["adopted"]) == (1, 0)
    assert [each[4] for each in held(legacy)] == ["rule"]
    assert_exact(legacy)


def test_a_pooler_is_told_from_the_server(
    legacy: Connection, cli: Cli, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pooler gives the client a process number of its own."""
    fill(legacy, (ANN, "first", "2020-05-01"))
    monkeypatch.setattr(psycopg.ConnectionInfo, "backend_pid", 1)
    refused = cli("adopt", "user_badges", *COLUMNS, "--apply", dsn=dsn)
    assert refused.exit_code == 2
    assert "a pooler stands between here and the server" in refused.stderr
    assert held(legacy) == []
    assert adopt(cli, dsn)["adopt"] == 1


ELEMENT = {
    "p_peer_mentor_ids": [ANN],
    "p_badge_definition_ids": ["first"],
    "p_org_ids": [ORG],
    "p_earned_at": ["2020-05-01"],
    "p_tiers": [None],
    "p_occurrences": [None],
}


BAD_ELEMENTS = [
    ("p_peer_mentor_ids", None, "a person is needed"),
    ("p_org_ids", "nonesuch", 'organization "nonesuch" does not exist'),
    ("p_org_ids", None, "organization null does not exist"),
    ("p_badge_definition_ids", "none", 'badge "none" does not exist in organization "nhf"'),
    ("p_tiers", "gold", 'badge "first" has no tier "gold"'),
    ("p_occurrences", 2, 'badge "first" has no occurrence 2'),
    ("p_earned_at", None, "the moment it was earned is needed"),
    ("p_earned_at", "infinity", "earned at infinity must lie between 1900 and a day from now"),
    ("p_earned_at", "2999-01-01 00:00+00", "must lie between 1900 and a day from now"),
]


def test_a_bad_element_is_named_and_nothing_is_taken_over(legacy: Connection) -> None:
    for parameter, bad, told in BAD_ELEMENTS:
        given: dict[str, list[object]] = {name: [*good, *good] for name, good in ELEMENT.items()}
        given[parameter][1] = bad
        call = sql.SQL("select badges.adopt_awards({}, {}, {}, {}, {}, {})").format(
            *(sql.Literal(each) for each in given.values())
        )
        with pytest.raises(psycopg.errors.InvalidParameterValue) as refused:
            legacy.execute(call)
        message = refused.value.diag.message_primary or ""
        assert message.startswith("element 1: ")
        assert told in message
    assert held(legacy) == []


def test_arrays_of_other_lengths_are_refused(legacy: Connection) -> None:
    for call in (
        "array[gen_random_uuid()], '{}', '{}', '{}'",
        "'{}', '{}', '{}', '{}', '{a}'",
        "null, null, null, null",
    ):
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="must have one length"):
            legacy.execute(f"select badges.adopt_awards({call})".encode())
    assert value(legacy, "select badges.adopt_awards('{}', '{}', '{}', '{}')") == {
        "adopted": 0,
        "held": 0,
        "denied": 0,
        "repeated": 0,
        "followed": 0,
    }


def test_a_call_tells_what_became_of_each_award(legacy: Connection) -> None:
    insert(legacy, activity("2026-03-01"))
    legacy.execute("select badges.deny_badge(%s, 'thanks', 'nhf', 'no')", (ANN,))
    told = value(
        legacy,
        "select badges.adopt_awards(array_fill(%s::uuid, '{5}'),"
        " '{first,thanks,tenth,tenth,again}', array_fill('nhf'::text, '{5}'),"
        " '{2020-05-01,2020-05-01,2020-05-02,2020-05-01,2020-05-03}', null, '{1,1,1,1,3}')",
        ANN,
    )
    assert told == {"adopted": 2, "held": 1, "denied": 1, "repeated": 1, "followed": 1}
    assert [each[1:] for each in held(legacy)] == [
        ("again", "", 3, "import", "2020-05-03 00:00"),
        ("collector", "", 1, "backfill", "2026-03-01 12:00"),
        ("first", "", 1, "rule", "2026-03-01 12:00"),
        ("tenth", "", 1, "import", "2020-05-01 00:00"),
    ]
    assert_exact(legacy)
