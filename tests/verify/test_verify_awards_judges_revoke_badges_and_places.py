from __future__ import annotations

from typing import Any

import pytest
from pgmerit.database import Connection

from tests.verify.conftest import FIRST, PEOPLE
from tests.verify.hand_filled import ORG, past_the_triggers


def _differences(connection: Connection) -> list[tuple[Any, ...]]:
    return [
        (row["peer_mentor_id"], row["badge_definition_id"], row["problem"])
        for row in connection.execute("select * from badges.verify_awards()")
    ]


def _change(connection: Connection, badge: str, change: str) -> None:
    row = connection.execute(
        f"update badges.earned_badges set {change}"
        " where peer_mentor_id = %s and badge_definition_id = %s returning 1".encode(),
        (FIRST, badge),
    ).fetchone()
    assert row is not None


@pytest.fixture
def unmet(kept: Connection) -> Connection:
    """A person whose visits are gone, unseen by the engine; the snapshot is built again."""
    with past_the_triggers(kept):
        kept.execute(
            "delete from badges.activities where peer_mentor_id = %s and activity_type = 'visit'",
            (FIRST,),
        )
    kept.execute("select badges.rebuild_stats()")
    return kept


def test_an_award_is_unsupported_when_its_badge_is_one_that_is_taken_back(
    unmet: Connection,
) -> None:
    assert _differences(unmet) == [(FIRST, "steady", "unsupported")]
    (told,) = unmet.execute("select * from badges.verify_awards()").fetchall()
    assert told["stored"] is not None
    assert told["expected"] is None


@pytest.mark.parametrize(
    "change",
    [
        "source = 'manual'",
        "revoked_at = granted_at, revoked_by = 'rule'",
        "revoked_at = granted_at, revoked_by = 'person'",
    ],
)
def test_what_is_revoked_or_given_by_hand_is_supported(unmet: Connection, change: str) -> None:
    _change(unmet, "steady", change)
    assert _differences(unmet) == []


def test_a_person_who_waits_for_the_version_is_not_judged(unmet: Connection) -> None:
    unmet.execute("update badges_internal.milestones set since_version = 2")
    unmet.execute("update badges.organizations set rule_set_version = 2")
    assert _differences(unmet) == []


def test_who_has_no_activities_waits_until_everybody_else_was_seen(kept: Connection) -> None:
    with past_the_triggers(kept):
        kept.execute("delete from badges.activities where peer_mentor_id = %s", (FIRST,))
    kept.execute("select badges.rebuild_stats()")
    assert (FIRST, "steady", "unsupported") in _differences(kept)
    kept.execute("update badges.organizations set rule_set_version = 2")
    assert _differences(kept) == []
    kept.execute("update badges.peer_mentor_stats set rule_set_version = 2 where stat = '*'")
    assert _differences(kept) == []  # the backfill looks at who has no row at its end
    kept.execute("update badges.organizations set evaluated_version = 2")
    assert (FIRST, "steady", "unsupported") in _differences(kept)


def test_a_tier_that_a_revoke_badge_has_no_more_is_unsupported(kept: Connection) -> None:
    _change(kept, "steady", "tier = 'gone'")
    assert _differences(kept) == [
        (FIRST, "steady", "missing"),
        (FIRST, "steady", "unsupported"),
    ]


@pytest.mark.parametrize("badge", ["both", "steady"])
def test_what_a_rule_took_is_missed_where_it_holds(kept: Connection, badge: str) -> None:
    """Also of a badge that is kept by now: whoever undoes the rule that took gives back."""
    _change(kept, badge, "revoked_at = granted_at, revoked_by = 'rule'")
    assert [each for each in _differences(kept) if each[1] == badge] == [(FIRST, badge, "missing")]
    _change(kept, badge, "revoked_by = 'person'")
    assert [each for each in _differences(kept) if each[1] == badge] == []


def test_a_restored_award_is_not_owed_to_who_is_denied(kept: Connection) -> None:
    _change(kept, "steady", "revoked_at = granted_at, revoked_by = 'rule'")
    kept.execute(
        "insert into badges.badge_denials values (%s, 'steady', %s, '', 'r', now(), 'me')",
        (FIRST, ORG),
    )
    assert _differences(kept) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [("earned_at + interval '1 day'", "date_too_late"), ("earned_at - interval '1 day'", None)],
)
@pytest.mark.parametrize("badge", ["steady", "both"])
def test_the_date_of_a_revoke_badge_is_judged_both_ways(
    kept: Connection, badge: str, change: str, problem: str | None
) -> None:
    _change(kept, badge, f"earned_at = {change}")
    if badge == "steady":
        problem = problem or "date_too_early"
    told = [each for each in _differences(kept) if each[1] == badge]
    assert told == ([] if problem is None else [(FIRST, badge, problem)])


def test_a_badge_that_is_full_is_not_missed_and_one_with_a_place_is(kept: Connection) -> None:
    holders = kept.execute(
        "select peer_mentor_id from badges.earned_badges where badge_definition_id = 'firsts'"
    ).fetchall()
    assert len(holders) == 2
    assert len(PEOPLE) == 3
    left_out = next(iter(set(PEOPLE) - {row["peer_mentor_id"] for row in holders}))
    assert _differences(kept) == []
    kept.execute("update badges_internal.badge_places set places = 3")
    assert _differences(kept) == [(left_out, "firsts", "missing")]
    kept.execute(
        "insert into badges_internal.place_claims values (%s, %s, 'firsts', '', now())",
        (left_out, ORG),
    )
    assert _differences(kept) == []


def test_a_rules_award_beyond_the_places_claimed_is_named(kept: Connection) -> None:
    kept.execute("update badges_internal.badge_places set claimed = 1")
    last = kept.execute(
        "select peer_mentor_id from badges.earned_badges where badge_definition_id = 'firsts'"
        " order by granted_at desc, peer_mentor_id desc limit 1"
    ).fetchone()
    assert last is not None
    told = [each for each in _differences(kept) if each[2] == "without_place"]
    assert told == [(last["peer_mentor_id"], "firsts", "without_place")]
    kept.execute("update badges.earned_badges set source = 'manual'")
    assert [each for each in _differences(kept) if each[2] == "without_place"] == []


def test_a_place_stays_taken_when_its_award_is_taken_back(kept: Connection) -> None:
    kept.execute(
        "update badges.earned_badges set revoked_at = granted_at, revoked_by = 'person'"
        " where badge_definition_id = 'firsts'"
    )
    assert _differences(kept) == []


def test_tenure_is_missed_with_its_midnight_and_noticed_by_a_sweep(kept: Connection) -> None:
    row = kept.execute(
        "delete from badges.earned_badges where peer_mentor_id = %s"
        " and badge_definition_id = 'member' returning earned_at",
        (FIRST,),
    ).fetchone()
    assert row is not None
    (told,) = kept.execute("select * from badges.verify_awards()").fetchall()
    assert told["expected"] == row["earned_at"].strftime("%Y-%m-%d 00:00:00+00")
    with past_the_triggers(kept):
        kept.execute(
            "delete from badges.activities where peer_mentor_id = %s and occurred_at > ("
            " select min(occurred_at) from badges.activities where peer_mentor_id = %s)",
            (FIRST, FIRST),
        )
    kept.execute("select badges.rebuild_stats()")
    member = (FIRST, "member", "missing")
    kept.execute("update badges_internal.due_people set seen_until = null")
    assert member not in _differences(kept)
    kept.execute(
        "insert into badges_internal.due_people as seen (peer_mentor_id, org_id, seen_until)"
        " values (%s, %s, %s) on conflict (peer_mentor_id, org_id)"
        " do update set seen_until = excluded.seen_until",
        (FIRST, ORG, row["earned_at"]),
    )
    assert member in _differences(kept)
