"""`pgmerit relay` and what stands below it."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pgmerit import routines
from pgmerit.database import Connection
from pgmerit.relay import courier, schedule
from psycopg.conninfo import make_conninfo
from standardwebhooks import Webhook

from tests.conftest import CliResult
from tests.engine import ANN, BEN, activity, apply, insert, rows, rule_set, value
from tests.relay.conftest import SECRET, NewReceiver
from tests.relay.receiver import answers, hangs

Cli = Callable[..., CliResult]
LOCAL = ("--allow-network", "127.0.0.0/8")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "_POLL", 0.05)


def _awarded(connection: Connection) -> None:
    apply(connection, rule_set({"first": {"type": "threshold", "at_least": 1}}))
    insert(connection, *[activity("2026-03-01", who=who) for who in (ANN, BEN)])


PREPARED = {"awarded": _awarded}


@pytest.fixture
def awarded(connection: Connection) -> Connection:
    """A database in which Ann and Ben have just earned a badge."""
    return connection


def as_json(result: CliResult) -> Any:
    assert result.exit_code in (0, 1), result.stderr
    return json.loads(result.stdout)


def test_once_delivers_what_is_due_and_ends(
    awarded: Connection, cli: Cli, dsn: str, new_receiver: NewReceiver, secret_file: Path
) -> None:
    app = new_receiver()
    given = ("relay", "--to", app.url(), "--secret-file", secret_file, *LOCAL, "--once")
    first = cli(*given, "--format", "json", dsn=dsn)
    (row,) = as_json(first)
    assert first.exit_code == 0
    assert "2 pending, seen for the first time" in first.stderr
    assert (row["delivered"], row["failed"], row["dead"]) == (2, 0, 0)
    again = cli(*given, dsn=dsn)
    assert again.exit_code == 0
    assert "0 pending\n" in again.stderr
    assert len(app.requests) == 2


def test_once_ends_with_1_when_a_delivery_failed(
    awarded: Connection, cli: Cli, dsn: str, new_receiver: NewReceiver, secret_file: Path
) -> None:
    app = new_receiver(answers(500))
    told = cli("relay", "--to", app.url(), "--secret-file", secret_file, *LOCAL, "--once", dsn=dsn)
    assert told.exit_code == 1
    assert "the receiver answered 500; it is tried again" in told.stderr
    assert len(app.requests) == 2
    assert value(awarded, "select count(*) from badges_internal.event_queue") == 2


def test_from_now_passes_over_what_was(
    awarded: Connection, cli: Cli, dsn: str, new_receiver: NewReceiver, secret_file: Path
) -> None:
    app = new_receiver()
    given = ("relay", "--to", app.url(), "--secret-file", secret_file, *LOCAL, "--from", "now")
    told = cli(*given, "--once", dsn=dsn)
    assert (told.exit_code, app.requests) == (0, [])
    assert "0 pending, seen for the first time" in told.stderr


def test_a_file_describes_endpoints_each_with_its_own_secret(
    awarded: Connection, cli: Cli, dsn: str, new_receiver: NewReceiver, secret_file: Path
) -> None:
    app, mail = new_receiver(), new_receiver()
    config = secret_file.parent / "relay.yaml"
    config.write_text(
        f"""
        endpoints:
          - name: app
            to: {app.url()}
            secret_file: secret
            allow_networks: [127.0.0.0/8]
            event_types: [awarded]
            timeout: 2.5
          - name: mail
            to: {mail.url()}
            secret_env: MAIL_SECRET
            allow_networks: [127.0.0.0/8]
            org_ids: [blindeforbundet]
        """
    )
    other = "whsec_" + "A" * 32
    told = cli(
        *("relay", "--config", config, "--once", "--format", "json"),
        dsn=dsn,
        env={"MAIL_SECRET": other},
    )
    assert {each["endpoint"]: each["delivered"] for each in as_json(told)} == {"app": 2, "mail": 0}
    tried = cli("relay", "test", "--config", config, env={"MAIL_SECRET": other})
    assert tried.exit_code == 0
    Webhook(SECRET).verify(app.requests[-1].body, app.requests[-1].headers)
    Webhook(other).verify(mail.requests[-1].body, mail.requests[-1].headers)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("endpoints: []", "at least 1 item"),
        ("endpoint: []", "$.endpoint"),
        ("endpoints: [{to: 5}]", "line 1:14 $.endpoints[0].to: input should be a valid string"),
        ("endpoints: [{name: A B, to: x}]", "$.endpoints[0].name"),
        ("endpoints: [{to: x, tofu: y}]", "$.endpoints[0].tofu"),
        ("endpoints: [{to: x, timeout: 0}]", "$.endpoints[0].timeout"),
        ("endpoints: [{to: x, timeout: true}]", "$.endpoints[0].timeout"),
        ("endpoints: [{to: x, workers: 1.5}]", "$.endpoints[0].workers"),
        ("endpoints: [{to: x, secret_file: a, secret_env: b}]", "both secret_file and secret_env"),
        ("endpoints: [{to: x, to: y}]", "is there twice"),
        ("- to: x", "$: input should be"),
        ("", "is empty"),
        ("{", "relay.yaml:1"),
    ],
)
def test_a_file_that_describes_no_endpoints_is_told_with_its_places(
    cli: Cli, tmp_path: Path, content: str, told: str
) -> None:
    config = tmp_path / "relay.yaml"
    config.write_text(content)
    refused = cli("relay", "test", "--config", config)
    assert refused.exit_code == 2
    assert told in refused.stderr.lower() or told in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "say where to with --to or --config"),
        (["--to", "http://10.0.0.1/"], "no secret is named for an endpoint"),
        (["--to", "x", "--config", "y"], "--to is said in the file of --config"),
        (["--timeout", "5", "--config", "y"], "--timeout is said in the file of --config"),
        (["--to", "a", "--secret-file", "b", "--secret-file", "c"], "or one for each --to"),
        (["--to", "https://u:geheim@a.org/", "--secret-file", "FILE"], "holds a user name"),
        (["--to", "https://a.org/", "--secret-file", "/nowhere"], "/nowhere cannot be read"),
        (
            ["--to", "https://a.org/?t=geheim", "--to", "https://a.org/", "--secret-file", "FILE"],
            "two endpoints have the name",
        ),
        (
            ["--to", "https://a.org/", "--secret-file", "FILE", "--allow-network", "10.0.0.1/8"],
            '"10.0.0.1/8" is no network',
        ),
        (
            ["--to", "https://a.org/", "--secret-file", "FILE", "--ca-file", "FILE"],
            "holds no certificates that can be read",
        ),
    ],
)
@pytest.mark.parametrize("command", [["relay"], ["relay", "test"]])
def test_wrong_use_is_one_line_without_a_secret(
    cli: Cli, secret_file: Path, command: list[str], arguments: list[str], told: str
) -> None:
    given = [secret_file if each == "FILE" else each for each in arguments]
    refused = cli(*command, *given)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert told in refused.stderr
    assert "geheim" not in refused.stderr
    assert SECRET[6:] not in refused.stderr


def test_options_of_the_relay_belong_to_it_alone(cli: Cli) -> None:
    refused = cli("relay", "--to", "https://a.org/", "status")
    assert refused.exit_code == 2
    assert "put --to behind status" in refused.stderr


def test_a_trial_goes_the_way_of_events(
    cli: Cli,
    new_receiver: NewReceiver,
    secret_file: Path,
    tls_for: Callable[[str], ssl.SSLContext],
    ca_file: Path,
) -> None:
    app = new_receiver(tls=tls_for("127.0.0.1"))
    given = ("relay", "test", "--to", app.url(), "--secret-file", secret_file, "--format", "json")
    (refused,) = as_json(cli(*given))
    assert refused["error"].startswith("127.0.0.1 is not a public address")
    (untrusted,) = as_json(cli(*given, *LOCAL))
    assert untrusted["error"].startswith("the certificate is not trusted")
    done = cli(*given, *LOCAL, "--ca-file", ca_file)
    (taken,) = as_json(done)
    assert (done.exit_code, taken["taken"], taken["status"]) == (0, True, 200)
    (request,) = app.requests
    assert Webhook(SECRET).verify(request.body, request.headers)["type"] == "relay.test"
    app.behave = hangs
    late = cli(*given, *LOCAL, "--ca-file", ca_file, "--timeout", "0.3")
    assert late.exit_code == 1
    assert as_json(late)[0]["error"] == "no whole answer within 0.3 seconds"


def test_the_secret_may_come_from_the_environment(cli: Cli, new_receiver: NewReceiver) -> None:
    app = new_receiver()
    told = cli("relay", "test", "--to", app.url(), *LOCAL, env={"PGMERIT_RELAY_SECRET": SECRET})
    assert told.exit_code == 0
    Webhook(SECRET).verify(app.requests[0].body, app.requests[0].headers)


def test_status_tells_monitors_what_is_wrong(awarded: Connection, cli: Cli, dsn: str) -> None:
    assert as_json(cli("relay", "status", "--format", "json", dsn=dsn)) == []
    routines.register_consumer(awarded, "app", ["awarded"])
    fine = cli("relay", "status", "--format", "json", dsn=dsn)
    (row,) = as_json(fine)
    assert fine.exit_code == 0
    assert (row["endpoint"], row["state"], row["pending"]) == ("app", "fine", 2)
    awarded.execute("update badges.award_events set created_at = now() - interval '2 hours'")
    late = cli("relay", "status", "--format", "json", dsn=dsn)
    (row,) = as_json(late)
    assert (late.exit_code, row["state"], row["oldest_seconds"] // 100) == (1, "late", 72)
    assert cli("relay", "status", "--max-age", "9000", dsn=dsn).exit_code == 0
    (event, _) = routines.claim_events(awarded, "app")
    routines.settle_events(awarded, "app", [event["event_id"]], "dead", status=400, error="no")
    dead = cli("relay", "status", dsn=dsn)
    assert dead.exit_code == 1
    assert "dead letters" in dead.stdout
    routines.disable_consumer(awarded, "app", "a test")
    disabled = cli("relay", "status", dsn=dsn)
    assert disabled.exit_code == 1
    assert "a test" in disabled.stdout
    assert as_json(cli("relay", "enable", "app", "--format", "json", dsn=dsn))["changed"]
    assert not as_json(cli("relay", "enable", "app", "--format", "json", dsn=dsn))["changed"]
    assert cli("relay", "enable", "nobody", dsn=dsn).exit_code == 2


def test_dead_letters_are_listed_and_sent_again_with_their_id(
    awarded: Connection,
    cli: Cli,
    dsn: str,
    new_receiver: NewReceiver,
    secret_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(schedule, "WAITS", ())
    monkeypatch.setattr(courier.Courier, "_keep_what_nobody_takes", lambda *given: None)
    app = new_receiver(answers(422))
    given = ("relay", "--to", app.url(), "--secret-file", secret_file, *LOCAL, "--once")
    assert cli(*given, dsn=dsn).exit_code == 1
    listed = as_json(cli("relay", "dead", "--format", "json", dsn=dsn))
    assert [each["last_status"] for each in listed] == [422, 422]
    stranger = cli("relay", "dead", "--consumer", "else", dsn=dsn)
    assert (stranger.exit_code, stranger.stdout) == (2, "")
    app.behave = answers(200)
    one = str(listed[0]["event_id"])
    for choice, count in ((["--event", one], 1), (["--all"], 1), (["--all"], 0)):
        (queued,) = as_json(cli("relay", "replay", *choice, "--format", "json", dsn=dsn))
        assert queued["queued"] == count
    assert cli(*given, dsn=dsn).exit_code == 0
    since = ("--since", "2020-01-01T00:00:00Z")
    (queued,) = as_json(cli("relay", "replay", *since, "--format", "json", dsn=dsn))
    assert queued["queued"] == 2
    assert cli(*given, dsn=dsn).exit_code == 0
    assert len(app.ids()) == 6
    assert len(set(app.ids())) == 2
    for wrong in ([], ["--all", "--event", one]):
        assert cli("relay", "replay", *wrong, dsn=dsn).exit_code == 2


def test_attempts_are_kept_with_status_error_and_time(
    awarded: Connection, cli: Cli, dsn: str, new_receiver: NewReceiver, secret_file: Path
) -> None:
    app = new_receiver(answers(503))
    given = ("relay", "--to", app.url(), "--secret-file", secret_file, *LOCAL, "--once")
    cli(*given, dsn=dsn)
    for each in rows(awarded, "select * from badges_internal.delivery_attempts"):
        assert (each["outcome"], each["status"]) == ("retry", 503)
        assert each["error"] == "the receiver answered 503"
        assert each["milliseconds"] >= 0


def test_the_relays_role_is_enough(
    awarded: Connection, cli: Cli, dsn: str, new_receiver: NewReceiver, secret_file: Path
) -> None:
    app = new_receiver(answers(410))
    bare = make_conninfo(dsn, options="-c role=pgmerit_relay")
    given = ("relay", "--to", app.url(), "--secret-file", secret_file, *LOCAL, "--once")
    assert cli(*given, dsn=bare).exit_code == 1
    (row,) = as_json(cli("relay", "status", "--format", "json", dsn=bare))
    assert row["state"] == "disabled"
    app.behave = answers(200)
    assert cli("relay", "enable", row["endpoint"], dsn=bare).exit_code == 0
    awarded.execute("update badges_internal.event_queue set due_at = now()")
    assert cli(*given, dsn=bare).exit_code == 0
    assert cli("relay", "dead", dsn=bare).exit_code == 0
    assert cli("relay", "replay", "--all", dsn=bare).exit_code == 0
    assert len(set(app.ids())) == 3
