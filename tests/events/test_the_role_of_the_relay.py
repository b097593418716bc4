"""pgmerit_relay: takes events and tells what became of them, and reads nothing else."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from pgmerit import routines
from pgmerit.database import Connection

from tests.events.feed import state, tell
from tests.security.conftest import login, session

LASTING = True

__all__ = ["login", "session"]

Session = Callable[..., Connection]


def test_it_does_all_that_a_relay_does(connection: Connection, session: Session) -> None:
    relay = session("pgmerit_relay")
    told = tell(connection, count=3)
    routines.register_consumer(relay, "mailer")
    assert [each["event_id"] for each in routines.claim_events(relay, "mailer")] == told
    assert routines.settle_events(relay, "mailer", told[:1], "dead", status=500) == 1
    assert routines.settle_events(relay, "mailer", told[1:], "done", status=200) == 2
    assert [each["event_id"] for each in routines.list_dead_events(relay)] == told[:1]
    assert routines.replay_events(relay, "mailer") == 1
    assert state(relay)["pending"] == 1
    assert routines.disable_consumer(relay, "mailer", "410 Gone")
    assert routines.check_alerts(relay) == 1
    assert routines.enable_consumer(relay, "mailer")
    assert routines.raise_alert(relay, "endpoint_dead", "mailer")
    assert routines.clear_alert(relay, "endpoint_dead", "mailer")
    relay.execute("listen pgmerit_events")


@pytest.mark.parametrize(
    "statement",
    [
        "select from badges.award_events",
        "select from badges.earned_badges",
        "select from badges_internal.event_queue",
        "select badges.remove_consumer('mailer')",
        "select badges.purge_events('2020-01-01')",
        "select badges.award_due_badges()",
        "select badges.unseen_awards(gen_random_uuid(), 'nhf')",
    ],
)
def test_it_does_no_more(session: Session, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        session("pgmerit_relay").execute(statement.encode())


@pytest.mark.parametrize("role", ["pgmerit_reader", "pgmerit_writer"])
def test_others_take_no_events(session: Session, role: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        routines.claim_events(session(role), "mailer")
