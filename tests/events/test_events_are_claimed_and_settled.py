"""Leases, a person's order, outcomes, dead letters, filters: one consumer at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from pgmerit import routines
from pgmerit.database import Connection

from tests.engine import ANN, BEN, ORG, activity, apply, insert, person, rows, rule_set, value
from tests.events.feed import (
    attempts,
    claim,
    count,
    drain,
    end_leases,
    settle,
    state,
    tell,
)

LASTING = True

Connect = Callable[..., Connection]


def test_a_claim_tells_all_about_an_award(connection: Connection) -> None:
    apply(
        connection,
        rule_set(
            {
                "hours": {
                    "type": "tier",
                    "tiers": [{"tier": "a", "name": "Bronze", "at_least": 1}],
                }
            }
        ),
    )
    insert(connection, activity("2026-03-01"))
    (event,) = routines.claim_events(connection, "mailer", lease=timedelta(minutes=5))
    (told,) = rows(connection, "select * from badges.award_events")
    for column in ("event_id", "peer_mentor_id", "org_id", "event_type", "source", "created_at"):
        assert event[column] == told[column]
    assert (event["badge_definition_id"], event["tier"]) == ("hours", "a")
    assert event["name"] == "Bronze"
    assert event["attempt"] == 1
    assert event["details"] == told["details"]
    left = value(connection, "select %s - clock_timestamp()", event["leased_until"])
    assert timedelta(minutes=4) < left <= timedelta(minutes=5)


def test_what_is_leased_is_given_to_nobody_until_the_lease_ends(connection: Connection) -> None:
    told = tell(connection)
    assert claim(connection) == told
    assert claim(connection) == []
    end_leases(connection)
    (again,) = routines.claim_events(connection, "mailer")
    assert (again["event_id"], again["attempt"]) == (told[0], 2)


def test_a_lease_really_ends(connection: Connection) -> None:
    told = tell(connection)
    routines.claim_events(connection, "mailer", lease=timedelta(milliseconds=1))
    value(connection, "select pg_sleep(0.002)::text")
    assert claim(connection) == told


def test_done_is_done_and_counted_once(connection: Connection) -> None:
    told = tell(connection, count=3)
    assert claim(connection) == told
    assert settle(connection, told) == 3
    assert settle(connection, told) == 0
    end_leases(connection)
    assert claim(connection) == []
    assert count(connection, "badges_internal.event_queue") == 0
    assert attempts(connection) == []
    assert state(connection)["last_done_at"] is not None


def test_a_batch_holds_several_events_of_one_person_in_their_order(connection: Connection) -> None:
    first = tell(connection, ANN, 2)
    of_ben = tell(connection, BEN, 1)
    last = tell(connection, ANN, 2)
    assert claim(connection, limit=4) == [*first, *of_ben, last[0]]
    assert claim(connection) == []
    settle(connection, [*first, last[0]])
    assert claim(connection) == last[1:]


def test_a_persons_later_events_wait_while_an_earlier_one_waits(connection: Connection) -> None:
    first, second = tell(connection, ANN, 2)
    (of_ben,) = tell(connection, BEN)
    assert claim(connection) == [first, second, of_ben]
    settle(connection, [second, of_ben], "release")
    settle(connection, [first], "retry")
    assert claim(connection) == [of_ben]
    end_leases(connection)
    assert claim(connection) == [first, second, of_ben]


def test_a_batch_ends_before_an_event_of_the_person_that_waits(connection: Connection) -> None:
    first, second, third = tell(connection, ANN, 3)
    assert claim(connection) == [first, second, third]
    settle(connection, [second], "retry")
    settle(connection, [first, third], "release")
    assert claim(connection) == [first]
    settle(connection, [first])
    assert claim(connection) == []


def test_a_later_event_that_was_due_first_does_not_overtake(connection: Connection) -> None:
    first, second = tell(connection, ANN, 2)
    assert claim(connection) == [first, second]
    settle(connection, [second], "release")
    routines.settle_events(
        connection, "mailer", [first], "retry", retry_in=timedelta(milliseconds=1)
    )
    value(connection, "select pg_sleep(0.002)::text")
    assert claim(connection, limit=1) == [first]
    assert claim(connection, limit=1) == []


def test_a_retry_is_due_after_the_time_told(connection: Connection) -> None:
    (told,) = tell(connection)
    claim(connection)
    wait = timedelta(hours=3)
    assert routines.settle_events(
        connection,
        "mailer",
        [told],
        "retry",
        retry_in=wait,
        status=503,
        error="busy",
        milliseconds=12,
    )
    due = value(connection, "select due_at - clock_timestamp() from badges_internal.event_queue")
    assert wait - timedelta(minutes=1) < due <= wait
    assert attempts(connection) == [
        {
            "event_id": told,
            "attempt": 1,
            "outcome": "retry",
            "status": 503,
            "error": "busy",
            "milliseconds": 12,
        }
    ]


def test_what_is_given_back_is_not_counted_as_an_attempt(connection: Connection) -> None:
    (told,) = tell(connection)
    claim(connection)
    assert settle(connection, [told], "release") == 1
    assert settle(connection, [told], "release") == 0
    (event,) = routines.claim_events(connection, "mailer")
    assert event["attempt"] == 1
    assert attempts(connection) == []


def test_a_dead_letter_lets_later_events_pass_and_can_be_replayed(connection: Connection) -> None:
    first, second = tell(connection, count=2)
    claim(connection, limit=1)
    routines.settle_events(connection, "mailer", [first], "dead", status=400, error="no such user")
    assert drain(connection) == [second]
    (dead,) = routines.list_dead_events(connection, "mailer")
    assert (dead["event_id"], dead["attempts"], dead["org_id"]) == (first, 1, ORG)
    assert (dead["last_status"], dead["last_error"]) == (400, "no such user")
    assert settle(connection, [first], "retry") == 0
    assert routines.replay_events(connection, "mailer") == 1
    (event,) = routines.claim_events(connection, "mailer")
    assert (event["event_id"], event["attempt"]) == (first, 1)
    assert routines.list_dead_events(connection) == []


def test_what_was_delivered_is_replayed_under_its_own_id(connection: Connection) -> None:
    told = tell(connection, count=3)
    assert drain(connection) == told
    assert routines.replay_events(connection, "mailer", told[1:2]) == 1
    assert drain(connection) == told[1:2]
    since = value(connection, "select min(created_at) from badges.award_events")
    assert routines.replay_events(connection, "mailer", since=since) == 3
    assert drain(connection) == told


def test_what_was_not_taken_in_yet_is_not_doubled_by_a_replay(connection: Connection) -> None:
    routines.register_consumer(connection, "mailer")
    told = tell(connection, count=2)
    assert routines.replay_events(connection, "mailer", told) == 0
    assert drain(connection) == told


def test_consumers_are_independent(connection: Connection) -> None:
    told = tell(connection, count=2)
    assert drain(connection, "mailer") == told
    assert claim(connection, "auditor") == told
    settle(connection, told, "dead", "auditor")
    assert state(connection, "mailer")["dead"] == 0
    assert routines.remove_consumer(connection, "auditor")
    assert not routines.remove_consumer(connection, "auditor")
    assert [each["consumer"] for each in routines.list_consumers(connection)] == ["mailer"]


@pytest.mark.parametrize(
    ("wanted", "is_given"),
    [
        ({}, True),
        ({"event_types": ["revoked"]}, True),
        ({"event_types": ["awarded", "alert"]}, False),
        ({"org_ids": [ORG, "hlf"]}, True),
        ({"org_ids": ["hlf"]}, False),
        ({"badge_definition_ids": ["first"]}, True),
        ({"badge_definition_ids": ["second"]}, False),
    ],
)
def test_a_consumer_gets_what_it_wants(
    connection: Connection, wanted: dict[str, list[str]], is_given: bool
) -> None:
    routines.register_consumer(connection, "mailer", **wanted)
    told = tell(connection, event_type="revoked")
    assert state(connection)["pending"] == len(told) * is_given
    assert claim(connection) == told * is_given


def test_silent_events_go_only_to_who_asked_for_them(connection: Connection) -> None:
    silent = tell(connection, is_silent=True)
    aloud = tell(connection)
    routines.register_consumer(connection, "auditor", with_silent=True)
    assert claim(connection, "mailer") == aloud
    assert claim(connection, "auditor") == [*silent, *aloud]


def test_another_filter_counts_for_what_is_taken_in_next(connection: Connection) -> None:
    before = tell(connection)
    assert claim(connection) == before
    settle(connection, before, "release")
    routines.register_consumer(connection, "mailer", ["revoked"])
    tell(connection)
    assert claim(connection) == before


def test_who_registers_from_now_on_gets_nothing_older(connection: Connection) -> None:
    tell(connection)
    now = value(connection, "select clock_timestamp()")
    routines.register_consumer(connection, "mailer", since=now)
    routines.register_consumer(connection, "auditor", since=now - timedelta(days=1))
    told = tell(connection)
    assert claim(connection) == told
    assert len(claim(connection, "auditor")) == 2


def test_a_disabled_consumer_gets_nothing_until_it_is_enabled(connection: Connection) -> None:
    told = tell(connection)
    routines.register_consumer(connection, "mailer")
    assert routines.disable_consumer(connection, "mailer", "410 Gone")
    assert not routines.disable_consumer(connection, "mailer", "410 Gone")
    assert claim(connection) == []
    found = state(connection)
    assert (found["disabled_reason"], found["pending"]) == ("410 Gone", 2)  # and the alert
    assert routines.enable_consumer(connection, "mailer")
    assert not routines.enable_consumer(connection, "mailer")
    assert claim(connection)[:1] == told


def test_the_list_counts_each_event_once(connection: Connection) -> None:
    told = tell(connection, ANN, 5) + tell(connection, BEN, 2)
    assert claim(connection, limit=3) == told[:3]
    settle(connection, told[:1], "done")
    settle(connection, told[1:2], "dead")
    tell(connection, person("cat"), 4)
    found = state(connection)
    assert (found["pending"], found["leased"], found["dead"]) == (8, 1, 1)
    assert found["oldest_pending_at"] == value(
        connection, "select created_at from badges.award_events where event_id = %s", told[2]
    )
    assert found["event_types"] is None
    assert found["with_silent"] is False


def test_an_event_that_was_deleted_holds_up_nobody(connection: Connection) -> None:
    first, second = tell(connection, count=2)
    routines.register_consumer(connection, "mailer")
    assert claim(connection, limit=1) == [first]
    settle(connection, [first], "release")
    connection.execute("delete from badges.award_events where event_id = %s", [first])
    assert claim(connection, limit=1) == []
    assert claim(connection, limit=1) == [second]


def test_what_waits_behind_another_is_given_once_that_is_settled(connection: Connection) -> None:
    """Far more events of one person than a claim looks at: the rest is parked meanwhile."""
    told = tell(connection, ANN, 1000)
    of_ben = tell(connection, BEN)
    assert claim(connection, limit=1) == told[:1]
    assert claim(connection, limit=1) == of_ben
    parked = "select count(*) from badges_internal.event_queue where is_parked"
    assert value(connection, parked) > 300
    assert claim(connection, limit=1) == []
    settle(connection, told[:1], "retry")
    assert claim(connection, limit=1) == []
    settle(connection, told[:1])
    assert claim(connection, limit=10) == told[1:11]
    settle(connection, told[1:11])
    assert drain(connection) == told[11:]


def test_one_that_was_tried_before_is_found_behind_all_that_wait_for_it(
    connection: Connection, connect: Connect
) -> None:
    first, *rest = tell(connection, ANN, 1000)
    of_ben = tell(connection, BEN)
    assert claim(connection, limit=1) == [first]
    routines.settle_events(
        connection, "mailer", [first], "retry", retry_in=timedelta(milliseconds=1)
    )
    value(connection, "select pg_sleep(0.002)::text")
    slow = connect(autocommit=False)
    settle(slow, [first])
    # Whom somebody is settling holds up nobody else.
    assert claim(connection, limit=1) == of_ben
    slow.rollback()
    assert claim(connection, limit=2) == [first, rest[0]]


def test_parked_events_are_given_when_what_they_wait_for_is_due(connection: Connection) -> None:
    told = tell(connection, ANN, 1000)
    assert claim(connection, limit=1) == told[:1]
    assert claim(connection, limit=1) == []
    connection.execute(
        "update badges_internal.event_queue set due_at = due_at - interval '1 hour'"
        " where due_at > clock_timestamp()"
    )
    assert claim(connection, limit=5) == told[:5]


NONSENSE = [
    "claim_events(null)",
    "claim_events('')",
    "claim_events('two words')",
    "claim_events('mailer', 0)",
    "claim_events('mailer', 10001)",
    "claim_events('mailer', p_lease => '0')",
    "claim_events('mailer', p_lease => '-1 minute')",
    "claim_events('mailer', p_lease => '2 days')",
    "claim_events('mailer', p_lease => null)",
    "settle_events('nobody', '{1}', 'done')",
    "settle_events('known', '{1}', 'finished')",
    "settle_events('known', null, 'done')",
    "settle_events('known', '{1,null}', 'done')",
    "settle_events('known', '{1}', 'done', '1 minute')",
    "settle_events('known', '{1}', 'retry', '31 days')",
    "settle_events('known', '{1}', 'retry', p_status => -1)",
    "settle_events('known', '{1}', 'retry', p_milliseconds => -1)",
    "replay_events('nobody')",
    "replay_events('known', '{null}')",
    "register_consumer('known', '{}')",
    "register_consumer('known', '{earned}')",
    "register_consumer('known', '{null}')",
    "register_consumer('known', p_org_ids => '{\"\"}')",
    "register_consumer('known', p_with_silent => null)",
    "register_consumer('known', p_since => 'infinity')",
    "disable_consumer('known', ' ')",
    "disable_consumer('nobody', 'gone')",
    "enable_consumer('nobody')",
    "list_dead_events('nobody')",
    "remove_consumer(null)",
    "purge_events(null)",
    "purge_events('infinity')",
]


def test_what_means_nothing_is_refused_with_a_hint(connection: Connection) -> None:
    routines.register_consumer(connection, "known")
    for call in NONSENSE:
        with pytest.raises(psycopg.errors.InvalidParameterValue) as refused:
            connection.execute(f"select * from badges.{call}".encode())
        assert refused.value.diag.message_hint, call
    assert [each["consumer"] for each in routines.list_consumers(connection)] == ["known"]
