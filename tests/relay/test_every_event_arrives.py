"""What happened in the database reaches every endpoint, whatever stands in the way."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pgmerit import database, routines
from pgmerit.database import Connection
from pgmerit.relay import connecting, courier, schedule
from pgmerit.relay import running as running_module
from pgmerit.relay.endpoints import Settings, make_endpoints
from pgmerit.relay.running import Relay
from psycopg import sql
from psycopg.types.json import Jsonb
from standardwebhooks import Webhook

from tests.conftest import Server
from tests.engine import (
    ANN,
    BEN,
    ORG,
    activity,
    apply,
    copy_in,
    in_background,
    insert,
    moment,
    person,
    rows,
    rule_set,
    until,
    value,
)
from tests.relay.conftest import SECRET, NewReceiver
from tests.relay.receiver import Exchange, Receiver, answers, breaks_off, hangs_up

FIRST = {"type": "threshold", "at_least": 1}
DOCUMENT = rule_set({"first": FIRST, "second": FIRST | {"at_least": 2}})


def _ruled(connection: Connection) -> None:
    apply(connection, DOCUMENT)


PREPARED = {"ruled": _ruled}


@pytest.fixture
def ruled(connection: Connection) -> Connection:
    """A database in which the first activity, and the second, earn a badge."""
    return connection


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "_POLL", 0.05)
    monkeypatch.setattr(running_module, "_GLANCE", 0.05)
    monkeypatch.setattr(schedule, "WAITS", (0.05,) * 12)
    monkeypatch.setattr(schedule, "_LONGEST_PAUSE", 0.05)


class Running:
    """A relay that runs in the background."""

    def __init__(self, dsn: str, secret_file: Path, **endpoints: Any) -> None:
        self.told: list[str] = []
        listed = [
            Settings(
                name=name,
                secret_file=str(secret_file),
                allow_networks=["127.0.0.0/8"],
                **({"timeout": 5.0} | (given if isinstance(given, dict) else {"to": given.url()})),
            )
            for name, given in endpoints.items()
        ]
        self.relay = Relay(dsn, make_endpoints(listed)[0], self.told.append)


NewRelay = Callable[..., Any]


@pytest.fixture
def running(dsn: str, secret_file: Path) -> NewRelay:
    """Run a relay for as long as a block lasts: with running(app=receiver) as relay."""

    @contextmanager
    def run(**endpoints: Any) -> Iterator[Running]:
        made = Running(dsn, secret_file, **endpoints)
        made.relay.register(from_now=False)
        ended = in_background(made.relay.run)
        try:
            yield made
        finally:
            made.relay.stop()
            ended.result(timeout=20)

    return run


def taken(receiver: Receiver) -> list[tuple[str, str]]:
    """List (badge, person) of what was received, in the order it came."""
    found = []
    for each in receiver.requests:
        data = Webhook(SECRET).verify(each.body, each.headers)["data"]
        found.append((data["badge_definition_id"], data["peer_mentor_id"]))
    return found


def consumer(connection: Connection, name: str = "app") -> dict[str, Any]:
    (row,) = [each for each in routines.list_consumers(connection) if each["consumer"] == name]
    return row


def is_settled(connection: Connection, name: str = "app") -> bool:
    row = consumer(connection, name)
    if row["pending"] or row["leased"]:
        time.sleep(0.01)  # asked again at once, the server has little time for the relay
        return False
    return True


def test_an_award_arrives_signed_and_is_noted(
    ruled: Connection, running: NewRelay, new_receiver: NewReceiver
) -> None:
    app = new_receiver()
    with running(app=app):
        insert(ruled, activity("2026-03-01"))
        until(lambda: app.requests and is_settled(ruled))
    assert taken(app) == [("first", str(ANN))]
    (noted,) = rows(ruled, "select * from badges_internal.delivery_attempts")
    assert (noted["outcome"], noted["status"], noted["attempt"]) == ("done", 200, 1)
    assert noted["milliseconds"] >= 0


def test_hundreds_of_awards_of_one_statement_all_arrive(
    ruled: Connection, running: NewRelay, new_receiver: NewReceiver
) -> None:
    app = new_receiver()
    people = [person(f"p {n}") for n in range(200)]
    copy_in(ruled, [activity("2026-03-01", who=who) for who in people])
    with running(app=app):
        until(lambda: len(app.requests) >= len(people) and is_settled(ruled))
    assert sorted(app.ids()) == sorted(set(app.ids()))
    assert {who for _, who in taken(app)} == set(map(str, people))


@pytest.mark.soak
def test_ten_thousand_awards_of_one_statement_all_arrive(
    ruled: Connection, running: NewRelay, new_receiver: NewReceiver, monkeypatch: Any
) -> None:
    monkeypatch.setattr("tests.engine.PATIENCE", 300.0)
    app = new_receiver()
    people = [person(f"p {n}") for n in range(10_000)]
    copy_in(ruled, [activity("2026-03-01", who=who) for who in people])
    with running(app=app):
        until(lambda: len(app.requests) >= len(people) and is_settled(ruled))
    assert len(set(app.ids())) == len(people)


def test_open_transactions_stop_nothing_and_what_commits_late_arrives(
    ruled: Connection, connect: Any, running: NewRelay, new_receiver: NewReceiver
) -> None:
    app = new_receiver()
    reader, writer = connect(), connect(autocommit=False)
    reader.execute("begin isolation level repeatable read; select count(*) from pg_class")
    insert(writer, activity("2026-03-01", who=BEN))
    with running(app=app):
        insert(ruled, activity("2026-03-01"))
        until(lambda: taken(app) == [("first", str(ANN))])
        writer.commit()
        until(lambda: len(app.requests) == 2 and is_settled(ruled))
    assert taken(app)[1] == ("first", str(BEN))


def test_a_notification_wakes_the_relay(
    ruled: Connection,
    running: NewRelay,
    new_receiver: NewReceiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(courier, "_POLL", 3600.0)
    value(ruled, "select badges.set_setting('notify_events', 'true')")
    app = new_receiver()
    insert(ruled, activity("2026-03-01"))
    with running(app=app):
        until(lambda: len(app.requests) == 1)
        strangers = map(person, map(str, itertools.count()))
        until(
            lambda: (
                insert(ruled, activity("2026-03-02", who=next(strangers))) or len(app.requests) > 1
            )
        )


def test_without_notifications_the_relay_looks_by_itself(
    ruled: Connection, running: NewRelay, new_receiver: NewReceiver
) -> None:
    value(ruled, "select badges.set_setting('notify_events', 'false')")
    app = new_receiver()
    with running(app=app):
        insert(ruled, activity("2026-03-01"))
        until(lambda: len(app.requests) == 1)


@pytest.mark.parametrize("fails", [hangs_up, breaks_off, answers(500), answers(307), answers(404)])
def test_what_fails_is_sent_again_with_its_id_and_bytes(
    ruled: Connection, running: NewRelay, new_receiver: NewReceiver, fails: Any
) -> None:
    app = new_receiver(fails)
    insert(ruled, activity("2026-03-01"))
    with running(app=app) as relay:
        until(lambda: len(app.requests) >= 2)
        app.behave = answers(200)
        until(lambda: is_settled(ruled))
    assert len({(each.id, each.body) for each in app.requests}) == 1
    outcomes = rows(
        ruled, "select outcome from badges_internal.delivery_attempts order by attempted_at"
    )
    assert [each["outcome"] for each in outcomes][-2:] == ["retry", "done"]
    assert any("it is tried again" in line for line in relay.told)
    assert "app: takes events again" in relay.told


def test_one_slow_endpoint_delays_no_other(
    ruled: Connection, running: NewRelay, new_receiver: NewReceiver
) -> None:
    go_on = threading.Event()

    def waits(exchange: Exchange) -> Any:
        go_on.wait(20)
        return answers(200)(exchange)

    slow, app = new_receiver(waits), new_receiver()
    people = [person(f"p {n}") for n in range(40)]
    copy_in(ruled, [activity("2026-03-01", who=who) for who in people])
    with running(slow={"to": slow.url(), "timeout": 30.0}, app=app):
        until(lambda: len(app.requests) == len(people))
        assert len(slow.requests) <= 4
        go_on.set()


def test_a_persons_events_go_in_order_past_a_failure(
    ruled: Connection, running: NewRelay, new_receiver: NewReceiver
) -> None:
    failed: list[str] = []

    def fails_first(exchange: Exchange) -> Any:
        data = Webhook(SECRET).verify(exchange.request.body, exchange.request.headers)["data"]
        if data["peer_mentor_id"] == str(ANN) and len(failed) < 2:
            failed.append(data["badge_definition_id"])
            return answers(503)(exchange)
        return answers(200)(exchange)

    app = new_receiver(fails_first)
    for who in (ANN, BEN):
        insert(ruled, activity("2026-03-01", who=who))
        insert(ruled, activity("2026-03-02", who=who))
    with running(app=app):
        until(lambda: len(app.requests) >= 6 and is_settled(ruled))
    anns = [badge for badge, who in taken(app) if who == str(ANN)]
    assert anns == ["first", "first", "first", "second"]
    assert [badge for badge, who in taken(app) if who == str(BEN)] == ["first", "second"]


def test_an_endpoint_that_is_gone_is_disabled_and_engineering_is_told(
    ruled: Connection, running: NewRelay, new_receiver: NewReceiver
) -> None:
    app, engineering = new_receiver(answers(410)), new_receiver()
    alerts = {"to": engineering.url(), "event_types": ["alert"]}
    with running(app=app, engineering=alerts) as relay:
        insert(ruled, activity("2026-03-01"))
        until(lambda: engineering.requests)
        assert consumer(ruled)["disabled_reason"] == "the receiver answered 410"
        insert(ruled, activity("2026-03-02"))
        told = Webhook(SECRET).verify(engineering.requests[0].body, engineering.requests[0].headers)
        assert told["type"] == "alert.endpoint_dead"
        assert told["data"]["details"]["subject"] == "app"
        assert len(app.requests) == 1
        assert any("`pgmerit relay enable app`" in line for line in relay.told)
        app.behave = answers(200)
        assert routines.enable_consumer(ruled, "app")
        until(lambda: is_settled(ruled))
    # Without a filter it gets the alert, too.
    assert sorted(badge for badge, _ in taken(app)) == ["", "first", "first", "second"]


def test_people_who_wait_too_long_are_told_to_engineering(
    ruled: Connection, running: NewRelay, new_receiver: NewReceiver
) -> None:
    insert(ruled, activity("2026-03-01"))
    waiting = rule_set({"first": FIRST, "third": FIRST | {"at_least": 3}})
    value(ruled, "select badges.apply_rule_set(%s)", Jsonb(waiting))
    ruled.execute("update badges.rule_sets set applied_at = now() - interval '11 minutes'")
    engineering = new_receiver()
    with running(engineering={"to": engineering.url(), "event_types": ["alert"]}):
        until(lambda: engineering.requests)
    (request,) = engineering.requests
    told = Webhook(SECRET).verify(request.body, request.headers)
    assert (told["type"], told["data"]["details"]["subject"]) == ("alert.people_waiting", "tests")


def test_what_is_never_taken_becomes_a_dead_letter_and_later_events_pass(
    ruled: Connection,
    running: NewRelay,
    new_receiver: NewReceiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(schedule, "WAITS", (0.02,))

    def refuses_second(exchange: Exchange) -> Any:
        is_second = b'"second"' in exchange.request.body
        return answers(422 if is_second else 200)(exchange)

    app = new_receiver(refuses_second)
    with running(app=app) as relay:
        insert(ruled, activity("2026-03-01", who=BEN))
        until(lambda: is_settled(ruled) and app.requests)
        for day in ("2026-03-01", "2026-03-02"):
            insert(ruled, activity(day))
        until(lambda: consumer(ruled)["dead"] == 1)
        (dead,) = routines.list_dead_events(ruled, "app")
        assert (dead["badge_definition_id"], dead["attempts"]) == ("second", 2)
        assert (dead["last_status"], dead["last_error"]) == (422, "the receiver answered 422")
        assert any(
            line.endswith("is a dead letter: the receiver answered 422") for line in relay.told
        )
        app.behave = answers(200)
        assert routines.replay_events(ruled, "app") == 1
        until(lambda: is_settled(ruled))
        assert consumer(ruled)["dead"] == 0
    tries = [each.id for each in app.requests if b'"second"' in each.body]
    assert len(tries) == 3
    assert len(set(tries)) == 1


def test_an_endpoint_that_fails_on_is_left_alone_and_no_event_uses_up_its_tries(
    ruled: Connection,
    running: NewRelay,
    new_receiver: NewReceiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(schedule, "_LONGEST_PAUSE", 0.4)
    app = new_receiver(answers(500))
    people = [person(f"p {n}") for n in range(40)]
    insert(ruled, *[activity("2026-03-01", who=who) for who in people])
    with running(app={"to": app.url(), "workers": 1}):
        until(lambda: len(app.requests) == 5)
        until(lambda: consumer(ruled)["leased"] == 0)
        assert len(app.requests) == 5
        app.behave = answers(200)
        until(lambda: len(set(app.ids())) == len(people) and is_settled(ruled))


def test_an_endpoint_that_takes_nothing_for_days_is_disabled_and_loses_nothing(
    ruled: Connection,
    running: NewRelay,
    new_receiver: NewReceiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(schedule, "WAITS", ())
    app = new_receiver(answers(500))
    insert(ruled, activity("2026-03-01"))
    with running(app={"to": app.url(), "event_types": ["awarded"]}):
        until(lambda: consumer(ruled)["disabled_at"])
    found = consumer(ruled)
    assert found["disabled_reason"] == "it has taken nothing for days"
    assert (found["pending"], found["dead"]) == (1, 0)


def test_a_receiver_that_asks_for_time_gets_it(
    ruled: Connection, running: NewRelay, new_receiver: NewReceiver
) -> None:
    app = new_receiver(answers(429, "Retry-After: 1"))
    insert(ruled, activity("2026-03-01"), activity("2026-03-01", who=BEN))
    with running(app={"to": app.url(), "workers": 1}):
        until(lambda: app.requests)
        app.behave = answers(200)
        until(lambda: len(app.requests) == 3)
    first, second, _ = app.requests
    assert second.at - first.at >= 1.0


def test_the_database_may_go_away_for_a_while(
    ruled: Connection,
    server: Server,
    running: NewRelay,
    new_receiver: NewReceiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connecting, "_LONGEST_WAIT", 0.02)
    tries: list[str] = []
    real = database.connect
    monkeypatch.setattr(
        database, "connect", lambda dsn, **more: tries.append(dsn) or real(dsn, **more)
    )

    def cut(exchange: Exchange) -> Any:
        app.behave = answers(200)
        with psycopg.connect(server.dsn(), autocommit=True) as admin:
            name = sql.Identifier(ruled.info.dbname)
            admin.execute(sql.SQL("alter database {} allow_connections false").format(name))
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = %s and pid <> %s",
                (ruled.info.dbname, ruled.info.backend_pid),
            )
            seen = len(tries)
            until(lambda: len(tries) >= seen + 6)
            admin.execute(sql.SQL("alter database {} allow_connections true").format(name))
        return answers(200)(exchange)

    app = new_receiver(cut)
    insert(ruled, *[activity("2026-03-01", who=person(f"p {n}")) for n in range(20)])
    with running(app=app) as relay:
        until(lambda: len(set(app.ids())) == 20 and is_settled(ruled))
        until(lambda: "the database is there again" in relay.told)
        assert sum("the database does not answer" in line for line in relay.told) == 1
    # What was sent while the connection was lost is written down on the next one.
    assert len(app.requests) == 20


def test_two_relays_beside_each_other_share_the_work(
    ruled: Connection, running: NewRelay, new_receiver: NewReceiver
) -> None:
    app = new_receiver()
    with running(app=app), running(app=app):
        for start in range(0, 120, 30):
            people = [person(f"p {start + n}") for n in range(30)]
            insert(ruled, *[activity("2026-03-01", who=who) for who in people])
        until(lambda: len(app.requests) >= 120 and is_settled(ruled))
    assert len(app.requests) == len(set(app.ids())) == 120


def test_stopping_gives_back_what_was_not_sent(
    ruled: Connection, running: NewRelay, new_receiver: NewReceiver
) -> None:
    sending, go_on = threading.Event(), threading.Event()

    def waits(exchange: Exchange) -> Any:
        sending.set()
        go_on.wait(10)
        return answers(200)(exchange)

    app = new_receiver(waits)
    for day in ("2026-03-01", "2026-03-02"):
        insert(ruled, *[activity(day, who=person(f"p {n}")) for n in range(5)])
    with running(app={"to": app.url(), "workers": 1}) as relay:
        assert sending.wait(10)
        relay.relay.stop()
        until(lambda: consumer(ruled)["leased"] == 2)  # the person's whose event is being sent
        go_on.set()
        until(lambda: consumer(ruled)["leased"] == 0)
    found = consumer(ruled)
    assert len(app.requests) == 1
    assert (found["pending"], found["leased"]) == (9, 0)
    assert value(ruled, "select max(attempts) from badges_internal.event_queue") == 0


def test_a_lease_never_ends_while_its_event_is_sent(
    ruled: Connection,
    running: NewRelay,
    new_receiver: NewReceiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(courier, "_LEASE_MARGIN", -0.6)  # 1.4 seconds with the timeout below
    left: list[float] = []

    def takes_its_time(exchange: Exchange) -> Any:
        left.append(
            value(
                ruled,
                "select extract(epoch from leased_until - clock_timestamp())::float"
                " from badges_internal.event_queue where 'evt_' || event_id = %s",
                exchange.request.id,
            )
        )
        threading.Event().wait(0.3)
        return answers(200)(exchange)

    app = new_receiver(takes_its_time)
    insert(ruled, *[activity("2026-03-01", who=person(f"p {n}")) for n in range(4)])
    with running(app={"to": app.url(), "workers": 1, "timeout": 1.0}):
        until(lambda: len(app.requests) == 4 and is_settled(ruled))
    assert min(left) > 1.0


def test_events_outside_the_filter_do_not_come(
    ruled: Connection, running: NewRelay, new_receiver: NewReceiver
) -> None:
    app = new_receiver()
    insert(ruled, activity("2026-03-01"), activity("2026-03-02"))
    routines.revoke_badge(ruled, ANN, "second", ORG, "test")
    only = {"event_types": ["revoked"], "org_ids": [ORG], "badge_definition_ids": ["second"]}
    with running(app={"to": app.url()} | only):
        until(lambda: app.requests and is_settled(ruled))
        insert(ruled, activity(moment("2026-03-01"), who=BEN))
    (request,) = app.requests
    assert Webhook(SECRET).verify(request.body, request.headers)["type"] == "badge.revoked"
