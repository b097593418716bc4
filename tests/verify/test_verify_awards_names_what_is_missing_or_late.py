from __future__ import annotations

from typing import Any

import pytest
from pgmerit.database import Connection

from tests.verify.conftest import FIRST


def _differences(connection: Connection) -> list[dict[str, Any]]:
    return connection.execute("select * from badges.verify_awards()").fetchall()


@pytest.fixture
def missing(kept: Connection) -> dict[str, Any]:
    """Take an award away; badges that count badges keep theirs."""
    row = kept.execute(
        "delete from badges.earned_badges where peer_mentor_id = %s"
        " and badge_definition_id = 'visitor' and tier = 'five' returning *",
        (FIRST,),
    ).fetchone()
    assert row is not None
    return row


def test_a_missing_award_is_named_with_its_date(kept: Connection, missing: dict[str, Any]) -> None:
    (told,) = _differences(kept)
    assert told["problem"] == "missing"
    assert (told["badge_definition_id"], told["tier"]) == ("visitor", "five")
    assert told["stored"] is None
    assert told["expected"] == missing["earned_at"].strftime("%Y-%m-%d %H:%M:%S+00")


@pytest.mark.parametrize("badge", ["both", "collector", "weeks", "kinds", "busy", "a-lister"])
def test_every_kind_of_badge_is_missed_and_dated(kept: Connection, badge: str) -> None:
    with kept.transaction(force_rollback=True):
        kept.execute("delete from badges.earned_badges where badge_definition_id = %s", (badge,))
        told = [each for each in _differences(kept) if each["badge_definition_id"] == badge]
        assert [each["problem"] for each in told] == ["missing"] * 3
    kept.execute(
        "update badges.earned_badges set earned_at = earned_at + interval '1 second'"
        " where badge_definition_id = %s",
        (badge,),
    )
    told = [each for each in _differences(kept) if each["badge_definition_id"] == badge]
    assert [each["problem"] for each in told] == ["date_too_late"] * 3


def test_a_denial_answers_for_an_award(kept: Connection, missing: dict[str, Any]) -> None:
    kept.execute(
        "insert into badges.badge_denials"
        " values (%s, 'visitor', 'somewhere', %s, 'r', now(), 'me')",
        (FIRST, "five"),
    )
    assert _differences(kept) == []
    kept.execute("update badges.badge_denials set tier = ''")
    assert _differences(kept) == []
    kept.execute("update badges.badge_denials set tier = 'one'")
    assert len(_differences(kept)) == 1


def test_a_revoked_award_is_neither_missing_nor_late(kept: Connection) -> None:
    kept.execute(
        "update badges.earned_badges set revoked_at = granted_at, revoked_by = 'person',"
        " earned_at = earned_at + interval '1 day' where badge_definition_id = 'both'"
    )
    assert [each for each in _differences(kept) if each["badge_definition_id"] == "both"] == []


def test_a_date_too_early_or_given_by_hand_stands(kept: Connection) -> None:
    kept.execute(
        "update badges.earned_badges set earned_at = earned_at - interval '1 day'"
        " where badge_definition_id = 'both'"
    )
    kept.execute(
        "update badges.earned_badges set earned_at = earned_at + interval '1 day',"
        " source = 'manual' where badge_definition_id = 'weeks'"
    )
    assert {each["badge_definition_id"] for each in _differences(kept)} <= {"collector"}


def test_a_rule_change_moves_no_date(kept: Connection) -> None:
    kept.execute(
        "update badges.earned_badges set earned_at = earned_at + interval '1 day'"
        " where badge_definition_id in ('both', 'busy')"
    )
    kept.execute("delete from badges.earned_badges where badge_definition_id = 'collector'")
    kept.execute(
        "insert into badges.badge_denials"
        " select distinct peer_mentor_id, 'collector', org_id, '', 'r', now(), 'me'"
        " from badges.earned_badges"
    )
    assert len(_differences(kept)) == 6
    kept.execute(
        "update badges_internal.milestones set since_version = 2"
        " where badge_definition_id = 'both' and node = 1"
    )
    kept.execute("update badges.earned_badges set threshold = 7 where badge_definition_id = 'busy'")
    assert _differences(kept) == []


def test_awards_that_a_person_still_waits_for_are_passed_over(
    kept: Connection, missing: dict[str, Any]
) -> None:
    kept.execute("update badges_internal.milestones set since_version = 2")
    assert _differences(kept) == []


@pytest.mark.parametrize(
    "change",
    [
        "update badges.badge_definitions set is_active = false",
        "update badges.org_badge_configs set is_enabled = false",
        "update badges.organizations set is_active = false",
    ],
)
def test_what_is_switched_off_is_not_owed(
    kept: Connection, missing: dict[str, Any], change: str
) -> None:
    kept.execute("set session_replication_role = replica")
    kept.execute(change.encode())
    assert _differences(kept) == []
