"""A person's token: own rows by the tables and by my_*, in the organizations of the token."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

import psycopg
import pytest
from pgmerit.database import Connection

from tests.engine import ANN, BEN, activity, apply, insert, moment, person, rows, rule_set, value
from tests.security.tokens import request, token

LASTING = True

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


def test_a_badge_out_of_sight_is_unknown(peopled: Connection) -> None:
    def explained(who: UUID, badge: str, *orgs: str) -> str:
        with request(peopled, token(who)) as session:
            try:
                with session.transaction():
                    places = ", ".join(["%s"] * (1 + len(orgs)))
                    query = f"select badges.explain_my_badge({places})"
                    return str(value(session, query, badge, *orgs)["verdict"])
            except psycopg.Error as exc:
                return f"{exc.sqlstate}: {exc.diag.message_primary}"

    assert explained(BEN, "secret") == "earned"
    assert explained(ANN, "third") == "not earned"
    unknown = {explained(ANN, each).replace(each, "..") for each in ("secret", "other", "no such")}
    assert unknown == {'22023: badge ".." does not exist'}
    assert explained(ANN, "first") == '22023: badge "first" is in several of your organizations'
    assert explained(ANN, "first", "hlf") == "earned"
    refused = {explained(ANN, "first", org).replace(org, "..") for org in ("blf", "nowhere")}
    assert refused == {'42501: the organization ".." is not yours'}
    assert explained(EVE, "first") == '22023: badge "first" does not exist'


def refusal(session: Connection, query: str, *parameters: Any) -> str:
    """Give the error of a query that must be refused for want of rights."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused, session.transaction():
        session.execute(query.encode(), parameters)
    assert refused.value.diag.message_hint
    return str(refused.value.diag.message_primary)


NOBODY: list[dict[str, Any] | str | None] = [
    None,
    "no json",
    '"text"',
    "[" * 10000,
    '{"sub": "\\u0000"}',
    {"sub": None},
    {"sub": 7},
    {"sub": [str(ANN)]},
    {"sub": {"id": str(ANN)}},
    {"sub": f"{{{ANN}}}"},
    {"sub": f"{ANN} "},
    {"sub": ""},
    {"user_metadata": {"sub": str(ANN)}},
]


def test_a_session_without_a_person_is_told_so(peopled: Connection) -> None:
    for claims in NOBODY:
        with request(peopled, claims) as session:
            for routine in ("my_badges()", "my_progress()", "my_unseen_awards()"):
                query = f"select * from badges.{routine}"
                assert refusal(session, query) == "nobody is signed in", claims
            assert listed(session, "select activity_id from badges.activities") == set()


def test_the_person_is_the_claim_that_the_settings_name(peopled: Connection) -> None:
    def persons(claims: dict[str, Any]) -> set[Any]:
        with request(peopled, claims) as session:
            return listed(session, "select distinct peer_mentor_id from badges.activities")

    def setting(name: str, text: str) -> None:
        peopled.execute("select badges.set_setting(%s, %s)", (name, text))

    setting("person_claim", '"app_metadata.person"')
    assert persons({"sub": str(BEN), "app_metadata": {"person": str(ANN)}}) == {ANN}
    setting("person_claim", '"https://club.example/person"')
    assert persons({"sub": str(BEN), "https://club.example/person": str(ANN)}) == {ANN}
    setting("person_namespace", '"app"')
    setting("person_claim", "null")
    mapped = value(peopled, "select badges.mentor_id_from('app', '7')")
    insert(peopled, activity("2026-03-01", who=mapped))
    assert persons({"sub": "7"}) == persons({"sub": 7}) == {mapped}
    assert persons({"sub": str(ANN)}) == persons({"sub": ["7"]}) == set()
    # Who was merged is the one merged into, whatever the token says.
    peopled.execute(
        "insert into badges_internal.merged_people values (%s, '', %s, now())", (mapped, BEN)
    )
    assert persons({"sub": "7"}) == {BEN}
    setting("person_namespace", "null")
    assert persons(token(mapped)) == {BEN}


def test_settings_of_tokens_are_checked(connection: Connection) -> None:
    for name, bad in (
        ("person_claim", ['""', "7", "true", "[]", f'"{"x" * 101}"']),
        ("person_namespace", ['""', "{}"]),
        ("own_activities", ['"call"', "[7]", '[""]', "[null]", "{}"]),
        ("open_organizations", ["true", '[["nhf"]]']),
        ("criteria_raw", ['"true"', "1", "[]"]),
    ):
        for text in bad:
            with pytest.raises(psycopg.errors.InvalidParameterValue, match=f"setting {name} must"):
                connection.execute("select badges.set_setting(%s, %s)", (name, text))
    assert rows(connection, "select * from badges_internal.settings") == []


def test_people_record_only_types_that_are_listed(peopled: Connection) -> None:
    record = "select badges.record_my_activity('nhf', 'quiz', '{\"n\": 1}', 'k')"
    own = "the organization {} is not yours".format
    with request(peopled, token(ANN), is_get=False) as session:
        assert "recorded by people themselves" in refusal(session, record)
    peopled.execute("select badges.set_setting('own_activities', '[\"quiz\"]')")
    with request(peopled, token(ANN), is_get=False) as session:
        assert "recorded by" in refusal(session, record.replace("quiz", "call"))
        assert refusal(session, record.replace("'nhf'", "null")) == own('""')
        assert refusal(session, record.replace("nhf", "blf")) == own('"blf"')
        with pytest.raises(psycopg.errors.InsufficientPrivilege), session.transaction():
            insert(session, activity("2026-03-01"))
        told = value(session, record)
        assert value(session, record) == told | {"duplicate": True, "new_badges": []}
    (kept,) = rows(peopled, "select * from badges.activities where activity_type = 'quiz'")
    assert (kept["quantity"], kept["attributes"], kept["idempotency_key"]) == (1, {"n": 1}, "own:k")
    assert kept["occurred_at"] > moment("2026-03-01")
    # Somebody new is in no organization, but in those that are open to everybody.
    with request(peopled, token(EVE), is_get=False) as session:
        assert refusal(session, record) == own('"nhf"')
        assert rows(session, "select * from badges.my_progress()") == []
    peopled.execute("select badges.set_setting('open_organizations', '[\"nhf\"]')")
    with request(peopled, token(EVE), is_get=False) as session:
        assert listed(session, "select org_id from badges.my_progress()") == {"nhf"}
        assert value(session, record)["new_badges"][0]["badge_definition_id"] == "first"


def test_rows_are_looked_up_by_person_once_a_statement(peopled: Connection) -> None:
    peopled.execute("set enable_seqscan = off")
    with request(peopled, token(ANN)) as session:
        for table in ("activities", "earned_badges", "award_events"):
            query = f"explain (analyze, costs off, timing off) select 1 from badges.{table}"
            told = "\n".join(listed(session, query))
            assert "peer_mentor_id = ANY" in told.partition("Index Cond")[2]
            assert "SubPlan" not in told
            assert not re.search(r"InitPlan.*\n.*loops=(?!1\b)", told)
