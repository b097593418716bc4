"""Who has a badge, who is near, and who did what: the lists, against queries over the tables."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from pgmerit import routines
from pgmerit.database import Connection

from tests.engine import activity, apply, insert, person, rows, rule_set, value

LASTING = True

OSLO, AUCKLAND = "oslo", "auckland"
ZONES = {OSLO: {"time_zone": "Europe/Oslo"}, AUCKLAND: {"time_zone": "Pacific/Auckland"}}
BADGES: dict[str, Any] = {
    "calls": {
        "type": "tier",
        "activity": "call",
        "tiers": [{"tier": "low", "at_least": 2}, {"tier": "high", "at_least": 5}],
    },
    "again": {"type": "threshold", "at_least": 2, "repeat": {"every": 2, "max": 9}},
    "gone": {"type": "threshold", "at_least": 1},
    "thanks": {"type": "manual"},
}
PEOPLE = [person(f"p{n}") for n in range(9)]
BY_HAND = person("by hand")


def with_people(connection: Connection) -> None:
    """Nine people in two organizations, several at the same moments; one award by hand alone."""
    apply(connection, rule_set(BADGES, ZONES))
    insert(
        connection,
        *(
            activity(f"2026-03-0{day + 1} 23:30", who=who, org=org, kind="call")
            for org in ZONES
            for number, who in enumerate(PEOPLE)
            for day in range(number % 5 + (org == OSLO))
        ),
    )
    routines.award_badge(connection, BY_HAND, "thanks", OSLO, "for all")
    routines.revoke_badge(connection, PEOPLE[4], "gone", OSLO, "by mistake")
    routines.remember_mentors(connection, "app", ["1", "2"])
    insert(
        connection,
        activity("2026-03-09", who=routines.find_mentor(connection, "app", "1"), org=OSLO),
    )
    apply(connection, rule_set({name: BADGES[name] for name in BADGES if name != "gone"}, ZONES))


PREPARED = {"kept": with_people}


@pytest.fixture
def kept(connection: Connection) -> Connection:
    return connection


LISTS = [
    *(f"list_mentors(p_sort => '{each}'" for each in ("activity", "activities", "awards", "id")),
    f"list_mentors('{OSLO}', 'calls', 'low', '2026-03-03', 'earned'",
    f"list_mentors('{AUCKLAND}', p_since => '2026-03-03'",
    "list_holders('calls'",
    f"list_holders('again', '{OSLO}', p_sort => 'oldest'",
    f"list_holders('calls', '{OSLO}', 'low', '2026-03-03'",
    "list_near_mentors(p_near => 0.2",
    f"list_near_mentors('calls', '{OSLO}', 'high', 0.4",
]


def test_pages_of_any_length_make_the_whole_list(kept: Connection) -> None:
    for asked in LISTS:
        whole = rows(kept, f"select * from badges.{asked}, p_limit => null)")
        assert len(whole) > 1, asked
        for limit in (1, 3, len(whole)):
            found: list[dict[str, Any]] = []
            after = None
            while page := rows(
                kept, f"select * from badges.{asked}, p_limit => %s, p_after => %s)", limit, after
            ):
                found += page
                after = page[-1]["cursor"]
            assert found == whole, (asked, limit)


def test_people_are_those_of_a_query_over_activities_and_awards(kept: Connection) -> None:
    found = routines.list_mentors(kept, OSLO, sort="activities", limit=None)
    expected = rows(
        kept,
        """
        select
            peer_mentor_id, coalesce(done.activities, 0) as activities, done.last_activity_at,
            coalesce(held.awards, 0) as awards, held.last_earned_at
        from (
            select peer_mentor_id, count(*) as activities, max(occurred_at) as last_activity_at
            from badges.activities where org_id = %s group by 1
        ) as done
        full join (
            select peer_mentor_id, count(*) as awards, max(earned_at) as last_earned_at
            from badges.earned_badges where org_id = %s and revoked_at is null group by 1
        ) as held using (peer_mentor_id)
        order by 2 desc, 1""",
        OSLO,
        OSLO,
    )
    assert [{key: row[key] for key in expected[0]} for row in found] == expected
    assert {row["org_id"] for row in found} == {OSLO}
    named = [(row["namespace"], row["external_id"]) for row in found if row["namespace"]]
    assert named == [("app", "1")]
    assert BY_HAND in {row["peer_mentor_id"] for row in found}


def test_a_day_is_the_organizations_own(kept: Connection) -> None:
    """The calls were at 23:30 UTC: the next day in both places, by half an hour in Oslo."""
    for org, since, people in (
        (OSLO, date(2026, 3, 6), 1),
        (OSLO, date(2026, 3, 7), 0),
        (AUCKLAND, date(2026, 3, 3), 5),
    ):
        holders = routines.list_holders(kept, "calls", org, since=since)
        listed = routines.list_mentors(kept, org, "calls", since=since)
        assert {row["peer_mentor_id"] for row in holders} == {
            row["peer_mentor_id"] for row in listed
        }
        assert len(listed) == people, (org, since)
        assert sum(row["awards"] for row in listed) == len(holders)


def test_holders_are_the_awards_that_stand(kept: Connection) -> None:
    for badge in BADGES:
        found = routines.list_holders(kept, badge, limit=None)
        expected = rows(
            kept,
            "select org_id, peer_mentor_id, tier, occurrence, earned_at, source"
            " from badges.earned_badges where badge_definition_id = %s and revoked_at is null",
            badge,
        )
        listed = [{key: row[key] for key in expected[0]} for row in found]
        assert sorted(listed, key=str) == sorted(expected, key=str)
        moments = [row["earned_at"] for row in found]
        assert moments == sorted(moments, reverse=True)
    assert {row["name"] for row in routines.list_holders(kept, "calls")} == {"calls"}


def test_who_is_near_is_told_by_the_progress_of_everybody(kept: Connection) -> None:
    found = routines.list_near_mentors(kept, "calls", near=0.4, limit=None)
    expected = [
        row
        for row in routines.list_progress(kept)
        if row["badge_definition_id"] == "calls"
        and row["earned_at"] is None
        and row["fraction"] >= Decimal("0.4")
    ]
    key = ("org_id", "peer_mentor_id", "tier", "current", "target", "fraction")
    told = [tuple(row[each] for each in key) for row in found]
    assert sorted(told) == sorted(tuple(row[each] for each in key) for row in expected)
    assert [row["fraction"] for row in found] == sorted(
        (row["fraction"] for row in found), reverse=True
    )
    assert all(row["remaining"] == row["target"] - row["current"] for row in found)


def test_badges_are_counted_with_holders_and_those_near(kept: Connection) -> None:
    found = {
        (row["badge_definition_id"], row["tier"]): row
        for row in routines.list_badges(kept, OSLO, near=0.4)
    }
    # What was dropped is told while somebody holds it, what nobody holds while it is there.
    assert {badge: row["is_enabled"] for badge, row in found.items()} == {
        ("again", ""): True,
        ("calls", "low"): True,
        ("calls", "high"): True,
        ("gone", ""): False,
        ("thanks", ""): True,
    }
    for (badge, tier), row in found.items():
        holders = routines.list_holders(kept, badge, OSLO, tier, limit=None)
        near = routines.list_near_mentors(kept, badge, OSLO, tier, near=0.4, limit=None)
        told = row["awards"], row["people"], row["near"]
        assert told == (
            len(holders),
            len({each["peer_mentor_id"] for each in holders}),
            len(near),
        )
    assert {row["near"] for row in routines.list_badges(kept, OSLO, near=None)} == {None}


def test_progress_of_one_badge_is_that_of_all(kept: Connection) -> None:
    whole = routines.list_progress(kept)
    for badge in BADGES:
        assert sorted(map(str, routines.list_progress(kept, badge_definition_id=badge))) == sorted(
            str(row) for row in whole if row["badge_definition_id"] == badge
        )


REFUSED = {
    "list_mentors('nope')": 'organization "nope" does not exist',
    "list_mentors(p_badge_definition_id => 'nope')": 'badge "nope" does not exist',
    f"list_mentors('{OSLO}', 'calls', 'zinc')": 'badge "calls" has no tier "zinc"',
    "list_mentors(p_tier => 'low')": "a tier is of a badge, and none is named",
    "list_mentors(p_sort => 'name')": 'there is no order "name"',
    "list_holders('calls', p_sort => 'id')": 'there is no order "id"',
    "list_mentors(p_limit => 0)": "p_limit must lie between 1 and 10000",
    "list_mentors(p_since => 'infinity')": "p_since must be a day between 1900 and 2399",
    "list_badges(p_near => 1.1)": "p_near must lie between 0 and 1",
    "list_mentors(p_after => 'x')": '"x" is no cursor of this list',
    f"list_mentors(p_sort => 'id', p_after => 'awards:1:{BY_HAND}:x')": (
        f'"awards:1:{BY_HAND}:x" is no cursor of this list'
    ),
}


def test_what_no_list_can_be_made_of_is_refused(kept: Connection) -> None:
    for asked, told in REFUSED.items():
        with pytest.raises(psycopg.Error) as refused:
            kept.execute(f"select * from badges.{asked}".encode())
        assert refused.value.diag.message_primary == told
        assert refused.value.diag.message_hint


def test_ids_are_remembered_once_and_for_whom_they_mean_now(kept: Connection) -> None:
    one, two = (routines.mentor_id_from(kept, "app", each) for each in "12")
    assert routines.remember_mentors(kept, "app", ["2", "1", "2"]) == [two, one, two]
    assert routines.list_namespaces(kept) == [{"namespace": "app", "external_ids": 2}]
    # As a merge leaves them: the ids of both are of the one that stays.
    kept.execute("insert into badges_internal.merged_people values (%s, '', %s, now())", (two, one))
    kept.execute("update badges.external_ids set peer_mentor_id = %s", (one,))
    assert routines.remember_mentors(kept, "app", ["2"]) == [one]
    assert value(kept, "select count(*) from badges.external_ids") == 2
    # Its own id before the one that came by the merge, however they sort.
    routines.remember_mentors(kept, "aaa", ["9"])
    nine = routines.find_mentor(kept, "aaa", "9")
    kept.execute(
        "update badges.external_ids set peer_mentor_id = %s where namespace = 'aaa'", (one,)
    )
    assert routines.name_mentors(kept, [one, two, nine]) == [
        {"peer_mentor_id": one, "namespace": "app", "external_id": "1"}
    ]
    for namespace, ids in (
        ("", ["1"]),
        ("x" * 101, ["1"]),
        ("app", ["1", ""]),
        ("app", ["y" * 201]),
    ):
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="must have 1 to"):
            routines.remember_mentors(kept, namespace, ids)
