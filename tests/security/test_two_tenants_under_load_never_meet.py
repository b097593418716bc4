"""Two tenants read, record and configure at once; nothing that one gets is of the other."""

from __future__ import annotations

import functools
import itertools
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection

from tests.engine import activity, apply, assert_exact, in_background, insert, person, rule_set
from tests.security.tokens import request, token

TENANTS = ("umbra", "zephyr")
BADGES = {
    "first": {"type": "threshold", "at_least": 1},
    "tenth": {"type": "threshold", "at_least": 10},
    "thanks": {"type": "manual"},
}
# Cheap, and not leakproof: a planner that could would ask it before the policy.
SPY = b"""
create function public.spy(jsonb) returns boolean language plpgsql cost 0.0001 as
$$ begin raise notice 'spied %', $1; return true; end $$"""
READ = (
    "table badges.activities",
    "table badges.peer_mentor_stats",
    "table badges.mentor_activity_totals",
    "table badges.organizations",
    "table badges.org_badge_configs",
    "table badges.external_ids",
    "select peer_mentor_id, org_id, badge_definition_id, earned_at from badges.earned_badges",
    "select peer_mentor_id, org_id, denied_at from badges.badge_denials",
    "select peer_mentor_id, org_id, event_type from badges.award_events",
    "select count(*), max(peer_mentor_id::text) from badges.activities",
    "select * from badges.activities where public.spy(attributes)",
    "explain (analyze, verbose) select * from badges.activities where public.spy(attributes)",
    "explain verbose select * from badges.earned_badges where peer_mentor_id = %(other)s",
    # Divides by zero if a row of the other is ever asked.
    "select * from badges.activities where 1 / (org_id <> %(other_org)s)::int > 0",
    "select * from badges.my_badges()",
    "select * from badges.my_progress()",
    "select * from badges.my_unseen_awards()",
    "select badges.explain_my_badge('tenth')",
    "select * from badges.list_progress(%(own_org)s)",
    "select * from badges.get_badge_progress(%(mate)s, %(own_org)s)",
    "select badges.explain_badge(%(mate)s, 'thanks', %(own_org)s)",
    # Of the other: refused, or as of somebody whom nobody knows.
    "select * from badges.list_progress(%(other_org)s)",
    "select * from badges.list_progress()",
    "select * from badges.get_badge_progress(%(other)s, %(own_org)s)",
    "select * from badges.get_badge_progress(%(other)s, %(other_org)s)",
    "select badges.explain_badge(%(other)s, 'thanks', %(other_org)s)",
    "select * from badges.unseen_awards(%(other)s, %(other_org)s)",
    "select * from badges.my_badges(%(other_org)s)",
)
WRITE = (
    "select badges.record_my_activity(%(own_org)s, 'visit', %(note)s)",
    "select badges.mark_my_seen()",
    "select badges.configure_badge('tenth', %(own_org)s, true, '8')",
    "select badges.configure_badge('tenth', %(own_org)s, true, '9', true)",
    "select badges.configure_badge('tenth', %(own_org)s, false, null)",
    "select badges.configure_badge('tenth', %(other_org)s, false, null)",
    "select badges.record_my_activity(%(other_org)s, 'visit')",
    "insert into badges.activities (peer_mentor_id, org_id, activity_type, occurred_at)"
    " values (%(other)s, %(other_org)s, 'visit', now())",
    "update badges.activities set quantity = 2 where peer_mentor_id = %(other)s",
    "delete from badges.activities",
)


def _people(tenant: str) -> list[Any]:
    return [person(f"{tenant} {number}") for number in range(5)]


def _settled(connection: Connection) -> None:
    apply(connection, rule_set(BADGES, {org: {"name": f"The {org} club"} for org in TENANTS}))
    for org in TENANTS:
        insert(
            connection,
            *[
                activity(f"2026-03-0{day}", who=who, org=org, attributes={"note": f"of {org}"})
                for day, who in itertools.product((1, 2, 3), _people(org))
            ],
        )
        connection.execute(
            "select badges.deny_badge(%s, 'thanks', %s, %s),"
            " badges_internal._remember_external_ids(array[%s], %s, '{7}')",
            (_people(org)[0], org, f"a reason of the {org}s", _people(org)[0], f"app of {org}"),
        )
    connection.execute(SPY)
    connection.execute("select badges.set_setting('own_activities', '[\"visit\"]')")


PREPARED = {"connection": _settled}


@dataclass
class Tenant:
    """One tenant's session, and what it got that is not its own."""

    org: str
    other: str
    session: Connection
    answered: int = 0
    refused: int = 0

    def work(self, until: float) -> None:
        """Do all of it, again until a moment; raises when something of the other tenant comes."""
        told: list[str] = []
        self.session.add_notice_handler(lambda said: told.append(str(said.message_primary)))
        me, mate = _people(self.org)[:2]
        given = {
            "own_org": self.org,
            "other_org": self.other,
            "mate": mate,
            "other": _people(self.other)[0],
            "note": f'{{"note": "of {self.org}"}}',
        }
        tokens = (token(me), token(mate, app_metadata={"pgmerit_admin_of": [self.org]}))
        while True:
            for claims, statement in itertools.product(tokens, READ + WRITE):
                told.clear()
                self._ask(claims, statement, given, told)
                self._look_at(statement, told)
            if time.monotonic() > until:
                break

    def _ask(self, claims: Any, statement: str, given: Any, told: list[str]) -> None:
        try:
            with request(self.session, claims, is_get=statement in READ) as session:
                cursor = session.execute(statement.encode(), given)
                told += map(str, cursor.fetchall() if cursor.description else [])
                self.answered += 1
        except psycopg.Error as exc:
            told.append(str(exc))
            self.refused += 1

    def _look_at(self, statement: str, told: list[str]) -> None:
        text = "\n".join(told)
        # What the caller named comes back to it.
        if "%(other_org)s" in statement:
            text = text.replace(f'"{self.other}"', "")
        if "%(other)s" in statement:
            text = text.replace(str(_people(self.other)[0]), "")
        words = [self.other, *map(str, _people(self.other)), "division by zero"]
        assert not [word for word in words if word in text], (self.org, statement, told)


def _run(connect: Callable[..., Connection], seconds: float) -> None:
    until = time.monotonic() + seconds
    both = [Tenant(*names, connect()) for names in itertools.permutations(TENANTS)]
    for ended in [in_background(functools.partial(each.work, until)) for each in both]:
        ended.result()
    for each in both:
        assert each.answered > each.refused > 20


def test_nothing_that_one_gets_is_of_the_other(
    connection: Connection, connect: Callable[..., Connection]
) -> None:
    _run(connect, 0.5)
    assert_exact(connection)


@pytest.mark.soak
def test_nothing_that_one_gets_is_of_the_other_for_long(
    connection: Connection, connect: Callable[..., Connection]
) -> None:
    _run(connect, float(os.environ.get("SOAK_SECONDS", "600")))
    assert_exact(connection)
