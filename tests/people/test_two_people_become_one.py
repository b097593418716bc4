"""What a merge does to awards, denials, keys, events, places and names."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest
from pgmerit.database import Connection

from tests.engine import (
    ANN,
    BEN,
    ORG,
    Row,
    activity,
    apply,
    badge_ids,
    insert,
    moment,
    person,
    rows,
    rule_set,
    value,
)
from tests.people.conftest import OTHER, assert_exact, held

LASTING = True

CEY, DAN = person("cey"), person("dan")
MERGE = "select badges.merge_peer_mentors(%s, %s, %s)"
PLAN = "select badges.plan_merge(%s, %s, %s)"


def merge(connection: Connection, first: UUID, second: UUID, org: str | None = None) -> Row:
    """Merge two people: the plan is what is done, and done again it changes nothing."""
    with connection.transaction():
        connection.execute("set transaction read only")
        planned = value(connection, PLAN, first, second, org)
    done: Row = value(connection, MERGE, first, second, org)
    assert planned.items() <= done.items()
    again = value(connection, MERGE, first, second, org)
    assert (again["changed"], again["awards"], again["new_badges"]) == (False, [], [])
    return done


def calls(first_day: int, count: int, **rest: Any) -> list[tuple[Any, ...]]:
    """Give calls on successive days of March 2026."""
    return [activity(f"2026-03-{first_day + n:02}", **rest) for n in range(count)]


def becomes(done: Row) -> dict[tuple[str, int], str]:
    """Give what became of each award."""
    return {
        (each["badge_definition_id"], each["occurrence"]): each["becomes"]
        for each in done["awards"]
    }


def by_hand(connection: Connection, what: str, who: UUID, badge: str) -> None:
    """Award, revoke or deny a badge."""
    value(connection, f"select badges.{what}_badge(%s, %s, %s, 'a reason')", who, badge, ORG)


def test_awards_unite_by_the_earliest_and_are_decided_anew(ruled: Connection) -> None:
    insert(ruled, *calls(1, 2), *calls(4, 2, who=BEN))
    value(ruled, "select badges.mark_seen(%s, %s)", ANN, ORG)
    done = merge(ruled, ANN, BEN)
    assert becomes(done) == {
        ("first", 1): "united", ("pair", 1): "united", ("pioneer", 1): "united",
    }  # fmt: skip
    # Two calls of each are four: a second pair, and the third call.
    assert badge_ids(ruled, BEN) == ["first", "pair", "pair", "pioneer", "third"]
    assert {each["badge_definition_id"]: each["occurrence"] for each in done["new_badges"]} == {
        "third": 1, "pair": 2,
    }  # fmt: skip
    first, pair = held(ruled, BEN, "first"), held(ruled, BEN, "pair", 2)
    assert first is not None
    assert pair is not None
    assert (first["earned_at"], pair["earned_at"]) == (moment("2026-03-01"), moment("2026-03-05"))
    assert first["seen_at"] is not None
    assert first["idempotency_key"] == value(
        ruled, "select badges.derive_idempotency_key(%s, 'first', %s)", BEN, ORG
    )
    assert rows(ruled, "select from badges.earned_badges where peer_mentor_id = %s", ANN) == []
    # Seen is what either saw.
    insert(ruled, activity("2026-03-01", who=CEY), activity("2026-03-02", who=DAN))
    value(ruled, "select badges.mark_seen(%s, %s)", DAN, ORG)
    merge(ruled, CEY, DAN)
    first = held(ruled, DAN, "first")
    assert first is not None
    assert first["seen_at"] is not None
    assert_exact(ruled)


def test_what_both_lost_stays_lost_by_a_persons_word(ruled: Connection) -> None:
    insert(
        ruled, activity("2026-03-01", quantity=100), activity("2026-03-01", who=BEN, quantity=100)
    )
    by_hand(ruled, "revoke", BEN, "balance")
    insert(ruled, activity("2026-02-01", quantity=-100))
    # The activities of both would give it back.
    merge(ruled, ANN, BEN)
    balance = held(ruled, BEN, "balance")
    assert balance is not None
    assert balance["revoked_by"] == "person"
    assert_exact(ruled)


def test_what_people_gave_and_took_is_kept(ruled: Connection) -> None:
    both = ["award", "revoke"]
    for number, (firsts, seconds, revoked_by, fate, told) in enumerate(
        [
            (["award"], [], None, "moved", "awarded"),
            (["award"], ["award"], None, "united", "redated"),
            (["award"], both, None, "moved", "restored"),
            (both, ["award"], None, None, "awarded"),
            (both, [], "person", None, "revoked"),
            (both, both, "person", None, "revoked"),
            (["award"], ["deny"], "person", "taken back", "revoked"),
            (["deny"], ["award"], "person", "taken back", "revoked"),
        ]
    ):
        first, second = person(f"first{number}"), person(f"second{number}")
        for who, deeds in ((first, firsts), (second, seconds)):
            for what in deeds:
                by_hand(ruled, what, who, "medal")
        done = merge(ruled, first, second)
        medal = held(ruled, second, "medal")
        assert medal is not None
        assert (medal["source"], medal["revoked_by"]) == ("manual", revoked_by)
        assert becomes(done).get(("medal", 1)) == fate
        last = "select event_type from badges.award_events where peer_mentor_id = %s"
        assert value(ruled, f"{last} order by event_id desc limit 1", second) == told
    assert_exact(ruled)


def test_by_hand_stays_by_hand_and_a_rule_takes_what_it_gave(ruled: Connection) -> None:
    """Ann's balance is a rule's, Ben's a person's: no rule takes it back. Cey's it does."""
    insert(
        ruled, activity("2026-03-01", quantity=100), activity("2026-03-02", who=BEN, quantity=-5)
    )
    by_hand(ruled, "award", BEN, "balance")
    merge(ruled, ANN, BEN)
    balance = held(ruled, BEN, "balance")
    assert balance is not None
    assert (balance["source"], balance["revoked_at"]) == ("manual", None)
    assert balance["earned_at"] == moment("2026-03-01")
    insert(ruled, activity("2026-03-03", who=CEY, quantity=100))
    insert(ruled, activity("2026-03-01", who=DAN, quantity=-5))
    merge(ruled, CEY, DAN)
    balance = held(ruled, DAN, "balance")
    assert balance is not None
    assert balance["revoked_by"] == "rule"
    assert_exact(ruled)


def test_denials_of_either_count(ruled: Connection) -> None:
    by_hand(ruled, "deny", ANN, "third")
    by_hand(ruled, "deny", ANN, "medal")
    by_hand(ruled, "deny", BEN, "medal")
    insert(ruled, *calls(1, 3, who=BEN))
    assert "third" in badge_ids(ruled, BEN)
    merge(ruled, ANN, BEN)
    assert "third" not in badge_ids(ruled, BEN)
    denied = rows(ruled, "select peer_mentor_id, badge_definition_id from badges.badge_denials")
    assert {tuple(each.values()) for each in denied} == {(BEN, "third"), (BEN, "medal")}
    assert_exact(ruled)


def test_of_keys_that_meet_a_replay_is_dropped_and_another_activity_kept(ruled: Connection) -> None:
    insert(ruled, activity("2026-03-01", key="own"), activity("2026-03-02", key="other"))
    insert(ruled, activity("2026-03-03", key="same"), activity("2026-03-04"))
    insert(ruled, activity("2026-03-03", who=BEN, key="same"))
    insert(ruled, activity("2026-03-02", who=BEN, key="other", kind="visit"))
    done = merge(ruled, ANN, BEN)
    assert done["repeated"] == {"activities": 1, "keys": ["same"]}
    assert done["without_key"] == {"activities": 1, "keys": ["other"]}
    kept = rows(
        ruled,
        "select idempotency_key, count(*) from badges.activities where peer_mentor_id = %s"
        " group by 1 order by 1",
        BEN,
    )
    assert [tuple(each.values()) for each in kept] == [
        ("other", 1), ("own", 1), ("same", 1), (None, 2),
    ]  # fmt: skip
    third = held(ruled, BEN, "third")
    assert third is not None
    # The award that the dropped one decided names the one that stays.
    assert (
        value(
            ruled,
            "select idempotency_key from badges.activities where activity_id = %s",
            third["activity_id"],
        )
        == "same"
    )
    assert_exact(ruled)


def test_what_both_hold_is_told_once_and_the_rest_in_order(ruled: Connection) -> None:
    insert(ruled, activity("2026-03-01"), activity("2026-03-01", who=BEN))
    ruled.execute("select badges.claim_events('relay', 1)")
    insert(ruled, *calls(2, 2))
    # What the consumer has not taken in yet either.
    insert(ruled, *[activity("2026-03-01", who=who, org=OTHER) for who in (ANN, BEN)])
    merge(ruled, ANN, BEN)
    ruled.execute("update badges_internal.event_queue set due_at = now(), leased_until = null")
    claimed = rows(ruled, "select * from badges.claim_events('relay')")
    assert {each["peer_mentor_id"] for each in claimed} == {BEN}
    told = [(each["badge_definition_id"], each["occurrence"], each["org_id"]) for each in claimed]
    assert sorted(told) == [
        ("first", 1, OTHER), ("first", 1, ORG),
        ("pair", 1, OTHER), ("pair", 1, ORG), ("pair", 2, ORG),
        ("pioneer", 1, OTHER), ("pioneer", 1, ORG), ("third", 1, ORG),
    ]  # fmt: skip
    assert [each["event_id"] for each in claimed] == sorted(each["event_id"] for each in claimed)
    assert {each["badge_definition_id"] for each in claimed if each["details"].get("merged")} == {
        "pair", "third",
    }  # fmt: skip
    # All of it is kept as history.
    events = rows(ruled, "select from badges.award_events where peer_mentor_id = %s", BEN)
    assert len(events) > len(claimed)


def test_places_stay_taken(ruled: Connection) -> None:
    taken = "select claimed from badges_internal.badge_places where org_id = %s"
    for who in (ANN, BEN, CEY, DAN):
        insert(ruled, activity("2026-03-01", who=who))
    assert (value(ruled, taken, ORG), "pioneer" in badge_ids(ruled, DAN)) == (3, False)
    for who, day in ((ANN, "2026-01-01"), (BEN, "2026-02-01")):
        # Of a backfill that has yet to hand places out.
        ruled.execute(
            "insert into badges_internal.place_claims values (%s, %s, 'pioneer', '', %s)",
            (who, ORG, moment(day)),
        )
    merge(ruled, ANN, BEN)
    claims = rows(ruled, "select earned_at from badges_internal.place_claims")
    assert [each["earned_at"] for each in claims] == [moment("2026-01-01")]
    value(ruled, "select badges.erase_peer_mentor(%s)", CEY)
    assert value(ruled, taken, ORG) == 3
    ruled.execute("select badges.evaluate_badges(%s, %s)", (DAN, ORG))
    assert "pioneer" not in badge_ids(ruled, DAN)
    # A place goes over with its award.
    merge(ruled, BEN, DAN)
    assert "pioneer" in badge_ids(ruled, DAN)
    assert_exact(ruled)


def test_a_sweep_that_saw_one_has_seen_the_other(connection: Connection) -> None:
    apply(
        connection,
        rule_set(
            {
                "month": {
                    "name": "Month", "on_unmet": "revoke",
                    "criteria": {"type": "tenure", "months": 1},
                },
                "year": {"type": "tenure", "years": 1},
            }
        ),
    )  # fmt: skip
    insert(connection, activity("2026-03-01"), activity("2026-03-15", who=BEN))
    value(connection, "select badges.award_due_badges('2026-04-05 12:00+00')")
    assert (badge_ids(connection, ANN), badge_ids(connection, BEN)) == (["month"], [])
    merge(connection, ANN, BEN)
    assert badge_ids(connection, BEN) == ["month"]
    assert_exact(connection)


def test_people_who_wait_for_another_zone_get_its_days(ruled: Connection) -> None:
    insert(ruled, activity("2026-03-01 23:30"), activity("2026-03-02 04:00", who=BEN))
    value(ruled, "select badges.rezone_organization(%s, 'America/New_York')", ORG)
    merge(ruled, ANN, BEN)
    days = rows(ruled, "select distinct activity_date::text from badges.activities")
    assert [each["activity_date"] for each in days] == ["2026-03-01"]


def test_external_ids_mean_the_second_and_chains_are_one_step(ruled: Connection) -> None:
    ids = {
        number: value(ruled, "select badges.mentor_id_from('app', %s)", number) for number in "123"
    }
    for number, who in ids.items():
        insert(ruled, activity("2026-03-01", who=who))
        ruled.execute(
            "select badges_internal._remember_external_ids(array[%s]::uuid[], 'app', array[%s])",
            (who, number),
        )
    merge(ruled, ids["1"], ids["2"])
    merge(ruled, ids["2"], ids["3"])
    meant = [value(ruled, "select badges.find_mentor('app', %s)", number) for number in "123"]
    assert meant == [ids["3"]] * 3
    known = rows(ruled, "select distinct peer_mentor_id from badges.external_ids")
    assert [each["peer_mentor_id"] for each in known] == [ids["3"]]
    # Whoever was merged is the other: the second one is the third by now.
    assert merge(ruled, ids["1"], ids["2"])["changed"] is False
    value(ruled, "select badges.erase_peer_mentor(%s)", ids["1"])
    named = rows(ruled, "select external_id from badges.external_ids order by 1")
    assert [each["external_id"] for each in named] == ["2", "3"]
    value(ruled, "select badges.erase_peer_mentor(%s)", ids["3"])
    assert rows(ruled, "select from badges.external_ids") == []
    # Into somebody who was erased: begun anew.
    merge(ruled, ids["2"], ids["3"])


def test_a_merge_in_one_organization_leaves_the_others(ruled: Connection) -> None:
    insert(ruled, activity("2026-03-01"), activity("2026-03-01", org=OTHER))
    insert(ruled, activity("2026-03-01", who=CEY))
    merge(ruled, CEY, ANN)
    merge(ruled, ANN, BEN, OTHER)
    now = "select badges_internal._person_now(%s, %s)"
    assert [value(ruled, now, who, OTHER) for who in (ANN, CEY)] == [BEN, BEN]
    assert [value(ruled, now, who, ORG) for who in (ANN, CEY)] == [ANN, ANN]
    assert (badge_ids(ruled, ANN), badge_ids(ruled, BEN)) == (
        ["first", "pair", "pioneer"], ["first", "pioneer"],
    )  # fmt: skip
    # The rest follows.
    merge(ruled, ANN, BEN)
    assert value(ruled, now, CEY, ORG) == BEN
    steps = rows(ruled, "select distinct into_peer_mentor_id from badges_internal.merged_people")
    assert [each["into_peer_mentor_id"] for each in steps] == [BEN]
    assert_exact(ruled)


def test_what_makes_no_sense_is_refused(ruled: Connection) -> None:
    insert(ruled, activity("2026-03-01"))
    wrong: list[tuple[list[Any], Any, str | None, str]] = [
        ([], (ANN, ANN), None, "into themselves"),
        ([], (ANN, None), None, "nobody is named"),
        ([], (UUID(int=0), BEN), None, "nobody is named"),
        ([], (ANN, BEN), "nowhere", "does not exist"),
        ([(ANN, BEN, None)], (BEN, ANN), None, "was merged into the first"),
        ([(ANN, BEN, None), (BEN, CEY, None)], (CEY, ANN), None, "was merged into the first"),
        ([(ANN, BEN, None)], (BEN, ANN), ORG, "was merged into the first"),
        ([(ANN, BEN, None)], (ANN, CEY), None, "already"),
        ([(ANN, BEN, ORG)], (ANN, CEY), None, "in one organization"),
        ([(BEN, CEY, ORG)], (ANN, BEN), None, "in one organization"),
    ]
    for before, pair, org, told in wrong:
        with ruled.transaction(force_rollback=True):
            for each in before:
                value(ruled, MERGE, *each)
            for statement in (PLAN, MERGE):
                with (
                    pytest.raises(psycopg.Error, match=told) as refused,
                    ruled.transaction(),
                ):
                    value(ruled, statement, *pair, org)
                assert refused.value.diag.message_hint
