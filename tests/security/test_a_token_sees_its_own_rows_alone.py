"""A person's token: own rows by the tables and by my_*, in the organizations of the token."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection

from tests.engine import ANN, BEN, activity, apply, insert, person, rows, rule_set, value
from tests.security.tokens import request, token

CAT, EVE = person("cat"), person("eve")
SHARED = rule_set(
    {
        "first": {"type": "threshold", "at_least": 1},
        "third": {"type": "threshold", "activity": "call", "at_least": 3},
        "thanks": {"type": "manual"},
        "secret": {"name": "Secret", "criteria": {"type": "manual"}, "hidden": True},
    },
    {
        "nhf": {"time_zone": "UTC"},
        "hlf": {"time_zone": "UTC", "badges": ["first", "secret", "thanks"]},
    },
)
OTHER = rule_set(
    {"other": {"type": "threshold", "at_least": 1}}, {"blf": {"time_zone": "UTC"}}, name="others"
)


def _peopled(connection: Connection) -> None:
    apply(connection, SHARED)
    apply(connection, OTHER)
    insert(
        connection,
        activity("2026-03-01"),
        activity("2026-03-02"),
        activity("2026-03-02", org="hlf"),
        activity("2026-03-03", who=BEN),
        activity("2026-03-04", who=CAT, org="hlf"),
        activity("2026-03-04", who=CAT, org="blf"),
    )
    connection.execute(
        "select badges.deny_badge(%s, 'thanks', 'nhf', 'never came'),"
        " badges.award_badge(%s, 'secret', 'nhf', 'for the cake'),"
        " badges.award_badge(%s, 'thanks', 'hlf', 'by mistake'),"
        " badges_internal._remember_external_ids(array[%s, %s], 'app', '{7,8}')",
        (ANN, BEN, CAT, ANN, BEN),
    )
    connection.execute(
        "select badges.revoke_badge(%s, 'thanks', 'hlf', 'it was a mistake')", (CAT,)
    )


PREPARED = {"peopled": _peopled}


@pytest.fixture
def peopled(connection: Connection) -> Connection:
    """Three people in three organizations, two of which share a rule set."""
    return connection


TABLES = (
    "activities",
    "peer_mentor_stats",
    "mentor_activity_totals",
    "earned_badges",
    "badge_denials",
    "award_events",
)


def seen(connection: Connection) -> dict[str, set[tuple[str, str]]]:
    """Give (person, organization) of the rows that the session sees, by table."""
    return {
        table: {
            (str(each["peer_mentor_id"]), each["org_id"])
            for each in rows(connection, f"select peer_mentor_id, org_id from badges.{table}")
        }
        for table in TABLES
    }


def pairs(*of: tuple[Any, str]) -> set[tuple[str, str]]:
    """Give (person, organization) as `seen` does."""
    return {(str(who), org) for who, org in of}


def listed(connection: Connection, query: str, *parameters: Any) -> set[Any]:
    """Give the values of a query of one column."""
    return {next(iter(each.values())) for each in rows(connection, query, *parameters)}


def test_the_rows_of_a_table_are_the_tokens_own(peopled: Connection) -> None:
    with request(peopled, token(ANN)) as session:
        own = seen(session)
        assert own["activities"] == own["peer_mentor_stats"] == pairs((ANN, "nhf"), (ANN, "hlf"))
        assert own["mentor_activity_totals"] == own["earned_badges"] == own["award_events"]
        assert own["earned_badges"] == pairs((ANN, "nhf"), (ANN, "hlf"))
        assert own["badge_denials"] == pairs((ANN, "nhf"))
        assert listed(session, "select external_id from badges.external_ids") == {"7"}
        assert listed(session, "select org_id from badges.organizations") == {"nhf", "hlf"}
        sight = "select badge_definition_id from badges.badge_definitions"
        assert listed(session, sight) == {"first", "third", "thanks"}
        configured = "select badge_definition_id from badges.org_badge_configs where org_id = 'hlf'"
        assert listed(session, configured) <= {"first", "third", "thanks"}
    with request(peopled, token(ANN, pgmerit_orgs=["hlf", "nowhere"])) as session:
        assert seen(session)["activities"] == pairs((ANN, "hlf"))
        assert listed(session, "select org_id from badges.organizations") == {"hlf"}
    with request(peopled, token(BEN)) as session:
        assert "secret" in listed(session, sight)
    for nobody in (token(EVE), token("no uuid"), None):
        with request(peopled, nobody) as session:
            assert set().union(*seen(session).values()) == set()
            assert listed(session, "select org_id from badges.organizations") == set()
            assert listed(session, sight) == set()


def test_an_administrator_sees_the_people_of_the_organization(peopled: Connection) -> None:
    claims = token(EVE, app_metadata={"pgmerit_admin_of": {"hlf": True, "nhf": False}})
    with request(peopled, claims) as session:
        found = seen(session)
        assert found["activities"] == found["earned_badges"] == pairs((ANN, "hlf"), (CAT, "hlf"))
        assert found["badge_denials"] == set()
        assert listed(session, "select external_id from badges.external_ids") == set()
        assert listed(session, "select org_id from badges.organizations") == {"hlf"}
        progress = "select distinct peer_mentor_id from badges.list_progress('hlf')"
        assert listed(session, progress) == {ANN, CAT}
        assert rows(session, "select * from badges.get_badge_progress(%s, 'hlf')", CAT)
        told = value(session, "select badges.explain_badge(%s, 'thanks', 'hlf')", CAT)
        assert told["awards"][0]["revoke_reason"] == "it was a mistake"
    # Both at once: own rows everywhere, others' where it administers.
    with request(peopled, token(ANN, pgmerit_admin_of="hlf")) as session:
        assert seen(session)["activities"] == pairs((ANN, "nhf"), (ANN, "hlf"), (CAT, "hlf"))


def test_my_routines_answer_a_get_for_the_tokens_person(peopled: Connection) -> None:
    with request(peopled, token(ANN)) as session:
        held = "select org_id, badge_definition_id, name, is_seen from badges.my_badges()"
        assert [tuple(each.values()) for each in rows(session, held)] == [
            ("hlf", "first", "first", False),
            ("nhf", "first", "first", False),
        ]
        assert listed(session, "select org_id from badges.my_badges('hlf')") == {"hlf"}
        told = "select org_id, badge_definition_id, current from badges.my_progress()"
        assert [tuple(each.values()) for each in rows(session, told)] == [
            (org, badge["badge_definition_id"], badge["current"])
            for org in ("hlf", "nhf")
            for badge in _progress_by_a_service(peopled, org)
        ]
        unseen = "select org_id, badge_definition_id from badges.my_unseen_awards()"
        assert [tuple(each.values()) for each in rows(session, unseen)] == [
            ("hlf", "first"),
            ("nhf", "first"),
        ]
    with request(peopled, token(ANN), is_get=False) as session:
        assert value(session, "select badges.mark_my_seen('hlf')") == 1
        assert value(session, "select badges.mark_my_seen()") == 1
        assert value(session, "select badges.mark_my_seen()") == 0


def _progress_by_a_service(connection: Connection, org: str) -> list[dict[str, Any]]:
    with connection.transaction():
        connection.execute("set local role pgmerit_reader")
        found = rows(connection, "select * from badges.get_badge_progress(%s, %s)", ANN, org)
        connection.execute("set local role pgmerit_person")
    return found


def test_what_others_noted_of_a_person_is_not_told_to_them(peopled: Connection) -> None:
    with request(peopled, token(ANN)) as session:
        told = value(session, "select badges.explain_my_badge('thanks', 'nhf')")
        assert (told["why_not_code"], told["denied"]) == ("denied", True)
        assert [sorted(each) for each in told["denials"]] == [["denied_at", "tier"]]
    with request(peopled, token(CAT)) as session:
        told = value(session, "select badges.explain_my_badge('thanks', 'hlf')")
        assert told["why_not_code"] == "revoked_by_person"
        assert "mistake" not in json.dumps(told)
        for column in (
            "revoke_reason from badges.earned_badges",
            "reason from badges.badge_denials",
            "denied_by from badges.badge_denials",
            "details from badges.award_events",
            "document from badges.rule_sets",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), session.transaction():
                session.execute(f"select {column}".encode())
