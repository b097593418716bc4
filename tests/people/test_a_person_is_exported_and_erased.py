"""export_person and erase_peer_mentor: all of it, in one organization or all, by whom and how."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from pgmerit.database import Connection

from tests.engine import ANN, BEN, ORG, activity, badge_ids, insert, rows, value
from tests.people.conftest import OTHER, Acting, assert_exact
from tests.people.test_no_table_forgets_a_person import naming

EXPORT = "select badges.export_person(%s, %s)"
ERASE = "select badges.erase_peer_mentor(%s, %s)"
MERGE = "select badges.merge_peer_mentors(%s, %s, %s)"
PLAN = "select badges.plan_merge(%s, %s, %s)"


def recorded(connection: Connection) -> None:
    """Ann in two organizations, known to an application; Ben in one."""
    insert(connection, *[activity(f"2026-03-0{n} 23:30", key=str(n)) for n in (1, 2, 3)])
    insert(connection, activity("2026-03-01", org=OTHER), activity("2026-03-01", who=BEN))
    value(connection, "select badges.deny_badge(%s, 'medal', %s, 'no')", ANN, ORG)
    connection.execute(
        "select badges_internal._remember_external_ids(array[%s]::uuid[], 'app', '{17}')", (ANN,)
    )


def test_an_export_is_what_is_kept_in_utc_with_the_zone(ruled: Connection) -> None:
    recorded(ruled)
    ruled.execute("set timezone = 'Asia/Tokyo'")
    ruled.execute("set datestyle = 'German'")
    found = value(ruled, EXPORT, ANN, None)
    calendar = {"time_zone": "Europe/Oslo", "day_starts": "00:00:00"}
    assert found["organizations"][ORG] == {"name": ORG} | calendar
    assert set(found["organizations"]) == {ORG, OTHER}
    kept = found["tables"]
    assert [each["external_id"] for each in kept["badges.external_ids"]] == ["17"]
    assert len(kept["badges.activities"]) == 4
    late = next(each for each in kept["badges.activities"] if each["idempotency_key"] == "1")
    assert (late["occurred_at"], late["activity_date"]) == (
        "2026-03-01T23:30:00+00:00", "2026-03-02",
    )  # fmt: skip
    in_one = value(ruled, EXPORT, ANN, OTHER)
    assert set(in_one["organizations"]) == {OTHER}
    assert len(in_one["tables"]["badges.activities"]) == 1
    assert in_one["tables"]["badges.badge_denials"] == []
    with ruled.transaction():
        ruled.execute("set transaction read only")
        assert value(ruled, EXPORT, ANN, None)["tables"] == kept
    assert value(ruled, EXPORT, BEN, OTHER)["tables"]["badges.activities"] == []


def test_an_erasure_in_one_organization_leaves_the_other(ruled: Connection) -> None:
    recorded(ruled)
    others = value(ruled, EXPORT, BEN, None)["tables"]
    receipt = value(ruled, ERASE, ANN, ORG)
    assert (receipt["org_id"], receipt["erased_by"]) == (ORG, "postgres")
    assert receipt["removed"]["badges.activities"] == 3
    assert receipt["removed"]["badges.badge_denials"] == 1
    # The ids go with the last organization.
    assert (receipt["removed"]["badges.external_ids"], "names" in receipt["removed"]) == (0, False)
    assert {
        each["org_id"]
        for each in rows(
            ruled, "select org_id from badges.activities where peer_mentor_id = %s", ANN
        )
    } == {OTHER}
    assert_exact(ruled)
    assert value(ruled, ERASE, ANN, OTHER)["removed"]["badges.external_ids"] == 1
    assert naming(ruled, ANN) == set()
    assert value(ruled, EXPORT, BEN, None)["tables"] == others
    assert_exact(ruled)


def test_again_is_a_receipt_with_zeros_and_what_comes_begins_anew(ruled: Connection) -> None:
    recorded(ruled)
    first = value(ruled, ERASE, ANN, None)
    for org in (None, ORG):
        again = value(ruled, ERASE, ANN, org)
        assert again["receipt_id"] > first["receipt_id"]
        assert again["removed"].keys() == first["removed"].keys()
        assert set(again["removed"].values()) == {0}
    kept = rows(ruled, "select * from badges_internal.erasure_receipts order by receipt_id")
    assert kept[0]["removed"] == first["removed"]
    assert str(ANN) not in str(kept)
    insert(ruled, activity("2026-03-09", key="1"))
    assert badge_ids(ruled, ANN) == ["first", "pioneer"]
    assert_exact(ruled)


def test_an_erasure_counts_what_was_kept_and_evaluates_nobody(ruled: Connection) -> None:
    """Neither the lock nor the rows of its triggers are the person's."""
    value(ruled, "select badges.deny_badge(%s, 'medal', %s, 'no')", BEN, ORG)
    ruled.execute("delete from badges.peer_mentor_stats")
    removed = value(ruled, ERASE, BEN, None)["removed"]
    assert {table: count for table, count in removed.items() if count} == {
        "badges.badge_denials": 1
    }
    recorded(ruled)
    ruled.execute("set track_functions = 'all'")
    with ruled.transaction():
        value(ruled, ERASE, ANN, None)
        called = rows(ruled, "select funcname from pg_stat_xact_user_functions")
    names = {each["funcname"] for each in called}
    assert "_recount_deleted_activities" in names
    assert names & {"_rebuild_people", "_evaluate_people"} == set()


def test_no_line_of_the_log_names_who_was_erased_or_merged(ruled: Connection) -> None:
    recorded(ruled)
    ruled.execute("set client_min_messages = log")
    lines: list[str] = []
    ruled.add_notice_handler(lambda notice: lines.append(str(notice.message_primary)))
    value(ruled, MERGE, BEN, ANN, None)
    value(ruled, ERASE, ANN, None)
    assert [line for line in lines if "somebody was erased: receipt 1 " in line]
    assert [line for line in lines if str(ANN) in line and "badge" not in line] == []
    assert [line for line in lines if str(BEN) in line] == []


def test_who_administers_the_organization_may(ruled: Connection, acting: Acting) -> None:
    """The routines ask the session themselves; who may call them at all is granted."""
    insert(ruled, activity("2026-03-01"), activity("2026-03-01", org=OTHER))
    sessions: list[tuple[str, Any, str | None, bool]] = [
        ("pgmerit_admin", None, None, True),
        ("pgmerit_admin", None, ORG, True),
        ("people_api", {"pgmerit_admin_of": [ORG]}, ORG, True),
        ("people_api", {"app_metadata": {"pgmerit_admin_of": ORG}}, ORG, True),
        ("people_api", {"pgmerit_admin_of": [ORG]}, OTHER, False),
        ("people_api", {"pgmerit_admin_of": [ORG]}, None, False),
        ("people_api", {"pgmerit_admin_of": [ORG]}, "nowhere", False),
        ("people_api", {"user_metadata": {"pgmerit_admin_of": [ORG]}}, ORG, False),
        ("people_api", None, ORG, False),
    ]
    with ruled.transaction(force_rollback=True):
        ruled.execute("create role people_api")
        ruled.execute("grant usage on schema badges to people_api")
        ruled.execute(
            "grant execute on function badges.export_person, badges.erase_peer_mentor,"
            " badges.plan_merge, badges.merge_peer_mentors to people_api"
        )
        for role, claims, org, may in sessions:
            for statement in (EXPORT, PLAN, MERGE, ERASE):
                people = [ANN, BEN] if statement in (PLAN, MERGE) else [ANN]
                with acting(role, claims):
                    if may:
                        assert value(ruled, statement, *people, org)
                        continue
                    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="administer"):
                        value(ruled, statement, *people, org)
