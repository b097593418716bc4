"""limit: {first: N}: N places an organization and badge, claimed in the order of granting."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from pgmerit.database import Connection

from tests.engine import (
    ANN,
    ORG,
    Row,
    activity,
    apply,
    assert_exact,
    awards,
    in_background,
    insert,
    person,
    rows,
    rule_set,
    value,
    wait_until_blocked,
    without_badges,
)

LASTING = True

Opening = Callable[..., Connection]
CALL = {"type": "threshold", "activity": "call", "at_least": 1}
PEOPLE = sorted(person(f"p{number}") for number in range(6))


def limited(first: int, criteria: Row = CALL) -> Row:
    return rule_set({"early": {"name": "Early", "limit": {"first": first}, "criteria": criteria}})


def holders(connection: Connection) -> list[object]:
    return [each["peer_mentor_id"] for each in awards(connection)]


def places(connection: Connection) -> tuple[int, int]:
    (row,) = rows(connection, "select places, claimed from badges_internal.badge_places")
    return row["places"], row["claimed"]


def test_the_first_granted_have_them_whatever_their_date(connection: Connection) -> None:
    apply(connection, limited(2))
    for day, who in enumerate(PEOPLE[:4]):
        insert(connection, activity(f"2026-03-{20 - day}", who=who))
    assert sorted(map(str, holders(connection))) == sorted(map(str, PEOPLE[:2]))
    assert places(connection) == (2, 2)
    assert_exact(connection)


def test_one_statement_gives_them_by_date_and_person(connection: Connection) -> None:
    apply(connection, limited(3))
    days = [5, 4, 4, 4, 3, 6]
    insert(
        connection,
        *[activity(f"2026-03-0{d}", who=who) for d, who in zip(days, PEOPLE, strict=True)],
    )
    assert sorted(map(str, holders(connection))) == sorted(
        map(str, [PEOPLE[4], PEOPLE[1], PEOPLE[2]])
    )
    assert_exact(connection)


@pytest.mark.parametrize("batch", [1, 4, 100])
def test_a_backfill_gives_them_by_date_and_person_over_all_batches(
    connection: Connection, batch: int
) -> None:
    apply(connection, without_badges(limited(3)))
    days = [5, 4, 4, 4, 3, 6]
    insert(
        connection,
        *[activity(f"2026-03-0{d}", who=who) for d, who in zip(days, PEOPLE, strict=True)],
    )
    apply(connection, limited(3), batch=batch)
    assert sorted(map(str, holders(connection))) == sorted(
        map(str, [PEOPLE[4], PEOPLE[1], PEOPLE[2]])
    )
    assert rows(connection, "select * from badges_internal.place_claims") == []
    assert {each["source"] for each in awards(connection)} == {"backfill"}
    assert_exact(connection)


def test_a_backfill_that_stopped_hands_them_out_when_it_goes_on(connection: Connection) -> None:
    apply(connection, without_badges(limited(1)))
    insert(connection, *[activity("2026-03-01", who=who) for who in PEOPLE])
    value(connection, "select badges.apply_rule_set(%s)", psycopg.types.json.Jsonb(limited(1)))
    value(connection, "select badges.backfill_rule_set('tests', 4)")
    assert holders(connection) == []
    value(connection, "select badges.backfill_rule_set('tests', 4)")
    assert holders(connection) == [PEOPLE[0]]


def test_each_tier_has_places_of_its_own(connection: Connection) -> None:
    tiers = [{"tier": "one", "at_least": 1}, {"tier": "two", "at_least": 2}]
    apply(connection, limited(1, {"type": "tier", "activity": "call", "tiers": tiers}))
    insert(connection, activity("2026-03-01", who=PEOPLE[0]))
    insert(connection, *[activity("2026-03-01", who=PEOPLE[1])] * 2)
    assert {(each["peer_mentor_id"], each["tier"]) for each in awards(connection)} == {
        (PEOPLE[0], "one"),
        (PEOPLE[1], "two"),
    }


def test_revocation_frees_no_place_and_hands_take_none(connection: Connection) -> None:
    apply(connection, limited(1))
    value(connection, "select badges.award_badge(%s, 'early', %s, 'for help')", PEOPLE[5], ORG)
    insert(connection, activity("2026-03-01", who=PEOPLE[0]))
    value(connection, "select badges.revoke_badge(%s, 'early', %s, 'mistake')", PEOPLE[0], ORG)
    insert(connection, activity("2026-03-01", who=PEOPLE[1]))
    assert holders(connection) == [PEOPLE[5]]
    assert places(connection) == (1, 1)
    assert_exact(connection)


def test_more_places_go_to_the_next_in_line(connection: Connection) -> None:
    apply(connection, limited(1))
    for who in PEOPLE[:4]:
        insert(connection, activity("2026-03-01", who=who))
    apply(connection, limited(3))
    assert sorted(map(str, holders(connection))) == sorted(map(str, PEOPLE[:3]))
    assert places(connection) == (3, 3)
    assert_exact(connection)


def test_a_limit_that_comes_later_counts_who_has_it(connection: Connection) -> None:
    free = limited(1)
    del free["badges"]["early"]["limit"]
    apply(connection, free)
    for who in PEOPLE[:2]:
        insert(connection, activity("2026-03-01", who=who))
    apply(connection, limited(3))
    assert places(connection) == (3, 2)
    for who in PEOPLE[2:]:
        insert(connection, activity("2026-03-01", who=who))
    assert sorted(map(str, holders(connection))) == sorted(map(str, PEOPLE[:3]))


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_two_sessions_do_not_share_the_last_place(
    connection: Connection, connect: Opening, ending: str
) -> None:
    apply(connection, limited(1))
    one, two = connect(autocommit=False), connect()
    insert(one, activity("2026-03-02", who=PEOPLE[0]))
    work = in_background(lambda: insert(two, activity("2026-03-01", who=PEOPLE[1])))
    wait_until_blocked(connection, two)
    one.execute(ending.encode())
    work.result(timeout=20)
    assert holders(connection) == [PEOPLE[0] if ending == "commit" else PEOPLE[1]]
    assert places(connection) == (1, 1)
    assert_exact(connection)


def test_once_full_nobody_waits(connection: Connection, connect: Opening) -> None:
    apply(connection, limited(1))
    insert(connection, activity("2026-03-01"))
    session = connect(autocommit=False)
    insert(session, activity("2026-03-01", who=PEOPLE[0]))
    connection.execute("set lock_timeout = '2s'")
    insert(connection, activity("2026-03-01", who=PEOPLE[1]))
    session.commit()
    assert holders(connection) == [ANN]
